"""Cases of pad."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.pad import MirrorPadGrad
from flowgraph.testing import BadCase, Case

X = np.arange(6.0).reshape(2, 3) + 1
P = [[1, 0], [2, 1]]
V = np.array([1.0, 2.0, 3.0])

CASES = [
    Case("Pad/matrix", lambda x: fg.pad(x, P), (X,), np.pad(X, P), grad=True),
    Case("Pad/nothing", lambda x: fg.pad(x, [[0, 0], [0, 0]]), (X,), X, grad=True),
    Case("Pad/fed", fg.pad, (X, np.array(P, np.int64)), np.pad(X, P)),
    Case("Pad/ints", lambda x: fg.pad(x, [[1, 1]], "constant"), (np.array([1, 2], np.int32),),
         np.array([0, 1, 2, 0], np.int32)),
    Case("Pad/scalar", lambda x: fg.pad(x, np.zeros((0, 2), np.int32)), (np.array(2.0),),
         np.array(2.0)),
    Case("PadV2/value", lambda x: fg.pad(x, P, constant_values=-1.5), (X,),
         np.pad(X, P, constant_values=-1.5), grad=True),
    Case("PadV2/value_fed", lambda x, c: fg.pad(x, P, constant_values=c), (X, np.array(9.0)),
         np.pad(X, P, constant_values=9.0)),
    Case("PadV2/float32", lambda x: fg.pad(x, [[0, 1]], constant_values=0.1),
         (np.array([1], np.float32),), np.array([1, 0.1], np.float32)),
    Case("MirrorPad/reflect", lambda x: fg.pad(x, [[1, 0], [2, 1]], "REFLECT"), (X,),
         np.pad(X, P, mode="reflect"), grad=True),
    Case("MirrorPad/symmetric", lambda x: fg.pad(x, [[2, 1], [0, 3]], "symmetric"), (X,),
         np.pad(X, [[2, 1], [0, 3]], mode="symmetric"), grad=True),
    Case("MirrorPadGrad/reflect", lambda dy: MirrorPadGrad.build(dy, [[1, 1]], mode="REFLECT"),
         (np.array([1.0, 2.0, 3.0, 4.0, 5.0]),), np.array([2.0, 9.0, 4.0]), grad=True),
    Case("MirrorPadGrad/symmetric", lambda dy: MirrorPadGrad.build(dy, [[1, 1]], mode="SYMMETRIC"),
         (np.array([1.0, 2.0, 3.0, 4.0, 5.0]),), np.array([3.0, 3.0, 9.0]), grad=True),
]

BAD = [
    BadCase("Pad/fed_for_another_rank", fg.pad, fg.errors.InvalidArgumentError,
            ("Pad '", "(2,)", "one pair for each axis"), (np.zeros(2), np.zeros((2, 2), np.int32)),
            "run"),
    BadCase("Pad/shape", lambda: fg.pad(fg.zeros([2]), [[1, 1], [1, 1]]), ValueError, ("(2,)",)),
    BadCase("Pad/pairs", lambda: fg.pad(fg.zeros([2]), [[1, 1, 1]]), ValueError, ("(rank, 2)",)),
    BadCase("Pad/negative", lambda: fg.pad(fg.zeros([2]), [[-1, 1]]), ValueError, (">= 0",)),
    BadCase("Pad/mode", lambda: fg.pad(fg.zeros([2]), [[1, 1]], "WRAP"), ValueError, ("WRAP",)),
    BadCase("MirrorPad/too_wide", lambda: fg.pad(fg.zeros([2]), [[2, 0]], "REFLECT"),
            fg.errors.InvalidArgumentError, ("at most 1",), (), "run"),
    BadCase("PadV2/pairs", lambda: fg.pad([1.0], [[1, 1], [1, 1]], constant_values=2), ValueError,
            ("PadV2 '", "(1,)", "one pair for each axis")),
    BadCase("PadV2/vector", lambda: fg.pad([1.0], [[1, 1]], constant_values=[2.0, 3.0]), ValueError,
            ("PadV2 '", "rank 0, got (2,)")),
    BadCase("PadV2/negative", lambda x: fg.pad([1.0], x, constant_values=2),
            fg.errors.InvalidArgumentError, ("PadV2 '", "non-negative", "-1"),
            (np.int32([[1, -1]]),), "run"),
]
