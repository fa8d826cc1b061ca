"""Embeddings for a new vocabulary, from a checkpoint that was made with an old one.

    GenerateVocabRemapping   which word of the new vocabulary was which of the old
    LoadAndRemapMatrix       the rows and columns of a saved matrix in the new order; what is new
                             gets initial values
"""

from __future__ import annotations

import os

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    ShapeError,
    UnimplementedError,
)
from flowgraph.io.checkpoints.bundle import dtype_name
from flowgraph.io.checkpoints.first_format import open_checkpoint
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.lookup_table import lines_of

_ON_HOST = "files are read on the host"
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT64 = dt.DTypeSet("int64", (dt.int64,))


class GenerateVocabRemapping(OpDef):
    """Which word of a new vocabulary was which of the old one, and how many were there."""

    dtypes = {"new_vocab_file": dt.STRING, "old_vocab_file": dt.STRING}
    multiple = True
    effects = "io"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, new_vocab_file, old_vocab_file, *, new_vocab_offset, num_new_vocab,
              old_vocab_size=-1):
        for spec in (new_vocab_file, old_vocab_file):
            shape_rules.require_rank(spec, 0, "a file name")
        if new_vocab_offset < 0 or num_new_vocab < 0:
            raise ShapeError(f"has new_vocab_offset {new_vocab_offset} and num_new_vocab "
                             f"{num_new_vocab}; both must be at least 0")
        return Spec(dt.int64, (num_new_vocab,)), Spec(dt.int32, ())

    def kernel(self, xp, new_vocab_file, old_vocab_file, *, new_vocab_offset, num_new_vocab,
               old_vocab_size=-1):
        new = lines_of(_path(new_vocab_file), -1)
        old = lines_of(_path(old_vocab_file), old_vocab_size)
        end = new_vocab_offset + num_new_vocab
        if end > len(new):
            raise InvalidArgumentError(None, None, (
                f"the new vocabulary {_path(new_vocab_file)!r} has {len(new)} lines; {end} are "
                "asked for"))
        numbers = {word: number for number, word in enumerate(old)}
        if len(numbers) < len(old):
            raise FailedPreconditionError(None, None, (
                f"the old vocabulary {_path(old_vocab_file)!r} holds a word twice"))
        remapping = np.array([numbers.get(word, -1) for word in new[new_vocab_offset:end]],
                             np.int64)
        return remapping, np.array((remapping >= 0).sum(), np.int32)


def _path(file_name):
    path = os.fsdecode(file_name.item())
    if not path:
        raise InvalidArgumentError(None, None, "the name of a vocabulary's file is empty")
    return path


class LoadAndRemapMatrix(OpDef):
    """A matrix of a checkpoint, its rows and columns in another order; what is new is filled in."""

    dtypes = {"ckpt_path": dt.STRING, "old_tensor_name": dt.STRING, "row_remapping": _INT64,
              "col_remapping": _INT64, "initializing_values": _FLOAT32}
    effects = "io"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, ckpt_path, old_tensor_name, row_remapping, col_remapping, initializing_values,
              *, num_rows, num_cols, max_rows_in_memory=-1):
        shape_rules.require_rank(old_tensor_name, 0, "a name")
        if num_rows < 0 or num_cols < 1:
            raise ShapeError(f"cannot make a matrix of {num_rows} rows and {num_cols} columns")
        return Spec(dt.float32, (num_rows, num_cols))

    def kernel(self, xp, ckpt_path, old_tensor_name, row_remapping, col_remapping,
               initializing_values, *, num_rows, num_cols, max_rows_in_memory=-1):
        if len(row_remapping) != num_rows:
            raise InvalidArgumentError(None, None, (
                f"Size of row_remapping is {len(row_remapping)} instead of being equal to "
                f"num_rows={num_rows}"))
        if len(col_remapping) not in (0, num_cols):
            raise InvalidArgumentError(None, None, (
                f"Provided col_remapping, but its size is {len(col_remapping)} instead of being "
                f"equal to num_cols={num_cols}"))
        old = _matrix(os.fsdecode(ckpt_path.item()), old_tensor_name.item().decode())
        if not len(col_remapping):
            if old.shape[1] != num_cols:
                raise InvalidArgumentError(None, None, (
                    f"the matrix has {old.shape[1]} columns instead of num_cols={num_cols}"))
            col_remapping = np.arange(num_cols)
        rows, columns = _known(row_remapping, len(old)), _known(col_remapping, old.shape[1])
        known = rows[:, None] & columns
        result = np.empty((num_rows, num_cols), np.float32)
        result[known] = old[np.ix_(row_remapping[rows], col_remapping[columns])].ravel()
        missing = known.size - int(known.sum())
        if initializing_values.size != missing:
            raise InvalidArgumentError(None, None, (
                f"initializing_values has {initializing_values.size} elements for {missing} "
                "missing values"))
        result[~known] = initializing_values.ravel()
        return result


def _matrix(prefix, name):
    reader = open_checkpoint(prefix)
    entry = reader.entry(name)
    if entry.dtype != dt.float32.as_datatype_enum or len(entry.shape) != 2:
        raise InvalidArgumentError(None, None, (
            f"Tensor {name} of the checkpoint {prefix} must be a float32 matrix, not "
            f"{dtype_name(entry.dtype)} of shape {shape_text(entry.shape)}"))
    return reader.read(name)


def _known(remapping, size):
    """Which entries name something old; each must name another."""
    known = remapping >= 0
    old = remapping[known]
    if old.size and old.max() >= size:
        raise InvalidArgumentError(None, None, (
            f"a remapping asks for number {old.max()}, but the checkpoint's matrix has {size}"))
    if len(np.unique(old)) < len(old):
        raise UnimplementedError(None, None, "an old number is mapped to two new ones")
    return known
