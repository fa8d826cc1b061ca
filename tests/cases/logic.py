"""Cases of the logical ops."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.array([True, True, False, False])
Y = np.array([True, False, True, False])

CASES = [
    Case("LogicalAnd/table", fg.logical_and, (X, Y), np.logical_and),
    Case("LogicalOr/table", fg.logical_or, (X, Y), np.logical_or),
    Case("LogicalNot/table", fg.logical_not, (X,), np.logical_not),
    Case("logical_xor/table", fg.logical_xor, (X, Y), np.logical_xor),
    Case("LogicalAnd/stretched", fg.logical_and, (X, Y[:, None]), np.logical_and),
    Case("LogicalOr/scalars", fg.logical_or, (np.array(True), np.array(False)), np.logical_or),
    Case("LogicalNot/scalar", fg.logical_not, (np.array(True),), np.logical_not),
    Case("LogicalAnd/python_bool", lambda x: fg.logical_and(x, True), (X,), X),
    Case("LogicalOr/empty", fg.logical_or, (X[:0], Y[:0]), X[:0]),
]

BAD = [
    BadCase("LogicalAnd/ints", lambda: fg.logical_and(fg.constant(1), fg.constant(0)), TypeError,
            ("int32", "bool")),
    BadCase("LogicalNot/float", lambda: fg.logical_not(fg.constant(1.0)), TypeError, ("float32",)),
    BadCase("LogicalOr/shapes", lambda: fg.logical_or([True] * 2, [True] * 3), ValueError,
            ("(2,)", "(3,)")),
]
