"""Cases of counts, histograms, list differences, monotony and cumulative log-sum-exp."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.counting import (
    bincount,
    confusion_matrix,
    histogram_fixed_width,
    histogram_fixed_width_bins,
    is_non_decreasing,
    is_strictly_increasing,
    setdiff1d,
    zero_fraction,
)
from flowgraph.ops.cumulative_logsumexp import cumulative_logsumexp
from flowgraph.testing import BadCase, Case

INF, NAN = np.inf, np.nan
ARR = np.int32([[1, 4], [1, 0], [4, 4]])
X = np.array([[[0.5, -1.5], [2.0, 0.75], [-0.5, 1.25]]] * 2) * np.array([[[1.0]], [[-1.1]]])
VALUES = np.array([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0])
LABELS, PREDICTIONS = np.int32([1, 2, 0, 2]), np.int64([2, 2, 0, 1])


def _confusion(labels, predictions, n=3, weights=(1, 1, 1, 1)):
    counts = np.zeros((n, n))
    for i, j, w in zip(labels.ravel(), predictions.ravel(), weights, strict=True):
        counts[i, j] += w
    return counts.astype(np.int32) if isinstance(weights, tuple) else counts


def _cumulated(x, axis=0, exclusive=False, reverse=False):
    x = np.moveaxis(np.flip(x, axis) if reverse else x, axis, 0)
    total = np.cumsum(np.exp(x), 0)
    with np.errstate(divide="ignore"):
        y = np.log(total - np.exp(x) if exclusive else total)
    if exclusive:
        y[0] = -np.inf
    y = np.moveaxis(y, 0, axis)
    return np.flip(y, axis) if reverse else y


CASES = [
    Case("Bincount/matrix", bincount, (ARR,), np.int32([1, 2, 0, 0, 3])),
    Case("Bincount/minlength", lambda x: bincount(x, minlength=7), (ARR,),
         np.int32([1, 2, 0, 0, 3, 0, 0])),
    Case("Bincount/maxlength", lambda x: bincount(x, maxlength=3), (ARR,), np.int32([1, 2, 0])),
    Case("Bincount/int64", lambda x: bincount(x, dtype=fg.int64), (ARR[0],),
         np.int64([0, 1, 0, 0, 1])),
    Case("Bincount/weights", bincount, (ARR, np.array([[0.5, 1], [2, 4], [8, 16]])),
         np.array([4.0, 2.5, 0, 0, 25])),
    Case("Bincount/weights_beyond", lambda x, w: bincount(x, w, maxlength=2),
         (ARR[0], np.float32([3, 5])), np.array([0.0, 3])),
    Case("Bincount/nothing", bincount, (ARR[:0],), np.int32([])),
    Case("Bincount/nothing_minlength", lambda x: bincount(x, minlength=2), (ARR[:0],),
         np.int32([0, 0])),
    Case("confusion_matrix/counts", confusion_matrix, (LABELS, PREDICTIONS), _confusion),
    Case("confusion_matrix/num_classes", lambda a, b: confusion_matrix(a, b, num_classes=4),
         (LABELS, PREDICTIONS), lambda a, b: _confusion(a, b, 4)),
    Case("confusion_matrix/weights",
         lambda a, b, w: confusion_matrix(a, b, dtype=fg.float32, weights=w),
         (LABELS, PREDICTIONS, np.array([0.5, 1, 2, 4])),
         lambda a, b, w: _confusion(a, b, 3, w)),
    Case("confusion_matrix/column", confusion_matrix, (LABELS[:, None], PREDICTIONS), _confusion,
         unknown_shapes=False),
    Case("HistogramFixedWidth/float64", lambda v: histogram_fixed_width(v, [0.0, 5.0], 5),
         (VALUES,), np.int32([2, 1, 1, 0, 2])),
    Case("HistogramFixedWidth/int_values", lambda v: histogram_fixed_width(v, [0, 5], 5, fg.int64),
         (np.int32([[0, 1], [2, 5]]),), np.int64([1, 1, 1, 0, 1])),
    Case("HistogramFixedWidth/nothing", lambda v: histogram_fixed_width(v, [0.0, 1.0], 2),
         (np.zeros(0, np.float32),), np.int32([0, 0])),
    Case("histogram_fixed_width_bins/float32",
         lambda v: histogram_fixed_width_bins(v, [0.0, 5.0], 5), (VALUES.astype(np.float32),),
         np.int32([0, 0, 1, 2, 4, 4])),
    Case("histogram_fixed_width_bins/matrix",
         lambda v: histogram_fixed_width_bins(v, [0, 5], 5), (np.int32([[0, 1], [2, 9]]),),
         np.int32([[0, 1], [2, 4]])),
    Case("ListDiff/ints", lambda x, y: list(setdiff1d(x, y)),
         (np.int32([5, 2, 2, 7, 5]), np.int32([7, 2])), [np.int32([5, 5]), np.int32([0, 4])]),
    Case("ListDiff/nothing_left", lambda x, y: list(setdiff1d(x, y, index_dtype=fg.int64)),
         (np.array([1.5]), np.array([0, 1.5])), [np.zeros(0), np.int64([])]),
    Case("ListDiff/strings", lambda x, y: list(setdiff1d(x, y)),
         (np.array([b"b", b"a"], object), np.array([b"a"], object)),
         [np.array([b"b"], object), np.int32([0])]),
    Case("ListDiff/from_nothing", lambda x, y: list(setdiff1d(x, y)),
         (np.int32([]), np.int32([1])), [np.int32([]), np.int32([])]),
    Case("zero_fraction/matrix", zero_fraction, (np.array([[0.0, 1, -0.0], [2, NAN, 0]]),),
         np.float32(0.5)),
    Case("zero_fraction/nothing", zero_fraction, (np.zeros(0),), np.float32(NAN)),
    Case("is_non_decreasing/ties", is_non_decreasing, (np.int32([[1, 1], [1, 2]]),),
         np.array(True)),
    Case("is_non_decreasing/nan", is_non_decreasing, (np.array([1, NAN, 2]),), np.array(False)),
    Case("is_non_decreasing/uint8", is_non_decreasing, (np.uint8([2, 1]),), np.array(False)),
    Case("is_strictly_increasing/ties", is_strictly_increasing, (np.array([1.0, 1, 2]),),
         np.array(False)),
    Case("is_strictly_increasing/yes", is_strictly_increasing, (np.array([-INF, 1, 2]),),
         np.array(True)),
    Case("is_strictly_increasing/scalar", is_strictly_increasing, (np.float32(1),),
         np.array(True)),
    Case("CumulativeLogsumexp/first", cumulative_logsumexp, (X,), _cumulated, grad=True),
    Case("CumulativeLogsumexp/last", lambda x: cumulative_logsumexp(x, -1), (X,),
         lambda x: _cumulated(x, -1), grad=True),
    Case("CumulativeLogsumexp/reverse", lambda x: cumulative_logsumexp(x, 1, reverse=True), (X,),
         lambda x: _cumulated(x, 1, reverse=True), grad=True),
    Case("CumulativeLogsumexp/exclusive", lambda x: cumulative_logsumexp(x, 1, exclusive=True),
         (X,), lambda x: _cumulated(x, 1, exclusive=True)),
    Case("CumulativeLogsumexp/exclusive_reverse", lambda x: cumulative_logsumexp(x, 0, True, True),
         (X[0].astype(np.float32),), lambda x: _cumulated(x, 0, True, True)),
    Case("CumulativeLogsumexp/large", cumulative_logsumexp, (np.array([1000.0, 1000, -1000]),),
         np.array([1000, 1000 + np.log(2), 1000 + np.log(2)])),
    Case("CumulativeLogsumexp/infinite", cumulative_logsumexp, (np.array([-INF, 0, INF, 1]),),
         np.array([-INF, 0, INF, INF])),
    Case("CumulativeLogsumexp/empty", lambda x: cumulative_logsumexp(x, 1), (X[:, :0],), X[:, :0]),
    Case("CumulativeLogsumexp/float16_axis_fed", cumulative_logsumexp,
         (X.astype(np.float16), np.int64(1)), lambda x, a: _cumulated(x, 1)),
]

BAD = [
    BadCase("Bincount/negative", bincount, fg.errors.InvalidArgumentError, ("non-negative",),
            (np.int32([1, -1]),), "run"),
    BadCase("Bincount/weights_shape", bincount, fg.errors.InvalidArgumentError, ("weights (1,)",),
            (np.int32([1, 2]), np.array([1.0])), "run"),
    BadCase("Bincount/float", lambda: bincount([1.5]), TypeError, ("int32",)),
    BadCase("confusion_matrix/beyond", lambda a, b: confusion_matrix(a, b, num_classes=2),
            fg.errors.InvalidArgumentError, ("[0, 2)",), (LABELS, PREDICTIONS), "run"),
    BadCase("confusion_matrix/negative", confusion_matrix, fg.errors.InvalidArgumentError,
            ("not in [0, 3)",), (LABELS - 1, PREDICTIONS), "run"),
    BadCase("HistogramFixedWidth/nbins", lambda: histogram_fixed_width([1.0], [0.0, 1.0], 0),
            ValueError, ("nbins > 0",)),
    BadCase("HistogramFixedWidth/range_length", lambda: histogram_fixed_width([1.0], [0.0], 2),
            ValueError, ("2 numbers",)),
    BadCase("HistogramFixedWidth/range", lambda v, r: histogram_fixed_width(v, r, 2),
            fg.errors.InvalidArgumentError, ("value_range[0] < value_range[1]",),
            (VALUES, np.array([1.0, 1.0])), "run"),
    BadCase("ListDiff/matrix", lambda: setdiff1d([[1]], [1]), ValueError, ("x of rank 1",)),
    BadCase("CumulativeLogsumexp/int", lambda: cumulative_logsumexp([1]), TypeError, ("int32",)),
    BadCase("CumulativeLogsumexp/axis", lambda: cumulative_logsumexp([1.0], 1),
            fg.errors.InvalidArgumentError, ("[-1, 1)", "got 1"), phase="run"),
]
