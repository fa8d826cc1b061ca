"""The ops of lookup tables: making one, asking it, filling it. The objects: `lookup_state.py`."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.dtypes import DType
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, NotFoundError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.lookup_state import DenseTable, MutableTable, StaticTable, Table
from flowgraph.ops.resources import (
    ON_HOST,
    RESOURCE,
    HandleOp,
    as_handle,
    handle_spec,
    resource_of,
)

WHOLE_LINE, LINE_NUMBER = -2, -1
TEXT = dt.DTypeSet("string", (dt.string,))
KEYS = dt.DTypeSet("string, int64 or int32", (dt.string, dt.int64, dt.int32))


# ---- making one ----------------------------------------------------------------------------------


def _check_key_dtype(key_dtype: DType) -> None:
    if key_dtype not in KEYS.members:
        raise DTypeError(f"cannot look up keys of {key_dtype.name}", f"Keys are {KEYS.name}.")


class HashTableV2(HandleOp):
    """The handle of a table that its initializer fills once."""

    grad = NotDifferentiable

    def infer(self, *, key_dtype, value_dtype, container="", shared_name="",
              use_node_name_sharing=False):
        _check_key_dtype(key_dtype)
        return handle_spec()

    def create_state(self, attrs):
        """An empty table."""
        return StaticTable(attrs["key_dtype"], attrs["value_dtype"])

    def kernel(self, xp, *, key_dtype, value_dtype, container="", shared_name="",
               use_node_name_sharing=False, state):
        state.check_dtypes(key_dtype, value_dtype)
        return as_handle(state)


class MutableHashTableV2(HandleOp):
    """The handle of a table from scalars to scalars that can be written to."""

    grad = NotDifferentiable

    def infer(self, *, key_dtype, value_dtype, container="", shared_name="",
              use_node_name_sharing=False):
        _check_key_dtype(key_dtype)
        return handle_spec()

    def create_state(self, attrs):
        """An empty table."""
        return MutableTable(attrs["key_dtype"], attrs["value_dtype"])

    def kernel(self, xp, *, key_dtype, value_dtype, container="", shared_name="",
               use_node_name_sharing=False, state):
        state.check_dtypes(key_dtype, value_dtype)
        return as_handle(state)


class MutableHashTableOfTensorsV2(HandleOp):
    """The handle of a table from scalars to vectors that can be written to."""

    grad = NotDifferentiable

    def infer(self, *, key_dtype, value_dtype, value_shape, container="", shared_name="",
              use_node_name_sharing=False):
        if len(value_shape) > 1:
            raise ShapeError("needs default values that are scalars or vectors, got "
                             f"{shape_text(value_shape)}")
        _check_key_dtype(key_dtype)
        return handle_spec()

    def create_state(self, attrs):
        """An empty table."""
        return MutableTable(attrs["key_dtype"], attrs["value_dtype"], attrs["value_shape"])

    def kernel(self, xp, *, key_dtype, value_dtype, value_shape, container="", shared_name="",
               use_node_name_sharing=False, state):
        state.check_dtypes(key_dtype, value_dtype)
        return as_handle(state)


class _DenseTableHolder:
    """What a Session keeps for a dense table: its forbidden keys are known when it first runs."""

    def __init__(self) -> None:
        self._table: DenseTable | None = None
        self._lock = threading.Lock()

    def table(self, *arguments: Any) -> DenseTable:
        """The table, made of these arguments when first asked for."""
        with self._lock:
            if self._table is None:
                self._table = DenseTable(*arguments)
            return self._table


class MutableDenseHashTableV2(HandleOp):
    """The handle of a table whose keys may be vectors, with two keys that are forbidden."""

    dtypes = {"empty_key": "key_dtype", "deleted_key": "key_dtype"}
    key_dtype = KEYS
    grad = NotDifferentiable

    def infer(self, empty_key, deleted_key, *, value_dtype, value_shape, container="",
              shared_name="", use_node_name_sharing=False, initial_num_buckets=131072,
              max_load_factor=0.8):
        if len(value_shape) > 1:
            raise ShapeError("needs default values that are scalars or vectors, got "
                             f"{shape_text(value_shape)}")
        return handle_spec()

    def create_state(self, attrs):
        """A place for the table."""
        return _DenseTableHolder()

    def kernel(self, xp, empty_key, deleted_key, *, value_dtype, value_shape, container="",
               shared_name="", use_node_name_sharing=False, initial_num_buckets=131072,
               max_load_factor=0.8, state):
        if initial_num_buckets < 4 or initial_num_buckets & (initial_num_buckets - 1):
            raise InvalidArgumentError(None, None, "Number of buckets must be at least 4 and a "
                                       f"power of 2, got: {initial_num_buckets}")
        key_dtype = dt.of_numpy(empty_key.dtype)
        table = state.table(key_dtype, value_dtype, value_shape, empty_key, deleted_key)
        table.check_dtypes(key_dtype, value_dtype)
        return as_handle(table)


# ---- asking --------------------------------------------------------------------------------------


class LookupTableFindV2(OpDef):
    """The values of keys, and a default for keys that are not in the table."""

    dtypes = {"table_handle": RESOURCE, "keys": "Tin", "default_value": "Tout"}
    Tin = dt.ANY
    Tout = dt.ANY
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, table_handle, keys, default_value):
        shape_rules.require_rank(table_handle, 0, "a table")
        if default_value.rank is not None and default_value.rank > 1:
            raise ShapeError("needs a default value that is a scalar or a vector, got "
                             f"{shape_text(default_value.shape)}")
        return Spec(default_value.dtype, None)

    def kernel(self, xp, table_handle, keys, default_value):
        table = resource_of(table_handle, Table)
        table.check_dtypes(dt.of_numpy(keys.dtype), dt.of_numpy(default_value.dtype))
        return table.find(keys, default_value)


class LookupTableSizeV2(OpDef):
    """How many keys a table has."""

    dtypes = {"table_handle": RESOURCE}
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, table_handle):
        return Spec(dt.int64, ())

    def kernel(self, xp, table_handle):
        return np.array(resource_of(table_handle, Table).size(), np.int64)


class LookupTableExportV2(OpDef):
    """All keys and all values of a table."""

    dtypes = {"table_handle": RESOURCE}
    multiple = True
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, table_handle, *, Tkeys, Tvalues):
        return Spec(Tkeys, None), Spec(Tvalues, None)

    def kernel(self, xp, table_handle, *, Tkeys, Tvalues):
        table = resource_of(table_handle, Table)
        table.check_dtypes(Tkeys, Tvalues)
        return table.export()


# ---- filling -------------------------------------------------------------------------------------


class _Writing(OpDef, abstract=True):
    """An op without outputs that writes to a table."""

    dtypes = {"table_handle": RESOURCE, "keys": "Tin", "values": "Tout"}
    Tin = dt.ANY
    Tout = dt.ANY
    multiple = True
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable


class LookupTableInsertV2(_Writing):
    """Sets the values of keys."""

    def infer(self, table_handle, keys, values):
        return ()

    def kernel(self, xp, table_handle, keys, values):
        table = resource_of(table_handle, Table)
        table.check_dtypes(dt.of_numpy(keys.dtype), dt.of_numpy(values.dtype))
        table.insert(keys, values)
        return ()


class LookupTableImportV2(_Writing):
    """Empties a table and sets the values of keys."""

    def infer(self, table_handle, keys, values):
        shape_rules.require_rank(keys, 1, "keys")
        if not shapes.compatible(keys.shape, None if values.shape is None else values.shape[:1]):
            raise ShapeError(f"needs a value for each key, got keys {shape_text(keys.shape)} and "
                             f"values {shape_text(values.shape)}")
        return ()

    def kernel(self, xp, table_handle, keys, values):
        table = resource_of(table_handle, Table)
        table.check_dtypes(dt.of_numpy(keys.dtype), dt.of_numpy(values.dtype))
        table.replace(keys, values)
        return ()


class LookupTableRemoveV2(OpDef):
    """Takes keys out of a table."""

    dtypes = {"table_handle": RESOURCE, "keys": "Tin"}
    Tin = dt.ANY
    multiple = True
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, table_handle, keys):
        shape_rules.require_rank_at_least(keys, 1, "keys")
        return ()

    def kernel(self, xp, table_handle, keys):
        table = resource_of(table_handle, Table)
        table.check_dtypes(dt.of_numpy(keys.dtype), table.value_dtype)
        table.remove(keys)
        return ()


class InitializeTableFromTextFileV2(OpDef):
    """Fills a static table from a text file, one entry a line."""

    dtypes = {"table_handle": RESOURCE, "filename": TEXT}
    multiple = True
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, table_handle, filename, *, key_index, value_index, vocab_size=-1,
              delimiter="\t"):
        shape_rules.require_rank(filename, 0, "a file name")
        if len(delimiter) != 1:
            raise ShapeError(f"needs a delimiter of one character, got {delimiter!r}")
        return ()

    def kernel(self, xp, table_handle, filename, *, key_index, value_index, vocab_size=-1,
               delimiter="\t"):
        table = resource_of(table_handle, StaticTable)
        lines = lines_of(os.fsdecode(filename.item()), vocab_size)
        keys = _column(lines, key_index, delimiter, table.key_dtype)
        values = _column(lines, value_index, delimiter, table.value_dtype)
        table.fill_from_file(keys, values)
        return ()


def lines_of(path: str, vocab_size: int) -> list[bytes]:
    """The first `vocab_size` lines of a file; all of them when that is -1."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError as error:
        raise NotFoundError(None, None, f"the vocabulary {path!r} cannot be read: "
                            f"{error.strerror}") from None
    if not lines[-1]:
        lines.pop()
    if vocab_size > len(lines):
        raise InvalidArgumentError(None, None, f"Invalid vocab_size in {path}: expected "
                                   f"{vocab_size} but got {len(lines)}")
    lines = [line.rstrip(b"\r") for line in (lines if vocab_size < 0 else lines[:vocab_size])]
    if b"" in lines:
        raise InvalidArgumentError(None, None, f"Invalid content in {path}: line "
                                   f"{lines.index(b'')} is empty")
    return lines


def _column(lines: list[bytes], index: int, delimiter: str, dtype: DType) -> np.ndarray:
    """The number of each line, or the whole line, or its part number `index`."""
    if index == LINE_NUMBER:
        return np.arange(len(lines))
    fields = lines
    if index != WHOLE_LINE:
        parts = [line.split(delimiter.encode()) for line in lines]
        short = next((i for i, part in enumerate(parts) if len(part) <= index), None)
        if short is not None:
            raise InvalidArgumentError(
                None, None, f"Invalid number of columns in line {short}: expected {index + 1} or "
                f"more, got {len(parts[short])}")
        fields = [part[index] for part in parts]
    result = np.empty(len(fields), object)
    result[:] = fields
    return result if dtype is dt.string else _numbers(result, dtype)


def _numbers(fields: np.ndarray, dtype: DType) -> np.ndarray:
    read: Any = int if dtype.is_integer else float
    values = np.empty(fields.shape, dtype.numpy)
    for i, field in enumerate(fields):
        try:
            values[i] = read(field)
        except (ValueError, OverflowError):
            raise InvalidArgumentError(None, None, f"Field {field.decode(errors='replace')} in "
                                       f"line {i} is not a valid {dtype.name}.") from None
    return values
