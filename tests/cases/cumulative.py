"""Cases of the cumulative sums and products."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

X = np.array([[[0.5, -1.5], [2.0, 0.75], [-0.5, 1.25]]] * 2) * np.array([[[1.0]], [[-1.1]]])


def _both_ways(op, build, oracle, neutral):
    def flipped(x, axis):
        return np.flip(oracle(np.flip(x, axis), axis=axis), axis)

    def shifted(x):
        return oracle(np.concatenate([np.full_like(x[:1], neutral), x[:-1]]), axis=0)

    return [
        Case(f"{op}/first", build, (X,), lambda x: oracle(x, axis=0), grad=True),
        Case(f"{op}/last", lambda x: build(x, -1), (X,), lambda x: oracle(x, axis=-1), grad=True),
        Case(f"{op}/reverse", lambda x: build(x, 1, reverse=True), (X,), lambda x: flipped(x, 1),
             grad=True),
        Case(f"{op}/exclusive", lambda x: build(x, 0, exclusive=True), (X,), shifted, grad=True),
        Case(f"{op}/exclusive_reverse", lambda x: build(x, 0, True, True), (X[0],),
             lambda x: np.flip(shifted(np.flip(x, 0)), 0), grad=True),
        Case(f"{op}/axis_is_fed", build, (X, np.int64(1)), lambda x, axis: oracle(x, axis=1)),
        Case(f"{op}/int32_stays", build, (np.array([1, 2, 3], np.int32),),
             lambda x: oracle(x, axis=0).astype(np.int32)),
        Case(f"{op}/float16", build, (X.astype(np.float16),), lambda x: oracle(x, axis=0)),
        Case(f"{op}/empty", lambda x: build(x, 1, exclusive=True), (X[:, :0],), X[:, :0]),
        Case(f"{op}/complex", build, (X[0] + 1j,), lambda x: oracle(x, axis=0)),
    ]


CASES = [
    *_both_ways("Cumsum", fg.cumsum, np.cumsum, 0),
    *_both_ways("Cumprod", fg.cumprod, np.cumprod, 1),
]

BAD = [
    BadCase("Cumsum/axis", lambda: fg.cumsum([1.0], 1), InvalidArgumentError, ("[-1, 1)", "1"), (),
            "run"),
    BadCase("Cumprod/scalar", lambda: fg.cumprod(1.0), InvalidArgumentError, ("[0, 0)",), (),
            "run"),
    BadCase("Cumprod/axes", lambda: fg.cumprod([[1.0]], [0, 1]), ValueError, ("an axis",)),
]
