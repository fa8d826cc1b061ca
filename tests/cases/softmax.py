"""Cases of ops/softmax.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.array([[1.0, 2.0, 0.5, -3.0], [100.0, 100.0, -100.0, 0.0]], np.float32)
Y = np.random.RandomState(0).standard_normal((2, 3, 4))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


CASES = [
    case
    for name, build, expect in (("softmax", fg.nn.softmax, softmax),
                                ("log_softmax", fg.nn.log_softmax, log_softmax))
    for case in (
        Case(f"{name}/float32", build, (X,), lambda x, f=expect: f(x.astype(np.float64))),
        Case(f"{name}/float16", build, (X[:1].astype(np.float16),),
             lambda x, f=expect: f(x.astype(np.float64))),
        Case(f"{name}/rank_1", build, (Y[0, 0],), expect),
        Case(f"{name}/rank_3", build, (Y,), expect, grad=True),
        Case(f"{name}/axis_0", lambda x, b=build: b(x, axis=0), (Y,),
             lambda x, f=expect: f(x, 0), grad=True),
        Case(f"{name}/axis_minus_2", lambda x, b=build: b(x, -2), (Y,),
             lambda x, f=expect: f(x, 1)),
        Case(f"{name}/dim", lambda x, b=build: b(x, dim=1), (Y,), lambda x, f=expect: f(x, 1)),
        Case(f"{name}/axis_is_a_tensor", lambda x, b=build: b(x, axis=fg.constant(1)), (Y,),
             lambda x, f=expect: f(x, 1)),
        Case(f"{name}/large_logits_do_not_overflow", build, (X * 1e30,),
             lambda x, f=expect: f(x.astype(np.float64))),
        Case(f"{name}/no_rows", build, (np.zeros((0, 3), np.float32),),
             np.zeros((0, 3), np.float32)),
        Case(f"{name}/no_classes", build, (np.zeros((2, 0), np.float32),),
             np.zeros((2, 0), np.float32)),
        Case(f"{name}/nan", build, (np.array([[0.0, np.nan], [0.0, 0.0]], np.float32),),
             lambda x, f=expect: f(x)),
    )
] + [
    Case("softmax/minus_infinity", fg.nn.softmax, (np.array([-np.inf, 0.0], np.float32),), [0, 1]),
]

BAD = [
    BadCase("softmax/rank_0", lambda: fg.nn.softmax(fg.constant(1.0)), ValueError,
            ("Softmax", "rank 1 or more")),
    BadCase("softmax/int32", lambda: fg.nn.softmax(fg.constant([1, 2])), TypeError, ("int32",)),
    BadCase("softmax/axis", lambda: fg.nn.softmax(fg.constant([[1.0]]), axis=2),
            fg.errors.InvalidArgumentError, ("Dimension (2)", "[-2, 2)")),
    BadCase("softmax/axis_and_dim", lambda: fg.nn.softmax(fg.constant([1.0]), axis=0, dim=0),
            ValueError, ("axis", "dim")),
]
