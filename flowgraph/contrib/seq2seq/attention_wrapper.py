"""AttentionWrapper: a cell that sees, beside its inputs, what an attention mechanism found.

    output, cell_state = cell([inputs, attention], cell_state)
    alignments = mechanism(output)
    context = sum over steps of alignments * memory
    attention = [output, context] . attention_layer/kernel      or the context itself
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.contrib.seq2seq.mechanisms import AttentionMechanism
from flowgraph.core import nest
from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.core import Dense
from flowgraph.nn.rnn_cell.base import RNNCell, check_is_cell, zeros_of
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.assertions import assert_equal
from flowgraph.ops.constant import zeros
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.tensor_array import TensorArray


class AttentionWrapperState(namedtuple("AttentionWrapperState", (
        "cell_state", "attention", "time", "alignments", "alignment_history",
        "attention_state"))):
    """The state of an AttentionWrapper.

    Args:
        cell_state: the cell's state.
        attention: the last attention.
        time: int32 scalar, the number of steps done.
        alignments: the last alignments; a tuple of them if there are several mechanisms.
        alignment_history: TensorArray of all alignments, or (); or a tuple.
        attention_state: the mechanism's state; or a tuple.

    Example:
        >>> import flowgraph as fg
        >>> attention = fg.contrib.seq2seq.LuongAttention(4, fg.ones([2, 5, 3]))
        >>> cell = fg.contrib.seq2seq.AttentionWrapper(fg.nn.rnn_cell.GRUCell(4), attention)
        >>> state = cell.zero_state(2, fg.float32).clone(cell_state=fg.ones([2, 4]))
        >>> fg.Session().run(state.cell_state)
        array([[1., 1., 1., 1.],
               [1., 1., 1., 1.]], dtype=float32)
    """

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """The state with some of its fields changed.

        Args:
            kwargs: the fields, as `cell_state=encoder_state`.

        Raises:
            ValueError: a tensor has another shape, or a field another structure.
            TypeError: a structure of another kind, as a list for a tuple.
        """
        def like(old: Any, new: Any) -> Any:
            if isinstance(old, Tensor) and isinstance(new, Tensor):
                new.set_shape(old.shape)
            return new

        return nest.map_structure(like, self, self._replace(**kwargs))


class AttentionWrapper(RNNCell):
    """A cell with attention to a memory.

    Args:
        cell: the RNNCell to wrap.
        attention_mechanism: an AttentionMechanism, or a list of several.
        attention_layer_size: size of the attention, made of output and context by a layer; or a
            list, one for each mechanism. None for the context itself.
        alignment_history: whether all alignments are kept, in a TensorArray of the final state.
        cell_input_fn: function from (inputs, attention) to the cell's inputs; default both side by
            side.
        output_attention: whether the attention is the output (Luong's style); else the cell's
            output is (Bahdanau's).
        initial_cell_state: the cell's state in `zero_state`; default its own zeros.
        name: name of the cell and of its variable scope.
        attention_layer: a layer, or a list of layers, in place of `attention_layer_size`.
        attention_fn: function from (mechanism, cell_output, attention_state, attention_layer) to
            (attention, alignments, attention_state); default what is told above.
        dtype: dtype of the cell.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: the numbers of layers and mechanisms differ, or both size and layer are given.
        InvalidArgumentError: batch sizes of memory and state differ: at once where the graph tells,
            else when run.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     attention = fg.contrib.seq2seq.BahdanauAttention(4, fg.ones([2, 5, 3]), [5, 2])
        ...     cell = fg.contrib.seq2seq.AttentionWrapper(fg.nn.rnn_cell.GRUCell(6), attention,
        ...                                                attention_layer_size=7)
        ...     output, state = cell(fg.ones([2, 3]), cell.zero_state(2, fg.float32))
        ...     [v.name for v in fg.trainable_variables()[-2:]]
        ['attention_wrapper/bahdanau_attention/attention_v:0', \
'attention_wrapper/attention_layer/kernel:0']
    """

    def __init__(self, cell: Any, attention_mechanism: Any, attention_layer_size: Any = None,
                 alignment_history: bool = False, cell_input_fn: Any = None,
                 output_attention: bool = True, initial_cell_state: Any = None,
                 name: Any = None, attention_layer: Any = None, attention_fn: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_is_cell("cell", cell)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        mechanisms = (tuple(attention_mechanism) if self._is_multi else (attention_mechanism,))
        for mechanism in mechanisms:
            if not isinstance(mechanism, AttentionMechanism):
                raise TypeError(located(
                    "attention_mechanism must be an AttentionMechanism or list of multiple "
                    "AttentionMechanism instances, must contain only instances of "
                    f"AttentionMechanism, saw type: {type(mechanism).__name__}"))
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(located("cell_input_fn must be callable, saw type: "
                                    f"{type(cell_input_fn).__name__}"))
        self._cell = cell
        self._attention_mechanisms = mechanisms
        self._cell_input_fn = cell_input_fn or _side_by_side
        self._attention_fn = attention_fn or compute_attention
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._attention_layers = self._layers(attention_layer_size, attention_layer)
        self._attention_layer_size = self._size_of_attention()
        with name_scope(name, "AttentionWrapperInit"):
            self._initial_cell_state = initial_cell_state
            if initial_cell_state is not None:
                last = nest.flatten(initial_cell_state)[-1]
                size = last.shape[0].value
                self._initial_cell_state = self._checked(
                    initial_cell_state, shape_of(last)[0] if size is None else size,
                    "initial_cell_state")

    def _layers(self, sizes: Any, layers: Any) -> tuple[Any, ...] | None:
        """The attention layers, one for each mechanism; None if there are none."""
        if sizes is not None and layers is not None:
            raise ValueError(located("Only one of attention_layer_size and attention_layer should "
                                     "be set"))
        what = "attention_layer_size" if layers is None else "attention_layer"
        given = sizes if layers is None else layers
        if given is None:
            return None
        given = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        if len(given) != len(self._attention_mechanisms):
            raise ValueError(located(
                f"If provided, {what} must contain exactly one "
                f"{'integer' if layers is None else 'layer'} per attention_mechanism, saw: "
                f"{len(given)} vs {len(self._attention_mechanisms)}"))
        if layers is not None:
            return given
        return tuple(Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                     for size, mechanism in zip(given, self._attention_mechanisms, strict=True))

    def _size_of_attention(self) -> int:
        depths = [mechanism.values.shape[-1].value for mechanism in self._attention_mechanisms]
        if self._attention_layers is None:
            return sum(depths)
        return sum(TensorShape(layer.compute_output_shape([None, self._cell.output_size + depth]))
                   [-1].value for layer, depth in zip(self._attention_layers, depths, strict=True))

    def _checked(self, cell_state: Any, batch_size: Any, what: str) -> Any:
        """The state, after a check that the memories have its batch size."""
        checks = []
        for mechanism in self._attention_mechanisms:
            if _number(batch_size) is None or _number(batch_size) != _number(mechanism.batch_size):
                checks.append(assert_equal(batch_size, mechanism.batch_size, message=(
                    f"Non-matching batch sizes between the memory (encoder output) and the {what} "
                    f"of AttentionWrapper {self._base_name}.  Are you using the "
                    "BeamSearchDecoder?  If so, tile the encoder's output and state with "
                    "tf.contrib.seq2seq.tile_batch(..., multiplier=beam_width), and pass "
                    "batch_size * beam_width to zero_state.")))
        if not checks:
            return cell_state
        with control_dependencies(checks):
            return nest.map_structure(identity, cell_state)

    def _one_or_all(self, items: Any) -> Any:
        items = tuple(items)
        return items if self._is_multi else items[0]

    @property
    def output_size(self) -> Any:
        """Size of the output."""
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        """Sizes of the state's parts."""
        mechanisms = self._attention_mechanisms
        return AttentionWrapperState(
            cell_state=self._cell.state_size, attention=self._attention_layer_size,
            time=TensorShape([]),
            alignments=self._one_or_all(m.alignments_size for m in mechanisms),
            alignment_history=self._one_or_all(
                m.alignments_size if self._alignment_history else () for m in mechanisms),
            attention_state=self._one_or_all(m.state_size for m in mechanisms))

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """The first state.

        Args:
            batch_size: int or scalar tensor; with beam search, batch size times beam width.
            dtype: dtype of the state.

        Returns:
            An AttentionWrapperState; its method `clone` changes parts of it.
        """
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.zero_state(batch_size, dtype)
            cell_state = self._checked(cell_state, batch_size, "batch size asked for")
            alignments = [m.initial_alignments(batch_size, dtype)
                          for m in self._attention_mechanisms]
            return AttentionWrapperState(
                cell_state=cell_state,
                attention=zeros_of(batch_size, self._attention_layer_size, dtype),
                time=zeros([], int32), alignments=self._one_or_all(alignments),
                alignment_history=self._one_or_all(
                    TensorArray(dtype, size=0, dynamic_size=True, element_shape=first.shape)
                    if self._alignment_history else () for first in alignments),
                attention_state=self._one_or_all(
                    m.initial_state(batch_size, dtype) for m in self._attention_mechanisms))

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(located("Expected state to be instance of AttentionWrapperState. "
                                    f"Received type {type(state)} instead.",
                                    "cell.zero_state(batch_size, tf.float32) makes one, its "
                                    "method clone puts an encoder's state into it."))
        cell_output, cell_state = self._cell(self._cell_input_fn(inputs, state.attention),
                                             state.cell_state)
        known = cell_output.shape[0].value
        if known is not None:
            cell_output = self._checked_output(cell_output, known)
        each = (zip(state.attention_state, state.alignment_history, strict=True) if self._is_multi
                else [(state.attention_state, state.alignment_history)])
        attentions, alignments, states, histories = [], [], [], []
        for i, (old_state, history) in enumerate(each):
            layer = self._attention_layers[i] if self._attention_layers else None
            attention, aligned, new_state = self._attention_fn(self._attention_mechanisms[i],
                                                               cell_output, old_state, layer)
            attentions.append(attention)
            alignments.append(aligned)
            states.append(new_state)
            histories.append(history.write(state.time, aligned) if self._alignment_history
                             else ())
        attention = attentions[0] if len(attentions) == 1 else concat(attentions, 1)
        new = AttentionWrapperState(
            cell_state=cell_state, attention=attention, time=state.time + 1,
            alignments=self._one_or_all(alignments),
            alignment_history=self._one_or_all(histories),
            attention_state=self._one_or_all(states))
        return (attention if self._output_attention else cell_output), new

    def _checked_output(self, output: Any, batch_size: int) -> Any:
        """The cell's output, after a check where the graph tells; `zero_state` checks the rest."""
        if all(_number(m.batch_size) in (None, batch_size) for m in self._attention_mechanisms):
            return output
        return self._checked(output, batch_size, "query (decoder output)")


def compute_attention(attention_mechanism: Any, cell_output: Any, attention_state: Any,
                      attention_layer: Any) -> Any:
    """(attention, alignments, next state of the mechanism) for a cell's output.

    Args:
        attention_mechanism: an AttentionMechanism.
        cell_output: tensor `[batch_size, size]`, the query.
        attention_state: the mechanism's state.
        attention_layer: layer for output and context side by side, or None for the context.
    """
    alignments, next_state = attention_mechanism(cell_output, state=attention_state)
    context = squeeze(matmul(expand_dims(alignments, 1), attention_mechanism.values), [1])
    if attention_layer is None:
        return context, alignments, next_state
    return attention_layer(concat([cell_output, context], 1)), alignments, next_state


def _side_by_side(inputs: Any, attention: Any) -> Any:
    return concat([inputs, attention], -1)


def _number(size: Any) -> Any:
    """The number that a batch size is, if the graph tells."""
    return known_value(size) if isinstance(size, Tensor) else size
