"""Serialized `tf.train.SequenceExample` records to tensors.

A record has a context, parsed like an Example, and feature lists: for each name a list of steps
with the values of each. Features with VarLenFeature become sparse tensors [batch, step, value],
those with FixedLenSequenceFeature dense ones [batch, step, ...], padded with zeros or "".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.example_wire import sequence_features
from flowgraph.ops.identity import ensure_shape
from flowgraph.ops.parse_example import (
    array_of,
    default_tensor,
    dense_rows,
    labels_of,
    named_parts,
    sparse_rows,
    step_values,
    typed_values,
)
from flowgraph.ops.parse_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    VarLenFeature,
    wanted,
)
from flowgraph.ops.string_elements import ON_HOST, invalid


class ParseSequenceExampleV2(OpDef):
    """Contexts and feature lists of a vector of serialized SequenceExamples, or of a single one."""

    dtypes = {
        **dict.fromkeys(("serialized", "debug_name", "context_sparse_keys", "context_dense_keys",
                         "context_ragged_keys", "feature_list_sparse_keys",
                         "feature_list_dense_keys", "feature_list_ragged_keys"), dt.STRING),
        "feature_list_dense_missing_assumed_empty": dt.BOOL,
        "context_dense_defaults": dt.DTypeSet("float32, int64 or string",
                                              (dt.float32, dt.int64, dt.string)),
    }
    lists = ("context_dense_defaults",)
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, serialized, debug_name, context_sparse_keys, context_dense_keys,
              context_ragged_keys, feature_list_sparse_keys, feature_list_dense_keys,
              feature_list_ragged_keys, feature_list_dense_missing_assumed_empty,
              context_dense_defaults, *, context_sparse_types=(), feature_list_dense_types=(),
              context_dense_shapes=(), feature_list_sparse_types=(), feature_list_dense_shapes=()):
        lead = serialized.shape
        if lead is not None and len(lead) > 1:
            raise ShapeError(f"takes a vector of records, or one, got {shape_text(lead)}")

        def below(*shape):
            return None if lead is None else (*lead, *shape)

        def sparse(types, axes):
            rank = None if lead is None else len(lead) + axes
            return (*[Spec(dt.int64, (None, rank))] * len(types),
                    *[Spec(dtype, (None,)) for dtype in types],
                    *[Spec(dt.int64, (rank,))] * len(types))

        return (*sparse(context_sparse_types, 1),
                *[Spec(default.dtype, below(*shape)) for default, shape in zip(
                    context_dense_defaults, context_dense_shapes, strict=True)],
                *sparse(feature_list_sparse_types, 2),
                *[Spec(dtype, below(None, *shape)) for dtype, shape in zip(
                    feature_list_dense_types, feature_list_dense_shapes, strict=True)],
                *[Spec(dt.int64, lead)] * len(feature_list_dense_types))

    def kernel(self, xp, serialized, debug_name, context_sparse_keys, context_dense_keys,
               context_ragged_keys, feature_list_sparse_keys, feature_list_dense_keys,
               feature_list_ragged_keys, feature_list_dense_missing_assumed_empty,
               context_dense_defaults, *, context_sparse_types=(), feature_list_dense_types=(),
               context_dense_shapes=(), feature_list_sparse_types=(), feature_list_dense_shapes=()):
        labels = labels_of(debug_name, serialized.size)
        records = [_read(record, label)
                   for record, label in zip(serialized.reshape(-1).tolist(), labels, strict=True)]
        contexts = [context for context, _ in records]
        single = serialized.ndim == 0
        sparse = [
            sparse_rows([typed_values(context, key, dtype, label)
                         for context, label in zip(contexts, labels)], dtype, single)
            for key, dtype in zip(context_sparse_keys.tolist(), context_sparse_types, strict=True)]
        dense = [dense_rows(contexts, key, default, shape, labels, single)
                 for key, default, shape in zip(context_dense_keys.tolist(), context_dense_defaults,
                                                context_dense_shapes, strict=True)]
        lists = [
            _sparse_lists([_steps(record, key, dtype, label)
                           for record, label in zip(records, labels)], dtype, single)
            for key, dtype in zip(feature_list_sparse_keys.tolist(), feature_list_sparse_types,
                                  strict=True)]
        dense_lists = [
            _dense_lists(records, labels, key, dtype, shape, may_miss, single)
            for key, dtype, shape, may_miss in zip(
                feature_list_dense_keys.tolist(), feature_list_dense_types,
                feature_list_dense_shapes, feature_list_dense_missing_assumed_empty.tolist(),
                strict=True)]
        return (*_part(sparse, 0), *_part(sparse, 1), *_part(sparse, 2), *dense,
                *_part(lists, 0), *_part(lists, 1), *_part(lists, 2),
                *_part(dense_lists, 0), *_part(dense_lists, 1))


def _part(rows: list[Any], i: int) -> list[Any]:
    return [row[i] for row in rows]


def _read(record: bytes, label: str) -> Any:
    try:
        return sequence_features(record)
    except wire.WireError as error:
        raise invalid(f"Could not parse sequence example input, {label}: {error}") from None


def _steps(record: Any, key: bytes, dtype: dt.DType, label: str) -> list[list[Any]] | None:
    """The values of each step of a feature list, None if it is missing."""
    lists = record[1]
    if key not in lists:
        return None
    return [step_values(step, key, dtype, label) or [] for step in lists[key]]


def _sparse_lists(rows: Any, dtype: dt.DType, single: bool) -> tuple[Any, Any, Any]:
    rows = [row or [] for row in rows]
    places = [(i, t, j) for i, steps in enumerate(rows) for t, step in enumerate(steps)
              for j in range(len(step))]
    shape = [len(rows), max(map(len, rows), default=0),
             max((len(step) for steps in rows for step in steps), default=0)]
    first = 1 if single else 0
    values = array_of([v for steps in rows for step in steps for v in step], dtype, -1)
    return (np.array(places, np.int64).reshape((-1, 3))[:, first:].copy(), values,
            np.array(shape[first:], np.int64))


def _dense_lists(records, labels, key, dtype, shape, may_miss, single):
    name, count = key.decode("utf-8", "backslashreplace"), math.prod(shape)
    rows = []
    for record, label in zip(records, labels, strict=True):
        steps = _steps(record, key, dtype, label)
        if steps is None and not may_miss:
            raise invalid(f"{label}: Feature list '{name}' is required but could not be found. Did "
                          "you mean to include it with allow_missing=True?")
        for t, step in enumerate(steps or []):
            if len(step) != count:
                raise invalid(f"{label}: Key: {name}, Index: {t}. Number of {dtype.name} values "
                              f"!= expected. values size: {len(step)} but output shape: "
                              f"{shape_text(tuple(shape))}")
        rows.append(steps or [])
    longest = max(map(len, rows), default=0)
    fill = [b"" if dtype is dt.string else 0] * count
    values = [v for steps in rows for step in steps + [fill] * (longest - len(steps)) for v in step]
    lengths = np.array([len(steps) for steps in rows], np.int64)
    if single:
        return array_of(values, dtype, (longest, *shape)), lengths[0]
    return array_of(values, dtype, (len(rows), longest, *shape)), lengths


# ---- the functions around the op -----------------------------------------------------------------


def parse_single_sequence_example(serialized, context_features=None, sequence_features=None,
                                  example_name=None, name=None):
    """Parses one serialized `tf.train.SequenceExample` record.

    Args:
        serialized: scalar string.
        context_features: dict from names of the context to FixedLenFeature or VarLenFeature.
        sequence_features: dict from names of feature lists to FixedLenSequenceFeature or
            VarLenFeature.
        example_name: scalar string, the record's name for error messages.
        name: name of the scope.

    Returns:
        Two dicts from names to tensors (SparseTensors for VarLenFeature): of the context, and of
        the feature lists, whose first axis is the step.

    Raises:
        ValueError: there are no features, or one is wrong.
        InvalidArgumentError: when run, if the record is damaged or does not fit the features.

    Example:
        >>> import flowgraph as fg
        >>> record = fg.train.SequenceExample()
        >>> for word in (b"to", b"be"):
        ...     step = record.feature_lists.feature_list["words"].feature.add()
        ...     step.bytes_list.value.append(word)
        >>> _, lists = fg.parse_single_sequence_example(
        ...     record.SerializeToString(),
        ...     sequence_features={"words": fg.FixedLenSequenceFeature([], fg.string)})
        >>> fg.Session().run(lists["words"])
        array([b'to', b'be'], dtype=object)
    """
    context, lists, _ = _parse(serialized, context_features, sequence_features, example_name, name,
                               "ParseSingleSequenceExample", 0)
    return context, lists


def parse_sequence_example(serialized, context_features=None, sequence_features=None,
                           example_names=None, name=None):
    """Parses a batch of serialized `tf.train.SequenceExample` records.

    Args:
        serialized: string vector, a record each.
        context_features: dict from names of the context to FixedLenFeature or VarLenFeature.
        sequence_features: dict from names of feature lists to FixedLenSequenceFeature or
            VarLenFeature.
        example_names: string vector, names of the records for error messages.
        name: name of the scope.

    Returns:
        Three dicts from names: the context's tensors [batch, ...]; those of the feature lists
        [batch, step, ...], padded with zeros or ""; and the number of steps of each record in the
        dense ones of these.

    Raises:
        ValueError: there are no features, or one is wrong.
        InvalidArgumentError: when run, if a record is damaged or does not fit the features.

    Example:
        >>> import flowgraph as fg
        >>> record = fg.train.SequenceExample()
        >>> record.feature_lists.feature_list["x"].feature.add().int64_list.value.append(7)
        >>> _, lists, lengths = fg.io.parse_sequence_example(
        ...     [record.SerializeToString()],
        ...     sequence_features={"x": fg.FixedLenSequenceFeature([], fg.int64)})
        >>> fg.Session().run([lists["x"], lengths["x"]])
        [array([[7]]), array([1])]
    """
    return _parse(serialized, context_features, sequence_features, example_names, name,
                  "ParseSequenceExample", 1)


def _parse(serialized, context_features, sequence_features, names, name, scope, rank):
    if not (context_features or sequence_features):
        raise ValueError(located("Missing features.",
                                 "Pass context_features, sequence_features, or both."))
    context = wanted(context_features, (VarLenFeature, FixedLenFeature))
    lists = wanted(sequence_features, (VarLenFeature, FixedLenSequenceFeature))
    for key, default in lists.defaults.items():
        if default is not None:
            raise ValueError(located(f"Value feature_list_dense_defaults[{key}] must be None"))
    with name_scope(name, scope, [serialized, names]):
        serialized = convert_to_tensor(serialized, dt.string, "serialized")
        if serialized.spec.rank not in (None, rank):
            raise ShapeError(located(f"{scope} needs serialized of rank {rank}, got shape "
                                     f"{shape_text(serialized.spec.shape)}", section="shape-error"))
        if serialized.spec.rank is None:
            serialized = ensure_shape(serialized, [None] * rank)
        outputs = list(ParseSequenceExampleV2.build(
            serialized, _strings([] if names is None else names), _strings(context.sparse),
            _strings(context.dense), _strings([]), _strings(lists.sparse), _strings(lists.dense),
            _strings([]),
            convert_to_tensor([key in lists.defaults for key in lists.dense], dt.bool_),
            [default_tensor(context, key) for key in context.dense],
            context_sparse_types=tuple(context.sparse.values()),
            context_dense_shapes=tuple(shape for _, shape in context.dense.values()),
            feature_list_sparse_types=tuple(lists.sparse.values()),
            feature_list_dense_types=tuple(dtype for dtype, _ in lists.dense.values()),
            feature_list_dense_shapes=tuple(shape for _, shape in lists.dense.values())))
        cut = 3 * len(context.sparse) + len(context.dense)
        lengths = dict(zip(lists.dense, outputs[len(outputs) - len(lists.dense):]))
        return named_parts(outputs[:cut], context), named_parts(
            outputs[cut:len(outputs) - len(lists.dense)], lists), lengths


def _strings(value: Any) -> Any:
    return convert_to_tensor(list(value) if isinstance(value, dict) else value, dt.string)
