"""How the features of an Example are to be parsed: FixedLenFeature and its like."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape

_PARSED = (dt.float32, dt.int64, dt.string)


class VarLenFeature(NamedTuple):
    """A feature with any number of values: parsed into a SparseTensor.

    Args:
        dtype: float32, int64 or string.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["x"].int64_list.value.extend([3, 4])
        >>> x = fg.parse_single_example(example.SerializeToString(),
        ...                             {"x": fg.VarLenFeature(fg.int64)})["x"]
        >>> fg.Session().run(x.values)
        array([3, 4])
    """

    dtype: Any


class SparseFeature(NamedTuple):
    """A sparse feature whose places and values are features of their own.

    Args:
        index_key: name of the feature with the places, int64; a list of names for more axes.
        value_key: name of the feature with the values.
        dtype: dtype of the values.
        size: size of the sparse tensor; a list when `index_key` is one.
        already_sorted: whether the places are sorted.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["at"].int64_list.value.extend([1, 4])
        >>> example.features.feature["value"].float_list.value.extend([0.5, 2.0])
        >>> x = fg.parse_single_example(example.SerializeToString(), {
        ...     "x": fg.SparseFeature("at", "value", fg.float32, 5)})["x"]
        >>> fg.Session().run(fg.sparse_tensor_to_dense(x))
        array([0. , 0.5, 0. , 0. , 2. ], dtype=float32)
    """

    index_key: Any
    value_key: Any
    dtype: Any
    size: Any
    already_sorted: Any = False


class FixedLenFeature(NamedTuple):
    """A feature that has the same number of values in each record: parsed into a dense tensor.

    Args:
        shape: shape of the values of one record.
        dtype: float32, int64 or string.
        default_value: what stands for a missing feature; None says that it must be there.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["x"].float_list.value.extend([1.5, 2.0])
        >>> x = fg.parse_single_example(example.SerializeToString(),
        ...                             {"x": fg.FixedLenFeature([2], fg.float32)})["x"]
        >>> fg.Session().run(x)
        array([1.5, 2. ], dtype=float32)
    """

    shape: Any
    dtype: Any
    default_value: Any = None


class FixedLenSequenceFeature(NamedTuple):
    """A feature with any number of values of one shape: parsed into a dense tensor, padded.

    Args:
        shape: shape of one step's values.
        dtype: float32, int64 or string.
        allow_missing: whether the feature may be missing; it then has no steps.
        default_value: what shorter records are padded with; default 0 or "".

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["x"].int64_list.value.extend([1, 2, 3])
        >>> x = fg.parse_single_example(
        ...     example.SerializeToString(),
        ...     {"x": fg.FixedLenSequenceFeature([], fg.int64, allow_missing=True)})["x"]
        >>> fg.Session().run(x)
        array([1, 2, 3])
    """

    shape: Any
    dtype: Any
    allow_missing: Any = False
    default_value: Any = None


class Wanted(NamedTuple):
    """What an op has to look for: features that become sparse tensors, and dense ones.

    Args:
        sparse: from name to dtype.
        dense: from name to (dtype, shape).
        defaults: from the name of a dense feature to its default, None where it may be missing.
    """

    sparse: dict[str, DType]
    dense: dict[str, tuple[DType, tuple[int | None, ...]]]
    defaults: dict[str, Any]


def wanted(features: Any, allowed: tuple[type, ...]) -> Wanted:
    """What a dict of features asks for, in the order of the names.

    Args:
        features: from name to one of the classes above, or None.
        allowed: the classes that may be used.

    Raises:
        ValueError: a feature is of another class, or says not enough, or contradicts another.
    """
    found = Wanted({}, {}, {})
    for key in sorted(features or {}):
        feature = features[key]
        if not isinstance(feature, (VarLenFeature, SparseFeature, FixedLenFeature,
                                    FixedLenSequenceFeature)):
            raise ValueError(located(
                f"Invalid feature {key}:{feature!r:.100}.",
                "A feature is a tf.FixedLenFeature, tf.VarLenFeature or tf.SparseFeature."))
        if not isinstance(feature, allowed):
            raise ValueError(located(f"Unsupported {type(feature).__name__} {feature!r:.100}."))
        if not feature.dtype:
            raise ValueError(located(f"Missing type for feature {key}.",
                                     "Write the dtype, as tf.VarLenFeature(tf.int64)."))
        dtype = _dtype(key, feature.dtype)
        if isinstance(feature, VarLenFeature):
            found.sparse[key] = dtype
        elif isinstance(feature, SparseFeature):
            _add_sparse(found.sparse, feature, dtype)
        else:
            found.dense[key] = dtype, _shape(key, feature)
            if getattr(feature, "allow_missing", False) or feature.default_value is not None:
                found.defaults[key] = feature.default_value
    return found


def _dtype(key: str, value: Any) -> DType:
    dtype = dt.as_dtype(value)
    if dtype not in _PARSED:
        raise TypeError(located(f"feature {key} cannot have the dtype {dtype.name}: records hold "
                                "float32, int64 and string. Parse one of these and cast it."))
    return dtype


def _shape(key: str, feature: Any) -> tuple[int | None, ...]:
    if feature.shape is None:
        raise ValueError(located(f"Missing shape for feature {key}.",
                                 "Write tf.FixedLenFeature([], tf.float32) for one number."))
    shape = tuple(TensorShape(feature.shape).as_list())
    if isinstance(feature, FixedLenFeature):
        if shape and shape[0] is None:
            raise ValueError(located(f"First dimension of shape for feature {key} unknown. "
                                     "Consider using FixedLenSequenceFeature."))
        if None in shape:
            raise ValueError(located(f"All dimensions of shape for feature {key} need to be known "
                                     f"but received {feature.shape}."))
    return shape


def _add_sparse(sparse: dict[str, DType], feature: SparseFeature, dtype: DType) -> None:
    if not feature.index_key:
        raise ValueError(located(f"Missing index_key for SparseFeature {feature}."))
    if not feature.value_key:
        raise ValueError(located(f"Missing value_key for SparseFeature {feature}."))
    places = [feature.index_key] if isinstance(feature.index_key, str) else feature.index_key
    for name, wanted_dtype in [*((place, dt.int64) for place in sorted(places)),
                               (feature.value_key, dtype)]:
        if sparse.setdefault(name, wanted_dtype) is not wanted_dtype:
            raise ValueError(located(f"Conflicting type {sparse[name].name} vs {wanted_dtype.name} "
                                     f"for feature {name}."))
