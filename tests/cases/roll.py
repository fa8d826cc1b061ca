"""Cases of roll and reverse_sequence."""

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.roll import reverse_sequence, roll
from flowgraph.testing import BadCase, Case

X = np.arange(12.0).reshape(3, 4)
CUBE = np.arange(24.0).reshape(2, 3, 4)
LENGTHS = np.array([3, 0, 4])


def reversed_by_loop(x, lengths, seq, batch):
    result = x.copy()
    for b, n in enumerate(lengths):
        for i in range(n):
            to, source = [slice(None)] * x.ndim, [slice(None)] * x.ndim
            to[batch] = source[batch] = b
            to[seq], source[seq] = i, n - 1 - i
            result[tuple(to)] = x[tuple(source)]
    return result


CASES = [
    Case("Roll/one_axis", lambda x: roll(x, 1, 0), (X,), X[[2, 0, 1]], grad=True),
    Case("Roll/back", lambda x: roll(x, -1, -1), (X,), X[:, [1, 2, 3, 0]], grad=True),
    Case("Roll/two_axes", lambda x: roll(x, [1, 6], [0, 1]), (X,), X[[2, 0, 1]][:, [2, 3, 0, 1]],
         grad=True),
    Case("Roll/an_axis_twice", lambda x: roll(x, [1, 2], [1, 1]), (X,), X[:, [1, 2, 3, 0]]),
    Case("Roll/fed", roll, (np.array([1, 2, 3], np.int32), np.array(1), np.array(0, np.int32)),
         np.array([3, 1, 2])),
    Case("Roll/empty", lambda x: roll(x, 3, 0), (np.zeros((0, 2)),), np.zeros((0, 2))),
    Case("ReverseSequence/rows", lambda x, n: reverse_sequence(x, n, 1), (X, LENGTHS),
         reversed_by_loop(X, LENGTHS, 1, 0), grad=True),
    Case("ReverseSequence/time_first",
         lambda x: reverse_sequence(x, [1, 2, 2], seq_axis=0, batch_axis=1), (CUBE,),
         reversed_by_loop(CUBE, [1, 2, 2], 0, 1), grad=True),
    Case("ReverseSequence/old_names",
         lambda x: reverse_sequence(x, [2, 1, 0, 2], seq_dim=0, batch_dim=2), (CUBE,),
         reversed_by_loop(CUBE, [2, 1, 0, 2], 0, 2)),
    Case("ReverseSequence/texts", lambda x: reverse_sequence(x, [2], 1),
         (np.array([[b"a", b"b", b"c"]], object),), np.array([[b"b", b"a", b"c"]], object)),
]

BAD = [
    BadCase("Roll/axis", lambda: roll(X, 1, 2), InvalidArgumentError, ("Roll",), (), "run"),
    BadCase("Roll/scalar", lambda: roll(1.0, 1, 0), ValueError, ("rank 1",)),
    BadCase("Roll/pairs", lambda: roll(X, [1, 2], [0]), ValueError, ("one shift for each axis",)),
    BadCase("ReverseSequence/count", lambda: reverse_sequence(X, [1, 2], 1), ValueError,
            ("2 seq_lengths",)),
    BadCase("ReverseSequence/same", lambda: reverse_sequence(X, [1, 2, 3], 0, 0), ValueError,
            ("same",)),
    BadCase("ReverseSequence/dim", lambda: reverse_sequence(X, [1, 2, 3], 2), ValueError,
            ("seq_dim 2",)),
    BadCase("ReverseSequence/both", lambda: reverse_sequence(X, [1, 2, 3], 1, seq_dim=1),
            ValueError, ("seq_dim",)),
    BadCase("ReverseSequence/neither", lambda: reverse_sequence(X, [1, 2, 3]), TypeError,
            ("seq_axis",)),
    BadCase("ReverseSequence/long", lambda n: reverse_sequence(X, n, 1), InvalidArgumentError,
            ("[0, 4]",), (LENGTHS + 1,), "run"),
]
