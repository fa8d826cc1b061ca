"""Grid LSTM: memories along time and along frequencies, windows of the inputs being steps of the
latter; and the one that runs over frequencies in both directions."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.contrib.rnn.shards import matrix_in_shards
from flowgraph.core.frames import located
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import RNNCell, input_depth, zeros_of
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.pad import pad
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable, variable_scope


class GridLSTMCell(RNNCell):
    """Grid long short-term memory ("Modeling Time-Frequency Patterns with LSTM vs. Convolutional
    Architectures for LVCSR Tasks").

    Args:
        num_units: size of the memories and outputs of each window.
        use_peepholes: whether the gates see the memories.
        share_time_frequency_weights: whether time has the weights of frequency.
        cell_clip: memories are clipped to [-cell_clip, cell_clip]; None for no clipping.
        initializer: ignored, as it was in TensorFlow; set the variable scope's.
        num_unit_shards: into how many variables the matrices are cut.
        forget_bias: added to the forget gates' inputs.
        feature_size: size of a window.
        frequency_skip: how far the next window lies.
        num_frequency_blocks: list, how many windows each block has; needed.
        start_freqindex_list, end_freqindex_list: where each block of the inputs begins and ends.
        couple_input_forget_gates: whether a memory forgets as much as it takes in.
        state_is_tuple: whether a state is a named tuple of all windows' memories and outputs.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Raises:
        ValueError: the number of windows is missing, or is not what the inputs have.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.GridLSTMCell(2, feature_size=2, frequency_skip=1,
        ...                                    num_frequency_blocks=[3])
        >>> output, state = cell(fg.ones([1, 4]), cell.zero_state(1, fg.float32))
        >>> output.shape.as_list(), len(state)
        ([1, 12], 6)
    """

    def __init__(self, num_units: int, use_peepholes: bool = False,
                 share_time_frequency_weights: bool = False, cell_clip: Any = None,
                 initializer: Any = None, num_unit_shards: int = 1, forget_bias: float = 1.0,
                 feature_size: int | None = None, frequency_skip: int | None = None,
                 num_frequency_blocks: Any = None, start_freqindex_list: Any = None,
                 end_freqindex_list: Any = None, couple_input_forget_gates: bool = False,
                 state_is_tuple: bool = True, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        if num_frequency_blocks is None:
            raise ValueError(located("Must specify num_frequency_blocks"))
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._share_time_frequency_weights = share_time_frequency_weights
        self._cell_clip = cell_clip
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip
        self._num_frequency_blocks = num_frequency_blocks
        self._start_freqindex_list = start_freqindex_list
        self._end_freqindex_list = end_freqindex_list
        self._couple_input_forget_gates = couple_input_forget_gates
        self._state_is_tuple = state_is_tuple
        self._total_blocks = sum(int(n) for n in num_frequency_blocks)
        self._state_tuple_type: Any = (
            self._tuple_type("GridLSTMStateTuple", ["state"]) if state_is_tuple else None)

    def _tuple_type(self, name: str, prefixes: list[str]) -> Any:
        return namedtuple(name, [
            f"{prefix}_f{window:02d}_b{block:02d}_{part}"
            for prefix in prefixes
            for block, windows in enumerate(self._num_frequency_blocks)
            for window in range(windows) for part in "cm"])

    @property
    def state_tuple_type(self) -> Any:
        """The class of states; None if they are one tensor."""
        return self._state_tuple_type

    @property
    def state_size(self) -> Any:
        """Sizes of all memories and outputs."""
        if not self._state_is_tuple:
            return self._num_units * self._total_blocks * 2
        return self._state_tuple_type(*[self._num_units] * len(self._state_tuple_type._fields))

    @property
    def output_size(self) -> int:
        """Size of the output: that of time and of frequency, for each window."""
        return self._num_units * self._total_blocks * 2

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        outputs, new_state = [], []
        for block, windows in enumerate(self._windows(inputs)):
            more_outputs, more_state = self._run(windows, block, state, inputs, "state")
            outputs += more_outputs
            new_state += more_state
        return concat(outputs, 1), (self._state_tuple_type(*new_state) if self._state_is_tuple
                                    else concat(new_state, 1))

    def _variables(self, block: int, kind: str, depth: int, dtype: Any) -> dict[str, Any]:
        """Weights of the gates along time or frequency ("t", "f")."""
        units, gates = self._num_units, 3 if self._couple_input_forget_gates else 4
        found = {
            "W": matrix_in_shards(f"W_{kind}_{block}", [depth + 2 * units, gates * units], dtype,
                                  self._num_unit_shards),
            "B": get_variable(f"B_{kind}_{block}", [gates * units], dtype, initializer=ZEROS)}
        return found

    def _peepholes(self, block: int, kind: str, dtype: Any) -> dict[str, Any]:
        word = {"f": "freq", "t": "time"}[kind]
        gates = "IO" if self._couple_input_forget_gates else "FIO"
        return {gate + of: get_variable(f"W_{gate}_diag_{word}{of}_{block}", [self._num_units],
                                        dtype) for gate in gates for of in "ft"}

    def _run(self, windows: Any, block: int, state: Any, inputs: Any,
             prefix: str) -> tuple[list[Any], list[Any]]:
        """(outputs, memories and outputs along time) of a block's windows."""
        units, dtype = self._num_units, inputs.dtype.base_dtype
        kinds = "f" if self._share_time_frequency_weights else "ft"
        weights = {kind: self._variables(block, kind, input_depth(windows[0].shape), dtype)
                   for kind in kinds}
        if self._use_peepholes:
            for kind in kinds:
                weights[kind].update(self._peepholes(block, kind, dtype))
        of_time = weights.get("t", weights["f"])
        batch = inputs.shape[0].value
        c_freq = m_freq = zeros_of(shape_of(inputs)[0] if batch is None else batch, units, dtype)
        outputs, new_state = [], []
        for window, x in enumerate(windows):
            if self._state_is_tuple:
                c_time, m_time = (getattr(state, f"{prefix}_f{window:02d}_b{block:02d}_{part}")
                                  for part in "cm")
            else:
                c_time, m_time = (slice_(state, [0, (2 * window + k) * units], [-1, units])
                                  for k in (0, 1))
            seen = concat([x, m_time, m_freq], 1)
            memories = {"f": c_freq, "t": c_time}
            c_freq, o_freq = self._memory(weights["f"], seen, memories, c_freq)
            c_time, o_time = self._memory(of_time, seen, memories, c_time)
            memories = {"f": c_freq, "t": c_time}
            m_freq = sigmoid(self._seeing("O", o_freq, weights["f"], memories)) * tanh(c_freq)
            m_time = sigmoid(self._seeing("O", o_time, of_time, memories)) * tanh(c_time)
            outputs += [m_time, m_freq]
            new_state += [c_time, m_time]
        return outputs, new_state

    def _seeing(self, gate: str, x: Any, weights: dict[str, Any], memories: Any) -> Any:
        """A gate's input, with what it sees of both memories."""
        if not self._use_peepholes:
            return x
        return x + weights[gate + "f"] * memories["f"] + weights[gate + "t"] * memories["t"]

    def _memory(self, weights: dict[str, Any], seen: Any, memories: Any, old: Any) -> Any:
        """(the new memory, the output gate's input)."""
        gates = bias_add(matmul(seen, weights["W"]), weights["B"])
        if self._couple_input_forget_gates:
            i, j, o = split(gates, 3, 1)
            take = sigmoid(self._seeing("I", i, weights, memories))
            keep = 1.0 - take
        else:
            i, j, f, o = split(gates, 4, 1)
            take = sigmoid(self._seeing("I", i, weights, memories))
            keep = sigmoid(self._seeing("F", f + self._forget_bias, weights, memories))
        new = keep * old + take * tanh(j)
        if self._cell_clip is not None:
            new = clip_by_value(new, -self._cell_clip, self._cell_clip)
        return new, o

    def _windows(self, inputs: Any, offset: int = 0) -> list[list[Any]]:
        """The windows of each block."""
        depth, size, skip = input_depth(inputs.shape), self._feature_size, self._frequency_skip
        if size is None or skip is None:
            raise ValueError(located("GridLSTMCell needs feature_size and frequency_skip"))
        starts, ends = self._start_freqindex_list, self._end_freqindex_list
        if not starts:
            starts, ends = [0], [depth]
        if not len(starts) == len(ends) == len(self._num_frequency_blocks):
            raise ValueError(located(
                f"Length of num_frequency_blocks ({len(self._num_frequency_blocks)}), "
                f"start_freqindex_list ({len(starts)}) and end_freqindex_list ({len(ends)}) must "
                "be equal"))
        if offset:
            inputs = pad(inputs, [[0, 0], [max(-offset, 0), max(offset, 0)]])
        blocks = []
        for start, end, wanted in zip(starts, ends, self._num_frequency_blocks, strict=True):
            found = (end - start - size) // skip + 1
            if found != wanted:
                raise ValueError(located(f"Invalid num_frequency_blocks, requires {wanted} but "
                                         f"gets {found}, please check the input size and filter "
                                         "config are correct."))
            blocks.append([slice_(inputs, [0, start + max(offset, 0) + k * skip], [-1, size])
                           for k in range(found)])
        return blocks


class BidirectionalGridLSTMCell(GridLSTMCell):
    """Grid long short-term memory that runs over frequencies in both directions.

    Args:
        num_units, use_peepholes, share_time_frequency_weights, cell_clip, initializer,
        num_unit_shards, forget_bias, feature_size, frequency_skip, num_frequency_blocks,
        start_freqindex_list, end_freqindex_list, couple_input_forget_gates: as for `GridLSTMCell`.
        backward_slice_offset: by how much the windows of the backward direction are shifted.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.BidirectionalGridLSTMCell(
        ...     2, feature_size=2, frequency_skip=1, num_frequency_blocks=[3])
        >>> output, state = cell(fg.ones([1, 4]), cell.zero_state(1, fg.float32))
        >>> output.shape.as_list(), len(state)
        ([1, 24], 12)
    """

    def __init__(self, num_units: int, use_peepholes: bool = False,
                 share_time_frequency_weights: bool = False, cell_clip: Any = None,
                 initializer: Any = None, num_unit_shards: int = 1, forget_bias: float = 1.0,
                 feature_size: int | None = None, frequency_skip: int | None = None,
                 num_frequency_blocks: Any = None, start_freqindex_list: Any = None,
                 end_freqindex_list: Any = None, couple_input_forget_gates: bool = False,
                 backward_slice_offset: int = 0, reuse: Any = None) -> None:
        super().__init__(num_units, use_peepholes, share_time_frequency_weights, cell_clip,
                         initializer, num_unit_shards, forget_bias, feature_size, frequency_skip,
                         num_frequency_blocks, start_freqindex_list, end_freqindex_list,
                         couple_input_forget_gates, True, reuse)
        self._backward_slice_offset = int(backward_slice_offset)
        self._state_tuple_type = self._tuple_type("BidirectionalGridLSTMStateTuple",
                                                  ["fwd_state", "bwd_state"])

    @property
    def output_size(self) -> int:
        """Size of the output: both directions'."""
        return 2 * super().output_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        outputs, new_state = [], []
        for direction, offset, order in (("fwd", 0, 1), ("bwd", self._backward_slice_offset, -1)):
            with variable_scope(direction):
                for block, windows in enumerate(self._windows(inputs, offset)):
                    more_outputs, more_state = self._run(windows[::order], block, state, inputs,
                                                         f"{direction}_state")
                    outputs += more_outputs
                    new_state += more_state
        return concat(outputs, 1), self._state_tuple_type(*new_state)
