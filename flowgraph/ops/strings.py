"""Text taken apart and put together: join, reduce_join, substr, strip, lower, upper, length."""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import OutOfRangeError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.constant import Range
from flowgraph.ops.shape import Rank
from flowgraph.ops.string_elements import (
    ON_HOST,
    Elementwise,
    invalid,
    mapped,
    numbers,
    shown,
    strings,
)


def is_trail_byte(byte: int) -> bool:
    """Whether a byte continues a UTF-8 character."""
    return byte & 0xC0 == 0x80


def checked_unit(unit):
    """`unit`, which must be BYTE or UTF8_CHAR."""
    unit = unit.decode() if isinstance(unit, bytes) else unit
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise ValueError(located(f"unit must be 'BYTE' or 'UTF8_CHAR', got {unit!r}"))
    return unit


# ---- joining -------------------------------------------------------------------------------------


class StringJoin(OpDef):
    """The strings at one place of all inputs, joined; scalars are joined to every place."""

    T = dt.STRING
    lists = ("inputs",)
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, inputs, *, separator=b""):
        if all(x.shape == () for x in inputs):
            return Spec(dt.string, ())
        whole = [x for x in inputs if x.shape]
        return Spec(dt.string, shape_rules.merge("strings that are no scalars", *whole)
                    if whole else None)

    def kernel(self, xp, inputs, *, separator=b""):
        sizes = {x.shape for x in inputs if x.ndim}
        if len(sizes) > 1:
            raise invalid("Input shapes do not match: " +
                          " vs. ".join(shape_text(size) for size in sorted(sizes)))
        size = sizes.pop() if sizes else ()
        columns = [xp.broadcast_to(x, size).reshape(-1).tolist() for x in inputs]
        rows = zip(*columns) if inputs else [()]
        return strings([separator.join(parts) for parts in rows], size)


def string_join(inputs, separator="", name=None):
    """Joins the strings at one place of several tensors.

    Args:
        inputs: list of string tensors of one shape; scalars are joined to every place.
        separator: text put between them.
        name: name of the node.

    Returns:
        A string tensor of that shape.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.string_join([["a", "b"], "x"], separator="-"))
        array([b'a-x', b'b-x'], dtype=object)
    """
    return StringJoin.build(inputs, separator=as_bytes(separator), name=name)


def as_bytes(text):
    """An attribute given as text or bytes, as bytes."""
    return text.encode() if isinstance(text, str) else bytes(text)


class ReduceJoin(OpDef):
    """The strings along some axes joined; the first of `reduction_indices` varies fastest."""

    dtypes = {"inputs": dt.STRING, "reduction_indices": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("reduction_indices",)
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, inputs, reduction_indices, *, keep_dims=False, separator=b""):
        return Spec(dt.string,
                    shape_rules.reduced(inputs.shape, reduction_indices.value, keep_dims))

    def kernel(self, xp, inputs, reduction_indices, *, keep_dims=False, separator=b""):
        axes = _reduced_axes(reduction_indices, inputs.ndim)
        kept = [i for i in range(inputs.ndim) if i not in axes]
        sizes = [inputs.shape[i] for i in kept]
        count = math.prod(inputs.shape[i] for i in axes)
        rows = inputs.transpose(kept + axes[::-1]).reshape((math.prod(sizes), count)).tolist()
        if keep_dims:
            sizes = [1 if i in axes else n for i, n in enumerate(inputs.shape)]
        return strings([separator.join(row) for row in rows], sizes)


def _reduced_axes(value, rank):
    axes = []
    for axis in value if isinstance(value, tuple) else (value,):
        if not -rank <= axis < rank:
            raise OutOfRangeError(None, None, f"Invalid reduction dimension {axis} for input with "
                                              f"{rank} dimension(s)")
        if axis % rank in axes:
            raise invalid(f"Duplicate reduction dimension {axis}")
        axes.append(axis % rank)
    return axes


def reduce_join(inputs, axis=None, keep_dims=None, separator="", name=None, reduction_indices=None,
                keepdims=None):
    """Joins the strings along some axes of a tensor.

    Args:
        inputs: string tensor.
        axis: the axes; along the first one given the strings stand next to each other. Default
            all of them, in the order of memory.
        keep_dims: older name of `keepdims`.
        separator: text put between the strings.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keepdims: whether the axes stay, with size 1.

    Returns:
        A string tensor without these axes.

    Raises:
        ValueError: an axis is out of range, or an argument is given under both its names.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_join([["a", "b"], ["c", "d"]], axis=1, separator="+"))
        array([b'a+b', b'c+d'], dtype=object)
    """
    keepdims = either("keepdims", keepdims, "keep_dims", keep_dims)
    axis = either("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(None, "ReduceJoin", [inputs, axis]):
        inputs = convert_to_tensor(inputs, name="inputs")
        if axis is None:
            rank = inputs.spec.rank
            axis = (np.arange(rank - 1, -1, -1, dtype=np.int32) if rank is not None else
                    Range.build(Rank.build(inputs) - 1, -1, -1))
        return ReduceJoin.build(inputs, axis, keep_dims=bool(keepdims),
                                separator=as_bytes(separator), name=name)


class UnsortedSegmentJoin(OpDef):
    """Row i of the result joins the slices of `inputs` whose segment id is i."""

    dtypes = {"inputs": dt.STRING, "segment_ids": "Tindices", "num_segments": "Tnumsegments"}
    Tindices = dt.INDEX
    Tnumsegments = dt.INDEX
    host_inputs = ("num_segments",)
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, inputs, segment_ids, num_segments, *, separator=b""):
        shape_rules.require_rank(num_segments, 0, "num_segments")
        whole, ids = inputs.shape, segment_ids.shape
        if whole is None or ids is None:
            return Spec(dt.string, None)
        if len(ids) > len(whole) or not shapes.compatible(whole[:len(ids)], ids):
            raise ShapeError(f"cannot split {shape_text(whole)} by segment_ids of "
                             f"{shape_text(ids)}", "segment_ids must have the leading axes of "
                                                   "inputs.")
        return Spec(dt.string, (num_segments.value, *whole[len(ids):]))

    def kernel(self, xp, inputs, segment_ids, num_segments, *, separator=b""):
        ids = segment_ids.reshape(-1).tolist()
        if not segment_ids.ndim:
            raise invalid("Segment_id cannot have rank 0")
        if any(not 0 <= i < num_segments for i in ids):
            raise invalid("segment_ids are not allowed to exceed num_segments or to have negative "
                          "values.")
        inner = inputs.shape[segment_ids.ndim:]
        rows = inputs.reshape((len(ids), math.prod(inner))).tolist()
        parts = [[[] for _ in range(math.prod(inner))] for _ in range(num_segments)]
        for i, row in zip(ids, rows, strict=True):
            for place, text in zip(parts[i], row, strict=True):
                place.append(text)
        return strings([_joined(place, separator) for row in parts for place in row],
                       (num_segments, *inner))


def _joined(texts, separator):
    """The texts joined; a separator stands only after something, as in TensorFlow."""
    empty = next((i for i, text in enumerate(texts) if text), len(texts))
    return separator.join(texts[empty:])


def unsorted_segment_join(inputs, segment_ids, num_segments, separator="", name=None):
    """Joins the strings of each segment.

    Args:
        inputs: string tensor.
        segment_ids: int32 or int64 tensor of the leading axes of `inputs`; each entry is in
            [0, num_segments).
        num_segments: scalar, the number of segments.
        separator: text put between the strings.
        name: name of the node.

    Returns:
        A string tensor of shape `[num_segments] + inputs.shape[segment_ids.ndim:]`.

    Example:
        >>> import flowgraph as fg
        >>> text = fg.strings.unsorted_segment_join(["this", "a", "is"], [0, 1, 0], 2, ":")
        >>> fg.Session().run(text)
        array([b'this:is', b'a'], dtype=object)
    """
    return UnsortedSegmentJoin.build(inputs, segment_ids, num_segments,
                                     separator=as_bytes(separator), name=name)


# ---- substrings ----------------------------------------------------------------------------------


class Substr(OpDef):
    """From each string `len` bytes or characters from `pos` on; counted from the end when < 0."""

    dtypes = {"input": dt.STRING, "pos": "T", "len": "T"}
    T = dt.INDEX
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, pos, len, *, unit="BYTE"):
        if not shapes.compatible(pos.shape, len.shape):
            raise ShapeError(f"needs pos and len of one shape, got {shape_text(pos.shape)} and "
                             f"{shape_text(len.shape)}")
        return Spec(dt.string, shape_rules.broadcast(input, pos))

    def kernel(self, xp, input, pos, len, *, unit="BYTE"):
        if pos.shape != len.shape:
            raise invalid(f"pos and len should have the same shape, got: {shape_text(pos.shape)} "
                          f"vs. {shape_text(len.shape)}")
        try:
            texts, starts, lengths = xp.broadcast_arrays(input, pos, len)
        except ValueError:
            raise invalid(f"Incompatible shapes: {shape_text(input.shape)} vs. "
                          f"{shape_text(pos.shape)}") from None
        cut = _bytes_of if unit == "BYTE" else _characters_of
        return strings([cut(*row) for row in zip(
            texts.reshape(-1).tolist(), starts.reshape(-1).tolist(),
            lengths.reshape(-1).tolist())], texts.shape)


def _bytes_of(text, start, length):
    first = start + len(text) if start < 0 else start
    if not 0 <= first <= len(text):
        raise invalid(f"pos {start} out of range for string '{shown(text)}' of {len(text)} bytes")
    return text[first:] if length < 0 else text[first:first + length]


def _characters_of(text, start, length):
    """As `_bytes_of`, counting UTF-8 characters."""
    marks = [i for i, byte in enumerate(text) if i == 0 or not is_trail_byte(byte)] + [len(text)]
    count = len(marks) - 1
    first = start + count if start < 0 else start
    if not 0 <= first <= count or (start < 0 and length < 0):
        raise invalid(f"pos {start} out of range for string '{shown(text)}' of {count} characters")
    return text[marks[first]:marks[max(first, min(first + length, count))]]


def substr(input, pos, len, name=None, unit="BYTE"):
    """Takes a piece of each string.

    Args:
        input: string tensor.
        pos: int32 or int64 tensor, where the piece begins; counted from the end when negative.
            Broadcast with `input`.
        len: tensor of the shape and dtype of `pos`: how long the piece is. It ends at the string's
            end at the latest.
        name: name of the node.
        unit: "BYTE" or "UTF8_CHAR": what is counted.

    Returns:
        A string tensor of the broadcast shape.

    Raises:
        InvalidArgumentError: when run, if a `pos` is outside of its string.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.substr(["hello", "world"], 1, 3))
        array([b'ell', b'orl'], dtype=object)
    """
    return Substr.build(input, pos, len, unit=checked_unit(unit), name=name)


# ---- one string to one string --------------------------------------------------------------------


class StringStrip(Elementwise):
    """Each string without the white space around it."""

    def one(self, text):
        return text.strip()


def string_strip(input, name=None):
    """Takes off the white space before and after each string.

    Args:
        input: string tensor.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.string_strip([" a b ", "c\\n"]))
        array([b'a b', b'c'], dtype=object)
    """
    return StringStrip.build(input, name=name)


def _with_case(method, array, encoding):
    """`bytes.lower` or `bytes.upper` on ASCII letters, `str`'s on those of Unicode."""
    if encoding == "":
        return mapped(getattr(bytes, method), array)
    change = getattr(str, method)
    return mapped(lambda text: change(text.decode("utf-8", "replace")).encode(), array)


def _checked_encoding(encoding):
    encoding = encoding.decode() if isinstance(encoding, bytes) else encoding
    if encoding not in ("", "utf-8"):
        raise invalid(f"only utf-8 or '' (no encoding) is supported, received: {encoding}")
    return encoding


class StringLower(OpDef):
    """Each string in small letters."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, encoding=""):
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, *, encoding=""):
        return _with_case("lower", input, _checked_encoding(encoding))


def string_lower(input, encoding="", name=None):
    """Writes each string in small letters.

    Args:
        input: string tensor.
        encoding: "" to change ASCII letters only, "utf-8" to change all letters of Unicode.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.lower(["ABc"]))
        array([b'abc'], dtype=object)
    """
    return StringLower.build(input, encoding=encoding, name=name)


class StringUpper(OpDef):
    """Each string in capital letters."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, encoding=""):
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, *, encoding=""):
        return _with_case("upper", input, _checked_encoding(encoding))


def string_upper(input, encoding="", name=None):
    """Writes each string in capital letters.

    Args:
        input: string tensor.
        encoding: "" to change ASCII letters only, "utf-8" to change all letters of Unicode.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.upper(["ABc"]))
        array([b'ABC'], dtype=object)
    """
    return StringUpper.build(input, encoding=encoding, name=name)


class StringLength(OpDef):
    """How many bytes or characters each string has."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, unit="BYTE"):
        return Spec(dt.int32, input.shape)

    def kernel(self, xp, input, *, unit="BYTE"):
        return numbers(len if unit == "BYTE" else _character_count, input, "int32")


def _character_count(text):
    return sum(not is_trail_byte(byte) for byte in text)


def string_length(input, name=None, unit="BYTE"):
    """Counts the bytes or characters of each string.

    Args:
        input: string tensor.
        name: name of the node.
        unit: "BYTE", or "UTF8_CHAR" to count the characters of UTF-8 text.

    Returns:
        An int32 tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.length(["abc", "\\u00e9"]))
        array([3, 2], dtype=int32)
    """
    return StringLength.build(input, unit=checked_unit(unit), name=name)
