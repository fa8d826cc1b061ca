"""Cases of ops/random_ops.py: what holds of any draw; exact numbers are in ops/test_philox.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase, Case

N = 20000


def within(low, high, mean, deviation):
    """All numbers in [low, high), with about this mean and standard deviation."""
    def check(results):
        x = results[0].astype(np.float64)
        assert x.shape == (N,)
        assert low <= x.min() and x.max() < high
        assert abs(x.mean() - mean) < 5 * deviation / np.sqrt(N)
        assert abs(x.std() / deviation - 1) < 0.05
    return check


def shape_is(*shape):
    def check(results):
        assert results[0].shape == shape
    return check


def permuted(value):
    def check(results):
        assert results[0].tolist() != value.tolist()
        assert sorted(results[0].tolist()) == value.tolist()
    return check


def frequencies(results):
    counts = np.stack([np.bincount(row, minlength=3) for row in results[0]])
    np.testing.assert_allclose(counts / N, [[0.2, 0.3, 0.5], [0, 0, 1]], atol=0.02)


ROWS = np.arange(40, dtype=np.int32).reshape(20, 2)

CASES = [
    Case("random_uniform/float32", lambda: fg.random_uniform([N]),
         check=within(0, 1, 0.5, 12 ** -0.5)),
    Case("random_uniform/float64_range", lambda: fg.random_uniform([N], -1.0, 3.0, fg.float64),
         check=within(-1, 3, 1, 4 * 12 ** -0.5)),
    Case("random_uniform/float16", lambda: fg.random_uniform([N], dtype=fg.float16),
         check=within(0, 1, 0.5, 12 ** -0.5)),
    Case("random_uniform/int32", lambda: fg.random_uniform([N], -5, 5, fg.int32),
         check=within(-5, 5, -0.5, (99 / 12) ** 0.5)),
    Case("random_uniform/int64_whole_range",
         lambda: fg.random_uniform([N], -2 ** 62, 2 ** 62, fg.int64),
         check=within(-2 ** 62, 2 ** 62, 0, 2 ** 63 * 12 ** -0.5)),
    Case("random_uniform/shape_from_a_feed", lambda s: fg.random_uniform(s),
         (np.array([2, 0, 3], np.int32),), check=shape_is(2, 0, 3)),
    Case("random_uniform/int64_shape", lambda s: fg.random_uniform(s),
         (np.array([4], np.int64),), check=shape_is(4)),
    Case("random_uniform/scalar", lambda: fg.random_uniform([]), check=shape_is()),
    Case("random_uniform/no_int_of_an_empty_range", lambda: fg.random_uniform([0], 3, 3, fg.int32),
         check=shape_is(0)),
    Case("random_uniform/bounds_are_tensors", lambda a, b: fg.random_uniform([N], a, b),
         (np.float32(2), np.float32(4)), check=within(2, 4, 3, 2 * 12 ** -0.5)),
    Case("random_normal/float32", lambda: fg.random_normal([N], 3.0, 2.0),
         check=within(-20, 20, 3, 2)),
    Case("random_normal/float64", lambda: fg.random_normal([N], dtype=fg.float64),
         check=within(-8, 8, 0, 1)),
    Case("random_normal/shape_part_of_the_graph",
         lambda x: fg.random_normal(fg.stack([fg.shape(x)[0], 3])), (np.zeros(5),),
         check=shape_is(5, 3)),
    Case("truncated_normal/float32", lambda: fg.truncated_normal([N]),
         check=within(-2, 2, 0, 0.8796)),
    Case("truncated_normal/float64", lambda: fg.truncated_normal([N], 1.0, 2.0, fg.float64),
         check=within(-3, 5, 1, 1.7592)),
    Case("truncated_normal/odd_size", lambda: fg.truncated_normal([3, 5]), check=shape_is(3, 5)),
    Case("random_shuffle/vector", lambda: fg.random_shuffle(np.arange(50)),
         check=permuted(np.arange(50))),
    Case("random_shuffle/rows", fg.random_shuffle, (ROWS,), check=permuted(ROWS)),
    Case("random_shuffle/one_row", fg.random_shuffle, (ROWS[:1],), check=shape_is(1, 2)),
    Case("random_shuffle/empty", fg.random_shuffle, (ROWS[:0],), check=shape_is(0, 2)),
    Case("random_shuffle/strings", fg.random_shuffle, (np.array([b"a", b"b"], object),),
         check=lambda results: None),
    Case("multinomial/frequencies", lambda x: fg.multinomial(x, N),
         (np.array([np.log([0.2, 0.3, 0.5]), [-np.inf, np.nan, 3.0]]),), check=frequencies),
    Case("multinomial/int32", lambda x: fg.multinomial(x, 2, output_dtype=fg.int32),
         (np.zeros((3, 1), np.float32),), np.zeros((3, 2), np.int32)),
    Case("multinomial/no_rows", lambda x: fg.multinomial(x, 2), (np.zeros((0, 4)),),
         np.zeros((0, 2), np.int64)),
]

BAD = [
    BadCase("random_uniform/int_without_maxval", lambda: fg.random_uniform([1], dtype=fg.int32),
            ValueError, ("maxval", "int32")),
    BadCase("random_uniform/dtype", lambda: fg.random_uniform([1], dtype=fg.uint8), ValueError,
            ("uint8",)),
    BadCase("random_uniform/negative_size", lambda: fg.random_uniform([-1]), ValueError,
            ("negative",)),
    BadCase("random_uniform/empty_range", lambda: fg.random_uniform([1], 3, 3, fg.int32),
            fg.errors.InvalidArgumentError, ("Need minval < maxval",), phase="run"),
    BadCase("multinomial/rank", lambda: fg.multinomial([1.0], 1), ValueError,
            ("logits of rank 2",)),
    BadCase("multinomial/no_classes", lambda x: fg.multinomial(x, 1),
            fg.errors.InvalidArgumentError, ("num_classes",), (np.zeros((1, 0)),), "run"),
    *(BadCase(f"{op}/{what}", lambda f=op, s=sizes, d=dtype: op_def(f).build(s, dtype=d), error,
              (f"{op} '", *words))
      for op in ("RandomStandardNormal", "TruncatedNormal", "RandomUniform")
      for what, sizes, dtype, error, words in (
          ("negative", [-1], fg.float32, ValueError, ("(-1,)", "must not be negative")),
          ("scalar", 3, fg.float32, ValueError, ("a shape of rank 1, got ()",)),
          ("float_size", [1.5], fg.float32, TypeError, ("float32 for 'shape'",)),
          ("ints", [3], fg.int32, TypeError, ("cannot draw int32", "a floating dtype")))),
    *(BadCase(f"{op}/negative_at_run", lambda x, f=op: op_def(f).build(x, dtype=fg.float32),
              fg.errors.InvalidArgumentError, (f"{op} '", "-1"), (np.int32([-1]),), "run")
      for op in ("RandomStandardNormal", "TruncatedNormal", "RandomUniform")),
]
