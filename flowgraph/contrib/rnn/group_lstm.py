"""An LSTM whose inputs and outputs are cut into groups, each with a kernel of its own."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.linear import linear
from flowgraph.contrib.rnn.sizes import MemoryAndOutput
from flowgraph.core.frames import located
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import RNNCell, input_depth
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.bias import bias_add
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope


class GLSTMCell(MemoryAndOutput, RNNCell):
    """Group long short-term memory ("Factorization Tricks for LSTM Networks").

    Args:
        num_units: size of the memory.
        initializer: first values of the kernels; default the scope's.
        num_proj: size of the output, to which it is projected; None for no projection.
        number_of_groups: into how many parts inputs and outputs are cut.
        forget_bias: added to the forget gates' inputs.
        activation: function for the memory; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Raises:
        ValueError: a size is not a multiple of the number of groups.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.GLSTMCell(4, number_of_groups=2)
        ...     output, state = cell(fg.ones([2, 6]), cell.zero_state(2, fg.float32))
        >>> cell.variables[0]
        <tf.Variable 'glstm_cell/group0/kernel:0' shape=(5, 8) dtype=float32_ref>
    """

    def __init__(self, num_units: int, initializer: Any = None, num_proj: int | None = None,
                 number_of_groups: int = 1, forget_bias: float = 1.0, activation: Any = tanh,
                 reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._num_proj = num_proj
        self._number_of_groups = number_of_groups
        self._forget_bias = forget_bias
        self._activation = activation
        for what, size in (("num_units", num_units), ("num_proj", num_proj or 0)):
            if size % number_of_groups:
                raise ValueError(located(f"{what} must be divisible by number_of_groups: {size} "
                                         f"and {number_of_groups}"))

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c_prev, m_prev = state
        units, dtype, groups = self._num_units, inputs.dtype.base_dtype, self._number_of_groups
        depth = input_depth(inputs.shape)
        if depth % groups:
            raise ValueError(located(f"input size ({depth}) must be divisible by number_of_groups "
                                     f"({groups})"))
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            of_groups = []
            for k in range(groups):
                with variable_scope(f"group{k}"):
                    together = concat([_group(inputs, k, depth // groups),
                                       _group(m_prev, k, self.output_size // groups)], 1)
                    of_groups.append(split(linear(together, 4 * units // groups, False), 4, 1))
            i, j, f, o = (
                bias_add(concat(list(parts), 1), get_variable(f"bias_{gate}", [units], dtype,
                                                              initializer=ZEROS))
                for gate, parts in zip("ijfo", zip(*of_groups, strict=True), strict=True))
        c = sigmoid(f + self._forget_bias) * c_prev + sigmoid(i) * tanh(j)
        m = sigmoid(o) * self._activation(c)
        if self._num_proj is not None:
            with variable_scope("projection"):
                m = linear(m, self._num_proj, False)
        return m, LSTMStateTuple(c, m)


def _group(x: Any, k: int, size: int) -> Any:
    return slice_(x, [0, k * size], [-1, size])
