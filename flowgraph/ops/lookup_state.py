"""Lookup tables: the objects that a Session keeps, from keys to values.

All are Python dicts behind a lock. A `StaticTable` is filled once, by its initializer; a
`MutableTable` at any time. Keys and values are kept as plain Python values, a vector as a tuple or
a list.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType
from flowgraph.core.spec import shape_text
from flowgraph.errors import (
    AbortedError,
    FailedPreconditionError,
    InvalidArgumentError,
    UnimplementedError,
)

Sizes = tuple[int, ...]


class Table:
    """A map from keys to values, for any number of threads.

    Args:
        key_dtype, value_dtype: their dtypes.
        value_shape: the shape of one value.
        key_shape: the shape of one key.
    """

    def __init__(self, key_dtype: DType, value_dtype: DType, value_shape: Sizes = (),
                 key_shape: Sizes = ()) -> None:
        self.key_dtype, self.value_dtype = key_dtype, value_dtype
        self.value_shape, self.key_shape = value_shape, key_shape
        self._rows: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def check_dtypes(self, key: DType, value: DType) -> None:
        """Raises InvalidArgumentError unless the table is from `key` to `value`."""
        if key is not self.key_dtype or value is not self.value_dtype:
            raise InvalidArgumentError(
                None, None, f"the table is from {self.key_dtype.name} to {self.value_dtype.name}, "
                f"not from {key.name} to {value.name}")

    def size(self) -> int:
        """How many keys there are."""
        return len(self._rows)

    def find(self, keys: np.ndarray, default: np.ndarray) -> np.ndarray:
        """The values of `keys`, and `default` for keys that are not there."""
        if default.shape != self.value_shape:
            raise InvalidArgumentError(
                None, None, f"Expected shape {shape_text(self.value_shape)} for default value, got "
                f"{shape_text(default.shape)}")
        lead = self._lead(keys)
        missing = default.tolist()
        with self._lock:
            found = [self._rows.get(key, missing) for key in self._plain_keys(keys)]
        return np.array(found, self.value_dtype.numpy).reshape(lead + self.value_shape)

    def insert(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Sets the values of keys."""
        pairs = self._pairs(keys, values)
        with self._lock:
            self._rows.update(pairs)

    def remove(self, keys: np.ndarray) -> None:
        """Takes keys out, where they are there."""
        self._lead(keys)
        with self._lock:
            for key in self._plain_keys(keys):
                self._rows.pop(key, None)

    def replace(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Takes everything out and sets the values of keys."""
        pairs = self._pairs(keys, values)
        with self._lock:
            self._rows = dict(pairs)

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """All keys and all values, in the order in which the keys came in."""
        with self._lock:
            keys, values = list(self._rows), list(self._rows.values())
        count = len(keys)
        return (np.array(keys, self.key_dtype.numpy).reshape((count, *self.key_shape)),
                np.array(values, self.value_dtype.numpy).reshape((count, *self.value_shape)))

    def _lead(self, keys: np.ndarray) -> Sizes:
        """The shape of `keys` without that of one key."""
        rank = len(self.key_shape)
        if keys.ndim < rank or keys.shape[keys.ndim - rank:] != self.key_shape:
            raise InvalidArgumentError(
                None, None, f"Expected key shape [..., {str(list(self.key_shape))[1:-1]}], got "
                f"{shape_text(keys.shape)}")
        return keys.shape[:keys.ndim - rank]

    def _plain_keys(self, keys: np.ndarray) -> list[Any]:
        if not self.key_shape:
            return keys.reshape(-1).tolist()
        return [tuple(key) for key in keys.reshape(-1, math.prod(self.key_shape)).tolist()]

    def _pairs(self, keys: np.ndarray, values: np.ndarray) -> list[tuple[Any, Any]]:
        wanted = self._lead(keys) + self.value_shape
        if values.shape != wanted:
            raise InvalidArgumentError(None, None, f"Expected shape {shape_text(wanted)} for "
                                       f"value, got {shape_text(values.shape)}")
        plain = self._plain_keys(keys)
        return list(zip(plain, values.reshape((len(plain), *self.value_shape)).tolist(),
                        strict=True))


class MutableTable(Table):
    """A table that can be written to at any time."""


class DenseTable(Table):
    """A mutable table in which two keys are forbidden, as TensorFlow's needs them for itself.

    Args:
        key_dtype, value_dtype, value_shape: as for Table.
        empty_key, deleted_key: the two keys, arrays of one shape.
    """

    def __init__(self, key_dtype: DType, value_dtype: DType, value_shape: Sizes,
                 empty_key: np.ndarray, deleted_key: np.ndarray) -> None:
        if empty_key.ndim > 1:
            raise InvalidArgumentError(None, None, "Empty key must be a scalar or a vector, got "
                                       f"shape {shape_text(empty_key.shape)}")
        if empty_key.shape != deleted_key.shape:
            raise InvalidArgumentError(
                None, None, "Empty and deleted keys must have same shape, got shapes: "
                f"{shape_text(empty_key.shape)} and {shape_text(deleted_key.shape)}")
        super().__init__(key_dtype, value_dtype, value_shape, empty_key.shape)
        (empty,), (deleted,) = super()._plain_keys(empty_key), super()._plain_keys(deleted_key)
        if empty == deleted:
            raise InvalidArgumentError(None, None, "Empty and deleted keys cannot be equal")
        self._forbidden = {empty: "empty_key", deleted: "deleted_key"}

    def replace(self, keys: np.ndarray, values: np.ndarray) -> None:
        """As Table's; forbidden keys, which exported tables may hold, are left out."""
        keep = np.array([key not in self._forbidden for key in super()._plain_keys(keys)], bool)
        super().replace(keys[keep], values[keep])

    def _plain_keys(self, keys: np.ndarray) -> list[Any]:
        plain = super()._plain_keys(keys)
        for key in plain:
            if key in self._forbidden:
                raise InvalidArgumentError(None, None, f"Using the {self._forbidden[key]} as a "
                                           "table key is not allowed")
        return plain


class StaticTable(Table):
    """A table that is filled once, by its initializer."""

    def __init__(self, key_dtype: DType, value_dtype: DType) -> None:
        super().__init__(key_dtype, value_dtype)
        self.is_initialized = False

    def find(self, keys: np.ndarray, default: np.ndarray) -> np.ndarray:
        if not self.is_initialized:
            raise FailedPreconditionError(None, None, "Table not initialized. Run "
                                          "tf.tables_initializer() in this session first.")
        return super().find(keys, default)

    def insert(self, keys: np.ndarray, values: np.ndarray) -> None:
        raise UnimplementedError(None, None, "a static table cannot be inserted into")

    def remove(self, keys: np.ndarray) -> None:
        raise UnimplementedError(None, None, "nothing can be removed from a static table")

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        if not self.is_initialized:
            raise AbortedError(None, None, "HashTable is not initialized.")
        return super().export()

    def replace(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Fills the table; again only with as many entries."""
        pairs = self._pairs(keys, values)
        rows: dict[Any, Any] = {}
        for key, value in pairs:
            if rows.setdefault(key, value) != value:
                raise FailedPreconditionError(
                    None, None, f"HashTable has different value for same key. Key {key!r:.100} has "
                    f"{rows[key]!r:.100} and trying to add value {value!r:.100}")
        with self._lock:
            if self.is_initialized and len(pairs) != len(self._rows):
                raise FailedPreconditionError(None, None, "Table was already initialized with "
                                              "different data.")
            if not self.is_initialized:
                self._rows = rows
                self.is_initialized = True

    def fill_from_file(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Fills the table unless it is filled: tables of one file share one object."""
        if not self.is_initialized:
            self.replace(keys, values)
