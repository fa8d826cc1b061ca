"""Where windows lie on their input: TensorFlow's SAME, VALID and EXPLICIT arithmetic, in one place.

A window of k elements, r apart (`dilation`), covers an extent of (k - 1) * r + 1. It starts every
`stride` elements, from the padded front of the axis on. With SAME the padding is just enough for
ceil(n / stride) windows, the odd element going to the back; with VALID there is none.

    n = 5, k = 3, stride = 2, SAME       0 [a b c d e] 0       windows 0ab, bcd, de0: 3 results

`Windows` holds these numbers for some axes; `taps` says which input meets which result through each
element of the window, so that a kernel never needs a padded copy.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.frames import located
from flowgraph.errors import InvalidArgumentError, ShapeError

_AT_ONCE = 1 << 28  # bytes of a GPU
PADDINGS = ("SAME", "VALID", "EXPLICIT")


class Windows(NamedTuple):
    """Windows that slide over some axes; one entry per axis in each field.

    Args:
        sizes: elements of a window; None where it is not known.
        strides: distance from window to window.
        dilations: distance between the elements of a window.
        padding: "SAME", "VALID" or "EXPLICIT".
        explicit: (before, after) per axis; only for EXPLICIT.
    """

    sizes: tuple[Any, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str
    explicit: tuple[tuple[int, int], ...] = ()

    def results(self, shape: Any) -> tuple[Any, ...]:
        """How many windows there are along each axis of `shape`; None where it is not known."""
        return tuple(self._count(axis, n) for axis, n in enumerate(shape))

    def place(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """(results, (before, after) padding) along each axis, when a kernel runs."""
        try:
            counts = self.results(shape)
        except ShapeError as error:
            raise InvalidArgumentError(None, None, " ".join(str(a) for a in error.args)) from None
        return counts, tuple(self._pads(axis, n, counts[axis]) for axis, n in enumerate(shape))

    def taps(self, shape: tuple[int, ...]) -> list[list[tuple[slice, slice]]]:
        """Per axis and element of the window: (results that use it, the inputs that they use)."""
        counts, pads = self.place(shape)
        return [axis_taps(*numbers) for numbers in zip(
            shape, counts, self.sizes, self.strides, self.dilations, (p for p, _ in pads),
            strict=True)]

    def all_taps(self, shape: tuple[int, ...]) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
        """The taps of all axes together, in row-major order of the window."""
        return [(tuple(result for result, _ in tap), tuple(source for _, source in tap))
                for tap in itertools.product(*self.taps(shape))]

    def _extent(self, axis: int) -> int:
        return (self.sizes[axis] - 1) * self.dilations[axis] + 1

    def _count(self, axis: int, n: int | None) -> int | None:
        stride = self.strides[axis]
        if n is None or (self.sizes[axis] is None and self.padding != "SAME"):
            return None
        if self.padding == "SAME":
            return -(-n // stride)
        n += sum(self.explicit[axis]) if self.explicit else 0
        extent = self._extent(axis)
        if n < extent and extent > 1:  # an axis without a window, as batch, may be empty
            raise ShapeError(
                f"slides a window over {extent} elements along an axis of {n}",
                "With padding 'VALID' the input must be at least as large as the (dilated) window; "
                "use 'SAME' to pad it.")
        return (n - extent) // stride + 1

    def _pads(self, axis: int, n: int, count: int) -> tuple[int, int]:
        if self.padding == "EXPLICIT":
            return self.explicit[axis]
        if self.padding == "VALID":
            return 0, 0
        total = max((count - 1) * self.strides[axis] + self._extent(axis) - n, 0)
        return total // 2, total - total // 2


def axis_taps(n: int, count: int, size: int, stride: int, dilation: int,
              before: int) -> list[tuple[slice, slice]]:
    """For each element of the window: (results that use it, the inputs that they use)."""
    taps = []
    for element in range(size):
        offset = element * dilation - before  # of the input that result 0 uses
        first = max(0, -(offset // stride))
        last = min(count, (n - 1 - offset) // stride + 1)  # one past it
        if last <= first:
            taps.append((slice(0, 0), slice(0, 0)))
            continue
        start = offset + first * stride
        taps.append((slice(first, last), slice(start, start + (last - first - 1) * stride + 1,
                                               stride)))
    return taps


def image_tiles(count: int, bytes_each: int, budget: int = 1 << 21, xp: Any = np) -> list[slice]:
    """Slices of `count` images, of about `budget` bytes each, so that a slice fits the cache.

    A GPU, to which `xp` belongs, gets all images, unless they would take much of its memory.
    """
    if xp is not np:
        budget = _AT_ONCE
    step = max(1, budget // max(1, bytes_each))
    return [slice(i, min(count, i + step)) for i in range(0, count, step)]


def by_place(x: Any, pool: tuple[int, ...], first: int, at: int) -> Any:
    """A view that has the numbers by their place in windows that lie apart.

    Args:
        x: array.
        pool: sizes of the windows.
        first: the first of the axes that they slide over, each of which is cut in two.
        at: which axis of the view is the first one of places.
    """
    n = len(pool)
    split = [part for count, k in zip(x.shape[first:first + n], pool, strict=True)
             for part in (count // k, k)]
    end = first + 2 * n
    x = x.reshape(*x.shape[:first], *split, *x.shape[first + n:])
    return x.transpose(*range(at), *range(first + 1, end, 2), *range(at, first),
                       *range(first, end, 2), *range(end, x.ndim))


# -- the attributes of TensorFlow's ops --------------------------------------------------------

def spatial_axes(data_format: str) -> tuple[int, ...]:
    """The axes of `data_format` that windows slide over: (1, 2) for NHWC."""
    return tuple(i for i, letter in enumerate(data_format) if letter not in "NC")


def windows(sizes: Any, data_format: str, strides: Any, padding: str, dilations: Any = None,
            explicit_paddings: Any = ()) -> Windows:
    """The Windows over the spatial axes, from attributes that have an entry for every axis.

    Args:
        sizes: window size per spatial axis; None where it is not known.
        data_format: as "NHWC".
        strides, dilations: one number per axis of `data_format`; 1 for batch and channels.
        padding: "SAME", "VALID" or "EXPLICIT".
        explicit_paddings: (before, after) per axis, in one flat list.
    """
    axes = spatial_axes(data_format)
    dilations = dilations or (1,) * len(data_format)
    for what, values in (("strides", strides), ("dilations", dilations)):
        check_window_attribute(what, values, data_format)
        if any(values[i] != 1 for i in range(len(data_format)) if i not in axes):
            raise ShapeError(f"has {what} {list(values)}, which move along batch or channels",
                             f"Their entries for 'N' and 'C' of {data_format!r} must be 1.")
    check_padding(padding)
    explicit: tuple[tuple[int, int], ...] = ()
    if padding == "EXPLICIT":
        pairs = tuple(zip(explicit_paddings[::2], explicit_paddings[1::2], strict=True))
        if len(pairs) != len(data_format) or any(n < 0 for pair in pairs for n in pair) or any(
                pairs[i] != (0, 0) for i in range(len(data_format)) if i not in axes):
            raise ShapeError(f"has the explicit paddings {list(pairs)}",
                             f"It needs one pair of numbers >= 0 per axis of {data_format!r}, (0, "
                             "0) for batch and channels.")
        explicit = tuple(pairs[i] for i in axes)
    return Windows(tuple(sizes), tuple(strides[i] for i in axes),
                   tuple(dilations[i] for i in axes), padding, explicit)


def check_window_attribute(what: str, values: Any, data_format: str) -> None:
    """Raises unless `values` has a number >= 1 for every axis of `data_format`."""
    if len(values) != len(data_format):
        raise ShapeError(f"has {what} {list(values)}", f"It needs {len(data_format)} numbers, one "
                         f"per axis of {data_format!r}.")
    if any(n < 1 for n in values):
        raise ShapeError(f"has {what} {list(values)}; all must be 1 or more")


def check_padding(padding: str) -> None:
    """Raises unless `padding` is one that there is."""
    if padding not in PADDINGS:
        raise ShapeError(f"has padding {padding!r}", f"It must be one of {', '.join(PADDINGS)}.")


# -- the arguments of TensorFlow's functions ---------------------------------------------------

def per_axis(value: Any, data_format: str, what: str) -> list[int]:
    """An argument as `strides`, with one number per axis of `data_format`.

    Args:
        value: one number for all spatial axes, one per spatial axis, one per axis, or None for 1.
        data_format: as "NHWC".
        what: the argument's name, for the message.
    """
    rank = len(data_format)
    if value is None:
        return [1] * rank
    values = [int(n) for n in value] if hasattr(value, "__len__") else [int(value)]
    if len(values) == rank:
        return values
    if len(values) == 1:
        values *= rank - 2
    if len(values) != rank - 2:
        raise ValueError(located(f"{what} should be of length 1, {rank - 2} or {rank}, but is "
                                 f"{value!r}"))
    given = iter(values)
    return [1 if letter in "NC" else next(given) for letter in data_format]


def padding_attributes(padding: Any) -> dict[str, Any]:
    """The attributes for a `padding` argument: a name, or a (before, after) pair per axis."""
    if isinstance(padding, str):
        return {"padding": padding}
    if padding is None:
        raise ValueError(located("padding must be 'SAME', 'VALID', or a list of (before, after) "
                                 "pairs"))
    try:
        flat = [int(n) for before, after in padding for n in (before, after)]
    except (TypeError, ValueError):
        raise ValueError(located("padding must be 'SAME', 'VALID', or a list of (before, after) "
                                 f"pairs, one per axis, not {padding!r}")) from None
    return {"padding": "EXPLICIT", "explicit_paddings": flat}
