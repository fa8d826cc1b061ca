"""Cases of the comparisons."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

A = np.array([[1.0, 2.0, np.nan], [np.inf, -1.0, 0.0]])
B = np.array([[1.0, 3.0, np.nan], [np.inf, -2.0, -0.0]])
INTS = np.array([3, 0, -2], np.int32)
WORDS = np.array([b"a", b"b", b""], object)


def _comparison(op, build, oracle):
    return [
        Case(f"{op}/same_shape", build, (A, B), oracle),
        Case(f"{op}/stretched", build, (A, B[:, :1]), oracle),
        Case(f"{op}/scalars", build, (np.float32(1), np.float32(2)), oracle),
        Case(f"{op}/python_number", lambda x: build(x, 1), (INTS,), lambda x: oracle(x, 1)),
        Case(f"{op}/uint8", build, (np.array([200], np.uint8), np.array([100], np.uint8)), oracle),
        Case(f"{op}/empty", build, (A[:0], B[:0]), oracle),
    ]


CASES = [
    *_comparison("Equal", fg.equal, np.equal),
    *_comparison("NotEqual", fg.not_equal, np.not_equal),
    *_comparison("Less", fg.less, np.less),
    *_comparison("LessEqual", fg.less_equal, np.less_equal),
    *_comparison("Greater", fg.greater, np.greater),
    *_comparison("GreaterEqual", fg.greater_equal, np.greater_equal),
    Case("Equal/bool", fg.equal, (np.array([True, False]), np.array(True)), np.equal),
    Case("Equal/string", fg.equal, (WORDS, np.array(b"b", object)), np.array([False, True, False])),
    Case("Equal/string_scalars", fg.equal, ("a", "a"), np.array(True)),
    Case("Equal/complex", fg.equal, (np.array([1j, 2]), np.array([1j, 2j])), np.equal),
    Case("NotEqual/string", fg.not_equal, (WORDS, WORDS[::-1].copy()),
         np.array([True, False, True])),
]

BAD = [
    BadCase("Equal/dtypes", lambda: fg.equal(fg.constant(1), fg.constant(1.0)), TypeError,
            ("int32", "float32")),
    BadCase("Less/bool", lambda: fg.less(True, False), TypeError, ("bool",)),
    BadCase("Less/complex", lambda x: fg.less(x, x), TypeError, ("complex128",),
            (np.array([1j]),)),
    BadCase("Greater/shapes", lambda: fg.greater([1, 2], [1, 2, 3]), ValueError,
            ("(2,)", "(3,)")),
]
