"""Serialized `tf.train.Example` records to tensors.

One op reads all features of a batch of records: those of any length into the parts of sparse
tensors, those of fixed length into dense ones. The Python function around it sorts the features,
names the results and puts sparse tensors together.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.example_wire import example_features, feature_values
from flowgraph.ops.identity import ensure_shape
from flowgraph.ops.parse_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
    Wanted,
    wanted,
)
from flowgraph.ops.reshape import Reshape
from flowgraph.ops.sparse_dense import sparse_merge
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.string_elements import ON_HOST, invalid, strings

_ANY_KIND = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


class ParseExampleV2(OpDef):
    """Sparse and dense features of a vector of serialized Examples, or of a single one."""

    dtypes = {"serialized": dt.STRING, "names": dt.STRING, "sparse_keys": dt.STRING,
              "dense_keys": dt.STRING, "ragged_keys": dt.STRING,
              "dense_defaults": dt.DTypeSet("float32, int64 or string",
                                            (dt.float32, dt.int64, dt.string))}
    lists = ("dense_defaults",)
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, serialized, names, sparse_keys, dense_keys, ragged_keys, dense_defaults, *,
              sparse_types, dense_shapes):
        lead = serialized.shape
        if lead is not None and len(lead) > 1:
            raise ShapeError(f"takes a vector of records, or one, got {shape_text(lead)}")
        rank = None if lead is None else len(lead) + 1
        count = len(sparse_types)
        return (*[Spec(dt.int64, (None, rank))] * count,
                *[Spec(dtype, (None,)) for dtype in sparse_types],
                *[Spec(dt.int64, (rank,))] * count,
                *[Spec(default.dtype, None if lead is None else lead + shape)
                  for default, shape in zip(dense_defaults, dense_shapes, strict=True)])

    def kernel(self, xp, serialized, names, sparse_keys, dense_keys, ragged_keys, dense_defaults, *,
               sparse_types, dense_shapes):
        labels = labels_of(names, serialized.size)
        records = [_read(record, label)
                   for record, label in zip(serialized.reshape(-1).tolist(), labels, strict=True)]
        single = serialized.ndim == 0
        rows = [[typed_values(record, key, dtype, label)
                 for record, label in zip(records, labels, strict=True)]
                for key, dtype in zip(sparse_keys.tolist(), sparse_types, strict=True)]
        sparse = [sparse_rows(row, dtype, single)
                  for row, dtype in zip(rows, sparse_types, strict=True)]
        dense = [dense_rows(records, key, default, shape, labels, single)
                 for key, default, shape in zip(dense_keys.tolist(), dense_defaults, dense_shapes,
                                                strict=True)]
        return (*(part[0] for part in sparse), *(part[1] for part in sparse),
                *(part[2] for part in sparse), *dense)


def labels_of(names: Any, count: int) -> list[str]:
    """How errors call each of `count` records."""
    texts = names.reshape(-1).tolist()
    return [_text(texts[i]) if i < len(texts) else f"record {i}" for i in range(count)]


def _read(record: bytes, label: str) -> dict[bytes, bytes]:
    try:
        return example_features(record)
    except wire.WireError as error:
        raise invalid(f"Could not parse example input, {label}: {error}") from None


def typed_values(features: dict[bytes, bytes], key: bytes, dtype: DType,
                 label: str) -> list[Any] | None:
    """The values of a feature, None if it is missing; they must be of `dtype`."""
    if key not in features:
        return None
    return step_values(features[key], key, dtype, label)


def step_values(feature: bytes, key: bytes, dtype: DType, label: str) -> list[Any] | None:
    """The values of a serialized Feature, None if it has no kind."""
    try:
        found = feature_values(feature)
    except wire.WireError as error:
        raise invalid(f"Could not parse example input, {label}: feature {key!r}: "
                      f"{error}") from None
    if found is None:
        return None
    if found[0] is not dtype:
        raise invalid(f"{label}, key {_text(key)}: Data types don't match. Expected type: "
                      f"{dtype.name}, but the feature holds {found[0].name}")
    return found[1]


def array_of(values: list[Any], dtype: DType, shape: Any) -> np.ndarray:
    """Parsed values as an array."""
    if dtype is dt.string:
        return strings(values, shape)
    return np.array(values, dtype.numpy).reshape(shape)


def sparse_rows(rows: list[list[Any] | None], dtype: DType, single: bool) -> tuple[Any, Any, Any]:
    """Indices, values and dense shape of rows of uneven lengths; of the only row if `single`."""
    filled = [row or [] for row in rows]
    values = array_of([v for row in filled for v in row], dtype, -1)
    columns = np.array([j for row in filled for j in range(len(row))], np.int64)
    longest = max(map(len, filled), default=0)
    if single:
        return columns[:, None], values, np.array([longest], np.int64)
    places = np.repeat(np.arange(len(filled)), [len(row) for row in filled])
    return (np.stack([places, columns], axis=1).astype(np.int64), values,
            np.array([len(filled), longest], np.int64))


def dense_rows(records, key, default, shape, labels, single):
    """The values of a dense feature of each record, of the only one if `single`."""
    dtype = dt.of_numpy(default.dtype)
    rows = [typed_values(record, key, dtype, label)
            for record, label in zip(records, labels, strict=True)]
    if shape and shape[0] is None:
        return _padded(rows, key, default, shape[1:], labels, single)
    count = math.prod(shape)
    for i, row in enumerate(rows):
        if row is None:
            if default.size == 0 and count:
                raise invalid(f"{labels[i]}: Feature: {_text(key)} (data type: "
                              f"{dtype.name}) is required but could not be found.")
            rows[i] = default.reshape(-1).tolist()
        elif len(row) != count:
            raise invalid(f"{labels[i]}: Key: {_text(key)}. Number of {dtype.name} values "
                          f"!= expected. values size: {len(row)} but output shape: "
                          f"{shape_text(tuple(shape))}")
    return array_of([v for row in rows for v in row], dtype,
                    shape if single else (len(rows), *shape))


def _text(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")


def _padded(rows, key, default, step, labels, single):
    """Rows of any number of steps; the shorter ones are filled with the default."""
    dtype, count = dt.of_numpy(default.dtype), math.prod(step)
    rows = [row or [] for row in rows]
    for i, row in enumerate(rows):
        if count == 0 or len(row) % count:
            raise invalid(f"{labels[i]}: Key: {_text(key)}. Number of {dtype.name} values "
                          f"is not a multiple of stride length. Saw {len(row)} values but output "
                          f"shape is {shape_text((None, *step))}")
    longest = max(map(len, rows), default=0)
    fill = default.reshape(-1).tolist() or [b"" if dtype is dt.string else 0]
    values = [v for row in rows for v in row + fill * (longest - len(row))]
    lead = () if single else (len(rows),)
    return array_of(values, dtype, (*lead, longest // max(count, 1), *step))


# ---- the functions around the op -----------------------------------------------------------------


def parse_example(serialized, features, name=None, example_names=None):
    """Parses a batch of serialized `tf.train.Example` records.

    Args:
        serialized: string vector, a record each.
        features: dict from names to FixedLenFeature, VarLenFeature, SparseFeature, or
            FixedLenSequenceFeature with `allow_missing`.
        name: name of the scope.
        example_names: string vector, names of the records for error messages.

    Returns:
        A dict from names to tensors [batch, ...], and SparseTensors for VarLenFeature and
        SparseFeature.

    Raises:
        ValueError: `features` is empty or wrong.
        InvalidArgumentError: when run, if a record is damaged, a feature is missing that has no
            default, or has another dtype or number of values.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["x"].int64_list.value.extend([1, 2])
        >>> batch = [example.SerializeToString()] * 2
        >>> parsed = fg.parse_example(batch, {"x": fg.FixedLenFeature([2], fg.int64)})
        >>> fg.Session().run(parsed["x"])
        array([[1, 2],
               [1, 2]])
    """
    return _parse(serialized, features, name, example_names, "ParseExample", 1)


def parse_single_example(serialized, features, name=None, example_names=None):
    """Parses one serialized `tf.train.Example` record.

    Args:
        serialized: scalar string.
        features: dict from names to FixedLenFeature, VarLenFeature, SparseFeature, or
            FixedLenSequenceFeature with `allow_missing`.
        name: name of the scope.
        example_names: scalar string, the record's name for error messages.

    Returns:
        A dict from names to tensors, and SparseTensors for VarLenFeature and SparseFeature.

    Raises:
        ValueError: `features` is empty or wrong.
        InvalidArgumentError: when run, as for `parse_example`.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["x"].bytes_list.value.append(b"text")
        >>> parsed = fg.parse_single_example(example.SerializeToString(),
        ...                                  {"x": fg.FixedLenFeature([], fg.string)})
        >>> fg.Session().run(parsed["x"])
        b'text'
    """
    return _parse(serialized, features, name, example_names, "ParseSingleExample", 0)


def _parse(serialized, features, name, example_names, scope, rank):
    if not features:
        raise ValueError(located(
            f"Missing: features was {features}.",
            "Pass a dict from keys to tf.FixedLenFeature, tf.VarLenFeature or tf.SparseFeature."))
    for key, feature in features.items():
        if isinstance(feature, FixedLenSequenceFeature):
            if not feature.allow_missing:
                raise ValueError(located("Unsupported: FixedLenSequenceFeature requires "
                                         f"allow_missing to be True; feature {key!r} is {feature}"))
            features = {**features, key: feature._replace(shape=[None, *feature.shape])}
    want = wanted(features, _ANY_KIND)
    with name_scope(name, scope, [serialized, example_names]):
        serialized = convert_to_tensor(serialized, dt.string, "serialized")
        if serialized.spec.rank not in (None, rank):
            raise ShapeError(located(f"{scope} needs serialized of rank {rank}, got shape "
                                     f"{shape_text(serialized.spec.shape)}", section="shape-error"))
        if serialized.spec.rank is None:
            serialized = ensure_shape(serialized, [None] * rank)
        names = [] if example_names is None else example_names
        outputs = ParseExampleV2.build(
            serialized, _strings(names, "names"), _strings(list(want.sparse), "sparse_keys"),
            _strings(list(want.dense), "dense_keys"), _strings([], "ragged_keys"),
            [default_tensor(want, key) for key in want.dense],
            sparse_types=tuple(want.sparse.values()),
            dense_shapes=tuple(shape for _, shape in want.dense.values()))
        return _merged(features, named_parts(list(outputs), want))


def _strings(value: Any, name: str) -> Any:
    return convert_to_tensor(value, dt.string, name)


def default_tensor(want: Wanted, key: str) -> Any:
    """The default of a dense feature as a tensor: empty where the feature must be there."""
    dtype, shape = want.dense[key]
    default = want.defaults.get(key)
    variable = bool(shape) and shape[0] is None
    if default is None:
        empty = "" if dtype is dt.string else 0
        return convert_to_tensor(empty if variable else [], dtype)
    default = convert_to_tensor(default, dtype, "key_" + re.sub(r"[^A-Za-z0-9_.\-/]", "_", key))
    return Reshape.build(default, list(() if variable else shape))


def named_parts(outputs: list[Any], want: Wanted) -> dict[str, Any]:
    """The outputs of a parsing op by name, the parts of sparse ones put together."""
    n = len(want.sparse)
    named = {key: SparseTensor(outputs[i], outputs[n + i], outputs[2 * n + i])
             for i, key in enumerate(want.sparse)}
    return {**named, **dict(zip(want.dense, outputs[3 * n:]))}


def _merged(features: dict[str, Any], parsed: dict[str, Any]) -> dict[str, Any]:
    """`parsed`, with each SparseFeature made of its places and values."""
    for key in sorted(features):
        feature = features[key]
        if isinstance(feature, SparseFeature):
            single = isinstance(feature.index_key, str)
            places = (parsed[feature.index_key] if single else
                      [parsed[place] for place in feature.index_key])
            parsed = {**parsed, key: sparse_merge(places, parsed[feature.value_key], feature.size,
                                                  already_sorted=feature.already_sorted)}
    return {key: parsed[key] for key in parsed if key in features}
