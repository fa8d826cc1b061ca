"""Cases of the ops that fit a saved matrix to another vocabulary."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

import numpy as np

import flowgraph as fg
from flowgraph.io.checkpoints.save_restore import save_v2
from flowgraph.testing import BadCase, Case
from flowgraph.train.vocab_remap import GenerateVocabRemapping, LoadAndRemapMatrix

FOLDER = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def vocabulary(*words):
    path = FOLDER / ("_".join(words) or "none")
    path.write_text("".join(word + "\n" for word in words))
    return str(path)


OLD, NEW, TWICE = vocabulary(*"abcd"), vocabulary(*"cxayd"), vocabulary(*"aba")
MATRIX = np.arange(12, dtype=np.float32).reshape(4, 3)
EMPTY = np.zeros(0, np.int64)


def remapping(new=NEW, old=OLD, offset=0, count=5, **options):
    return GenerateVocabRemapping.build(new, old, new_vocab_offset=offset, num_new_vocab=count,
                                        **options)


def load(name, matrix, rows, columns, new, num_rows, num_cols):
    prefix = str(FOLDER / name)
    with fg.control_dependencies([save_v2(prefix, ["m"], [""], [matrix])]):
        return LoadAndRemapMatrix.build(fg.identity(prefix), "m", rows, columns, new,
                                        num_rows=num_rows, num_cols=num_cols)


def rows_of(name, num_rows, num_cols):
    return lambda matrix, rows, columns, new: load(name, matrix, rows, columns, new, num_rows,
                                                   num_cols)


CASES = [
    Case("GenerateVocabRemapping/all", remapping, (), [np.int64([2, -1, 0, -1, 3]), np.int32(3)]),
    Case("GenerateVocabRemapping/part", lambda: remapping(offset=2, count=3, old_vocab_size=2), (),
         [np.int64([0, -1, -1]), np.int32(1)]),
    Case("GenerateVocabRemapping/none", lambda: remapping(offset=5, count=0), (),
         [EMPTY, np.int32(0)]),
    Case("LoadAndRemapMatrix/rows", rows_of("rows", 3, 3),
         (MATRIX, np.int64([2, -1, 0]), EMPTY, np.float32([[7.0], [8.0], [9.0]])),
         np.float32([[6, 7, 8], [7, 8, 9], [0, 1, 2]]), unknown_shapes=False),
    Case("LoadAndRemapMatrix/columns", rows_of("columns", 2, 4),
         (MATRIX, np.int64([-1, 3]), np.int64([1, -1, 0, 2]), np.arange(5, dtype=np.float32)),
         np.float32([[0, 1, 2, 3], [10, 4, 9, 11]]), unknown_shapes=False),
    Case("LoadAndRemapMatrix/no_rows", rows_of("no_rows", 0, 3),
         (MATRIX, EMPTY, EMPTY, np.zeros(0, np.float32)), np.zeros((0, 3), np.float32),
         unknown_shapes=False),
]

NONE = np.zeros(0, np.float32)


def bad(name, rows, columns, new, num_rows, num_cols, words, matrix=MATRIX,
        error=fg.errors.InvalidArgumentError):
    return BadCase(f"LoadAndRemapMatrix/{name}", rows_of(f"bad_{name}", num_rows, num_cols), error,
                   ("LoadAndRemapMatrix '", *words), (matrix, np.int64(rows), np.int64(columns),
                                                      np.float32(new)), phase="run")


BAD = [
    BadCase("GenerateVocabRemapping/too_many", lambda: remapping(count=6),
            fg.errors.InvalidArgumentError, ("GenerateVocabRemapping '", "5 lines", "6 are"),
            phase="run"),
    BadCase("GenerateVocabRemapping/twice", lambda: remapping(old=TWICE),
            fg.errors.FailedPreconditionError, ("holds a word twice",), phase="run"),
    BadCase("GenerateVocabRemapping/no_name", lambda: remapping(old=""),
            fg.errors.InvalidArgumentError, ("is empty",), phase="run"),
    BadCase("GenerateVocabRemapping/no_file", lambda: remapping(new="/no/such/words"),
            fg.errors.NotFoundError, ("/no/such/words",), phase="run"),
    BadCase("GenerateVocabRemapping/negative", lambda: remapping(offset=-1), ValueError,
            ("new_vocab_offset -1",)),
    BadCase("GenerateVocabRemapping/vector", lambda: remapping(new=[NEW]), ValueError, ("rank",)),
    bad("row_count", [0, 1], [], NONE, 3, 3, ("Size of row_remapping is 2", "num_rows=3")),
    bad("column_count", [0], [0, 1], NONE, 1, 3, ("its size is 2", "num_cols=3")),
    bad("width", [0], [], NONE, 1, 4, ("3 columns", "num_cols=4")),
    bad("few_values", [0, -1], [], NONE, 2, 3, ("0 elements for 3",)),
    bad("many_values", [0, 1], [], [1.0], 2, 3, ("1 elements for 0",)),
    bad("out_of_range", [0, 4], [], NONE, 2, 3, ("number 4", "has 4")),
    bad("twice", [1, 1], [], NONE, 2, 3, ("two new ones",), error=fg.errors.UnimplementedError),
    bad("dtype", [0], [], NONE, 1, 3, ("float32 matrix", "int32"), MATRIX.astype(np.int32)),
    bad("rank", [0], [], NONE, 1, 3, ("float32 matrix", "(3,)"), MATRIX[0]),
    BadCase("LoadAndRemapMatrix/no_columns", lambda: LoadAndRemapMatrix.build(
        "m", "m", EMPTY, EMPTY, NONE, num_rows=0, num_cols=0), ValueError, ("0 columns",)),
]
