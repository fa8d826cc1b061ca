"""The gradient of a maximum over windows, for NumPy: every element of a window is one shift.

Windows that start every s elements meet element j of theirs at the places j, j + s, j + 2 s. So the
images are first laid out in s phases along each axis, phase f with the places f, f + s, f + 2 s:

    a b c d e f g, s = 2      phase 0: a c e g      phase 1: b d f -

Element j of all windows then is phase j mod s, shifted by j // s; and where the results are laid
out with as many places as a phase, it is so over all axes and images at once. Each step is one
call on contiguous memory, in place of calls on rows of a few elements.
"""

from __future__ import annotations

import itertools
from functools import partial
from math import prod
from typing import Any

import numpy as np

from flowgraph.core.pool import side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.padding import Windows, image_tiles

_TILE = 1 << 19  # bytes of images that are worked on at a time, about
_LEAST = 1 << 19  # bytes of images that are worth it


def pays(xp: Any, x: Any, place: Windows) -> bool:
    """Whether `to_first` can take these images, and is quicker than tap by tap.

    Padding must equal nothing, and only a NaN does not; windows that lie apart have no sums.

    Args:
        xp: the array module.
        x: the images.
        place: the windows.
    """
    return (xp is np and x.dtype.kind == "f" and x.nbytes >= _LEAST
            and place.sizes[0] == place.strides[0] == 1
            and any(k > s for k, s in zip(place.sizes, place.strides, strict=True)))


def to_first(x: Any, y: Any, dy: Any, place: Windows) -> Any:
    """dx where each dy stands at the first maximum of its window.

    Args:
        x: the images.
        y: the maxima of the windows.
        dy: their gradients.
        place: the windows.
    """
    dx = np.zeros(x.shape, dy.dtype)
    layout = _Layout(x.shape, place)
    tiles = image_tiles(x.shape[0], x.nbytes // x.shape[0], _TILE)
    side_by_side(np, [partial(_images, layout, x[tile], y[tile], dy[tile], dx[tile])
                      for tile in tiles])
    return dx


class _Layout:
    """Where the phases lie.

    Attributes:
        sizes: of a phase of one image, large enough for the furthest shift of the last window.
        phases: per phase and axis, (slice of the image, slice of the phase).
        taps: (phase, shift) of the elements of a window, in row-major order.
        furthest: the largest shift.
        padded: whether windows reach into padding.
        results: where the results lie in a phase.
    """

    def __init__(self, shape: tuple[int, ...], place: Windows) -> None:
        counts, pads = place.place(shape)
        axes = range(1, len(shape))
        self.sizes = tuple(counts[a] + (place.sizes[a] - 1) // place.strides[a] for a in axes)
        used = [range(min(place.sizes[a], place.strides[a])) for a in axes]
        self.phases = [
            tuple(_phase(shape[a], size, f, place.strides[a], pads[a][0])
                  for a, size, f in zip(axes, self.sizes, phase, strict=True))
            for phase in itertools.product(*used)]
        number = {phase: i for i, phase in enumerate(itertools.product(*used))}
        steps = [prod(self.sizes[i + 1:]) for i in range(len(self.sizes))]
        self.taps = []
        for tap in itertools.product(*(range(place.sizes[a]) for a in axes)):
            parts = [divmod(j, place.strides[a]) for a, j in zip(axes, tap, strict=True)]
            self.taps.append((number[tuple(f for _, f in parts)],
                              sum(q * step for (q, _), step in zip(parts, steps, strict=True))))
        self.furthest = max(shift for _, shift in self.taps)
        self.padded = any(map(any, pads))
        self.results = (slice(None), *(slice(0, counts[a]) for a in axes))


def _phase(n: int, size: int, phase: int, stride: int, before: int) -> tuple[slice, slice]:
    """(elements of an axis of n, places of a phase of `size`) that belong together."""
    first = (phase - before) % stride
    at = (first + before) // stride
    count = max(0, min(-(-(n - first) // stride), size - at))
    return slice(first, first + count * stride, stride), slice(at, at + count)


def _images(layout: _Layout, x: Any, y: Any, dy: Any, dx: Any) -> None:
    shape = (x.shape[0], *layout.sizes)
    each = prod(shape)
    length = each - layout.furthest
    bits = np.dtype(f"i{dy.itemsize}")
    with Scratch(np) as scratch:
        images = scratch.empty((len(layout.phases), *shape), x.dtype)
        sums = scratch.empty((len(layout.phases), each), dy.dtype)
        ys, dys = scratch.empty(shape, y.dtype), scratch.empty(shape, dy.dtype)
        left = scratch.empty(shape, np.dtype(bool))  # windows whose maximum is not found yet
        hit, mask = scratch.empty((length,), left.dtype), scratch.empty((length,), bits)
        if layout.padded:
            images.fill(np.nan)
        for phase, places in zip(images, layout.phases, strict=True):
            phase[_inside(places, 1)] = x[_inside(places, 0)]
        ys[layout.results] = y
        np.add(dy, 0, out=dys[layout.results])  # a sum never is -0, as that from 0 on
        left.fill(False)
        left[layout.results] = True
        xs, ys, left = images.reshape(-1, each), ys.reshape(-1)[:length], left.reshape(-1)[:length]
        grads = dys.reshape(-1)[:length].view(bits)
        for phase, shift in layout.taps:
            np.equal(xs[phase, shift:shift + length], ys, out=hit)
            np.bitwise_and(hit, left, out=hit)
            np.bitwise_xor(left, hit, out=left)
            number = hit.view(np.int8)
            np.negative(number, out=number)  # -1, as a number all bits of which are set
            into = mask if shift else sums[phase, :length].view(bits)  # the first of its phase
            np.copyto(into, number)
            np.bitwise_and(into, grads, out=into)
            if shift:
                sums[phase, shift:shift + length] += mask.view(dy.dtype)
            else:
                sums[phase, length:] = 0
        for phase, places in zip(sums.reshape(images.shape), layout.phases, strict=True):
            dx[_inside(places, 0)] = phase[_inside(places, 1)]


def _inside(places: tuple[tuple[slice, slice], ...], which: int) -> tuple[slice, ...]:
    return (slice(None), *(pair[which] for pair in places))
