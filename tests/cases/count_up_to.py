"""Cases of counting a variable up to a limit, and of scattering in step with batch axes."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

V = np.arange(12.0).reshape(2, 2, 3)


def counted():
    v = fg.Variable(np.int64(1))
    up = v.count_up_to(3)
    with fg.control_dependencies([up]):
        return [up, v.read_value()]


def scattered(updates):
    return fg.batch_scatter_update(fg.Variable(V), np.array([[[2, 0], [1, 1]], [[0, 1], [2, 0]]]),
                                   updates)


def expected(updates):
    result = V.copy()
    for place, columns in (((0, 0), [2, 0]), ((0, 1), [1, 1]), ((1, 0), [0, 1]), ((1, 1), [2, 0])):
        result[place][columns] = updates[place]
    return result


CASES = [
    Case("CountUpTo/counts", counted, expect=[np.int64(1), np.int64(2)]),
    Case("batch_scatter_update/int64", scattered, (-np.arange(8.0).reshape(2, 2, 2),), expected),
    Case("batch_scatter_update/rows",
         lambda u: fg.batch_scatter_update(fg.Variable(V), [1], u), (np.ones((1, 2, 3)),),
         np.stack([V[0], np.ones((2, 3))])),
]

BAD = [
    BadCase("CountUpTo/limit", lambda: fg.count_up_to(fg.Variable(0).assign(3), 3),
            fg.errors.OutOfRangeError, ("Reached limit of 3",), phase="run"),
    BadCase("CountUpTo/vector", lambda: fg.count_up_to(fg.Variable([3]), 3), ValueError,
            ("rank 0",)),
    BadCase("CountUpTo/float", lambda: fg.count_up_to(fg.Variable(3.0), 3), TypeError,
            ("float32",)),
    BadCase("CountUpTo/tensor", lambda: fg.count_up_to(fg.constant(3), 3), AttributeError),
    BadCase("batch_scatter_update/rank",
            lambda i: fg.batch_scatter_update(fg.Variable(V), i, V), ValueError, ("unknown shape",),
            (np.array([1]),)),
]
