"""Cases of conditional accumulators' ops; waiting in threads is in tests/ops."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

G = np.array([1.0, 2.0])
I64 = np.array([0, 2])
ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])


def after(steps, result):
    """Builds the steps, each after the one before, then the result."""
    last = []
    for step in steps:
        with fg.control_dependencies(last):
            last = [step()]
    with fg.control_dependencies(last):
        return result()


def dense(x, **options):
    total = fg.ConditionalAccumulator(fg.as_dtype(x.dtype), **options)
    steps = [lambda: total.apply_grad(x), lambda: total.apply_grad(x * 2)]
    return after(steps, lambda: [total.num_accumulated(), total.take_grad(2)])


def stale(x):
    total = fg.ConditionalAccumulator(fg.float64)
    return after([lambda: total.set_global_step(2), lambda: total.apply_grad(x, local_step=1),
                  lambda: total.apply_grad(x * 3.0, local_step=2)], lambda: total.take_grad(1))


def sparse(indices, rows, **options):
    total = fg.SparseConditionalAccumulator(fg.float64, **options)
    steps = [lambda: total.set_global_step(0), lambda: total.apply_grad(indices, rows),
             lambda: total.apply_grad([1, 2], rows)]
    return after(steps, lambda: [total.num_accumulated(), *total.take_grad(2)])



def bad_sparse(indices, values, shape=None, of=(2, 1)):
    return lambda: fg.SparseConditionalAccumulator(fg.float32, of).apply_grad(indices, values,
                                                                              shape)


CASES = [
    Case("ResourceConditionalAccumulator/mean", dense, (G,), [np.int32(2), G * 1.5]),
    Case("ResourceConditionalAccumulator/sum", lambda x: dense(x, reduction_type="SUM"), (G,),
         [np.int32(2), G * 3]),
    Case("ResourceConditionalAccumulator/integers_are_truncated", dense,
         (np.array([3, -3], np.int32),), [np.int32(2), np.array([4, -4], np.int32)]),
    Case("ResourceAccumulatorSetGlobalStep/stale", stale, (G,), G * 3),
    Case("SparseConditionalAccumulator/mean", sparse, (I64, ROWS),
         [np.int32(2), np.array([0, 1, 2]), np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]),
          np.array([-1, 2])]),
    Case("SparseConditionalAccumulator/sum",
         lambda i, x: sparse(i, x, shape=[5, 2], reduction_type="SUM"), (I64, ROWS),
         [np.int32(2), np.array([0, 1, 2]), np.array([[1.0, 2.0], [1.0, 2.0], [6.0, 8.0]]),
          np.array([5, 2])]),
]

BAD = [
    BadCase("ResourceConditionalAccumulator/reduction",
            lambda: fg.ConditionalAccumulator(fg.float32, reduction_type="MEDIAN"), ValueError,
            ("MEDIAN",)),
    BadCase("ResourceAccumulatorApplyGradient/shape",
            lambda: fg.ConditionalAccumulator(fg.float32, [2]).apply_grad([1.0]), ValueError),
    BadCase("ResourceAccumulatorApplyGradient/shape_at_run",
            lambda x: fg.ConditionalAccumulator(fg.float64, [3]).apply_grad(x),
            fg.errors.InvalidArgumentError, ("(3,)", "(2,)"), (G,), "run"),
    BadCase("ResourceAccumulatorTakeGradient/none",
            lambda: fg.ConditionalAccumulator(fg.float32).take_grad(0),
            fg.errors.InvalidArgumentError, ("positive", "0"), phase="run"),
    BadCase("SparseAccumulatorTakeGradient/none",
            lambda: list(fg.SparseConditionalAccumulator(fg.float32).take_grad(-1)),
            fg.errors.InvalidArgumentError, ("positive", "-1"), phase="run"),
    BadCase("ResourceAccumulatorNumAccumulated/step",
            lambda: fg.ConditionalAccumulator(fg.float32).set_global_step([1, 2]), ValueError,
            ("rank 0",)),
    BadCase("SparseConditionalAccumulator/row", bad_sparse([0, 2], [[1.0], [2.0]]),
            fg.errors.InvalidArgumentError, ("2 exceeded 2",), phase="run"),
    BadCase("SparseConditionalAccumulator/shape", bad_sparse([0, 1], [[1.0], [2.0]], [3, 1]),
            fg.errors.InvalidArgumentError, ("(2, 1)", "(3, 1)"), phase="run"),
    BadCase("SparseConditionalAccumulator/shape_rank", bad_sparse([0, 1], [[1.0], [2.0]], [2]),
            fg.errors.InvalidArgumentError, ("rank at least 2",), phase="run"),
    BadCase("SparseConditionalAccumulator/columns", bad_sparse([0], [[1.0, 2.0]]),
            fg.errors.InvalidArgumentError, ("[?, 1]", "(1, 2)"), phase="run"),
    BadCase("SparseConditionalAccumulator/rank", bad_sparse([0, 1], [1.0, 2.0]),
            fg.errors.InvalidArgumentError, ("rank at least 2",), phase="run"),
    BadCase("SparseConditionalAccumulator/scalar", bad_sparse([0], 1.0, of=None),
            fg.errors.InvalidArgumentError, ("0-dimensional",), phase="run"),
    BadCase("SparseConditionalAccumulator/count", bad_sparse([0], [1.0, 2.0], of=None),
            fg.errors.InvalidArgumentError, ("Expected 1",), phase="run"),
    BadCase("SparseConditionalAccumulator/matrix", bad_sparse([[0]], [1.0], of=None),
            fg.errors.InvalidArgumentError, ("vector",), phase="run"),
    BadCase("SparseConditionalAccumulator/reduction",
            lambda: fg.SparseConditionalAccumulator(fg.float32, reduction_type="MEDIAN"),
            ValueError, ("SparseConditionalAccumulator '", "MEDIAN")),
]
