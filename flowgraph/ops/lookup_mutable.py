"""Lookup tables that can be written to, and read from, at any time."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import as_dtype
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import colocate_with, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.lookup_static import LookupInterface
from flowgraph.ops.lookup_table import (
    LookupTableExportV2,
    LookupTableFindV2,
    LookupTableInsertV2,
    LookupTableRemoveV2,
    LookupTableSizeV2,
    MutableDenseHashTableV2,
    MutableHashTableOfTensorsV2,
    MutableHashTableV2,
)


class _WritableTable(LookupInterface):
    """What the two kinds of table share; they differ in the op that makes the handle."""

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Tensor, handle: Tensor,
                 key_shape: TensorShape) -> None:
        super().__init__(key_dtype, value_dtype)
        self._default_value = default_value
        self._resource_handle = handle
        self._key_shape = key_shape

    @property
    def resource_handle(self) -> Tensor:
        """The handle of the table."""
        return self._resource_handle

    @property
    def name(self) -> str:
        """Name of the table's node, without its scopes."""
        return self._resource_handle.op.name.split("/")[-1]

    def size(self, name: str | None = None) -> Tensor:
        """How many keys there are, an int64 scalar.

        Args:
            name: name of the scope.
        """
        handle = self._resource_handle
        with name_scope(name, f"{self.name}_Size", [handle]), colocate_with(handle):
            return LookupTableSizeV2.build(handle)

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """The values of keys, or the default value.

        Args:
            keys: tensor of the table's key dtype.
            name: name of the scope.
        """
        handle = self._resource_handle
        with name_scope(name, f"{self.name}_lookup_table_find", [handle]):
            keys = convert_to_tensor(keys, self._key_dtype, name="keys")
            with colocate_with(handle):
                values = LookupTableFindV2.build(handle, keys, self._default_value)
        if keys.shape.ndims is not None:
            lead = keys.shape[:keys.shape.ndims - len(self._key_shape)]
            values.set_shape(lead.concatenate(self._default_value.shape))
        return values

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """An operation that sets the values of keys.

        Args:
            keys: tensor of the table's key dtype.
            values: tensor of the table's value dtype, a value for each key.
            name: name of the scope.
        """
        handle = self._resource_handle
        with name_scope(name, f"{self.name}_lookup_table_insert", [handle]):
            keys = convert_to_tensor(keys, self._key_dtype, name="keys")
            values = convert_to_tensor(values, self._value_dtype, name="values")
            with colocate_with(handle):
                return LookupTableInsertV2.build(handle, keys, values)

    def remove(self, keys: Any, name: str | None = None) -> Operation:
        """An operation that takes keys out, where they are there.

        Args:
            keys: tensor of the table's key dtype.
            name: name of the scope.

        Raises:
            TypeError: `keys` has another dtype.
        """
        keys = self._checked(keys)
        with name_scope(name, f"{self.name}_lookup_table_remove", [self._resource_handle, keys]):
            return LookupTableRemoveV2.build(self._resource_handle, keys)

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and all values.

        Args:
            name: name of the scope.
        """
        handle = self._resource_handle
        with name_scope(name, f"{self.name}_lookup_table_export_values", [handle]), \
                colocate_with(handle):
            keys, values = LookupTableExportV2.build(handle, Tkeys=self._key_dtype,
                                                     Tvalues=self._value_dtype)
        keys.set_shape(TensorShape([None]).concatenate(self._key_shape))
        values.set_shape(TensorShape([None]).concatenate(self._default_value.shape))
        return keys, values


class MutableHashTable(_WritableTable):
    """A table from scalars to scalars or vectors, empty at first.

    Args:
        key_dtype: dtype of the keys.
        value_dtype: dtype of the values.
        default_value: the value of keys that are not there; its shape is that of all values.
        name: name of the node.
        checkpoint: accepted; the contents are not put into checkpoints.

    Example:
        >>> import flowgraph as fg
        >>> table = fg.lookup.experimental.MutableHashTable(fg.string, fg.int64, default_value=-1)
        >>> with fg.Session() as sess:
        ...     sess.run(table.insert(["a", "b"], [1, 2]))
        ...     sess.run(table.lookup(["b", "c"]))
        array([ 2, -1])
    """

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any,
                 name: str = "MutableHashTable", checkpoint: bool = True) -> None:
        key_dtype, value_dtype = as_dtype(key_dtype), as_dtype(value_dtype)
        default = convert_to_tensor(default_value, value_dtype)
        attrs = {"key_dtype": key_dtype, "value_dtype": value_dtype,
                 "use_node_name_sharing": bool(checkpoint), "name": name}
        if default.shape.ndims == 0:
            handle = MutableHashTableV2.build(**attrs)
        else:
            handle = MutableHashTableOfTensorsV2.build(
                value_shape=tuple(default.shape.as_list()), **attrs)
        super().__init__(key_dtype, value_dtype, default, handle, TensorShape([]))


class DenseHashTable(_WritableTable):
    """A table from scalars or vectors to scalars or vectors, empty at first.

    Args:
        key_dtype: dtype of the keys.
        value_dtype: dtype of the values.
        default_value: the value of keys that are not there; its shape is that of all values.
        empty_key: a key that is never used; its shape is that of all keys.
        deleted_key: another key that is never used.
        initial_num_buckets: a power of 2; accepted.
        name: name of the node.
        checkpoint: accepted; the contents are not put into checkpoints.

    Example:
        >>> import flowgraph as fg
        >>> table = fg.lookup.experimental.DenseHashTable(
        ...     fg.int64, fg.float32, default_value=0.0, empty_key=-1, deleted_key=-2)
        >>> with fg.Session() as sess:
        ...     sess.run(table.insert([3, 4], [0.5, 1.5]))
        ...     sess.run(table.lookup([4, 5]))
        array([1.5, 0. ], dtype=float32)
    """

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any, empty_key: Any,
                 deleted_key: Any, initial_num_buckets: int | None = None,
                 name: str = "MutableDenseHashTable", checkpoint: bool = True) -> None:
        key_dtype, value_dtype = as_dtype(key_dtype), as_dtype(value_dtype)
        default = convert_to_tensor(default_value, value_dtype, "default_value")
        empty = convert_to_tensor(empty_key, key_dtype, "empty_key")
        deleted = convert_to_tensor(deleted_key, key_dtype, "deleted_key")
        buckets = {} if initial_num_buckets is None else {
            "initial_num_buckets": initial_num_buckets}
        handle = MutableDenseHashTableV2.build(
            empty, deleted, value_dtype=value_dtype, value_shape=tuple(default.shape.as_list()),
            use_node_name_sharing=bool(checkpoint), name=name, **buckets)
        super().__init__(key_dtype, value_dtype, default, handle, empty.shape)

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """As `insert`."""
        return self.insert(keys, values, name)

    def erase(self, keys: Any, name: str | None = None) -> Operation:
        """As `remove`."""
        return self.remove(keys, name)
