"""Fractional pooling: windows of random sizes, so that an image shrinks by a factor as 1.44.

The rows and the columns of an image are cut at random places into cells that differ by one in size;
each cell of rows and columns is pooled. With `overlapping`, a cell also holds the first row and
column of the next.

    places  0 . 1 . . 3 . 4 . . 6        sizes 1, 2, 1, 2: six rows become four

Graham, "Fractional Max-Pooling" (2014), has two ways to draw the places: all orders of the sizes
are equally likely ("random"), or they follow a line with a random start ("pseudo random").
"""

from __future__ import annotations

import math
from collections import namedtuple
from itertools import product

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError, UnimplementedError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops import philox
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.philox import PhiloxState
from flowgraph.ops.shape import shape

_POOLED = dt.DTypeSet("float32, float64, int32 or int64",
                      (dt.float32, dt.float64, dt.int32, dt.int64))
_INT64 = dt.DTypeSet("int64", (dt.int64,))
_CUTS = ("row_pooling_sequence", "col_pooling_sequence")

FractionalPoolResult = namedtuple(
    "FractionalPoolResult", ("output", "row_pooling_sequence", "col_pooling_sequence"))


class _FractionalPool(OpDef, abstract=True):
    """(pooled images, where rows are cut, where columns are cut)."""

    T = _POOLED
    effects = "random"
    multiple = True

    def create_state(self, attrs):
        """The Session's random stream of one node."""
        return PhiloxState.from_seeds(attrs["seed"], attrs["seed2"])

    def infer(self, value, *, pooling_ratio, pseudo_random=False, overlapping=False,
              deterministic=False, seed=0, seed2=0):
        shape_rules.require_rank(value, 4, "images")
        if len(pooling_ratio) != 4 or min(pooling_ratio) < 1:
            raise ShapeError(f"has pooling_ratio {list(pooling_ratio)}",
                             "Write [1.0, rows, columns, 1.0], each 1 or more.")
        sizes = [None if n is None else _shrunk(n, ratio)
                 for n, ratio in zip(value.shape or (None,) * 4, pooling_ratio, strict=True)]
        cuts = [None if n is None else n + 1 for n in sizes[1:3]]
        return (Spec(value.dtype, tuple(sizes)), Spec(dt.int64, (cuts[0],)),
                Spec(dt.int64, (cuts[1],)))


class FractionalMaxPool(_FractionalPool):
    """The largest element of each cell."""

    def kernel(self, xp, value, *, pooling_ratio, pseudo_random=False, overlapping=False,
               deterministic=False, seed=0, seed2=0, state):
        rows, columns = _cuts(value.shape, pooling_ratio, pseudo_random, deterministic,
                              seed or seed2, state)
        return (_largest(xp, value, rows, columns, overlapping), xp.asarray(rows, dtype="int64"),
                xp.asarray(columns, dtype="int64"))

    def grad(self, op, dy, _rows, _columns):
        return FractionalMaxPoolGrad.build(op.inputs[0], op.outputs[0], dy, op.outputs[1],
                                           op.outputs[2], overlapping=op.attrs["overlapping"])


class FractionalMaxPoolGrad(OpDef):
    """Each dy at the first largest element of its cell."""

    dtypes = dict.fromkeys(_CUTS, _INT64)
    T = _POOLED
    host_inputs = _CUTS

    def infer(self, orig_input, orig_output, out_backprop, row_pooling_sequence,
              col_pooling_sequence, *, overlapping=False):
        shape_rules.require_rank(orig_input, 4, "images")
        return Spec(orig_input.dtype, orig_input.shape)

    def kernel(self, xp, orig_input, orig_output, out_backprop, row_pooling_sequence,
               col_pooling_sequence, *, overlapping=False):
        dx = xp.zeros(orig_input.shape, out_backprop.dtype)
        _check_cuts(orig_input.shape, row_pooling_sequence, col_pooling_sequence)
        taps = _taps(xp, orig_input.shape, row_pooling_sequence, col_pooling_sequence, overlapping)
        first = _first_largest(xp, orig_input, taps)
        for tap, (cells, places) in enumerate(taps):
            dx[places] += xp.where(first[cells] == tap, out_backprop[cells], 0)
        return dx

    def grad(self, op, dx):
        x, y, _, rows, columns = op.inputs
        return (zeros_like(x), zeros_like(y),
                FractionalMaxPoolGradGrad.build(x, dx, rows, columns, **op.attrs), None, None)


class FractionalMaxPoolGradGrad(OpDef):
    """What stands in `grad` where each cell of `orig_input` has its first largest element."""

    dtypes = dict.fromkeys(_CUTS, _INT64)
    T = _POOLED
    host_inputs = _CUTS

    def infer(self, orig_input, grad, row_pooling_sequence, col_pooling_sequence, *,
              overlapping=False):
        return _of_cells(orig_input, row_pooling_sequence, col_pooling_sequence)

    def kernel(self, xp, orig_input, grad, row_pooling_sequence, col_pooling_sequence, *,
               overlapping=False):
        taps = _taps(xp, orig_input.shape, row_pooling_sequence, col_pooling_sequence, overlapping)
        first = _first_largest(xp, orig_input, taps)
        result = xp.zeros(first.shape, grad.dtype)
        for tap, (cells, places) in enumerate(taps):
            result[cells] += xp.where(first[cells] == tap, grad[places], 0)
        return result

    def grad(self, op, dy):
        x, _, rows, columns = op.inputs
        return (zeros_like(x),
                FractionalMaxPoolGrad.build(x, dy, dy, rows, columns, **op.attrs), None, None)


class FractionalAvgPool(_FractionalPool):
    """The mean of each cell; of integers, rounded towards 0."""

    def kernel(self, xp, value, *, pooling_ratio, pseudo_random=False, overlapping=False,
               deterministic=False, seed=0, seed2=0, state):
        rows, columns = _cuts(value.shape, pooling_ratio, pseudo_random, deterministic,
                              seed or seed2, state)
        return (_mean(xp, value, rows, columns, overlapping), xp.asarray(rows, dtype="int64"),
                xp.asarray(columns, dtype="int64"))

    def grad(self, op, dy, _rows, _columns):
        return FractionalAvgPoolGrad.build(
            shape(op.inputs[0], out_type=dt.int64), dy, op.outputs[1], op.outputs[2],
            overlapping=op.attrs["overlapping"])


class FractionalAvgPoolGrad(OpDef):
    """Each dy shared out evenly among its cell."""

    dtypes = dict.fromkeys(("orig_input_tensor_shape", *_CUTS), _INT64)
    T = _POOLED
    host_inputs = ("orig_input_tensor_shape", *_CUTS)

    def infer(self, orig_input_tensor_shape, out_backprop, row_pooling_sequence,
              col_pooling_sequence, *, overlapping=False):
        sizes = shape_rules.shape_from_value(orig_input_tensor_shape)
        return Spec(out_backprop.dtype, (None,) * 4 if sizes is None else sizes)

    def kernel(self, xp, orig_input_tensor_shape, out_backprop, row_pooling_sequence,
               col_pooling_sequence, *, overlapping=False):
        _check_cuts(orig_input_tensor_shape, row_pooling_sequence, col_pooling_sequence)
        rows, columns = row_pooling_sequence, col_pooling_sequence
        dx = xp.zeros(orig_input_tensor_shape, "float64")
        share = out_backprop / _counts(xp, orig_input_tensor_shape, rows, columns, overlapping)
        for cells, places in _taps(xp, orig_input_tensor_shape, rows, columns, overlapping):
            dx[places] += share[cells]
        return dx.astype(out_backprop.dtype)

    def grad(self, op, dx):
        _, _, rows, columns = op.inputs
        return None, FractionalAvgPoolGradGrad.build(dx, rows, columns, **op.attrs), None, None


class FractionalAvgPoolGradGrad(OpDef):
    """The mean of each cell, for given cuts."""

    dtypes = dict.fromkeys(_CUTS, _INT64)
    T = _POOLED
    host_inputs = _CUTS

    def infer(self, grad, row_pooling_sequence, col_pooling_sequence, *, overlapping=False):
        return _of_cells(grad, row_pooling_sequence, col_pooling_sequence)

    def kernel(self, xp, grad, row_pooling_sequence, col_pooling_sequence, *, overlapping=False):
        return _mean(xp, grad, row_pooling_sequence, col_pooling_sequence, overlapping)

    def grad(self, op, dy):
        x, rows, columns = op.inputs
        return (FractionalAvgPoolGrad.build(shape(x, out_type=dt.int64), dy, rows, columns,
                                            **op.attrs), None, None)


# -- where to cut ----------------------------------------------------------------------------------

def _shrunk(size, ratio):
    """How many cells `size` rows make; in float32, as the ratio is kept."""
    return int(np.floor(np.float32(size) / np.float32(ratio)))


def _cuts(sizes, pooling_ratio, pseudo_random, deterministic, seeded, state):
    """The places where rows and columns are cut, each from 0 to the size."""
    if pooling_ratio[0] != 1 or pooling_ratio[3] != 1:
        raise UnimplementedError(None, None, "Fractional pooling is not yet supported on the batch "
                                             "nor channel dimension.")
    if seeded and not deterministic:
        raise InvalidArgumentError(None, None, "Both seed and seed2 should be 0 if deterministic "
                                               "is false.")
    for axis, (size, ratio) in enumerate(zip(sizes, pooling_ratio, strict=True)):
        if size < ratio:
            raise InvalidArgumentError(
                None, None, f"Pooling ratio is higher than input dimension size for dimension "
                f"{axis}. Input dim size: {size} pooling ratio: {ratio:g}")
    if deterministic:  # the same cuts in each run
        state = PhiloxState(state.key, state.counter)
    draw = _line if pseudo_random else _shuffled
    return [draw(state, sizes[axis], _shrunk(sizes[axis], pooling_ratio[axis]))
            for axis in (1, 2)]


def _shuffled(state, size, count):
    """Cuts with the sizes of the cells in a random order, drawn as TensorFlow draws it."""
    least, longer = divmod(size, count)
    cells = [least + (i < longer) for i in range(count)]
    words = philox.bits(np, state.take(-(-count // 4)), count).tolist()
    for i in range(count - 1):
        other = i + words[i] % (count - i)
        cells[i], cells[other] = cells[other], cells[i]
    return [0, *np.cumsum(cells).tolist()]


def _line(state, size, count):
    """Cuts at ceil(alpha * (i + u)) - 1, with one random u for all of them.

    The bound of u is such that the first and the last cell are as large as the others.
    """
    alpha, least = size / count, size // count
    high, low = philox.bits(np, state.take(1), 2).tolist()
    u = ((high & 0xFFFFF) << 32 | low) * 2.0**-52
    u *= min((least + 2) / alpha - 1, (size + 1 - least) / alpha - (count - 1))
    return [0, *(math.ceil(alpha * (i + u)) - 1 for i in range(1, count)), size]


def _check_cuts(sizes, *cuts):
    for size, places in zip(sizes[1:3], cuts, strict=True):
        if min(places) < 0 or max(places) > size or any(np.diff(places) < 1):
            raise InvalidArgumentError(
                None, None, f"A pooling sequence must grow from 0 to {size}, got {list(places)}")


# -- arithmetic ------------------------------------------------------------------------------------

def _of_cells(spec, rows, columns):
    """The Spec of one element per cell."""
    shape_rules.require_rank(spec, 4, "images")
    n, _, _, c = spec.shape or (None,) * 4
    counts = [None if not cuts.shape or cuts.shape[0] is None else cuts.shape[0] - 1
              for cuts in (rows, columns)]
    return Spec(spec.dtype, (n, *counts, c))


def _ends(cuts, size, overlapping):
    """Where each cell ends."""
    return [min(cut + overlapping, size) for cut in cuts[1:]]


def _taps(xp, sizes, rows, columns, overlapping):
    """For each place inside a cell: (which cells are that large, where it is in each of them)."""
    def along(cuts, size):
        ends = _ends(cuts, size, overlapping)
        found = []
        for tap in range(max(end - start for start, end in zip(cuts, ends, strict=False))):
            cells = [i for i, end in enumerate(ends) if cuts[i] + tap < end]
            found.append((xp.asarray(cells), xp.asarray([cuts[i] + tap for i in cells])))
        return found

    every = slice(None)
    return [((every, row_cells[:, None], cells), (every, row_places[:, None], places))
            for (row_cells, row_places), (cells, places)
            in product(along(rows, sizes[1]), along(columns, sizes[2]))]


def _result_shape(sizes, rows, columns):
    return sizes[0], len(rows) - 1, len(columns) - 1, sizes[3]


def _largest(xp, x, rows, columns, overlapping):
    lowest = (xp.finfo if x.dtype.kind == "f" else xp.iinfo)(x.dtype).min
    result = xp.full(_result_shape(x.shape, rows, columns), lowest, x.dtype)
    for cells, places in _taps(xp, x.shape, rows, columns, overlapping):
        result[cells] = xp.fmax(result[cells], x[places])  # as in TensorFlow, NaN is no maximum
    return result


def _first_largest(xp, x, taps):
    """The number of the tap that has each cell's first largest element."""
    best = x[taps[0][1]]
    first = xp.zeros(best.shape, "int32")
    for tap, (cells, places) in enumerate(taps):
        here = x[places]
        larger = best[cells] < here
        best[cells] = xp.where(larger, here, best[cells])
        first[cells] = xp.where(larger, tap, first[cells])
    return first


def _counts(xp, sizes, rows, columns, overlapping):
    """How many elements each cell has, [rows, columns, 1]."""
    heights, widths = (xp.asarray([end - start for start, end in zip(
        cuts, _ends(cuts, size, overlapping), strict=False)])
        for cuts, size in ((rows, sizes[1]), (columns, sizes[2])))
    return (heights[:, None] * widths)[:, :, None]


def _mean(xp, x, rows, columns, overlapping):
    total = xp.zeros(_result_shape(x.shape, rows, columns), x.dtype)
    for cells, places in _taps(xp, x.shape, rows, columns, overlapping):
        total[cells] += x[places]
    counts = _counts(xp, x.shape, rows, columns, overlapping).astype(x.dtype)
    if x.dtype.kind == "f":
        return total / counts
    return xp.sign(total) * (xp.abs(total) // counts)


# -- functions -------------------------------------------------------------------------------------

_V2 = "`seed2` and `deterministic` args are deprecated.  Use fractional_{}_pool_v2."


def fractional_max_pool(value, pooling_ratio, pseudo_random=False, overlapping=False,
                        deterministic=False, seed=0, seed2=0, name=None):
    """Takes the largest element of cells of random sizes.

    Args:
        value: [batch, height, width, channels] tensor of float32, float64, int32 or int64.
        pooling_ratio: list of 4 floats, [1.0, rows, columns, 1.0]: by how much each axis shrinks.
        pseudo_random: whether cuts follow a line with a random start, instead of coming in any
            order.
        overlapping: whether a cell also holds the first row and column of the next.
        deterministic: whether each run cuts at the same places.
        seed: int, for the same cuts in every session, the ones TensorFlow makes; needs
            `deterministic`.
        seed2: a second int for it.
        name: name of the node.

    Returns:
        A named tuple (output, row_pooling_sequence, col_pooling_sequence); the sequences, int64,
        begin with 0 and end with the size, so that they are one longer than the output's axes.

    Raises:
        ValueError: the rank is not 4, or a ratio is below 1.
        InvalidArgumentError: an axis is smaller than its ratio, or there is a seed while
            `deterministic` is False (at run).

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape(fg.range(25.0), [1, 5, 5, 1])
        >>> pooled = fg.nn.fractional_max_pool(x, [1.0, 1.6, 1.6, 1.0], deterministic=True, seed=3)
        >>> fg.Session().run(pooled).output[0, :, :, 0]
        array([[ 6.,  7.,  9.],
               [16., 17., 19.],
               [21., 22., 24.]], dtype=float32)
    """
    deprecated(_V2.format("max"))
    return _build(FractionalMaxPool, value, pooling_ratio, pseudo_random, overlapping,
                  deterministic, seed, seed2, name)


def fractional_avg_pool(value, pooling_ratio, pseudo_random=False, overlapping=False,
                        deterministic=False, seed=0, seed2=0, name=None):
    """Takes the mean of cells of random sizes.

    Args:
        value: [batch, height, width, channels] tensor of float32, float64, int32 or int64.
        pooling_ratio: list of 4 floats, [1.0, rows, columns, 1.0]: by how much each axis shrinks.
        pseudo_random: whether cuts follow a line with a random start, instead of coming in any
            order.
        overlapping: whether a cell also holds the first row and column of the next.
        deterministic: whether each run cuts at the same places.
        seed: int, for the same cuts in every session, the ones TensorFlow makes; needs
            `deterministic`.
        seed2: a second int for it.
        name: name of the node.

    Returns:
        A named tuple (output, row_pooling_sequence, col_pooling_sequence), as of
        `fractional_max_pool`.

    Raises:
        ValueError: the rank is not 4, or a ratio is below 1.
        InvalidArgumentError: an axis is smaller than its ratio, or there is a seed while
            `deterministic` is False (at run).

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape(fg.range(16.0), [1, 4, 4, 1])
        >>> pooled = fg.nn.fractional_avg_pool(x, [1.0, 2.0, 2.0, 1.0], deterministic=True, seed=3)
        >>> fg.Session().run(pooled).output[0, :, :, 0]
        array([[ 2.5,  4.5],
               [10.5, 12.5]], dtype=float32)
    """
    deprecated(_V2.format("avg"))
    return _build(FractionalAvgPool, value, pooling_ratio, pseudo_random, overlapping,
                  deterministic, seed, seed2, name)


def _build(op_class, value, pooling_ratio, pseudo_random, overlapping, deterministic, seed, seed2,
           name):
    if not isinstance(pooling_ratio, (list, tuple)):
        raise TypeError(located("pooling_ratio must be a list of 4 floats, not "
                                f"{pooling_ratio!r:.60}"))
    return FractionalPoolResult(*op_class.build(
        value, pooling_ratio=tuple(float(ratio) for ratio in pooling_ratio),
        pseudo_random=bool(pseudo_random), overlapping=bool(overlapping),
        deterministic=bool(deterministic), seed=seed or 0, seed2=seed2 or 0, name=name))
