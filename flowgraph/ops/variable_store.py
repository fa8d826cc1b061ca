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
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.errors import message
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.index import slice
from flowgraph.ops.initializers import GlorotUniform, Initializer, Zeros
from flowgraph.ops.partitioned_variable import (
    PartitionedVariable,
    PartitionInfo,
    partitions_of,
    parts_of,
)
from flowgraph.ops.save_slice_info import SaveSliceInfo
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization

# Slots are asked for by names that end with "/"; the optimizer's call stands in the user's line.
_SLOT = (" It is a slot of an optimizer or a moving average, to be made where the scope reuses "
         "variables: build it inside of `with tf.variable_scope(tf.get_variable_scope(), "
         "reuse=tf.AUTO_REUSE):`.")


class VariableStore:
    """The variables of a graph by full name, as `tf.get_variable` finds them."""

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}
        self._partitioned: dict[str, Any] = {}

    def get_variable(self, name: str, custom_getter: Any = None, **wanted: Any) -> Any:
        """Finds or makes the variable `name`, through the custom getter if there is one."""
        if custom_getter is None:
            return self._true_getter(name, **wanted)
        if not callable(custom_getter):
            raise ValueError(located("Passed a custom_getter which is not callable: "
                                     f"{custom_getter!r}"))
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
        if partitioner is not None and not (isinstance(shape, (list, tuple)) and not shape):
            if not callable(partitioner):
                raise ValueError(located("Partitioner must be callable, but received: "
                                         f"{partitioner!r}"))
            return self._partitioned_getter(
                name, partitioner, TensorShape(shape), as_dtype(dtype).base_dtype, initializer,
                reuse, regularizer=regularizer, trainable=trainable, collections=collections,
                caching_device=caching_device, validate_shape=validate_shape,
                constraint=constraint, synchronization=synchronization, aggregation=aggregation)
        if reuse is True and name in self._partitioned:
            return _found_parts(self._partitioned[name], TensorShape(shape),
                                as_dtype(dtype).base_dtype, None)
        if f"{name}/part_0" in self.by_name:
            raise ValueError(located("No partitioner was provided, but a partitioned version of "
                                     f"the variable was found: {name}/part_0. Perhaps a variable "
                                     "of the same name was already created with partitioning?"))
        return self._single(name, shape, dtype, initializer, regularizer, reuse, trainable,
                            collections, caching_device, validate_shape, constraint,
                            synchronization, aggregation)

    def _single(self, name: str, shape: Any, dtype: Any, initializer: Any, regularizer: Any,
                reuse: Any, trainable: bool | None, collections: Any, caching_device: Any,
                validate_shape: bool, constraint: Any, synchronization: Any, aggregation: Any,
                partition_info: Any = None) -> Any:
        """Finds or makes a variable in one piece, which may be a part of a larger one."""
        from_value = initializer is not None and not callable(initializer)
        if from_value and shape is not None:
            raise ValueError(located("If initializer is a constant, do not specify shape.",
                                     "Leave shape out: it is the constant's."))
        dtype = as_dtype(dtype).base_dtype
        shape = TensorShape(shape)
        if name in self.by_name:
            return _found(self.by_name[name], shape, dtype, reuse)
        if reuse is True:
            raise ValueError(message(
                f"Variable {name} does not exist, or was not created with tf.get_variable() "
                f"({frames.user_frame()})", advice="Did you mean to set reuse=tf.AUTO_REUSE in "
                "VarScope?" + (_SLOT if name.endswith("/") else ""), section="variable-scope"))
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
            start = functools.partial(_call_initializer, initializer, shape.as_list(), dtype,
                                      partition_info)
        variable = Variable(
            initial_value=start, name=name, trainable=trainable, collections=collections,
            caching_device=caching_device, dtype=None if from_value or without_shape else dtype,
            validate_shape=validate_shape, constraint=constraint,
            synchronization=synchronization, aggregation=aggregation)
        self.by_name[name] = variable
        if regularizer is not None:
            with name_scope(name + "/Regularizer/"):
                loss = regularizer(variable)
            if loss is not None:
                variable.graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
        return variable


    def _partitioned_getter(self, name: str, partitioner: Any, shape: TensorShape, dtype: DType,
                            initializer: Any, reuse: Any, **wanted: Any) -> Any:
        """Finds or makes the variable `name` in parts, each a variable `name/part_i`."""
        name = name.rstrip("/")  # of create_partitioned_variables, which has the scope's name
        if name in self.by_name:
            raise ValueError(located("A partitioner was provided, but an unpartitioned version of "
                                     f"the variable was found: {name}. Perhaps a variable of the "
                                     "same name was already created without partitioning?"))
        if isinstance(initializer, Tensor):
            shape = shape.merge_with(initializer.shape)
        partitions = partitions_of(partitioner, shape, dtype)
        if name in self._partitioned:
            if reuse is False or reuse is None:
                raise ValueError(located(f"Partitioned variable with name {name} already exists. "
                                         "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE "
                                         "in VarScope?"))
            return _found_parts(self._partitioned[name], shape, dtype, partitions)
        if reuse is True:
            raise ValueError(located(f"PartitionedVariable {name} does not exist, or was not "
                                     "created with tf.get_variable(). Did you mean to set "
                                     "reuse=False or reuse=tf.AUTO_REUSE in VarScope?"))
        parts = []
        full: list[Any] = shape.as_list()
        for i, (offset, sizes) in enumerate(parts_of(full, partitions)):
            part_name = f"{name}/part_{i}"
            start: Any = initializer
            part_shape: Any = sizes
            with name_scope(part_name + "/PartitionedInitializer"):
                if initializer is None:
                    start = _default_initializer(name, dtype)
                elif not callable(initializer):
                    whole = (initializer if isinstance(initializer, Tensor)
                             else convert_to_tensor(initializer, dtype))
                    start, part_shape = slice(whole, offset, sizes), None
                    dtype = start.dtype.base_dtype
            with name_scope(None):
                part = self._single(part_name, part_shape, dtype, start, reuse=reuse,
                                    partition_info=PartitionInfo(full, offset), **wanted)
            part._set_save_slice_info(SaveSliceInfo(name, full, offset, sizes))
            parts.append(part)
        self._partitioned[name] = PartitionedVariable(name, shape, dtype, parts, partitions)
        return self._partitioned[name]


def _found_parts(variable: Any, shape: TensorShape, dtype: DType, partitions: Any) -> Any:
    """The partitioned variable, if the request may have it."""
    for what, wanted, found, same in (
            ("shape", shape, variable.shape, shape.is_compatible_with(variable.shape)),
            ("dtype", dtype.name, variable.dtype.name, dtype is variable.dtype),
            ("partitions", partitions, variable._get_partitions(),
             partitions in (None, variable._get_partitions()))):
        if not same:
            raise ValueError(located(f"Trying to reuse partitioned variable {variable.name}, but "
                                     f"specified {what} {wanted} and found {what} {found}."))
    return variable


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
        raise ValueError(located(f"Trying to share variable {name}, but specified shape {shape} "
                                 f"and found shape {variable.get_shape()} ({variable.op.frame})."))
    if not dtype.is_compatible_with(variable.dtype.base_dtype):
        raise ValueError(located(f"Trying to share variable {name}, but specified dtype "
                                 f"{dtype.name} and found dtype {variable.dtype.base_dtype.name} "
                                 f"({variable.op.frame})."))
    return variable


def _default_initializer(name: str, dtype: DType) -> Any:
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype == dt.string:
        return Zeros()
    raise ValueError(located(f"An initializer for variable {name} of {dtype.name} is required",
                             "Pass initializer=."))


def _call_initializer(initializer: Any, shape: list[int], dtype: DType,
                      partition_info: Any) -> Any:
    """The initial value: initializers take a shape; plain functions may take nothing."""
    if isinstance(initializer, Initializer):
        return initializer(shape, dtype, partition_info=partition_info)
    if _takes_nothing(initializer):
        return initializer()
    options = {"dtype": dtype, "partition_info": partition_info}
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
