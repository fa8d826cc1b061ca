"""Cases of lookup tables' ops; what tables remember from run to run is in tests/ops."""

import numpy as np

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.lookup_table import (
    InitializeTableFromTextFileV2,
    LookupTableExportV2,
    LookupTableFindV2,
    LookupTableImportV2,
    LookupTableInsertV2,
    LookupTableRemoveV2,
    LookupTableSizeV2,
)
from flowgraph.testing import BadCase, Case

WORDS = np.array([b"a", b"z", b"b"], object)
TABLE = [b"a", b"b"]


def dense(**options):
    return fg.lookup.experimental.DenseHashTable(
        fg.int64, fg.float64, **{"default_value": -1.0, "empty_key": 0, "deleted_key": -1,
                                 **options})


def mutable(default=-1.0):
    return fg.lookup.experimental.MutableHashTable(fg.string, fg.float64, default)


def static(words):
    table = fg.lookup.StaticHashTable(fg.lookup.KeyValueTensorInitializer(TABLE, [1, 2]), -1)
    with fg.control_dependencies([table.initializer]):
        return [table.lookup(words), table.size(), *table.export()]


def vocabulary(words):
    fill = fg.lookup.KeyValueTensorInitializer(TABLE, [0, 1], value_dtype=fg.int64)
    table = fg.lookup.StaticVocabularyTable(fill, 1)
    with fg.control_dependencies([table.initializer]):
        return [table.lookup(words), table.size()]


def written(table, keys, values, find, remove):
    with fg.control_dependencies([table.insert(keys, values)]):
        found = table.lookup(find)
    with fg.control_dependencies([found]), fg.control_dependencies([table.remove(remove)]):
        return [found, table.size()]


def handle(key=fg.string, value=fg.float64):
    return fg.lookup.experimental.MutableHashTable(key, value, fg.cast(0, value)).resource_handle


CASES = [
    Case("HashTableV2/words", static, (WORDS,),
         [np.array([1, -1, 2], np.int32), np.int64(2), np.array(TABLE, object),
          np.array([1, 2], np.int32)]),
    Case("HashTableV2/one_word", lambda w: static(w)[0], (np.array(b"b", object),), np.int32(2)),
    Case("HashTableV2/vocabulary", vocabulary, (WORDS,), [np.array([0, 2, 1]), np.int64(3)]),
    Case("MutableHashTableV2/words",
         lambda w, v: written(mutable(), w, v, [[b"b", b"q"]], ["a", "q"]),
         (WORDS, np.array([1.0, 2.0, 3.0])), [np.array([[3.0, -1.0]]), np.int64(2)]),
    Case("MutableHashTableOfTensorsV2/vectors",
         lambda w, v: written(mutable([-1.0, -2.0]), w, v, [b"q", b"z"], ["a"]),
         (WORDS, np.arange(6.0).reshape(3, 2)),
         [np.array([[-1.0, -2.0], [2.0, 3.0]]), np.int64(2)]),
    Case("MutableDenseHashTableV2/numbers", lambda k, v: written(dense(), k, v, [7, 5], k[:1]),
         (np.array([5, 6]), np.array([1.5, 2.5])), [np.array([-1.0, 1.5]), np.int64(1)]),
    Case("MutableDenseHashTableV2/vectors",
         lambda k, v: written(dense(empty_key=[0, 0], deleted_key=[-1, -1]), k, v,
                              [[2, 1], [1, 2]], k[:1]),
         (np.array([[1, 2], [3, 4]]), np.array([1.5, 2.5])),
         [np.array([-1.0, 1.5]), np.int64(1)]),
]

BAD = [
    BadCase("HashTableV2/not_filled",
            lambda: fg.lookup.StaticHashTable(fg.lookup.KeyValueTensorInitializer(TABLE, [1, 2]),
                                              -1).lookup(fg.constant(["a"])),
            fg.errors.FailedPreconditionError, ("not initialized", "tables_initializer"),
            phase="run"),
    BadCase("HashTableV2/two_values",
            lambda: fg.lookup.StaticHashTable(
                fg.lookup.KeyValueTensorInitializer(["a", "a"], [1, 2]), -1).initializer,
            fg.errors.FailedPreconditionError, ("different value",), phase="run"),
    BadCase("HashTableV2/default_shape",
            lambda: fg.lookup.StaticHashTable(fg.lookup.KeyValueTensorInitializer(TABLE, [1, 2]),
                                              [1]), ValueError),
    BadCase("MutableHashTableV2/values",
            lambda: mutable().insert(["a", "b"], [1.0]), fg.errors.InvalidArgumentError,
            ("(2,)", "(1,)"), phase="run"),
    BadCase("MutableHashTableOfTensorsV2/matrix", lambda: mutable([[1.0]]), ValueError,
            ("vectors",)),
    BadCase("MutableDenseHashTableV2/empty_key", lambda: dense().lookup([0]),
            fg.errors.InvalidArgumentError, ("empty_key",), phase="run"),
    BadCase("MutableDenseHashTableV2/one_key", lambda: dense(deleted_key=0).size(),
            fg.errors.InvalidArgumentError, ("cannot be equal",), phase="run"),
    BadCase("MutableDenseHashTableV2/buckets", lambda: dense(initial_num_buckets=7).size(),
            fg.errors.InvalidArgumentError, ("power of 2", "7"), phase="run"),
    *(BadCase(f"{op}/float_keys", lambda f=op, attrs=attrs: op_def(f).build(
        key_dtype=fg.float32, value_dtype=fg.int64, **attrs), TypeError,
              (f"{op} '", "keys of float32", "string, int64 or int32"))
      for op, attrs in (("HashTableV2", {}), ("MutableHashTableV2", {}),
                        ("MutableHashTableOfTensorsV2", {"value_shape": (2,)}))),
    BadCase("LookupTableFindV2/dtype", lambda: mutable().lookup([1]), TypeError, ("string",)),
    BadCase("LookupTableFindV2/other_table",
            lambda: LookupTableFindV2.build(handle(), fg.constant([1]), 1.0),
            fg.errors.InvalidArgumentError, ("string", "int32"), phase="run"),
    BadCase("LookupTableFindV2/no_table",
            lambda: LookupTableFindV2.build(fg.constant([1]), fg.constant([1]), 1.0), TypeError,
            ("resource",)),
    BadCase("LookupTableSizeV2/no_table",
            lambda: LookupTableSizeV2.build(fg.ConditionalAccumulator(fg.float32).accumulator_ref),
            fg.errors.InvalidArgumentError, ("DenseAccumulator",), phase="run"),
    BadCase("LookupTableExportV2/dtype",
            lambda: LookupTableExportV2.build(handle(), Tkeys=fg.string, Tvalues=fg.int32),
            fg.errors.InvalidArgumentError, ("float64", "int32"), phase="run"),
    BadCase("LookupTableInsertV2/dtype",
            lambda: LookupTableInsertV2.build(handle(), fg.constant([1]), 1.0),
            fg.errors.InvalidArgumentError, ("int32",), phase="run"),
    BadCase("LookupTableImportV2/lengths",
            lambda: LookupTableImportV2.build(handle(), ["a", "b"], [1.0]), ValueError,
            ("(2,)", "(1,)")),
    BadCase("LookupTableRemoveV2/scalar", lambda: LookupTableRemoveV2.build(handle(), "a"),
            ValueError, ("rank 1",)),
    BadCase("InitializeTableFromTextFileV2/file",
            lambda: fg.lookup.StaticHashTable(fg.lookup.TextFileInitializer(
                "not there", fg.string, fg.lookup.TextFileIndex.WHOLE_LINE, fg.int64,
                fg.lookup.TextFileIndex.LINE_NUMBER), -1).initializer,
            fg.errors.NotFoundError, ("not there",), phase="run"),
    BadCase("InitializeTableFromTextFileV2/delimiter",
            lambda: InitializeTableFromTextFileV2.build(handle(), "f", key_index=0, value_index=1,
                                                        delimiter="ab"), ValueError,
            ("one character",)),
]
