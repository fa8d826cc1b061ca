"""Helpers of the methods of Dataset: arguments as tensors, functions of states, padded shapes."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.data import structure
from flowgraph.data.function import DataFunction
from flowgraph.data.iterator import flat
from flowgraph.graph.graph import control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.random_ops import node_seeds


def built(source: Any, op: Any, spec: Any, *inputs: Any, function: DataFunction | None = None,
          **attrs: Any) -> Any:
    """A dataset made by an op of one input dataset.

    Args:
        source: the input dataset.
        op: the op's class.
        spec: structure of TypeSpecs of its elements.
        inputs: its other inputs.
        function: the function that it calls, if any: it runs after what that depends on.
        attrs: its attributes, but for output_types and output_shapes.
    """
    from flowgraph.data.dataset import Dataset
    types, shapes = flat(spec)
    with control_dependencies(function.graph.outer_controls if function else []):
        variant = op.build(source._variant_tensor, *inputs, output_types=types,
                           output_shapes=shapes, **attrs)
    return Dataset._of(variant, spec, source)


def convert_scalar(value: Any, dtype: DType, name: str) -> Tensor:
    """An argument as a tensor."""
    return convert_to_tensor(value, dtype, name=name)


def data_seeds(seed: Any, name: str) -> tuple[Any, Any]:
    """The two seeds of a random dataset op.

    Args:
        seed: the seed that the user gave: int, tensor or None.
        name: the name that the op is going to ask for.
    """
    if isinstance(seed, Tensor):
        seeds = node_seeds(1, name)
        from flowgraph.ops.cast import cast
        return seeds["seed"], cast(seed, dt.int64)
    seeds = node_seeds(None if seed is None else int(seed), name)
    return seeds["seed"], seeds["seed2"]


def seed_tensors(seeds: tuple[Any, Any]) -> tuple[Tensor, Tensor]:
    """The two seeds as tensors."""
    first, second = seeds
    return (convert_scalar(first, dt.int64, "seed"),
            second if isinstance(second, Tensor) else convert_scalar(second, dt.int64, "seed2"))


def function_spec_of_datasets(function: DataFunction) -> Any:
    """The structure of the elements of the datasets that a function returns.

    Raises:
        TypeError: it returns something else.
    """
    if not isinstance(function.spec, structure.DatasetSpec):
        raise TypeError(located("`map_func` must return a `Dataset` object. Got "
                                f"{function.spec!r}", "Use map() for functions that return "
                                "tensors."))
    return function.spec.element_spec


def state_function(function: Any, what: str, state: Any, element: Any,
                   result: bool = False) -> tuple[DataFunction, Any]:
    """A function from a state and an element to the next state, and the state's structure.

    The function is built again with weaker shapes until it returns a state of the shapes it takes.

    Args:
        function: the user's function.
        what: what the user called.
        state: structure of TypeSpecs of the first state.
        element: structure of TypeSpecs of an element.
        result: whether it returns a pair, (state, result).

    Raises:
        TypeError: it returns a state of other classes or dtypes.
    """
    while True:
        made = DataFunction(function, what, (state, element))
        if result and not (isinstance(made.spec, tuple) and len(made.spec) == 2):
            raise TypeError(located("The scan function must return a pair comprising the new state "
                                    f"and the output value; it returned {made.spec!r:.200}."))
        new = made.spec[0] if result else made.spec
        for kind, of in (("classes", structure.output_classes), ("types", structure.output_types)):
            if structure.flatten(of(new)) != structure.flatten(of(state)):
                raise TypeError(located(
                    f"The element {kind} for the new state must match the initial state. Expected "
                    f"{of(state)}; got {of(new)}."))
        structure.assert_same(state, new)
        weaker = structure.widened(state, new)
        if weaker == state:
            return made, state
        state = weaker


def padded(spec: Any, shapes: Any, values: Any) -> tuple[list[Tensor], list[Tensor],
                                                         list[TensorShape]]:
    """Padded shapes and padding values as tensors, and the static shapes after padding.

    Args:
        spec: structure of TypeSpecs of the elements.
        shapes: structure of shapes.
        values: structure of scalars; None for zeros.
    """
    leaves = structure.flatten(spec)
    if values is None:
        for leaf in leaves:
            if not hasattr(leaf, "dtype"):
                raise TypeError(located("Unable to create padding for field of type 'variant'"))
        values = structure.pack(spec, [structure.zero_of(leaf.dtype) for leaf in leaves])
    given = structure.flatten_up_to(spec, shapes)
    tensors = [_padded_shape(shape, leaf.shape) for shape, leaf in zip(given, leaves, strict=True)]
    fills = [_padding_value(value, leaf.dtype) for value, leaf in
             zip(structure.flatten_up_to(spec, values), leaves, strict=True)]
    return [t for t, _ in tensors], fills, [s for _, s in tensors]


def _padded_shape(shape: Any, element: TensorShape) -> tuple[Tensor, TensorShape]:
    if not isinstance(shape, Tensor):
        try:
            sizes = [-1 if n is None else n for n in TensorShape(
                [None if isinstance(n, int) and n == -1 else n for n in shape]
                if isinstance(shape, (list, tuple)) else shape).as_list()]
            tensor = convert_to_tensor(sizes, dt.int64)
        except (TypeError, ValueError):
            tensor = convert_to_tensor(
                shape, dt.int64 if isinstance(shape, (list, tuple)) else None)
    else:
        tensor = shape
    if tensor.spec.rank not in (None, 1):
        raise ValueError(located(f"Padded shape {shape} must be a 1-D tensor of tf.int64 values, "
                                 f"but its shape was {tensor.shape}."))
    if tensor.dtype is not dt.int64:
        raise TypeError(located(f"Padded shape {shape} must be a 1-D tensor of tf.int64 values, "
                                f"but its element type was {tensor.dtype.name}."))
    known = known_value(tensor)
    length = tensor.spec.shape[0] if tensor.spec.shape else None
    static = (TensorShape(None if length is None else [None] * length) if known is None
              else TensorShape([None if n is None or n < 0 else n for n in known]))
    if static.ndims is not None and element.ndims is not None and (
            static.ndims != element.ndims or any(
                a is not None and b is not None and a < b
                for a, b in zip(static.as_list(), element.as_list(), strict=True))):
        raise ValueError(located(f"The padded shape {static} is not compatible with the "
                                 f"corresponding input component shape {element}."))
    return tensor, static


def _padding_value(value: Any, dtype: DType) -> Tensor:
    tensor = convert_to_tensor(value, name="padding_value")
    if tensor.spec.rank not in (None, 0):
        raise ValueError(located(f"Padding value should be a scalar, but is not: {tensor!r}"))
    if tensor.dtype.base_dtype is not dtype:
        raise TypeError(located(f"Padding value tensor ({tensor!r}) does not match output type: "
                                f"{dtype.name}", f"Write tf.constant(..., tf.{dtype.name})."))
    return tensor
