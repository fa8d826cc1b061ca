"""Recurrent layers: a cell taken along the steps of series [batch, steps, ...]."""

from __future__ import annotations

import copy
from typing import Any

from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.tensor import Tensor
from flowgraph.keras.graph_state import state_of
from flowgraph.keras.layer import Layer
from flowgraph.keras.layers.cells import (
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    _as_list,
    _output_size,
    zero_states,
)
from flowgraph.layers.input_spec import InputSpec
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat, stack
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.select import reverse, where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.variable import Variable
from flowgraph.ops.while_loop import while_loop


def along_steps(step: Any, inputs: Any, states: list[Any], mask: Any, go_backwards: bool,
                unroll: bool) -> tuple[Any, Any, list[Any]]:
    """Takes `step(x, states) -> (output, states)` along axis 1.

    Steps that the mask leaves out keep the output and the states of the step before.

    Returns:
        The last output, all outputs [batch, steps, ...], the last states.
    """
    rank = inputs.shape.ndims
    rows = transpose(inputs, [1, 0, *range(2, rank)])
    masks = None if mask is None else expand_dims(transpose(mask, [1, 0]), -1)
    if go_backwards:
        rows = reverse(rows, [0])
        masks = None if masks is None else reverse(masks, [0])

    def next_of(row: Any, there: Any, output: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        made, new = step(row, states)
        if there is None:
            return made, list(new)
        return (where_v2(there, made, output),
                [where_v2(there, a, b) for a, b in zip(new, states, strict=True)])

    known = rows.shape[0].value
    if unroll:
        if not known:
            raise ValueError(located("Cannot unroll a RNN if the time dimension is undefined",
                                     "Give the inputs their number of steps."))
        outputs: list[Any] = []
        output = None
        for i in range(known):
            there = None if masks is None else masks[i]
            if there is not None and output is None:
                output = zeros_like(step(rows[i], states)[0])
            output, states = next_of(rows[i], there, output, states)
            outputs.append(output)
        return output, stack(outputs, 1), states
    steps = shape_of(rows)[0]
    first, _ = step(rows[0], states)  # for its shape; a run leaves it out
    start = zeros_like(first)
    arrays = [TensorArray(x.dtype.base_dtype, steps).unstack(x)
              for x in ([rows] if masks is None else [rows, masks])]
    results = TensorArray(first.dtype.base_dtype, steps, element_shape=first.shape)

    def body(i: Any, output: Any, states: Any, results: Any) -> Any:
        read = [array.read(i) for array in arrays]
        output, new = next_of(read[0], read[1] if masks is not None else None, output, states)
        for value, before in zip(new, states, strict=True):
            value.set_shape(before.shape)
        output.set_shape(first.shape)
        return i + 1, output, new, results.write(i, output)

    _, last, states, results = while_loop(
        lambda i, *_: i < steps, body, (0, start, list(states), results), maximum_iterations=steps)
    outputs_first = results.stack()
    outputs_first.set_shape([known, *first.shape.as_list()])
    order = [1, 0, *range(2, first.shape.ndims + 1)]
    return last, transpose(outputs_first, order), list(states)


class RNN(Layer):
    """Takes a cell along the steps of series.

    Args:
        cell: a cell, or a list of cells to stack: a layer whose `call(inputs, states)` returns the
            output and the new states, with `state_size`.
        return_sequences: whether to return the outputs of all steps, not only of the last.
        return_state: whether to return the last states too.
        go_backwards: whether to start at the last step.
        stateful: whether a run starts from the states that the run before ended with.
        unroll: whether to build each step by itself instead of a loop.
        time_major: whether the first axis is that of the steps.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.RNN(fg.keras.layers.SimpleRNNCell(4), return_sequences=True)
        >>> layer(fg.ones([2, 6, 3])).shape.as_list()
        [2, 6, 4]
    """

    supports_masking = True

    def __init__(self, cell: Any, return_sequences: bool = False, return_state: bool = False,
                 go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
                 time_major: bool = False, **kwargs: Any) -> None:
        if "input_length" in kwargs and "input_dim" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_length"), kwargs.pop("input_dim"))
        elif "input_dim" in kwargs:
            kwargs["input_shape"] = (None, kwargs.pop("input_dim"))
        super().__init__(**kwargs)
        self.cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        if not hasattr(self.cell, "call") or not hasattr(self.cell, "state_size"):
            raise ValueError(located("an RNN cell needs a method `call` and an attribute "
                                     f"`state_size`; {self.cell!r:.100} has not"))
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.unroll, self.time_major = go_backwards, unroll, time_major
        self.stateful = stateful
        self.states: Any = None
        self.input_spec = InputSpec(min_ndim=3)

    def build(self, input_shape: Any) -> None:
        """Builds the cell."""
        shape = TensorShape(input_shape).as_list()
        if not getattr(self.cell, "built", True):
            self.cell.build(TensorShape([shape[0], *shape[2:]]))
            self.cell.built = True
        if self.stateful:
            self._make_states(shape[1 if self.time_major else 0])
        self.built = True

    def _make_states(self, batch_size: Any) -> None:
        if batch_size is None:
            raise ValueError(located("If a RNN is stateful, it needs to know its batch size",
                                     "Give the inputs a fixed batch size."))
        self.states = [Variable(zero, trainable=False, name="state") for zero in
                       zero_states(self.cell.state_size, batch_size, float32)]
        state_of().variables.extend(self.states)

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None,
                 **kwargs: Any) -> Any:
        """Builds the layer if that was not done, and computes the outputs.

        Args:
            inputs: the series; or a list of the series and the first states.
            initial_state: the first states; default zeros.
            constants: must be None.
            kwargs: `mask`, `training`.
        """
        if constants is not None:
            raise ValueError(located("flowgraph's RNN takes no constants",
                                     "Let the cell hold them as attributes."))
        if isinstance(inputs, (list, tuple)):
            initial_state = list(inputs[1:]) or initial_state
            inputs = inputs[0]
        if initial_state is not None:
            kwargs["initial_state"] = _as_list(initial_state)
        return super().__call__(inputs, **kwargs)

    def call(self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None
             ) -> Any:
        """Computes the outputs."""
        if self.time_major:
            inputs = transpose(inputs, [1, 0, *range(2, inputs.shape.ndims)])
        states = self._first_states(inputs, initial_state)
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        cells = self.cell.cells if isinstance(self.cell, StackedRNNCells) else [self.cell]
        if len(cells) == 1 and hasattr(self.cell, "make_masks"):
            self.cell.make_masks(inputs[:, 0], states, training)

        def step(row: Any, before: Any) -> tuple[Any, list[Any]]:
            output, new = self.cell.call(row, before)
            return output, _as_list(new)

        last, outputs, states = along_steps(step, inputs, states, mask, self.go_backwards,
                                            self.unroll)
        if self.stateful:
            self.add_update([old.assign(new)
                             for old, new in zip(self.states, states, strict=True)])
        result = outputs if self.return_sequences else last
        if self.return_sequences and self.time_major:
            result = transpose(result, [1, 0, *range(2, result.shape.ndims)])
        return [result, *states] if self.return_state else result

    def _first_states(self, inputs: Any, initial_state: Any) -> list[Any]:
        if initial_state is not None:
            return [state if isinstance(state, Tensor) else identity(state)
                    for state in initial_state]
        if self.stateful:
            return [identity(state) for state in self.states]
        get = getattr(self.cell, "get_initial_state", None)
        if get is not None:
            return _as_list(get(inputs=inputs, batch_size=None, dtype=None))
        return zero_states(self.cell.state_size, shape_of(inputs)[0], inputs.dtype.base_dtype)

    def reset_states(self, states: Any = None) -> None:
        """Sets the states of a stateful layer.

        Args:
            states: arrays; default zeros.
        """
        import numpy as np

        from flowgraph.keras.backend import set_value

        if not self.stateful or self.states is None:
            raise AttributeError(located("Layer must be stateful, and called once."))
        values = [np.zeros(s.shape.as_list()) for s in self.states] if states is None else states
        for state, value in zip(self.states, _as_list(values), strict=True):
            set_value(state, value)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The inputs' mask, where there are outputs of all steps."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        return mask if self.return_sequences else None

    @property
    def units(self) -> Any:
        """The size of the outputs."""
        return _output_size(self.cell)


class SimpleRNN(RNN):
    """A simple recurrent layer.

    Args:
        units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout: as for
            `tf.keras.layers.SimpleRNNCell`.
        activity_regularizer: function from the outputs to a loss, or None.
        return_sequences, return_state, go_backwards, stateful, unroll: as for
            `tf.keras.layers.RNN`.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     layer = fg.keras.layers.SimpleRNN(4)
        ...     print(layer(fg.ones([2, 6, 3])).shape.as_list(), layer.weights[0].name)
        [2, 4] simple_rnn/kernel:0
    """

    def __init__(self, units: int, activation: Any = "tanh", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 return_sequences: bool = False, return_state: bool = False,
                 go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
                 **kwargs: Any) -> None:
        cell = SimpleRNNCell(
            units, activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout)
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful, unroll,
                         activity_regularizer=activity_regularizer, **kwargs)


class GRU(RNN):
    """A gated recurrent layer.

    Args:
        units, activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, implementation, reset_after: as for `tf.keras.layers.GRUCell`.
        activity_regularizer: function from the outputs to a loss, or None.
        return_sequences, return_state, go_backwards, stateful, unroll: as for
            `tf.keras.layers.RNN`.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GRU(4, return_sequences=True)(fg.ones([2, 6, 3])).shape.as_list()
        [2, 6, 4]
    """

    def __init__(self, units: int, activation: Any = "tanh",
                 recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 implementation: int = 1, return_sequences: bool = False,
                 return_state: bool = False, go_backwards: bool = False, stateful: bool = False,
                 unroll: bool = False, reset_after: bool = False, **kwargs: Any) -> None:
        cell = GRUCell(
            units, activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, implementation, reset_after)
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful, unroll,
                         activity_regularizer=activity_regularizer, **kwargs)


class LSTM(RNN):
    """A recurrent layer with long short-term memory.

    Args:
        units, activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, unit_forget_bias, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint, dropout, recurrent_dropout, implementation: as for
            `tf.keras.layers.LSTMCell`.
        activity_regularizer: function from the outputs to a loss, or None.
        return_sequences, return_state, go_backwards, stateful, unroll: as for
            `tf.keras.layers.RNN`.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.LSTM(4, return_state=True)
        >>> [tensor.shape.as_list() for tensor in layer(fg.ones([2, 6, 3]))]
        [[2, 4], [2, 4], [2, 4]]
    """

    def __init__(self, units: int, activation: Any = "tanh",
                 recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 unit_forget_bias: bool = True, kernel_regularizer: Any = None,
                 recurrent_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None,
                 dropout: float = 0.0, recurrent_dropout: float = 0.0, implementation: int = 1,
                 return_sequences: bool = False, return_state: bool = False,
                 go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
                 **kwargs: Any) -> None:
        cell = LSTMCell(
            units, activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, unit_forget_bias, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint, dropout, recurrent_dropout, implementation)
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful, unroll,
                         activity_regularizer=activity_regularizer, **kwargs)


class Wrapper(Layer):
    """Base of layers around another layer.

    Args:
        layer: the layer inside.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Wrapper(fg.keras.layers.Dense(3)).layer.units
        3
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer = layer


class TimeDistributed(Wrapper):
    """Applies a layer to every step of series.

    Args:
        layer: the layer.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.TimeDistributed(fg.keras.layers.Dense(4))
        >>> layer(fg.ones([2, 6, 3])).shape.as_list()
        [2, 6, 4]
    """

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Builds the layer."""
        shape = TensorShape(input_shape).as_list()
        if not self.layer.built:
            self.layer.build(TensorShape([shape[0], *shape[2:]]))
            self.layer.built = True
        self.built = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Computes the outputs."""
        import inspect
        sizes, dynamic = inputs.shape.as_list(), shape_of(inputs)
        rest = [size if size is not None else dynamic[i + 2] for i, size in enumerate(sizes[2:])]
        takes = "training" in inspect.signature(self.layer.call).parameters
        flat = self.layer.call(reshape(inputs, [-1, *rest]),
                               **({"training": training} if takes else {}))
        shape = concat([dynamic[:2], shape_of(flat)[1:]], 0)
        outputs = reshape(flat, shape)
        outputs.set_shape([*sizes[:2], *flat.shape.as_list()[1:]])
        return outputs


class Bidirectional(Wrapper):
    """A recurrent layer in both directions.

    Args:
        layer: the recurrent layer, not called yet.
        merge_mode: "concat", "sum", "mul", "ave", or None for both results in a list.
        weights: first values.
        backward_layer: another layer for the way back.
        kwargs: `name`, `input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.Bidirectional(fg.keras.layers.LSTM(4))
        >>> layer(fg.ones([2, 6, 3])).shape.as_list()
        [2, 8]
    """

    supports_masking = True

    def __init__(self, layer: Any, merge_mode: str | None = "concat", weights: Any = None,
                 backward_layer: Any = None, **kwargs: Any) -> None:
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError(located("Invalid merge mode. Merge mode should be one of {\"sum\", "
                                     f"\"mul\", \"ave\", \"concat\", None}}, not {merge_mode!r}"))
        if not isinstance(layer, RNN):
            raise ValueError(located(f"Bidirectional needs a recurrent layer, not {layer!r:.100}"))
        kwargs.setdefault("batch_input_shape", layer._batch_input_shape)
        super().__init__(layer, weights=weights, **kwargs)
        self.merge_mode = merge_mode
        self.forward_layer = layer
        self.backward_layer = copy.deepcopy(layer) if backward_layer is None else backward_layer
        if backward_layer is None:
            self.backward_layer.go_backwards = not layer.go_backwards
            self.backward_layer._name = f"backward_{layer.name}"
        layer._name = f"forward_{layer.name}"
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state

    def call(self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None
             ) -> Any:
        """Computes the outputs."""
        states = _as_list(initial_state) if initial_state is not None else []
        half = len(states) // 2
        given: dict[str, Any] = {"training": training, "mask": mask}
        ahead = self.forward_layer(inputs, initial_state=states[:half] or None, **given)
        back = self.backward_layer(inputs, initial_state=states[half:] or None, **given)
        last: list[Any] = []
        if self.return_state:
            last = [*ahead[1:], *back[1:]]
            ahead, back = ahead[0], back[0]
        if self.return_sequences:
            back = reverse(back, [1])
        merged = {"concat": lambda: concat([ahead, back], -1), "sum": lambda: ahead + back,
                  "ave": lambda: (ahead + back) / 2, "mul": lambda: ahead * back,
                  None: lambda: [ahead, back]}[self.merge_mode]()
        return [*_as_list(merged), *last] if last else merged

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The inputs' mask, where there are outputs of all steps."""
        return mask if self.return_sequences else None
