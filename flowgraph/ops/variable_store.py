"""The variables of a graph by full name: `tf.get_variable` makes one or finds the one made before.

A variable scope (`variable_scope.py`) says what is wanted; the store answers with the variable made
under that name if the scope reuses, else with a new one.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import frames
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.shapes import TensorShape
from flowgraph.errors import message
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import name_scope
from flowgraph.ops.initializers import GlorotUniform, Initializer, Zeros
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization


class VariableStore:
    """The variables of a graph by full name, as `tf.get_variable` finds them."""

    def __init__(self) -> None:
        self._vars: dict[str, Any] = {}

    def get_variable(self, name: str, custom_getter: Any = None, **wanted: Any) -> Any:
        """Finds or makes the variable `name`, through the custom getter if there is one."""
        if custom_getter is None:
            return self._true_getter(name, **wanted)
        if not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter!r}")
        if not _takes(custom_getter, "constraint"):
            wanted.pop("constraint")
        return custom_getter(getter=self._true_getter, name=name, **wanted)

    def _true_getter(self, name: str, shape: Any = None, dtype: Any = dt.float32,
                     initializer: Any = None, regularizer: Any = None, reuse: Any = None,
                     trainable: bool | None = None, collections: Any = None,
                     caching_device: Any = None, partitioner: Any = None,
                     validate_shape: bool = True, use_resource: bool | None = None,
                     constraint: Any = None, synchronization: Any = VariableSynchronization.AUTO,
                     aggregation: Any = VariableAggregation.NONE) -> Any:
        no_partitioner(partitioner)
        from_value = initializer is not None and not callable(initializer)
        if from_value and shape is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = as_dtype(dtype).base_dtype
        shape = TensorShape(shape)
        if name in self._vars:
            return _found(self._vars[name], shape, dtype, reuse)
        if reuse is True:
            raise ValueError(message(
                f"Variable {name} does not exist, or was not created with tf.get_variable() "
                f"({frames.user_frame()})", advice="Did you mean to set reuse=tf.AUTO_REUSE in "
                "VarScope?", section="variable-scope"))
        without_shape = not from_value and not shape.is_fully_defined()
        if without_shape and not (initializer is not None and _takes_nothing(initializer)):
            raise ValueError(f"Shape of a new variable ({name}) must be fully defined, but instead "
                             f"was {shape} ({frames.user_frame()}).")
        if initializer is None:
            initializer = _default_initializer(name, dtype)
        if inspect.isclass(initializer):
            initializer = initializer()
        start = initializer
        if not from_value and not without_shape:
            start = functools.partial(_call_initializer, initializer, shape.as_list(), dtype)
        variable = Variable(
            initial_value=start, name=name, trainable=trainable, collections=collections,
            caching_device=caching_device, dtype=None if from_value or without_shape else dtype,
            validate_shape=validate_shape, constraint=constraint,
            synchronization=synchronization, aggregation=aggregation)
        self._vars[name] = variable
        if regularizer is not None:
            with name_scope(name + "/Regularizer/"):
                loss = regularizer(variable)
            if loss is not None:
                variable.graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
        return variable


def no_partitioner(partitioner: Any) -> None:
    """Raises NotImplementedError unless this is None."""
    if partitioner is not None:
        raise NotImplementedError("partitioned variables are not offered; pass partitioner=None")


def _found(variable: Any, shape: TensorShape, dtype: DType, reuse: Any) -> Any:
    """The variable, if the request may have it."""
    name = variable.op.name
    if not reuse:
        raise ValueError(message(
            f"Variable {name} already exists, disallowed ({frames.user_frame()}). Did you mean to "
            "set reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
            [("Originally defined at", f"{variable.op.frame.filename}:{variable.op.frame.lineno}")],
            section="variable-scope"))
    if not shape.is_compatible_with(variable.get_shape()):
        raise ValueError(f"Trying to share variable {name}, but specified shape {shape} and found "
                         f"shape {variable.get_shape()} ({variable.op.frame}).")
    if not dtype.is_compatible_with(variable.dtype.base_dtype):
        raise ValueError(f"Trying to share variable {name}, but specified dtype {dtype.name} and "
                         f"found dtype {variable.dtype.base_dtype.name} ({variable.op.frame}).")
    return variable


def _default_initializer(name: str, dtype: DType) -> Any:
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool:
        return Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.name} is required")


def _call_initializer(initializer: Any, shape: list[int], dtype: DType) -> Any:
    """The initial value: initializers take a shape; plain functions may take nothing."""
    if isinstance(initializer, Initializer):
        return initializer(shape, dtype)
    if _takes_nothing(initializer):
        return initializer()
    options = {"dtype": dtype, "partition_info": None}
    return initializer(shape, **{key: value for key, value in options.items()
                                 if _takes(initializer, key)})


def _takes_nothing(function: Any) -> bool:
    try:
        return not inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _takes(function: Any, parameter: str) -> bool:
    """Whether `function` has this parameter, or takes any keyword."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    return parameter in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
