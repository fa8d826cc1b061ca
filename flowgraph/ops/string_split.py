"""Strings cut into pieces. The rows have uneven lengths, so the result is a SparseTensor.

`string_split` cuts at single characters and drops empty pieces; `split`, the newer one, cuts like
Python's `str.split`.
"""

from __future__ import annotations

import re

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.index import StridedSlice
from flowgraph.ops.join import ConcatV2
from flowgraph.ops.reshape import Reshape, Transpose
from flowgraph.ops.shape import Shape
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.ops.unravel_index import UnravelIndex

_SPACES = re.compile(rb"[ \t\n\v\f\r]+")


class StringSplit(OpDef):
    """The pieces of each string between the characters of `delimiter`, as a sparse matrix."""

    T = dt.STRING
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, delimiter, *, skip_empty=True):
        return _sparse_specs(input, delimiter, "delimiter")

    def kernel(self, xp, input, delimiter, *, skip_empty=True):
        _check_ranks(input, delimiter, "delimiter")
        return _as_sparse([_between(text, delimiter.item(), skip_empty)
                           for text in input.tolist()])


class StringSplitV2(OpDef):
    """The pieces of each string between occurrences of `sep`, as a sparse matrix."""

    T = dt.STRING
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, sep, *, maxsplit=-1):
        return _sparse_specs(input, sep, "sep")

    def kernel(self, xp, input, sep, *, maxsplit=-1):
        _check_ranks(input, sep, "sep")
        return _as_sparse([_pieces(text, sep.item(), maxsplit) for text in input.tolist()])


def _sparse_specs(input, sep, what):
    shape_rules.require_rank(input, 1, "strings")
    shape_rules.require_rank(sep, 0, f"a {what}")
    return Spec(dt.int64, (None, 2)), Spec(dt.string, (None,)), Spec(dt.int64, (2,))


def _check_ranks(input, sep, what):
    if input.ndim != 1:
        raise invalid(f"input must be a vector, got shape: {shape_text(input.shape)}")
    if sep.ndim:
        raise invalid(f"{what} must be a scalar, got shape: {shape_text(sep.shape)}")


def _as_sparse(rows):
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    return (np.array(places, np.int64).reshape((len(places), 2)),
            strings([piece for row in rows for piece in row], len(places)),
            np.array([len(rows), max(map(len, rows), default=0)], np.int64))


def _between(text, delimiter, skip_empty):
    """The pieces between any of the delimiter's bytes; all bytes when there is no delimiter."""
    if not text:
        return []
    if not delimiter:
        return [text[i:i + 1] for i in range(len(text))]
    pieces = re.split(b"[" + re.escape(delimiter) + b"]", text)
    return [piece for piece in pieces if piece] if skip_empty else pieces


def _pieces(text, sep, maxsplit):
    """As `text.split(sep, maxsplit)`, except that the rest after the last cut stays as it is."""
    if maxsplit == 0:
        return [text]
    limit = maxsplit if maxsplit > 0 else -1
    if sep:
        return text.split(sep, limit)
    rest, pieces = text.lstrip(b" \t\n\v\f\r"), []
    while rest:
        piece, *after = _SPACES.split(rest, maxsplit=1)
        pieces.append(piece)
        rest = after[0] if after else b""
        if len(pieces) == limit:
            return [*pieces, rest]
    return pieces


def _sparse_or_error(result_type):
    if result_type != "SparseTensor":
        raise ValueError(located(f"result_type must be 'SparseTensor', got {result_type!r}; "
                                 "flowgraph has no RaggedTensor"))


def string_split(source, sep=None, skip_empty=True, delimiter=None, result_type="SparseTensor",
                 name=None):
    """Cuts each string at the characters of a delimiter.

    Args:
        source: string vector.
        sep: scalar string; each of its bytes is a place to cut at. Default a space; "" cuts into
            single bytes.
        skip_empty: whether empty pieces are left out.
        delimiter: older name of `sep`.
        result_type: "SparseTensor".
        name: name of the scope.

    Returns:
        A SparseTensor of rank 2; row i holds the pieces of `source[i]`.

    Raises:
        ValueError: `source` is no vector, or both `sep` and `delimiter` are given.

    Example:
        >>> import flowgraph as fg
        >>> pieces = fg.string_split(["a b", "c"])
        >>> fg.Session().run(fg.sparse_tensor_to_dense(pieces, default_value=""))
        array([[b'a', b'b'],
               [b'c', b'']], dtype=object)
    """
    given = either("sep", sep, "delimiter", delimiter)
    _sparse_or_error(result_type)
    with name_scope(name, "StringSplit", [source]):
        sep = convert_to_tensor(" " if given is None else given, dt.string)
        source = convert_to_tensor(source, dt.string)
        return SparseTensor(*StringSplit.build(source, sep, skip_empty=bool(skip_empty)))


def split(input=None, sep=None, maxsplit=-1, result_type="SparseTensor", source=None, name=None):
    """Cuts each string as Python's `str.split` does.

    Args:
        input: string tensor. A scalar counts as a vector of one.
        sep: scalar string to cut at; default white space of any length.
        maxsplit: most cuts in one string; no limit when it is -1.
        result_type: "SparseTensor".
        source: older name of `input`.
        name: name of the scope.

    Returns:
        A SparseTensor of one rank more than `input`; its last axis holds the pieces.

    Raises:
        ValueError: `input` is given under both its names.

    Example:
        >>> import flowgraph as fg
        >>> pieces = fg.strings.split(["a  b", "c"])
        >>> fg.Session().run(pieces.values)
        array([b'a', b'b', b'c'], dtype=object)
    """
    input = either("input", input, "source", source)
    _sparse_or_error(result_type)
    with name_scope(name, "StringSplit", [input]):
        input = convert_to_tensor(input, dt.string, "input")
        rank = 1 if input.spec.rank is None else input.spec.rank
        sep = convert_to_tensor("" if sep is None else sep, dt.string)
        flat = input if rank == 1 else Reshape.build(input, [-1])
        indices, values, dense = StringSplitV2.build(flat, sep, maxsplit=int(maxsplit))
        if rank > 1:
            indices, dense = _unflattened(indices, dense, input)
        return SparseTensor(indices, values, dense)


def _unflattened(indices, dense, input):
    """Places and shape in which the first axis is cut again into those of `input`."""
    sizes = Shape.build(input, out_type=dt.int64)
    rows = StridedSlice.build(indices, [0, 0], [0, 1], [1, 1], begin_mask=1, end_mask=1,
                             shrink_axis_mask=2)
    columns = Transpose.build(UnravelIndex.build(rows, sizes), [1, 0])
    last = StridedSlice.build(indices, [0, 1], [0, 2], [1, 1], begin_mask=1, end_mask=1)
    return (ConcatV2.build([columns, last], 1),
            ConcatV2.build([sizes, StridedSlice.build(dense, [1], [2], [1])], 0))


# ---- single bytes --------------------------------------------------------------------------------


def bytes_split(input, name=None):
    """Cuts a string into its bytes.

    Args:
        input: scalar string tensor. (For more strings TensorFlow gives a RaggedTensor; `tf.
            string_split(input, "")` gives the same as a SparseTensor.)
        name: name of the scope.

    Returns:
        A string vector.

    Raises:
        ValueError: `input` is no scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.bytes_split("abc"))
        array([b'a', b'b', b'c'], dtype=object)
    """
    with name_scope(name, "StringsByteSplit", [input]):
        input = convert_to_tensor(input, dt.string, "input")
        if input.spec.rank != 0:
            raise ValueError(located("bytes_split takes a scalar here, got shape "
                                     f"{shape_text(input.spec.shape)}; tf.string_split(input, '') "
                                     "cuts a vector into a SparseTensor"))
        return StringSplit.build(Reshape.build(input, [1]), "")[1]
