"""Cases of the functions on the bits of integers."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.bitwise import (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    invert,
    left_shift,
    right_shift,
)
from flowgraph.testing import BadCase, Case

X = np.array([[6, -1, 0], [127, 12, -128]], np.int32)
Y = np.array([3, 5, -7], np.int32)

CASES = []
for _op, _build, _oracle in (("BitwiseAnd", bitwise_and, np.bitwise_and),
                             ("BitwiseOr", bitwise_or, np.bitwise_or),
                             ("BitwiseXor", bitwise_xor, np.bitwise_xor)):
    CASES += [
        Case(f"{_op}/stretched", _build, (X, Y), _oracle),
        Case(f"{_op}/scalars", _build, (X[0, 0], Y[0]), _oracle),
        Case(f"{_op}/int8", _build, (X.astype(np.int8), Y.astype(np.int8)), _oracle),
        Case(f"{_op}/uint64", _build, (X.astype(np.uint64), Y.astype(np.uint64)), _oracle),
        Case(f"{_op}/empty", _build, (X[:0], Y), _oracle),
    ]
CASES += [
    Case("Invert/int32", invert, (X,), np.invert),
    Case("Invert/uint8_scalar", invert, (np.uint8(5),), np.uint8(250)),
    Case("Invert/empty", invert, (X[:0],), X[:0]),
    Case("LeftShift/stretched", left_shift, (X, np.array([0, 1, 5], np.int32)), np.left_shift),
    Case("LeftShift/too_far", left_shift, (np.int8([1, 3, 5]), np.int8([7, 100, -3])),
         np.int8([-128, -128, 5])),
    Case("LeftShift/uint16", left_shift, (np.uint16([1, 65535]), np.uint16([15, 20])),
         np.uint16([32768, 32768])),
    Case("RightShift/stretched", right_shift, (X, np.array([[0], [2]], np.int32)), np.right_shift),
    Case("RightShift/too_far", right_shift, (np.int32([-5, 5, 5]), np.int32([40, 40, -1])),
         np.int32([-1, 0, 5])),
    Case("RightShift/scalar", right_shift, (np.int64(-9), np.int64(1)), np.int64(-5)),
]

BAD = [
    BadCase("BitwiseAnd/float", lambda: bitwise_and(fg.constant([1.0]), 1.0), TypeError,
            ("BitwiseAnd", "float32")),
    BadCase("BitwiseOr/dtypes", lambda x: bitwise_or(x, fg.constant([1, 2])), TypeError,
            ("int64", "int32"), (np.int64([1, 2]),)),
    BadCase("LeftShift/shapes", lambda: left_shift([1, 2], [1, 2, 3]), ValueError, ("LeftShift",)),
    BadCase("Invert/bool", lambda: invert(fg.constant(True)), TypeError, ("Invert", "bool")),
]
