"""Cases of ArgMax and ArgMin."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

X = np.random.RandomState(5).normal(size=(2, 3, 4))
TIES = np.array([[1, 3, 3], [2, 2, 2]], np.int32)
NAN = np.nan


def _arg(op, build, old, oracle):
    return [
        Case(f"{op}/default_axis", build, (X,), lambda x: oracle(x, 0)),
        Case(f"{op}/last", lambda x: build(x, -1), (X,), lambda x: oracle(x, -1)),
        Case(f"{op}/middle_int32", lambda x: build(x, 1, output_type=fg.int32), (X,),
             lambda x: oracle(x, 1).astype(np.int32)),
        Case(f"{op}/dimension", lambda x: build(x, dimension=1), (X,), lambda x: oracle(x, 1)),
        Case(f"{op}/old_function", lambda x: old(x, 1), (X,), lambda x: oracle(x, 1)),
        Case(f"{op}/ties_go_to_the_first", lambda x: build(x, 1), (TIES,), lambda x: oracle(x, 1)),
        Case(f"{op}/vector", build, (X[0, 0],), lambda x: oracle(x, 0)),
        Case(f"{op}/axis_is_fed", build, (X, np.int32(2)), lambda x, axis: oracle(x, 2)),
        Case(f"{op}/no_results", lambda x: build(x, 1), (X[:0],), np.zeros((0, 4), np.int64)),
        Case(f"{op}/float16", lambda x: build(x, 1), (X.astype(np.float16),),
             lambda x: oracle(x, 1)),
    ]


_WIDE = np.random.default_rng(0).standard_normal((30, 1000))
_WIDE_WITH_NAN = np.where(np.arange(1000) % 7 == 0, NAN, _WIDE)

CASES = [
    Case("ArgMax/wide", lambda x: fg.argmax(x, 1), (_WIDE,), _WIDE.argmax(1)),
    Case("ArgMin/wide", lambda x: fg.argmin(x, 1), (_WIDE,), _WIDE.argmin(1)),
    Case("ArgMax/wide_with_nan", lambda x: fg.argmax(x, 1), (_WIDE_WITH_NAN,),
         np.nanargmax(_WIDE_WITH_NAN, 1)),
    Case("ArgMin/wide_with_nan", lambda x: fg.argmin(x, 1), (_WIDE_WITH_NAN,),
         np.nanargmin(_WIDE_WITH_NAN, 1)),
    *_arg("ArgMax", fg.argmax, fg.arg_max, np.argmax),
    *_arg("ArgMin", fg.argmin, fg.arg_min, np.argmin),
    Case("ArgMax/nan_is_passed_over", lambda x: fg.argmax(x, 1),
         (np.array([[NAN, 1, 2], [3, NAN, 1], [NAN, NAN, NAN]]),), np.array([2, 0, 0])),
    Case("ArgMin/nan_is_passed_over", lambda x: fg.argmin(x, 1),
         (np.array([[NAN, 1, 2], [3, NAN, 1], [NAN, NAN, NAN]]),), np.array([1, 2, 0])),
]

BAD = [
    BadCase("ArgMax/axis_too_large", lambda: fg.argmax(np.ones((2, 3)), 2), ValueError,
            ("axis 2", "rank 2")),
    BadCase("ArgMax/output_type", lambda: fg.argmax([1.0], output_type=fg.float32), TypeError,
            ("output_type float32",)),
    BadCase("ArgMax/two_axes", lambda: fg.argmax(np.ones((2, 3)), [0, 1]), ValueError,
            ("an axis of rank 0",)),
    BadCase("ArgMax/scalar", lambda: fg.argmax(1.0), InvalidArgumentError, ("[0, 0)", "0"), (),
            "run"),
    BadCase("ArgMax/axis_of_a_vector", lambda: fg.argmax([1.0], 3), InvalidArgumentError,
            ("[-1, 1)", "3"), (), "run"),
    BadCase("ArgMin/both_names", lambda: fg.argmin([1.0], axis=0, dimension=0), ValueError,
            ("axis", "dimension")),
    BadCase("ArgMax/empty_axis", lambda: fg.argmax(np.zeros((0, 3))), InvalidArgumentError,
            ("axis 0 is empty",), (), "run"),
    BadCase("ArgMin/axis", lambda: fg.argmin([1.0, 2.0], axis=3), fg.errors.InvalidArgumentError,
            ("ArgMin '", "[-1, 1)", "3"), phase="run"),
    BadCase("ArgMin/text", lambda: fg.argmin(["a"]), TypeError, ("ArgMin '", "string")),
]
