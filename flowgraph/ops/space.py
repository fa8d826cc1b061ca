"""Blocks of space moved into the batch or the channels, and back.

Each op cuts its spatial axes into blocks by a reshape, moves the axes that count inside a block by
a transpose, and merges them into the batch (or the channels) by another reshape. The gradient of
each is the op that undoes it.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, is_known
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.join import stack


class SpaceToBatchND(OpDef):
    """`input` with its axes 1 to m padded, cut into blocks, and the blocks put into the batch."""

    dtypes = {"block_shape": "Tblock_shape", "paddings": "Tpaddings"}
    Tblock_shape = dt.INDEX
    Tpaddings = dt.INDEX
    host_inputs = ("block_shape", "paddings")
    aliases = ("input",)

    def infer(self, input, block_shape, paddings):
        blocks, pairs = _blocks(input, block_shape, paddings, "paddings")
        if input.shape is None or blocks is None:
            return Spec(input.dtype, None)
        sizes = list(input.shape)
        for axis, (block, pair) in enumerate(zip(blocks, pairs), 1):
            known = None not in (sizes[axis], block, *pair)
            padded = sizes[axis] + sum(pair) if known else None
            if known and padded % block:
                raise ShapeError(f"cannot cut {shape_text(input.shape)} into blocks of {blocks}",
                                 f"Axis {axis} has size {padded} with its padding, which is no "
                                 f"multiple of {block}.")
            sizes[axis] = padded // block if known else None
        sizes[0] = None if None in (sizes[0], *blocks) else sizes[0] * math.prod(blocks)
        return Spec(input.dtype, tuple(sizes))

    def kernel(self, xp, input, block_shape, paddings):
        return _space_to_batch(xp, input, block_shape, paddings)

    def grad(self, op, dy):
        return BatchToSpaceND.build(dy, op.inputs[1], op.inputs[2]), None, None


class BatchToSpaceND(OpDef):
    """The blocks in `input`'s batch put back side by side on axes 1 to m, then cropped."""

    dtypes = {"block_shape": "Tblock_shape", "crops": "Tcrops"}
    Tblock_shape = dt.INDEX
    Tcrops = dt.INDEX
    host_inputs = ("block_shape", "crops")
    aliases = ("input",)

    def infer(self, input, block_shape, crops):
        blocks, pairs = _blocks(input, block_shape, crops, "crops")
        if input.shape is None or blocks is None:
            return Spec(input.dtype, None)
        sizes = list(input.shape)
        for axis, (block, pair) in enumerate(zip(blocks, pairs), 1):
            known = None not in (sizes[axis], block, *pair)
            sizes[axis] = sizes[axis] * block - sum(pair) if known else None
            if known and sizes[axis] < 0:
                raise ShapeError(f"cannot crop axis {axis} of {shape_text(input.shape)} in blocks "
                                 f"of {blocks} by {pair}", "The crops are wider than the axis.")
        if None in (sizes[0], *blocks):
            sizes[0] = None
        elif sizes[0] % math.prod(blocks):
            raise ShapeError(f"cannot put a batch of {sizes[0]} together in blocks of {blocks}",
                             f"The batch must be a multiple of {math.prod(blocks)}.")
        else:
            sizes[0] //= math.prod(blocks)
        return Spec(input.dtype, tuple(sizes))

    def kernel(self, xp, input, block_shape, crops):
        return _batch_to_space(input, block_shape, crops)

    def grad(self, op, dy):
        return SpaceToBatchND.build(dy, op.inputs[1], op.inputs[2]), None, None


def _blocks(input, block_shape, pairs, what):
    """The block sizes and the (before, after) pairs, as far as known; None without their number."""
    shape_rules.require_rank(block_shape, 1, "a block_shape")
    shape_rules.require_rank(pairs, 2, what)
    counts = [spec.shape[0] for spec in (block_shape, pairs) if spec.shape is not None]
    known = {n for n in counts if n is not None}
    if len(known) > 1 or (pairs.shape is not None and pairs.shape[1] not in (2, None)):
        raise ShapeError(f"needs {what} of shape {shape_text((*counts[:1], 2))}, got "
                         f"{shape_text(pairs.shape)}", "There must be one pair for each "
                         "block size.")
    if not known:
        return None, None
    m = known.pop()
    shape_rules.require_rank_at_least(input, m + 1, "an input")
    blocks = block_shape.value or (None,) * m
    ends = shape_rules.static_pairs(pairs, m)
    if any(b is not None and b < 1 for b in blocks):
        raise ShapeError(f"has the block_shape {blocks}", "Block sizes must be positive.")
    if any(n is not None and n < 0 for pair in ends for n in pair):
        raise ShapeError(f"has the {what} {ends}", "They must not be negative.")
    return blocks, ends


def _check(ok, problem):
    if not ok:
        raise InvalidArgumentError(None, None, problem)


def _space_to_batch(xp, x, blocks, paddings):
    m = len(blocks)
    _check(min(blocks, default=1) > 0 and all(n >= 0 for pair in paddings for n in pair),
           "block sizes must be positive, and paddings not negative")
    if any(n for pair in paddings for n in pair):
        x = xp.pad(x, ((0, 0), *paddings, *((0, 0),) * (x.ndim - m - 1)))
    n, sizes, rest = x.shape[0], x.shape[1:m + 1], x.shape[m + 1:]
    _check(not any(s % b for s, b in zip(sizes, blocks)),
           f"the padded sizes {sizes} are no multiples of the block sizes {blocks}")
    cut = [part for s, b in zip(sizes, blocks) for part in (s // b, b)]
    order = (*range(2, 2 * m + 1, 2), 0, *range(1, 2 * m, 2), *range(2 * m + 1, x.ndim + m))
    return x.reshape((n, *cut, *rest)).transpose(order).reshape(
        (n * math.prod(blocks), *cut[::2], *rest))


def _batch_to_space(x, blocks, crops):
    m, count = len(blocks), math.prod(blocks)
    _check(min(blocks, default=1) > 0 and all(n >= 0 for pair in crops for n in pair),
           "block sizes must be positive, and crops not negative")
    _check(x.shape[0] % count == 0, f"the batch {x.shape[0]} is no multiple of {count}")
    n, sizes, rest = x.shape[0] // count, x.shape[1:m + 1], x.shape[m + 1:]
    whole = [s * b for s, b in zip(sizes, blocks)]
    _check(all(sum(pair) <= s for s, pair in zip(whole, crops)),
           f"the crops {crops} are wider than the sizes {tuple(whole)}")
    order = [m, *(axis for k in range(m) for axis in (m + 1 + k, k)),
             *range(2 * m + 1, x.ndim + m)]
    joined = x.reshape((*blocks, n, *sizes, *rest)).transpose(order).reshape((n, *whole, *rest))
    return joined[(slice(None), *(slice(before, s - after)
                                  for s, (before, after) in zip(whole, crops)))]


def space_to_batch_nd(input, block_shape, paddings, name=None):
    """Cuts space into blocks and puts the positions inside a block into the batch.

    Args:
        input: tensor [batch, space_1, ..., space_m, ...].
        block_shape: [m] integer tensor, the size of a block along each spatial axis.
        paddings: [m, 2] integer tensor, zeros put before and after each spatial axis first.
        name: name of the node.

    Returns:
        A tensor [batch * prod(block_shape), padded_1 / block_1, ..., ...].

    Raises:
        ValueError: a padded size is no multiple of its block, and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.space_to_batch_nd([[1, 2, 3, 4]], [2], [[0, 0]]))
        array([[1, 3],
               [2, 4]], dtype=int32)
    """
    return SpaceToBatchND.build(input, block_shape, paddings, name=name)


def batch_to_space_nd(input, block_shape, crops, name=None):
    """Puts blocks from the batch back into space; undoes `space_to_batch_nd`.

    Args:
        input: tensor [batch, space_1, ..., space_m, ...].
        block_shape: [m] integer tensor, the size of a block along each spatial axis.
        crops: [m, 2] integer tensor, what to cut off before and after each axis at the end.
        name: name of the node.

    Raises:
        ValueError: the batch is no multiple of prod(block_shape), and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.batch_to_space_nd([[1, 3], [2, 4]], [2], [[0, 1]]))
        array([[1, 2, 3]], dtype=int32)
    """
    return BatchToSpaceND.build(input, block_shape, crops, name=name)


def space_to_batch(input, paddings, block_size=None, name=None, block_shape=None):
    """Cuts images into square blocks and puts the positions inside a block into the batch.

    Args:
        input: tensor [batch, height, width, depth].
        paddings: [2, 2] integer tensor of zeros to put around height and width first.
        block_size: the side of a block, an int.
        name: name of the node.
        block_shape: newer name of `block_size`.

    Example:
        >>> import flowgraph as fg
        >>> fg.space_to_batch(fg.zeros([1, 4, 4, 3]), [[0, 0], [0, 0]], 2).shape.as_list()
        [4, 2, 2, 3]
    """
    result = SpaceToBatchND.build(input, _square(block_size, block_shape), paddings, name=name)
    result.set_shape([None] * 4)
    return result


def batch_to_space(input, crops, block_size, name=None, block_shape=None):
    """Puts square blocks from the batch back into images; undoes `space_to_batch`.

    Args:
        input: tensor [batch, height, width, depth].
        crops: [2, 2] integer tensor, what to cut off around height and width at the end.
        block_size: the side of a block, an int.
        name: name of the node.
        block_shape: newer name of `block_size`.

    Example:
        >>> import flowgraph as fg
        >>> fg.batch_to_space(fg.zeros([4, 2, 2, 3]), [[0, 0], [0, 0]], 2).shape.as_list()
        [1, 4, 4, 3]
    """
    result = BatchToSpaceND.build(input, _square(block_size, block_shape), crops, name=name)
    result.set_shape([None] * 4)
    return result


def _square(block_size, block_shape):
    block_size = either("block_shape", block_shape, "block_size", block_size)
    return np.array([block_size, block_size], np.int64)


def required_space_to_batch_paddings(input_shape, block_shape, base_paddings=None, name=None):
    """The paddings that `space_to_batch_nd` needs for blocks to come out even.

    Args:
        input_shape: [m] int32 tensor, the spatial sizes.
        block_shape: [m] int32 tensor.
        base_paddings: [m, 2] int32 tensor of paddings wanted at least; default zeros.
        name: name scope.

    Returns:
        (paddings, crops): for `space_to_batch_nd`, and for `batch_to_space_nd` afterwards.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.required_space_to_batch_paddings([5], [2]))
        (array([[0, 1]], dtype=int32), array([[0, 1]], dtype=int32))
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        sizes = convert_to_tensor(input_shape, dt.int32, name="input_shape")
        blocks = convert_to_tensor(block_shape, dt.int32, name="block_shape")
        m = blocks.spec.shape[0] if len(blocks.spec.shape or ()) == 1 else None
        if m is None:
            raise ShapeError(located("required_space_to_batch_paddings needs a block_shape of rank "
                                     f"1 and known length, got {shape_text(blocks.spec.shape)}",
                                     section="shape-error"))
        if base_paddings is None:
            base_paddings = np.zeros((m, 2), np.int32)
        base = convert_to_tensor(base_paddings, dt.int32, name="base_paddings")
        known = [known_value(t) for t in (sizes, blocks, base)]
        if all(is_known(value) for value in known):
            n, b, pairs = (np.array(value, np.int32) for value in known)
            start, end = pairs.reshape(m, 2).T
            extra = -(n + start + end) % b
            found = (np.stack([start, end + extra], 1), np.stack([0 * extra, extra], 1))
            return (convert_to_tensor(found[0], name="paddings"),
                    convert_to_tensor(found[1], name="crops"))
        start, end = base[:, 0], base[:, 1]
        extra = (blocks - (sizes + start + end) % blocks) % blocks
        return (stack([start, end + extra], 1, name="paddings"),
                stack([extra - extra, extra], 1, name="crops"))


# ---- space and depth -----------------------------------------------------------------------------

_FORMATS = ("NHWC", "NCHW")


class SpaceToDepth(OpDef):
    """Each `block_size` x `block_size` block of an image becomes one pixel, its channels joined."""

    aliases = ("input",)

    def infer(self, input, *, block_size, data_format="NHWC"):
        n, h, w, c = _image(input, block_size, data_format)
        for size in (h, w):
            if size is not None and size % block_size:
                raise ShapeError(f"cannot cut {shape_text(input.shape)} into blocks of "
                                 f"{block_size} x {block_size}",
                                 f"{size} is no multiple of {block_size}.")
        h, w = (None if s is None else s // block_size for s in (h, w))
        c = None if c is None else c * block_size * block_size
        return Spec(input.dtype, (n, h, w, c) if data_format == "NHWC" else (n, c, h, w))

    def kernel(self, xp, input, *, block_size, data_format="NHWC"):
        return _space_to_depth(input, block_size, data_format)

    def grad(self, op, dy):
        return DepthToSpace.build(dy, **op.attrs)


class DepthToSpace(OpDef):
    """Each pixel becomes a `block_size` x `block_size` block, its channels shared out."""

    aliases = ("input",)

    def infer(self, input, *, block_size, data_format="NHWC"):
        n, h, w, c = _image(input, block_size, data_format)
        if c is not None and c % (block_size * block_size):
            raise ShapeError(f"cannot share out the channels of {shape_text(input.shape)} to "
                             f"blocks of {block_size} x {block_size}",
                             f"{c} is no multiple of {block_size * block_size}.")
        h, w = (None if s is None else s * block_size for s in (h, w))
        c = None if c is None else c // (block_size * block_size)
        return Spec(input.dtype, (n, h, w, c) if data_format == "NHWC" else (n, c, h, w))

    def kernel(self, xp, input, *, block_size, data_format="NHWC"):
        return _depth_to_space(input, block_size, data_format)

    def grad(self, op, dy):
        return SpaceToDepth.build(dy, **op.attrs)


def _image(input, block_size, data_format):
    """The sizes (n, h, w, c) of an image batch, as far as known."""
    if data_format not in _FORMATS:
        raise ShapeError(f"has data_format {data_format!r}", f"It must be one of {_FORMATS}.")
    if block_size < 2:
        raise ShapeError(f"has block_size {block_size}", "It must be 2 or more.")
    shape_rules.require_rank(input, 4, "images")
    n, a, b, c = input.shape or (None,) * 4
    return (n, a, b, c) if data_format == "NHWC" else (n, b, c, a)


def _space_to_depth(x, k, data_format):
    n, h, w, c = x.shape if data_format == "NHWC" else (x.shape[i] for i in (0, 2, 3, 1))
    _check(h % k == 0 and w % k == 0, f"the sizes {h} and {w} are no multiples of {k}")
    if data_format == "NHWC":
        return x.reshape((n, h // k, k, w // k, k, c)).transpose((0, 1, 3, 2, 4, 5)).reshape(
            (n, h // k, w // k, k * k * c))
    return x.reshape((n, c, h // k, k, w // k, k)).transpose((0, 3, 5, 1, 2, 4)).reshape(
        (n, k * k * c, h // k, w // k))


def _depth_to_space(x, k, data_format):
    n, h, w, c = x.shape if data_format == "NHWC" else (x.shape[i] for i in (0, 2, 3, 1))
    _check(c % (k * k) == 0, f"the {c} channels are no multiple of {k * k}")
    if data_format == "NHWC":
        return x.reshape((n, h, w, k, k, c // (k * k))).transpose((0, 1, 3, 2, 4, 5)).reshape(
            (n, h * k, w * k, c // (k * k)))
    return x.reshape((n, k, k, c // (k * k), h, w)).transpose((0, 3, 4, 1, 5, 2)).reshape(
        (n, c // (k * k), h * k, w * k))


def space_to_depth(input, block_size, name=None, data_format="NHWC"):
    """Moves square blocks of pixels into the channels.

    Args:
        input: images [batch, height, width, depth], or [batch, depth, height, width].
        block_size: the side of a block, an int of 2 or more.
        name: name of the node.
        data_format: "NHWC" or "NCHW".

    Raises:
        ValueError: height or width is no multiple of block_size, and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.space_to_depth([[[[1], [2]], [[3], [4]]]], 2))
        array([[[[1, 2, 3, 4]]]], dtype=int32)
    """
    return SpaceToDepth.build(input, block_size=block_size, data_format=data_format, name=name)


def depth_to_space(input, block_size, name=None, data_format="NHWC"):
    """Spreads channels out to square blocks of pixels; undoes `space_to_depth`.

    Args:
        input: images [batch, height, width, depth], or [batch, depth, height, width].
        block_size: the side of a block, an int of 2 or more.
        name: name of the node.
        data_format: "NHWC" or "NCHW".

    Raises:
        ValueError: depth is no multiple of block_size ** 2, and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.depth_to_space(fg.zeros([1, 2, 3, 8]), 2).shape.as_list()
        [1, 4, 6, 2]
    """
    return DepthToSpace.build(input, block_size=block_size, data_format=data_format, name=name)
