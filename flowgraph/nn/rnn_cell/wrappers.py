"""Cells around a cell: dropout, a residual connection, a device."""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Callable
from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import device as on_device
from flowgraph.graph.graph import name_scope
from flowgraph.nn.rnn_cell.around import AroundCell
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.division import div
from flowgraph.ops.dropout import dropout
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.rounding import floor


class _Wrapper(AroundCell):
    """A cell that calls another one; the variables are the other one's, it lists none itself."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self.cell = cell

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: the wrapped cell's inputs.
            state: the wrapped cell's state.
            scope: variable scope for the wrapped cell.

        Returns:
            The output and the new state.
        """
        return self._step(inputs, state, lambda x, s: self.cell(x, s, scope=scope))

    def _step(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        """(output, new state), by way of `call(inputs, state)`, which runs the wrapped cell."""
        raise NotImplementedError

    @property
    def wrapped_cell(self) -> Any:
        """The cell inside."""
        return self.cell


class DropoutWrapper(_Wrapper):
    """Drops elements of a cell's inputs, outputs and states.

    By default the memory `c` of an LSTM is never dropped.

    Args:
        cell: the RNNCell to wrap.
        input_keep_prob, output_keep_prob, state_keep_prob: with which probability an element is
            kept; float or scalar tensor. The state meant is the one that the cell returns.
        variational_recurrent: whether the same elements are dropped at every time step of a run,
            and in every row of the batch.
        input_size: TensorShape of the inputs without the batch, nested as they are; needed with
            `variational_recurrent` when inputs are dropped.
        dtype: dtype of the inputs, state and outputs; needed with `variational_recurrent`.
        seed: int, for the same decisions in every session. Inputs, outputs and each part of the
            state get seeds of their own from it.
        dropout_state_filter_visitor: function from a state, or a part of it, to a bool or a
            structure of bools: what may be dropped.
        kwargs: as for `tf.layers.Layer`.

    Raises:
        TypeError: `cell` is no RNNCell, or the filter cannot be called.
        ValueError: a probability is not in [0, 1], or `dtype` or `input_size` are missing.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.nn.rnn_cell.DropoutWrapper(fg.nn.rnn_cell.GRUCell(2), output_keep_prob=0.5)
        >>> output, state = cell(fg.ones([1, 3]), cell.zero_state(1, fg.float32))
        >>> output.shape.as_list()
        [1, 2]
    """

    def __init__(self, cell: Any, input_keep_prob: Any = 1.0, output_keep_prob: Any = 1.0,
                 state_keep_prob: Any = 1.0, variational_recurrent: bool = False,
                 input_size: Any = None, dtype: Any = None, seed: int | None = None,
                 dropout_state_filter_visitor: Any = None, **kwargs: Any) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError(located("dropout_state_filter_visitor must be callable"))
        self._dropout_state_filter_visitor = dropout_state_filter_visitor
        with name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability("input_keep_prob", input_keep_prob)
            self._state_keep_prob = _probability("state_keep_prob", state_keep_prob)
            self._output_keep_prob = _probability("output_keep_prob", output_keep_prob)
        self._variational_recurrent = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._noise: dict[str, Any] = {"input": None, "state": None, "output": None}
        if variational_recurrent:
            if dtype is None:
                raise ValueError(located("When variational_recurrent=True, dtype must be provided",
                                         "Write dtype=tf.float32."))
            if _drops(self._input_keep_prob):
                if input_size is None:
                    raise ValueError(located(
                        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                        "input_size must be provided",
                        "It is the inputs' shape without the batch, as input_size=10."))
                self._noise["input"] = self._noise_of("input", input_size, dtype)
            self._noise["state"] = self._noise_of("state", cell.state_size, dtype)
            self._noise["output"] = self._noise_of("output", cell.output_size, dtype)

    def _noise_of(self, salt: str, sizes: Any, dtype: Any) -> Any:
        """Random numbers of [0, 1) that decide for all time steps and rows."""
        return nest.pack_sequence_as(sizes, [
            random_uniform([1, *TensorShape(size).as_list()], seed=self._gen_seed(salt, i),
                           dtype=dtype)
            for i, size in enumerate(nest.flatten(sizes))])

    def _gen_seed(self, salt_prefix: str, index: int) -> int | None:
        """The seed of one place where elements are dropped; as in TensorFlow 1."""
        if self._seed is None:
            return None
        text = f"{self._seed}{salt_prefix}_{index}"
        return int(hashlib.md5(text.encode()).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _step(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        if _drops(self._input_keep_prob):
            inputs = self._dropped("input", inputs, self._input_keep_prob)
        output, new_state = call(inputs, state)
        if _drops(self._state_keep_prob):
            visitor = self._dropout_state_filter_visitor or _all_but_memory
            new_state = self._dropped("state", new_state, self._state_keep_prob,
                                      _what_to_drop(visitor, new_state))
        if _drops(self._output_keep_prob):
            output = self._dropped("output", output, self._output_keep_prob)
        return output, new_state

    def _dropped(self, salt: str, values: Any, keep_prob: Any, which: Any = None) -> Any:
        """`values` with elements dropped, where the structure `which` does not say False."""
        which = values if which is None else which
        flags, parts = nest.flatten(which), nest.flatten_up_to(which, values)
        noise = ([None] * len(parts) if not self._variational_recurrent
                 else nest.flatten_up_to(which, self._noise[salt]))
        return nest.pack_sequence_as(which, [
            part if flag is False
            else _with_noise(part, uniform, keep_prob) if self._variational_recurrent
            else dropout(part, rate=1.0 - keep_prob, seed=self._gen_seed(salt, i))
            for i, (flag, part, uniform) in enumerate(zip(flags, parts, noise, strict=True))])


def _probability(name: str, value: Any) -> Any:
    """A keep probability as a float, or as a tensor when it is not known yet."""
    tensor = convert_to_tensor(value)
    known = known_value(tensor)
    if known is None:
        return tensor
    if not 0 <= known <= 1:
        raise ValueError(located(f"Parameter {name} must be between 0 and 1: {known}"))
    return float(known)


def _drops(keep_prob: Any) -> bool:
    return not isinstance(keep_prob, numbers.Real) or keep_prob < 1


def _with_noise(value: Any, uniform: Any, keep_prob: Any) -> Any:
    result = div(value, keep_prob) * floor(keep_prob + uniform)
    result.set_shape(value.shape)
    return result


def _all_but_memory(state: Any) -> Any:
    """The default filter: everything but the memory of an LSTM; no TensorArrays."""
    if isinstance(state, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not nest.is_composite(state)


def _what_to_drop(visitor: Callable[[Any], Any], state: Any) -> Any:
    """A structure of bools for `state`; a single False may stand for a whole part of it."""
    found = visitor(state)
    if not nest.is_nested(state):
        if not isinstance(found, bool):
            raise TypeError(located("dropout_state_filter_visitor must return a bool for a single "
                                    f"tensor, not {found!r:.100}"))
        return found
    if isinstance(found, bool):
        flags = [found] * len(nest.flatten_once(state))
        if not found:
            return False
    else:
        if not nest.is_nested(found):
            raise TypeError(located("dropout_state_filter_visitor must return a bool or a "
                                    f"structure of bools, not {found!r:.100}"))
        flags = nest.flatten_once(found)
    parts = [_what_to_drop(visitor, part) if flag else False
             for flag, part in zip(flags, nest.flatten_once(state), strict=True)]
    return nest.pack_once(state, parts)


class ResidualWrapper(_Wrapper):
    """Adds a cell's inputs to its outputs.

    Args:
        cell: the RNNCell to wrap.
        residual_fn: function from (inputs, outputs) to the new outputs; default their sum.
        kwargs: as for `tf.layers.Layer`.

    Raises:
        ValueError: the default sum is impossible, because sizes or structures differ (at a call).

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.nn.rnn_cell.ResidualWrapper(fg.nn.rnn_cell.GRUCell(3))
        >>> output, state = cell(fg.ones([1, 3]), cell.zero_state(1, fg.float32))
        >>> output.shape.as_list()
        [1, 3]
    """

    def __init__(self, cell: Any, residual_fn: Any = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _step(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        outputs, new_state = call(inputs, state)
        return (self._residual_fn or _sum)(inputs, outputs), new_state


def _sum(inputs: Any, outputs: Any) -> Any:
    def add(x: Any, y: Any) -> Any:
        x.shape.assert_is_compatible_with(y.shape)
        return x + y

    return nest.map_structure(add, inputs, outputs)


class DeviceWrapper(_Wrapper):
    """Runs a cell on a device.

    Args:
        cell: the RNNCell to wrap.
        device: what `tf.device` takes, as "/gpu:0".
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.nn.rnn_cell.DeviceWrapper(fg.nn.rnn_cell.GRUCell(3), "/cpu:0")
        >>> output, state = cell(fg.ones([1, 3]), cell.zero_state(1, fg.float32))
        >>> output.device
        '/device:CPU:0'
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The wrapped cell's state of zeros, on the device.

        Args:
            batch_size: int or scalar tensor.
            dtype: dtype of the state.
        """
        with on_device(self._device):
            return super().zero_state(batch_size, dtype)

    def _step(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        with on_device(self._device):
            return call(inputs, state)
