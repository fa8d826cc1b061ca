"""Cases of fractional pooling; the cuts of seeds (5, 7) are the ones that TensorFlow makes."""

from itertools import pairwise

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError, UnimplementedError
from flowgraph.ops.fractional_pool import (
    FractionalAvgPoolGradGrad,
    FractionalMaxPoolGradGrad,
    fractional_avg_pool,
    fractional_max_pool,
)
from flowgraph.testing import BadCase, Case

IMAGES = np.random.default_rng(3).normal(size=(2, 11, 13, 2))
RATIO = [1, 1.44, 1.73, 1]
ROWS, COLUMNS = [0, 1, 3, 5, 7, 8, 9, 11], [0, 2, 4, 6, 8, 9, 11, 13]
LINE = [0, 2, 3, 5, 7, 8, 10, 11], [0, 2, 4, 6, 8, 10, 11, 13]


def cells(function, overlapping, cuts=(ROWS, COLUMNS)):
    """The pooling cell by cell."""
    def pooled(x, rows=cuts[0], columns=cuts[1]):
        return np.stack([np.stack([
            function(x[:, top:bottom + overlapping, left:right + overlapping], (1, 2))
            for left, right in pairwise(columns)], 1)
            for top, bottom in pairwise(rows)], 1)
    return pooled


def pool(function, **options):
    options = {"deterministic": True, "seed": 5, "seed2": 7, **options}
    return lambda x: function(x, RATIO, **options)[0]


def cut_anywhere(results):
    """Seven cells of one or two rows, seven of one or two columns, differing from run to run."""
    _, rows, columns = results
    for cuts, size in ((rows, 11), (columns, 13)):
        assert cuts.dtype == np.int64 and cuts[0] == 0 and cuts[-1] == size
        assert set(np.diff(cuts)) == {1, 2} and len(cuts) == 8


CASES = [
    Case("FractionalMaxPool/cells", pool(fractional_max_pool), (IMAGES,), cells(np.max, 0),
         grad=True),
    Case("FractionalMaxPool/overlapping", pool(fractional_max_pool, overlapping=True), (IMAGES,),
         cells(np.max, 1), grad=True),
    Case("FractionalMaxPool/squared",
         lambda x: fg.square(pool(fractional_max_pool, overlapping=True)(x)), (IMAGES,),
         lambda x: cells(np.max, 1)(x)**2, grad=True),
    Case("FractionalMaxPool/pseudo_random", pool(fractional_max_pool, pseudo_random=True),
         (IMAGES.astype(np.float32),), cells(np.max, 0, LINE), grad=True),
    Case("FractionalMaxPool/ints", pool(fractional_max_pool),
         ((IMAGES * 9).astype(np.int32),), cells(np.max, 0)),
    Case("FractionalMaxPool/drawn", lambda x: list(fractional_max_pool(x, RATIO)), (IMAGES,),
         check=cut_anywhere),
    Case("FractionalMaxPool/drawn_line",
         lambda x: list(fractional_max_pool(x, RATIO, pseudo_random=True)), (IMAGES,),
         check=cut_anywhere),
    Case("FractionalMaxPool/even_cells",
         lambda x: list(fractional_max_pool(x, [1, 2, 3, 1])), (IMAGES[:, :10, :12],),
         lambda x: [cells(np.max, 0, (range(0, 11, 2), range(0, 13, 3)))(x),
                    np.arange(0, 11, 2), np.arange(0, 13, 3)]),
    Case("FractionalAvgPool/cells", pool(fractional_avg_pool), (IMAGES,), cells(np.mean, 0),
         grad=True),
    Case("FractionalAvgPool/overlapping", pool(fractional_avg_pool, overlapping=True), (IMAGES,),
         cells(np.mean, 1), grad=True),
    Case("FractionalAvgPool/squared",
         lambda x: fg.square(pool(fractional_avg_pool, pseudo_random=True)(x)), (IMAGES,),
         lambda x: cells(np.mean, 0, LINE)(x)**2, grad=True),
    Case("FractionalAvgPool/ints", pool(fractional_avg_pool), ((IMAGES * 90).astype(np.int64),),
         lambda x: np.trunc(cells(np.mean, 0)(x)).astype(np.int64)),
    Case("FractionalAvgPool/drawn", lambda x: list(fractional_avg_pool(x, RATIO)), (IMAGES,),
         check=cut_anywhere),
    Case("FractionalAvgPoolGradGrad/given_cuts", lambda x: FractionalAvgPoolGradGrad.build(
        x, ROWS, COLUMNS, overlapping=True), (IMAGES,), cells(np.mean, 1), grad=True),
    Case("FractionalMaxPoolGradGrad/given_cuts", lambda x: FractionalMaxPoolGradGrad.build(
        fg.constant(IMAGES, x.dtype), x, ROWS, COLUMNS, overlapping=True), (IMAGES,),
         cells(np.max, 1), grad=True),
]

BAD = [
    BadCase("FractionalMaxPool/rank", lambda: fractional_max_pool(IMAGES[0], RATIO), ValueError,
            ("rank 4",)),
    BadCase("FractionalMaxPool/ratio", lambda: fractional_max_pool(IMAGES, [1, 0.5, 1, 1]),
            ValueError, ("0.5",)),
    BadCase("FractionalMaxPool/ratios", lambda: fractional_max_pool(IMAGES, [1, 2, 2]),
            ValueError, ("pooling_ratio",)),
    BadCase("FractionalMaxPool/number", lambda: fractional_max_pool(IMAGES, 2.0), TypeError,
            ("pooling_ratio",)),
    BadCase("FractionalMaxPool/int16", lambda: fractional_max_pool(IMAGES.astype(np.int16), RATIO),
            TypeError, ("int16",)),
    BadCase("FractionalMaxPool/small", lambda x: fractional_max_pool(x, [1, 12, 2, 1])[0],
            InvalidArgumentError, ("dimension 1", "11"), (IMAGES,), "run"),
    BadCase("FractionalMaxPool/seed", lambda x: fractional_max_pool(x, RATIO, seed=3)[0],
            InvalidArgumentError, ("deterministic",), (IMAGES,), "run"),
    BadCase("FractionalAvgPool/channels", lambda x: fractional_avg_pool(x, [1, 2, 2, 2])[0],
            UnimplementedError, ("channel",), (IMAGES,), "run"),
]
