"""Elements of datasets: nested structures, and the tensors that carry them.

A structure is a tensor, or a tuple, named tuple or dict of structures. Unlike in the rest of the
API a list is no structure: it is converted to a tensor. Every leaf is described by a TypeSpec and
carried by one tensor, a *component*:

    tensor          itself
    SparseTensor    its three parts in boxes, variant[3]; a batch of them is variant[n, 3]
    Dataset         variant[]
    Optional        variant[]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.nest import flatten_once, is_namedtuple, pack_once
from flowgraph.core.shapes import TensorShape
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.sparse_tensor import SparseTensor, SparseTensorValue
from flowgraph.ops.type_spec import SparseTensorSpec, TensorSpec, TypeSpec

# ---- nests ---------------------------------------------------------------------------------------


def is_nest(value: Any) -> bool:
    """Whether a value is a tuple or a dict: no leaf. A list is a leaf."""
    return isinstance(value, (tuple, Mapping)) and not isinstance(value, SparseTensorValue)


def flatten(structure: Any) -> list[Any]:
    """The leaves of a structure, depth first; dicts go by sorted key."""
    if not is_nest(structure):
        return [structure]
    return [leaf for item in flatten_once(structure) for leaf in flatten(item)]


def pack(structure: Any, leaves: list[Any]) -> Any:
    """Puts leaves into a structure: the opposite of `flatten`."""
    if len(flatten(structure)) != len(leaves):
        raise ValueError(located(f"the structure {structure!r:.200} has {len(flatten(structure))} "
                                 f"leaves, got {len(leaves)}"))
    return _pack(structure, iter(leaves))


def _pack(structure: Any, leaves: Any) -> Any:
    if not is_nest(structure):
        return next(leaves)
    return pack_once(structure, [_pack(item, leaves) for item in flatten_once(structure)])


def map_leaves(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """Applies a function to the leaves that stand at one place of several structures."""
    for other in others:
        assert_same(structure, other)
    columns = [flatten(one) for one in (structure, *others)]
    return pack(structure, [function(*leaves) for leaves in zip(*columns, strict=True)])


def flatten_up_to(structure: Any, other: Any) -> list[Any]:
    """What stands in `other` at the places of the leaves of `structure`, opened no further."""
    if not is_nest(structure):
        return [other]
    items = flatten_once(structure)
    if isinstance(other, list):
        raise TypeError(located(f"expected a structure like {structure!r:.200}, got the list "
                                f"{other!r:.100}", "Use a tuple."))
    if not is_nest(other):
        raise TypeError(located(f"If shallow structure is a sequence, input must also be a "
                                f"sequence. Expected one like {structure!r:.200}, got "
                                f"{other!r:.100}"))
    _check_kind(structure, other)
    return [leaf for item, one in zip(items, flatten_once(other), strict=True)
            for leaf in flatten_up_to(item, one)]


def assert_same(a: Any, b: Any) -> None:
    """Raises ValueError or TypeError unless two structures have one form."""
    if is_nest(a) != is_nest(b):
        raise ValueError(located("The two structures don't have the same nested structure: "
                                 f"{a!r:.200} and {b!r:.200}"))
    if is_nest(a):
        _check_kind(a, b)
        for one, other in zip(flatten_once(a), flatten_once(b), strict=True):
            assert_same(one, other)


def _check_kind(a: Any, b: Any) -> None:
    both = isinstance(a, Mapping), isinstance(b, Mapping)
    if both[0] != both[1] or (is_namedtuple(a) and is_namedtuple(b) and a._fields != b._fields):
        raise TypeError(located("The two structures don't have the same sequence type: "
                                f"{type(a).__name__} and {type(b).__name__}"))
    if both[0] and set(a) != set(b):
        raise ValueError(located("The two dictionaries don't have the same set of keys: "
                                 f"{list(a)} and {list(b)}"))
    if len(a) != len(b):
        raise ValueError(located("The two structures don't have the same number of elements: "
                                 f"{len(a)} and {len(b)}"))


# ---- specs ---------------------------------------------------------------------------------------


class DatasetSpec(TypeSpec):
    """Description of a dataset that is an element, or a part of one, of another dataset.

    Args:
        element_spec: structure of TypeSpecs of its elements.
        dataset_shape: shape of the tensor that holds it; () for one dataset.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.Dataset.range(4).window(2).element_spec
        DatasetSpec(TensorSpec(shape=(), dtype=tf.int64, name=None), ())
    """

    __slots__ = ("_dataset_shape", "_element_spec")

    def __init__(self, element_spec: Any, dataset_shape: Any = ()) -> None:
        self._element_spec = element_spec
        self._dataset_shape = TensorShape(dataset_shape)

    @property
    def element_spec(self) -> Any:
        """Structure of TypeSpecs of the elements."""
        return self._element_spec

    @property
    def value_type(self) -> type:
        """tf.data.Dataset."""
        from flowgraph.data.dataset import Dataset
        return Dataset

    def _contents(self) -> tuple[Any, ...]:
        return self._element_spec, self._dataset_shape

    def __repr__(self) -> str:
        return f"DatasetSpec({self._element_spec!r}, {self._dataset_shape})"


class OptionalSpec(TypeSpec):
    """Description of an optional value: one that may be missing.

    Args:
        value_structure: structure of TypeSpecs of the value.

    Example:
        >>> import flowgraph as tf
        >>> tf.OptionalSpec(tf.TensorSpec([], tf.int64))
        OptionalSpec(TensorSpec(shape=(), dtype=tf.int64, name=None))
    """

    __slots__ = ("_value_structure",)

    def __init__(self, value_structure: Any) -> None:
        self._value_structure = value_structure

    @property
    def value_type(self) -> type:
        """tf.data.experimental.Optional."""
        from flowgraph.data.optional import Optional
        return Optional

    def _contents(self) -> tuple[Any, ...]:
        return (self._value_structure,)

    def __repr__(self) -> str:
        return f"OptionalSpec({self._value_structure!r})"


def spec_of(value: Any) -> Any:
    """The structure of TypeSpecs that describes an element.

    Raises:
        TypeError: a part is neither a tensor nor convertible to one.
    """
    return map_leaves(_leaf_spec, value)


def _leaf_spec(value: Any) -> TypeSpec:
    described = getattr(value, "_type_spec", None)  # a Dataset, an Optional
    if isinstance(described, TypeSpec):
        return described
    if isinstance(value, SparseTensor):
        return SparseTensorSpec(value.shape, value.dtype)
    tensor = value if isinstance(value, Tensor) else convert_to_tensor(value)
    return TensorSpec(tensor.shape, tensor.dtype.base_dtype)


def normalized(element: Any) -> Any:
    """The element with every part converted to a tensor, SparseTensor or Dataset."""
    with name_scope("normalize_element"):
        parts = [normalized_part(part, i) for i, part in enumerate(flatten(element))]
    return pack(element, parts)


def normalized_part(part: Any, i: int) -> Any:
    """A leaf converted to a tensor, unless it is a SparseTensor, a Dataset or the like.

    Args:
        part: the leaf.
        i: its number in the element.
    """
    if isinstance(part, SparseTensorValue):
        return SparseTensor.from_value(part)
    if isinstance(part, SparseTensor) or isinstance(getattr(part, "_type_spec", None), TypeSpec):
        return part
    if hasattr(part, "element_spec") and hasattr(part, "get_next"):
        raise TypeError(located("an iterator cannot be a part of a dataset's element",
                                "Call get_next() on it."))
    return convert_to_tensor(part, name=f"component_{i}")


def component_spec(spec: Any) -> Spec:
    """dtype and static shape of the tensor that carries a leaf."""
    if isinstance(spec, TensorSpec):
        return Spec(spec.dtype.base_dtype, spec.shape.as_tuple())
    if isinstance(spec, SparseTensorSpec):
        return Spec(dt.variant, None)
    if isinstance(spec, DatasetSpec):
        return Spec(dt.variant, spec._dataset_shape.as_tuple())
    if isinstance(spec, OptionalSpec):
        return Spec(dt.variant, ())
    raise TypeError(located(f"{spec!r} cannot be an element of a dataset"))


def component_specs(structure: Any) -> tuple[Spec, ...]:
    """The Spec of each component of an element."""
    return tuple(component_spec(leaf) for leaf in flatten(structure))


def to_components(spec: Any, element: Any) -> list[Tensor]:
    """The tensors that carry an element."""
    return [_component(s, value) for s, value in zip(flatten(spec), flatten(element), strict=True)]


def _component(spec: Any, value: Any) -> Tensor:
    if isinstance(spec, SparseTensorSpec):
        from flowgraph.ops.sparse_serialize import serialize_sparse
        return serialize_sparse(value, out_type=dt.variant)
    carried = getattr(value, "_variant_tensor", None)
    return convert_to_tensor(value if carried is None else carried)


def to_batched_components(spec: Any, element: Any) -> list[Tensor]:
    """The tensors that carry an element, each with as many rows as the element has."""
    return [_batched_component(s, value)
            for s, value in zip(flatten(spec), flatten(element), strict=True)]


def _batched_component(spec: Any, value: Any) -> Tensor:
    if isinstance(spec, SparseTensorSpec):
        from flowgraph.ops.sparse_serialize import serialize_many_sparse
        return serialize_many_sparse(value, out_type=dt.variant)
    return _component(spec, value)


def from_components(spec: Any, tensors: list[Tensor]) -> Any:
    """The element that these tensors carry."""
    return pack(spec, [_value(s, t) for s, t in zip(flatten(spec), tensors, strict=True)])


def _value(spec: Any, tensor: Tensor) -> Any:
    if isinstance(spec, SparseTensorSpec):
        return _sparse_value(spec, tensor)
    if isinstance(spec, DatasetSpec):
        from flowgraph.data.dataset import Dataset
        return Dataset._of(tensor, spec._element_spec)
    if isinstance(spec, OptionalSpec):
        from flowgraph.data.optional import Optional
        return Optional(tensor, spec._value_structure)
    return tensor


def _sparse_value(spec: SparseTensorSpec, tensor: Tensor) -> SparseTensor:
    """The SparseTensor in boxes; its sizes are known to the graph as far as the spec tells."""
    from flowgraph.ops.join import stack
    from flowgraph.ops.sparse_serialize import deserialize_sparse
    sparse = deserialize_sparse(tensor, spec.dtype, spec.shape.ndims)
    known = spec.shape.as_tuple()
    if not known or all(n is None for n in known):
        return sparse
    with name_scope("dense_shape"):
        sizes = (convert_to_tensor(known, dt.int64) if None not in known else
                 stack([sparse.dense_shape[i] if n is None else convert_to_tensor(n, dt.int64)
                        for i, n in enumerate(known)]))
    return SparseTensor(sparse.indices, sparse.values, sizes)


# ---- batches -------------------------------------------------------------------------------------


def batched(spec: Any, size: int | None) -> Any:
    """The structure with `size` elements together."""
    def one(leaf: Any) -> Any:
        lead = TensorShape([size])
        if isinstance(leaf, DatasetSpec):
            return DatasetSpec(leaf._element_spec, lead.concatenate(leaf._dataset_shape))
        if isinstance(leaf, OptionalSpec):
            raise NotImplementedError(located("optional values cannot be batched"))
        return type(leaf)(lead.concatenate(leaf.shape), leaf.dtype)
    return map_leaves(one, spec)


def unbatched(spec: Any) -> Any:
    """The structure of one row.

    Raises:
        ValueError: a part is a scalar.
    """
    def one(leaf: Any) -> Any:
        if isinstance(leaf, DatasetSpec):
            return DatasetSpec(leaf._element_spec, leaf._dataset_shape[1:])
        if leaf.shape.ndims == 0:
            raise ValueError(located("Unbatching a tensor is only supported for rank >= 1: a part "
                                     f"of the element is a scalar, {leaf!r}"))
        rest = leaf.shape[1:] if leaf.shape.ndims is not None else TensorShape(None)
        return type(leaf)(rest, leaf.dtype)
    return map_leaves(one, spec)


# ---- the three structures of TensorFlow 1 --------------------------------------------------------


def output_types(spec: Any) -> Any:
    """The dtypes of an element, in its structure."""
    return map_leaves(lambda s: s if isinstance(s, (DatasetSpec, OptionalSpec)) else s.dtype, spec)


def output_shapes(spec: Any) -> Any:
    """The static shapes of an element, in its structure."""
    return map_leaves(lambda s: s if isinstance(s, (DatasetSpec, OptionalSpec)) else s.shape, spec)


def output_classes(spec: Any) -> Any:
    """The classes of an element's parts, in its structure."""
    def one(leaf: Any) -> Any:
        if isinstance(leaf, (DatasetSpec, OptionalSpec)):
            return leaf
        return SparseTensor if isinstance(leaf, SparseTensorSpec) else Tensor
    return map_leaves(one, spec)


def from_legacy(types: Any, shapes: Any = None, classes: Any = None) -> Any:
    """The structure of TypeSpecs for structures of dtypes, shapes and classes.

    Args:
        types: structure of dtypes.
        shapes: structure of shapes; None for unknown ones.
        classes: structure of classes; None for tensors.
    """
    flat_types = [t if isinstance(t, TypeSpec) else dt.as_dtype(t) for t in flatten(types)]
    flat_shapes = [None] * len(flat_types) if shapes is None else flatten_up_to(types, shapes)
    flat_classes = [Tensor] * len(flat_types) if classes is None else flatten_up_to(types, classes)
    return pack(types, [
        t if isinstance(t, TypeSpec)
        else SparseTensorSpec(s, t) if c is SparseTensor else TensorSpec(s, t)
        for t, s, c in zip(flat_types, flat_shapes, flat_classes, strict=True)])


def widened(spec: Any, other: Any) -> Any:
    """The structure that says what is true of both: sizes that differ become unknown."""
    def one(a: Any, b: Any) -> Any:
        if isinstance(a, (DatasetSpec, OptionalSpec)):
            return a
        shape = a.shape.most_specific_compatible_shape(b.shape)
        return type(a)(shape, a.dtype)
    return map_leaves(one, spec, other)


def same_kind(spec: Any, other: Any) -> bool:
    """Whether two structures agree in form, classes, dtypes and known sizes."""
    try:
        assert_same(spec, other)
    except (TypeError, ValueError):
        return False
    return all(
        (isinstance(a, SparseTensorSpec) == isinstance(b, SparseTensorSpec)
         and a.dtype is b.dtype and a.shape.is_compatible_with(b.shape))
        if hasattr(a, "dtype") and hasattr(b, "dtype") else type(a) is type(b)
        for a, b in zip(flatten(spec), flatten(other), strict=True))


def zero_of(dtype: Any) -> Any:
    """What elements are padded with when nothing is said: 0, or the empty text."""
    return b"" if dtype is dt.string else np.zeros((), dtype.numpy)


def static_rows(tensors: list[Tensor]) -> None:
    """Raises ValueError when a tensor is a scalar, or when they differ in their rows."""
    for tensor in tensors:
        if tensor.spec.shape == ():
            raise ValueError(located("Unbatching a tensor is only supported for rank >= 1: "
                                     f"{tensor.name!r} is a scalar",
                                     "Dataset.from_tensors takes scalars."))
    same_rows([tensor.shape for tensor in tensors])


def same_rows(shapes: list[TensorShape]) -> None:
    """Raises ValueError unless tensors of these shapes may have as many rows."""
    rows = [n for n in (shape.as_list()[0] for shape in shapes if shape.ndims) if n is not None]
    for other in rows[1:]:
        if other != rows[0]:
            raise ValueError(located(f"Dimensions {rows[0]} and {other} are not compatible",
                                     "All parts of the element need as many rows."))
