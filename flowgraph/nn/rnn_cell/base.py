"""RNNCell: a function from (input, state) to (output, new state), with variables; base of cells.

    cell = tf.nn.rnn_cell.GRUCell(3)
    state = cell.zero_state(batch_size, tf.float32)
    output, state = cell(input, state)          makes gru_cell/gates/kernel, ...
    output, state = cell(next_input, state)     the same variables

`dynamic_rnn` and `static_rnn` make the calls for a whole sequence. Older cells make their variables
with `tf.get_variable` inside `call`; those here are layers with a `build`, under `LayerRNNCell`.
"""

from __future__ import annotations

import inspect
import numbers
from typing import Any

from flowgraph.core import nest
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import Dimension, TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.base import Layer
from flowgraph.layers.named import ACTIVATIONS, activation_called
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.constant import zeros
from flowgraph.ops.exponential import tanh
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable_lists import trainable_variables
from flowgraph.ops.variable_scope import VariableScope, get_variable_scope, variable_scope


class RNNCell(Layer):
    """Base of recurrent cells: give `state_size`, `output_size` and `call(inputs, state)`.

    `call` returns the output and the new state. It may make variables with `tf.get_variable`.

    Args:
        trainable: whether the variables are trained.
        name: name of the cell and of its variable scope; default the class's.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> class Adder(fg.nn.rnn_cell.RNNCell):
        ...     state_size = output_size = 2
        ...     def call(self, inputs, state):
        ...         total = inputs + state
        ...         return total, total
        >>> output, state = fg.nn.static_rnn(Adder(), [fg.ones([1, 2])] * 3, dtype=fg.float32)
        >>> fg.Session().run(state)
        array([[3., 3.]], dtype=float32)
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._is_tf_rnn_cell = True
        self._outer_scope: VariableScope | None = None  # open when it was first called

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: `[batch_size, input_size]` tensor, or a nested structure of them.
            state: tensors of the form that `state_size` tells.
            scope: variable scope to use; default the cell's name.

        Returns:
            The output and the new state.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._noted) as scope:
                return super().__call__(inputs, state, scope=scope)
        if self._outer_scope is None:
            self._outer_scope = get_variable_scope()
        with variable_scope(self._outer_scope, custom_getter=self._noted):
            return super().__call__(inputs, state)

    def _noted(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        """A custom getter: what `call` makes with `tf.get_variable` belongs to the cell."""
        variable = getter(*args, **kwargs)
        weights = (self._trainable_weights if variable in trainable_variables()
                   else self._non_trainable_weights)
        if all(variable is not weight for weight in weights):
            weights.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """Size of the state: an int, a TensorShape, or a nested structure of these."""
        raise NotImplementedError(located("Abstract method"))

    @property
    def output_size(self) -> Any:
        """Size of the output: an int, a TensorShape, or a nested structure of these."""
        raise NotImplementedError(located("Abstract method"))

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None,
                          dtype: Any = None) -> Any:
        """A state of zeros, by default of the batch size and dtype of `inputs`.

        Args:
            inputs: tensor `[batch_size, ...]`, or None.
            batch_size: int or scalar tensor.
            dtype: dtype of the state.

        Raises:
            ValueError: batch size or dtype are missing, or not those of `inputs`.
        """
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            found = inputs.shape.dims[0].value
            if batch_size is not None:
                given = known_value(batch_size) if isinstance(batch_size, Tensor) else batch_size
                if found != given:
                    raise ValueError(located(f"the inputs have a batch size of {found}, the "
                                             f"argument batch_size is {given}"))
            if dtype is not None and as_dtype(dtype) != inputs.dtype:
                raise ValueError(located(f"the inputs have dtype {inputs.dtype.name}, the argument "
                                         f"dtype is {as_dtype(dtype).name}"))
            batch_size, dtype = found or shape_of(inputs)[0], inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(located("get_initial_state needs `inputs`, or both batch_size and "
                                     f"dtype: batch_size={batch_size}, dtype={dtype}"))
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """A state of zeros.

        Args:
            batch_size: int or scalar tensor.
            dtype: dtype of the state.

        Returns:
            Tensors `[batch_size] + size`, in the structure of `state_size`.
        """
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return nest.map_structure(lambda size: zeros_of(batch_size, size, dtype),
                                      self.state_size)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as far as the cell keeps them."""
        given = inspect.signature(type(self).__init__).parameters
        kept = {key: getattr(self, f"_{key}") for key in list(given)[1:]
                if hasattr(self, f"_{key}")}
        if "activation" in kept:
            named = [name for name, function in ACTIVATIONS.items()
                     if function is kept["activation"]]
            kept["activation"] = named[0] if named else kept["activation"]
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype, **kept}


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`, as any layer.

    Args:
        trainable: whether the variables are trained.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.contrib.rnn.IndRNNCell, fg.contrib.rnn.LayerRNNCell)
        True
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None, *args: Any,
                 **kwargs: Any) -> Any:
        """Runs one step.

        Args:
            inputs: `[batch_size, input_size]` tensor.
            state: tensors of the form that `state_size` tells.
            scope: variable scope to use; default the cell's name.
            args, kwargs: further arguments for `call`.

        Returns:
            The output and the new state.
        """
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)


# ---- for cells -----------------------------------------------------------------------------------


def zeros_of(batch_size: Any, size: Any, dtype: Any) -> Tensor:
    """Zeros of the shape `[batch_size] + size`; both may be numbers, shapes or tensors."""
    parts = [_vector(part) if isinstance(part, Tensor) else sizes_of(part)
             for part in (batch_size, size)]
    if any(isinstance(part, Tensor) for part in parts):
        return zeros(concat(parts, 0), dtype)
    return zeros([n for part in parts for n in part], dtype)


def sizes_of(size: Any) -> list[Any]:
    """A size as a list: of a number, a Dimension or a shape. Raises ValueError for an unknown one.
    """
    if isinstance(size, numbers.Real):
        return [int(float(size))]
    sizes = TensorShape([size] if isinstance(size, Dimension) else size)
    if not sizes.is_fully_defined():
        raise ValueError(located("the size of a cell's state or output must be known, got "
                                 f"{sizes}; for an unknown batch size pass the scalar tensor "
                                 "tf.shape(inputs)[0]"))
    return sizes.as_list()


def _vector(size: Tensor) -> Tensor:
    if size.shape.ndims not in (None, 0, 1):
        raise ValueError(located(f"a size must be a scalar or a vector, but {size.name!r} has the "
                                 f"shape {size.shape}"))
    return size if size.shape.ndims == 1 else reshape(size, [-1])


def activation_of(value: Any) -> Any:
    """The activation that a cell was given: a function, a name, or None for tanh."""
    return activation_called(value) if value else tanh


def check_dtype(dtype: Any) -> None:
    """Raises ValueError unless cells can compute with this dtype."""
    if dtype is not None and not (as_dtype(dtype).is_floating or as_dtype(dtype).is_complex):
        raise ValueError(located("RNN cell only supports floating point inputs, but saw dtype: "
                                 f"{as_dtype(dtype).name}; write tf.cast(inputs, tf.float32)"))


def check_inputs(*structures: Any) -> None:
    """Raises ValueError unless cells can compute with these tensors."""
    for tensor in nest.flatten(structures):
        check_dtype(tensor.dtype)


def input_depth(inputs_shape: Any) -> int:
    """The size of a cell's inputs, from their static shape. Raises ValueError if it is unknown."""
    shape = TensorShape(inputs_shape)
    depth = None if shape.ndims is None else shape[-1].value
    if depth is None:
        raise ValueError(located(f"Expected inputs.shape[-1] to be known, saw shape: {shape}; give "
                                 "the placeholder its last size, or call set_shape"))
    return depth


def check_is_cell(argument: str, cell: Any) -> None:
    """Raises TypeError unless `cell`, given as `argument`, can be used as an RNNCell."""
    missing = [name for name in ("output_size", "state_size") if not _has(cell, name)]
    if not _has(cell, "get_initial_state") and not _has(cell, "zero_state"):
        missing.append("zero_state")
    if not callable(cell):
        missing.append("__call__")
    if missing:
        raise TypeError(located(f"The argument {argument!r} ({cell!r:.100}) is not an RNNCell: it "
                                f"has no {', '.join(missing)}; write a cell, as "
                                "tf.nn.rnn_cell.GRUCell(10)"))


def _has(thing: Any, name: str) -> bool:
    try:
        getattr(thing, name)
    except AttributeError:
        return False
    return True
