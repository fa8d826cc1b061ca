"""Resampling along one axis: which of n old places make each of m new ones, with which weights.

The tables depend on sizes alone, so they are made once with NumPy and kept. A resize of an image is
one table for its rows and one for its columns, both applied with gathers:

    bilinear, 3 -> 6     new place  0    1    2    3    4    5
                         lower      0    0    1    1    2    2
                         upper      0    1    1    2    2    2
                         lerp       0   .5    0   .5    0   .5

The gradient goes the other way: it adds each new place to the old ones it was made of. All
coordinates are float32, as TensorFlow computes them: a rounded one decides which pixel is taken.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from flowgraph.core.scratch import Scratch

_F = np.float32
_SHORT_RUN = 16  # channels
_TILE = 1 << 16  # numbers of the images made at once
_LARGE = 1 << 17  # numbers of images whose memory the system hands out page by page
_CUBIC_STEPS = 1024  # fractions of a pixel for which cubic weights are tabulated, as in TensorFlow


def scale(n, m, align_corners):
    """How many old places there are to a new one."""
    return _F(n - 1) / _F(m - 1) if align_corners and m > 1 else _F(n) / _F(m)


def _coordinates(n, m, align_corners, half_pixel_centers):
    """Where each new place lies among the old ones, in float32."""
    places = np.arange(m, dtype=_F)
    if half_pixel_centers:
        return (places + _F(0.5)) * scale(n, m, align_corners) - _F(0.5)
    return places * scale(n, m, align_corners)


@lru_cache(maxsize=256)
def nearest(n, m, align_corners, half_pixel_centers):
    """The old place for each new one; halves round up with align_corners."""
    places = np.arange(m, dtype=_F) + _F(0.5 if half_pixel_centers else 0)
    at = (places * scale(n, m, align_corners)).astype(np.float64)
    return _frozen(np.minimum(np.floor(at + 0.5 if align_corners else at).astype(np.intp), n - 1))


@lru_cache(maxsize=256)
def bilinear(n, m, align_corners, half_pixel_centers):
    """(lower, upper, lerp): the two old places on both sides, and how far to go from one to the
    other.
    """
    at = _coordinates(n, m, align_corners, half_pixel_centers)
    lower = np.floor(at)
    return (_frozen(np.clip(lower.astype(np.intp), 0, n - 1)),
            _frozen(np.clip(np.ceil(at).astype(np.intp), 0, n - 1)), _frozen(at - lower))


@lru_cache(maxsize=256)
def bicubic(n, m, align_corners, half_pixel_centers):
    """(places, weights) of shape (4, m): cubic convolution over four old places.

    With half_pixel_centers the curve is Keys' (a = -0.5), and places outside have no weight;
    without, a = -0.75 and the edge stands for them.
    """
    at = _coordinates(n, m, align_corners, half_pixel_centers)
    low = np.floor(at)
    step = np.rint((at - low) * _F(_CUBIC_STEPS)).astype(np.intp)
    near, far = _cubic(-0.5 if half_pixel_centers else -0.75)
    weights = np.stack([far[step], near[step], near[_CUBIC_STEPS - step], far[_CUBIC_STEPS - step]])
    wanted = low.astype(np.intp) + np.arange(-1, 3)[:, None]
    places = np.clip(wanted, 0, n - 1)
    if half_pixel_centers:
        weights = np.where(places == wanted, weights, _F(0))
        total = weights[0] + weights[1] + weights[2] + weights[3]
        weights = weights * (_F(1) / np.where(total == 0, _F(1), total))
    return _frozen(places), _frozen(weights)


@lru_cache(maxsize=2)
def _cubic(a):
    """The cubic's weights at distances 0..1 and 1..2, in steps."""
    x = np.arange(_CUBIC_STEPS + 1) / _CUBIC_STEPS
    far = x + 1
    return ((((a + 2) * x - (a + 3)) * x * x + 1).astype(_F),
            (((a * far - 5 * a) * far + 8 * a) * far - 4 * a).astype(_F))


def area_scale(n, m, align_corners):
    """`scale`, but never 0: a single pixel with aligned corners covers every new one a little."""
    return scale(n, m, align_corners) or _F(1e-6)


@lru_cache(maxsize=256)
def area(n, m, align_corners):
    """[(new places, old places, weights)]: round t has the t-th old place that each new one covers.

    The weight is the part of the old place that is covered; they sum up to the scale.
    """
    wide = area_scale(n, m, align_corners)
    start, end = np.arange(m, dtype=_F) * wide, np.arange(1, m + 1, dtype=_F) * wide
    first, last = np.floor(start).astype(np.intp), np.ceil(end).astype(np.intp)
    rounds = []
    for t in range(int((last - first).max(initial=0))):
        new = np.flatnonzero(first + t < last)
        old, a, b = first[new] + t, start[new], end[new]
        weights = np.where(old < a, np.where(old + 1 > b, wide, old + 1 - a),
                           np.where(old + 1 > b, b - old, 1.0))
        rounds.append((_frozen(new), _frozen(np.minimum(old, n - 1)),
                       _frozen(weights.astype(_F))))
    return rounds


@lru_cache(maxsize=256)
def backward(kind, n, m, align_corners, half_pixel_centers):
    """[(old places, new places, weights)] for the transpose of a resize from n to m places.

    Round t has the t-th new place that each old one went into, so that no old place comes twice.
    """
    if kind == "nearest":
        places = nearest(n, m, align_corners, half_pixel_centers)[None]
        weights = np.ones((1, m), _F)
    elif kind == "bilinear":
        lower, upper, lerp = bilinear(n, m, align_corners, half_pixel_centers)
        places, weights = np.stack([lower, upper]), np.stack([1 - lerp, lerp])
    else:
        places, weights = bicubic(n, m, align_corners, half_pixel_centers)
    old, new = places.reshape(-1), np.tile(np.arange(m), len(places))
    order = np.argsort(old, kind="stable")
    old, new, weights = old[order], new[order], weights.reshape(-1)[order]
    turn = np.arange(old.size) - np.searchsorted(old, old)  # the how manieth of its old place
    return [tuple(_frozen(part[turn == t]) for part in (old, new, weights))
            for t in range(int(turn.max(initial=-1)) + 1)]


def _frozen(array):
    """The table is shared by all runs."""
    array.flags.writeable = False
    return array


def by_images(xp, resized, images, size):
    """Images in another size, a few at a time, so that what is made on the way stays in the cache.

    Images of few channels gain nothing.

    Args:
        resized: function of some of the images [batch, rows, columns, depth] that resizes them,
            in their dtype.
        size: (rows, columns) of the result.
    """
    step = max(1, _TILE // max(1, math.prod(size) * images.shape[3]))
    if xp is not np or step >= len(images) or images.shape[3] < _SHORT_RUN:
        return resized(images)
    result = np.empty((len(images), *size, images.shape[3]), images.dtype)
    for start in range(0, len(images), step):
        result[start:start + step] = resized(images[start:start + step])
    return result


# ---- applying a table ----------------------------------------------------------------------------


class _Axis:
    """Gathers along one axis of images, and weights for them, on a flat view of the images.

    Few channels make short runs that NumPy copies slowly one by one: they are gathered one by one
    number instead, along the merged axis (bilinear gradient of 8 x 256 x 256 x 3 from 224 x 224:
    157 -> 50 ms).
    """

    def __init__(self, xp, x, axis):
        self.xp, self.outer, self.rest = xp, x.shape[:axis], x.shape[axis + 1:]
        self.lead, self.inner = math.prod(self.outer), math.prod(self.rest)
        self.merged = self.inner < _SHORT_RUN
        self.x = x.reshape(self.flat(x.shape[axis]))

    def flat(self, n):
        """The shape of the flat view of n places."""
        return (self.lead, n * self.inner) if self.merged else (self.lead, n, self.inner)

    def places(self, places):
        """Where places are on the flat axis."""
        if self.merged and self.inner != 1:
            places = (places[:, None] * self.inner + np.arange(self.inner)).reshape(-1)
        return self.xp.asarray(places)

    def take(self, places, scratch=None):
        """The places of x, as a new array, or in memory for a while."""
        if self.xp is not np:
            return self.xp.take(self.x, self.places(places), axis=1)
        room = scratch and scratch.empty(self.flat(len(places)), self.x.dtype)
        # a half or a third of the time: no place is looked at for each run
        return np.take(self.x, self.places(places), axis=1, mode="clip", out=room)

    def weights(self, weights):
        """Weights of places, to be multiplied with what was taken."""
        weights = weights.astype(self.x.dtype, copy=False)
        return self.xp.asarray(np.repeat(weights, self.inner) if self.merged else weights[:, None])

    def image(self, result):
        """The flat view as images again."""
        return result.reshape((*self.outer, result.shape[1] // (self.inner or 1) if self.merged
                               else result.shape[1], *self.rest))


def summed(xp, x, axis, n, rounds):
    """n places along `axis`: each the sum of weighted places of x, which `rounds` tell.

    Args:
        rounds: list of (places of the result, places of x, weights).
    """
    along = _Axis(xp, x, axis)
    result = xp.zeros(along.flat(n), x.dtype)
    for to, places, weights in rounds:
        part = along.take(places)
        if x.dtype.kind == "f":
            part *= along.weights(weights)
        if len(to) == n:
            result += part
        else:
            result[:, along.places(to)] += part
    return along.image(result)


def mixed(xp, x, axis, places, weights):
    """Each new place along `axis` as a weighted sum of a few old ones."""
    along, result = _Axis(xp, x, axis), None
    for old, weight in zip(places, weights, strict=True):
        part = along.take(old)
        part *= along.weights(weight)
        result = part if result is None else xp.add(result, part, out=result)
    return along.image(result)


def lerped_both(xp, images, columns, rows):
    """Images in another size, each pixel between the four around it.

    Args:
        columns, rows: (lower, upper, lerp) along each axis.
    """
    if xp is not np or images.shape[3] >= _SHORT_RUN or images.size < _LARGE:
        return _lerped(xp, _lerped(xp, images, 2, *columns), 1, *rows)
    with Scratch(xp) as scratch:  # fresh memory of this size can take longer than the work
        return _lerped(xp, _lerped(xp, images, 2, *columns, scratch, scratch), 1, *rows, scratch)


def _lerped(xp, x, axis, lower, upper, lerp, scratch=None, for_result=None):
    """Each new place along `axis` between two old ones; in memory for a while if it is given."""
    along = _Axis(xp, x, axis)
    low, way = along.take(lower, scratch), along.take(upper, for_result)
    way -= low
    way *= along.weights(lerp)
    way += low
    return along.image(way)
