"""Padding: a border of one value, or of the tensor's own mirror image."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, is_known
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.shape import shape

_PADDABLE = dt.NUMBER + dt.BOOL


def _pairs(input, paddings):
    """The static rank of the result, and (before, after) for each axis as far as known."""
    p = paddings.shape
    if p is not None and (len(p) != 2 or p[1] not in (None, 2)):
        raise ShapeError(f"needs paddings of shape (rank, 2), got {shape_text(p)}")
    rank = input.rank if input.rank is not None else None if p is None else p[0]
    if p is not None and p[0] is not None and p[0] != rank:
        raise ShapeError(f"cannot pad {shape_text(input.shape)} by paddings of shape "
                         f"{shape_text(p)}", "There must be one pair for each axis.")
    if rank is None:
        return None, None
    pairs = shape_rules.static_pairs(paddings, rank)
    if any(n is not None and n < 0 for pair in pairs for n in pair):
        raise ShapeError("needs paddings >= 0")
    return rank, pairs


def _padded(input, paddings):
    """The static shape after padding."""
    rank, pairs = _pairs(input, paddings)
    if rank is None:
        return None
    sizes = input.shape or (None,) * rank
    return tuple(None if None in (n, *pair) else n + sum(pair) for n, pair in zip(sizes, pairs))


def _inner(op, dy):
    """The part of dy that is not border."""
    input, paddings = op.inputs[:2]
    pairs = known_value(paddings)
    if is_known(pairs) and input.spec.is_static:
        return slice_(dy, np.array([before for before, _ in pairs], np.int32),
                      np.array(input.spec.shape, np.int32))
    return slice_(dy, paddings[:, 0], shape(input, out_type=paddings.dtype))


class Pad(OpDef):
    """`input` with a border of zeros, `paddings[i]` = (before, after) wide along axis i."""

    T = _PADDABLE
    dtypes = {"paddings": "Tpaddings"}
    Tpaddings = dt.INDEX
    host_inputs = ("paddings",)

    def infer(self, input, paddings):
        return Spec(input.dtype, _padded(input, paddings))

    def kernel(self, xp, input, paddings, *, out=None):
        return _bordered(xp, input, _not_negative(paddings), 0, out)

    def grad(self, op, dy):
        return _inner(op, dy), None


class PadV2(OpDef):
    """`input` with a border of `constant_values`."""

    T = _PADDABLE
    dtypes = {"paddings": "Tpaddings"}
    Tpaddings = dt.INDEX
    host_inputs = ("paddings", "constant_values")

    def infer(self, input, paddings, constant_values):
        shape_rules.require_rank(constant_values, 0, "a constant value")
        return Spec(input.dtype, _padded(input, paddings))

    def kernel(self, xp, input, paddings, constant_values, *, out=None):
        return _bordered(xp, input, _not_negative(paddings), constant_values, out)

    def grad(self, op, dy):
        return _inner(op, dy), None, None


def _not_negative(paddings):
    """The pairs, checked."""
    if any(n < 0 for pair in paddings for n in pair):
        raise InvalidArgumentError(None, None, f"Paddings must be non-negative: {paddings}")
    return paddings


def _bordered(xp, input, paddings, value, out):
    """The array inside of a border of `value`; np.pad takes 20 to 60 µs to begin."""
    if len(paddings) != input.ndim:
        raise InvalidArgumentError(None, None, f"{len(paddings)} paddings for {input.ndim} axes: "
                                               "there must be one pair for each axis")
    if out is None:
        out = xp.empty(tuple(size + sum(pair) for size, pair
                             in zip(input.shape, paddings, strict=True)), input.dtype)
    inner = []
    for size, (before, after) in zip(input.shape, paddings, strict=True):
        for border in (slice(0, before), slice(before + size, before + size + after)):
            if border.start < border.stop:
                out[(*inner, border)] = value
        inner.append(slice(before, before + size))
    out[tuple(inner)] = input
    return out


class MirrorPad(OpDef):
    """`input` with a mirrored border: mode REFLECT leaves out the edge, SYMMETRIC repeats it."""

    T = _PADDABLE
    dtypes = {"paddings": "Tpaddings"}
    Tpaddings = dt.INDEX
    host_inputs = ("paddings",)

    def infer(self, input, paddings, *, mode):
        _check_mode(mode)
        return Spec(input.dtype, _padded(input, paddings))

    def kernel(self, xp, input, paddings, *, mode):
        return xp.pad(input, _mirrored(paddings, input.shape, mode), mode=mode.lower())

    def grad(self, op, dy):
        return MirrorPadGrad.build(dy, op.inputs[1], mode=op.attrs["mode"]), None


class MirrorPadGrad(OpDef):
    """The transpose of MirrorPad: the border is folded back and added."""

    T = dt.NUMBER
    dtypes = {"paddings": "Tpaddings"}
    Tpaddings = dt.INDEX
    host_inputs = ("paddings",)

    def infer(self, input, paddings, *, mode):
        _check_mode(mode)
        rank, pairs = _pairs(input, paddings)
        if rank is None:
            return Spec(input.dtype, None)
        sizes = input.shape or (None,) * rank
        inner = tuple(None if None in (n, *pair) else n - sum(pair)
                      for n, pair in zip(sizes, pairs))
        for n, size, pair in zip(inner, sizes, pairs):
            if n is not None and max(pair) > _widest(n, mode):
                raise ShapeError(f"cannot take a border of {pair} from an axis of size {size}",
                                 f"MirrorPad in mode {mode} never makes such a border.")
        return Spec(input.dtype, inner)

    def kernel(self, xp, input, paddings, *, mode):
        for size, pair in zip(input.shape, _not_negative(paddings)):
            if max(pair) > _widest(size - sum(pair), mode):
                raise InvalidArgumentError(None, None, f"cannot take a border of {pair} from an "
                                                       f"axis of size {size} in mode {mode}")
        return _folded(xp, input, paddings, int(mode == "REFLECT"))

    def grad(self, op, dy):
        return MirrorPad.build(dy, op.inputs[1], mode=op.attrs["mode"]), None


def _check_mode(mode):
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise ShapeError(f"has the mode {mode!r}", "It must be 'REFLECT' or 'SYMMETRIC'.")


def _widest(n, mode):
    """How wide a mirrored border can be."""
    return n - 1 if mode == "REFLECT" else n


def _mirrored(paddings, sizes, mode):
    """The pairs, checked against the run's shape."""
    for n, pair in zip(sizes, _not_negative(paddings)):
        if max(pair) > _widest(n, mode):
            raise InvalidArgumentError(None, None, f"cannot pad an axis of size {n} by {pair} in "
                                       f"mode {mode}: at most {_widest(n, mode)} fit")
    return _not_negative(paddings) or ((0, 0),)  # np.pad wants a pair for a scalar too


def _folded(xp, x, paddings, skip):
    """`x` with each mirrored border added to where it was taken from; `skip` is 1 for REFLECT."""
    for axis, (before, after) in enumerate(paddings):
        x = xp.moveaxis(x, axis, 0)
        n = x.shape[0] - before - after
        inner = x[before:before + n].copy()
        inner[skip:skip + before] += x[:before][::-1]
        inner[n - skip - after:n - skip] += x[before + n:][::-1]
        x = xp.moveaxis(inner, 0, axis)
    return x.copy() if not paddings else x


def pad(tensor, paddings, mode="CONSTANT", name=None, constant_values=0):
    """Puts a border around a tensor.

    Args:
        tensor: any tensor of numbers or bools.
        paddings: integer tensor [rank, 2]: how many entries before and after, along each axis.
        mode: "CONSTANT", "REFLECT" or "SYMMETRIC", in any case.
        name: name of the node.
        constant_values: scalar for the border in CONSTANT mode, of the tensor's dtype.

    Raises:
        ValueError: `mode` is not known, or the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.pad([[1, 2]], [[0, 1], [1, 0]]))
        array([[0, 1, 2],
               [0, 0, 0]], dtype=int32)
    """
    kind = mode.upper()
    if kind == "CONSTANT":
        if is_tensor_like(constant_values) or np.ndim(constant_values) or constant_values != 0:
            return PadV2.build(tensor, paddings, constant_values, name=name)
        return Pad.build(tensor, paddings, name=name)
    if kind in ("REFLECT", "SYMMETRIC"):
        return MirrorPad.build(tensor, paddings, mode=kind, name=name)
    raise ValueError(located(f"Unknown padding mode: {mode}",
                             "It must be 'CONSTANT', 'REFLECT' or 'SYMMETRIC'."))
