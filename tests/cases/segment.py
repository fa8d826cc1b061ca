"""Cases of the reductions over segments: sorted, unsorted, and of picked rows."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.segment import (
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
)
from flowgraph.ops.sparse_segment import (
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
)
from flowgraph.ops.unsorted_segment import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
)
from flowgraph.testing import BadCase, Case

X = np.array([[0.5, -1.5], [2.0, 0.7], [-0.4, 1.2], [3.0, 0.9], [0.25, -2.0], [1.1, 1.3]])
SORTED = np.array([0, 0, 2, 3, 3, 3], np.int32)
UNSORTED = np.array([3, 0, -1, 3, 0, 3], np.int64)
PICKS = np.array([2, 0, 2, 5, 1], np.int32)
PICKED_IDS = np.array([0, 0, 0, 2, 2], np.int32)
FLOAT64 = np.finfo(np.float64)


def _by_segment(combine, none):
    """The oracle: a loop over segments."""
    def oracle(data, ids, count=None):
        count = (int(ids[-1]) + 1 if ids.size else 0) if count is None else count
        inner = data.shape[ids.ndim:]
        result = [combine(data[ids == i]) if (ids == i).any() else np.full(inner, none)
                  for i in range(count)]
        return np.array(result, data.dtype).reshape(count, *inner)
    return oracle


def _sum(rows):
    return rows.sum(0)


def _mean(rows):
    return rows.mean(0)


def _root(rows):
    return rows.sum(0) / np.sqrt(len(rows))


def _prod(rows):
    return rows.prod(0)


def _max(rows):
    return rows.max(0)


def _min(rows):
    return rows.min(0)


CASES = []
for _name, _build, _combine, _none in (
        ("SegmentSum", segment_sum, _sum, 0), ("SegmentMean", segment_mean, _mean, 0),
        ("SegmentProd", segment_prod, _prod, 1), ("SegmentMax", segment_max, _max, 0),
        ("SegmentMin", segment_min, _min, 0)):
    _oracle = _by_segment(_combine, _none)
    CASES += [
        Case(f"{_name}/rows", _build, (X, SORTED), _oracle),
        Case(f"{_name}/rows_gradient", lambda x, ids, f=_build: fg.reshape(f(x, ids), [4, 2]),
             (X, SORTED), _oracle, grad=True),
        Case(f"{_name}/numbers_gradient", lambda x, ids, f=_build: fg.reshape(f(x, ids), [4]),
             (X[:, 0], SORTED.astype(np.int64)), _oracle, grad=True),
        Case(f"{_name}/cubes", _build, (np.stack([X, X * 1.5 + 0.1], 2), SORTED), _oracle),
        Case(f"{_name}/float32", _build, (X.astype(np.float32), SORTED), _oracle),
        Case(f"{_name}/int32", _build, (np.array([4, 5, -7, 9, 2, 3], np.int32), SORTED),
             lambda x, ids, f=_oracle: np.trunc(f(x.astype(float), ids)).astype(np.int32)),
        Case(f"{_name}/nothing", _build, (X[:0], SORTED[:0]), np.zeros((0, 2))),
        Case(f"{_name}/long", _build, (np.tile(X, (7, 1)), np.arange(42) // 13), _oracle,
             rtol=1e-10),
    ]
for _name, _build, _combine, _none in (
        ("UnsortedSegmentProd", unsorted_segment_prod, _prod, 1),
        ("UnsortedSegmentMax", unsorted_segment_max, _max, FLOAT64.min),
        ("UnsortedSegmentMin", unsorted_segment_min, _min, FLOAT64.max),
        ("unsorted_segment_mean", unsorted_segment_mean, _mean, 0),
        ("unsorted_segment_sqrt_n", unsorted_segment_sqrt_n, _root, 0)):
    _oracle = _by_segment(_combine, _none)
    CASES += [
        Case(f"{_name}/rows", lambda x, ids, f=_build: f(x, ids, 5), (X, UNSORTED),
             lambda x, ids, f=_oracle: f(x, ids, 5)),
        Case(f"{_name}/gradient", lambda x, ids, f=_build: f(x, ids, 4),
             (X, np.array([3, 0, 1, 2, 0, 3])),
             lambda x, ids, f=_oracle: f(x, ids, 4), grad=True),
        Case(f"{_name}/left_out_gradient", lambda x, f=_build: f(x, [0, -1, 1, 1, 0, 0], 2), (X,),
             lambda x, f=_oracle: f(x, np.array([0, -1, 1, 1, 0, 0]), 2), grad=True),
        Case(f"{_name}/matrix_of_ids", lambda x, ids, f=_build: f(x, ids, 3),
             (X.reshape(2, 3, 2), np.array([[0, 1, 0], [2, 1, 1]], np.int32)),
             lambda x, ids, f=_oracle: f(x, ids, 3), grad=True),
        Case(f"{_name}/scalar_id", lambda x, f=_build: f(x, 1, 2), (X[0],),
             lambda x, f=_oracle: f(x[None], np.array([1]), 2), unknown_shapes=False),
        Case(f"{_name}/count_is_fed", _build, (X, UNSORTED, np.int32(4)), _oracle),
    ]
for _name, _build, _combine in (("SparseSegmentSum", sparse_segment_sum, _sum),
                                ("SparseSegmentMean", sparse_segment_mean, _mean),
                                ("SparseSegmentSqrtN", sparse_segment_sqrt_n, _root)):
    _oracle = _by_segment(_combine, 0)
    CASES += [
        Case(f"{_name}/rows", lambda x, i, ids, f=_build: fg.reshape(f(x, i, ids), [3, 2]),
             (X, PICKS, PICKED_IDS), lambda x, i, ids, f=_oracle: f(x[i], ids), grad=True),
        Case(f"{_name}/numbers", _build, (X[:, 1], PICKS.astype(np.int64), PICKED_IDS),
             lambda x, i, ids, f=_oracle: f(x[i], ids)),
        Case(f"{_name}/float32", _build, (X.astype(np.float32), PICKS, PICKED_IDS),
             lambda x, i, ids, f=_oracle: f(x[i], ids)),
        Case(f"{_name}/num_segments", lambda x, i, ids, f=_build: f(x, i, ids, num_segments=5),
             (X, PICKS, PICKED_IDS), lambda x, i, ids, f=_oracle: f(x[i], ids, 5), grad=True),
        Case(f"{_name}/nothing", _build, (X, PICKS[:0], PICKED_IDS[:0]), np.zeros((0, 2))),
    ]
CASES += [
    Case("SparseSegmentSum/int32", sparse_segment_sum,
         (np.int32([3, 4, 5]), np.int32([2, 0, 0]), np.int32([0, 0, 1])), np.int32([8, 3])),
    Case("SegmentSum/complex", segment_sum, (X[:, 0] + 1j * X[:, 1], SORTED),
         _by_segment(_sum, 0)),
    Case("SegmentMax/ties_share_the_gradient",
         lambda x: fg.gradients(segment_max(x, [0, 0, 1]), x), (np.array([2.0, 2.0, 1.0]),),
         np.array([0.5, 0.5, 1])),
    Case("SegmentMax/nan", segment_max, (np.array([1, np.nan, 2]), np.int32([0, 0, 1])),
         np.array([np.nan, 2])),
    Case("SegmentProd/gradient_with_zeros",
         lambda x: fg.gradients(segment_prod(x, [0, 0, 1, 1, 1]), x),
         (np.array([0.0, 3, 0, 0, 5]),), np.array([3.0, 0, 0, 0, 0])),
    Case("UnsortedSegmentProd/gradient_with_zeros",
         lambda x: fg.gradients(unsorted_segment_prod(x, [0, 1, 0, -1], 2), x),
         (np.array([0.0, 4, 3, 7]),), np.array([3.0, 1, 0, 0])),
    Case("UnsortedSegmentMax/int32", lambda x: unsorted_segment_max(x, [2, 0, 2], 3),
         (np.int32([3, 4, 5]),), np.int32([4, -2 ** 31, 5]), unknown_shapes=False),
    Case("unsorted_segment_mean/int32", lambda x: unsorted_segment_mean(x, [1, 0, 1], 2),
         (np.int32([3, 4, 6]),), np.array([4.0, 4.5])),
]

BAD = [
    BadCase("SegmentSum/falling", segment_sum, fg.errors.InvalidArgumentError,
            ("SegmentSum", "not increasing"), (X[:3], np.int32([1, 0, 2])), "run"),
    BadCase("SegmentMax/negative", segment_max, fg.errors.InvalidArgumentError, (">= 0",),
            (X[:3], np.int32([-1, 0, 2])), "run"),
    BadCase("SegmentMean/too_few", segment_mean, fg.errors.InvalidArgumentError, ("same size",),
            (X[:3], np.int32([0, 2])), "run"),
    BadCase("SegmentProd/matrix_of_ids", lambda: segment_prod([1.0], [[0]]), ValueError,
            ("segment_ids of rank 1",)),
    BadCase("SegmentMin/float_ids", lambda: segment_min([1.0], [0.0]), TypeError, ("float32",)),
    BadCase("UnsortedSegmentMax/too_high", lambda x, i: unsorted_segment_max(x, i, 3),
            fg.errors.InvalidArgumentError, ("5", "not below num_segments 3"),
            (X[:2], np.int32([0, 5])), "run"),
    BadCase("UnsortedSegmentProd/shapes", lambda: unsorted_segment_prod([1.0, 2.0], [0], 1),
            ValueError, ("segment ids of (1,)",)),
    BadCase("UnsortedSegmentMin/negative_count", lambda: unsorted_segment_min([1.0], [0], -1),
            ValueError, ("num_segments >= 0",)),
    BadCase("SparseSegmentSum/index", sparse_segment_sum, fg.errors.InvalidArgumentError,
            ("not in [0, 2)",), (X[:2], np.int32([7]), np.int32([0])), "run"),
    BadCase("SparseSegmentMean/falling", sparse_segment_mean, fg.errors.InvalidArgumentError,
            ("not increasing",), (X[:2], np.int32([0, 1]), np.int32([1, 0])), "run"),
    BadCase("SparseSegmentSqrtN/lengths", lambda: sparse_segment_sqrt_n([1.0], [0, 0], [0]),
            ValueError, ("one id per picked row",)),
    BadCase("SparseSegmentSum/num_segments_too_small",
            lambda x, i, s: sparse_segment_sum(x, i, s, num_segments=2),
            fg.errors.InvalidArgumentError, ("not below num_segments 2",),
            (X[:2], np.int32([0, 1]), np.int32([0, 2])), "run"),
    BadCase("SparseSegmentMean/int", lambda: sparse_segment_mean([1], [0], [0]), TypeError,
            ("SparseSegmentMean", "int32")),
    *(row for op, build in (("SparseSegmentMeanWithNumSegments", sparse_segment_mean),
                            ("SparseSegmentSqrtNWithNumSegments", sparse_segment_sqrt_n))
      for row in (
          BadCase(f"{op}/ints", lambda f=build: f([1], [0], [0], num_segments=1), TypeError,
                  (f"{op} '", "int32")),
          BadCase(f"{op}/negative_count", lambda f=build: f([1.0], [0], [0], num_segments=-1),
                  ValueError, (f"{op} '", "num_segments >= 0")),
          BadCase(f"{op}/too_high", lambda f=build: f([1.0], [0], [2], num_segments=2),
                  fg.errors.InvalidArgumentError, (f"{op} '", "2 is not below num_segments 2"),
                  phase="run"))),
]
