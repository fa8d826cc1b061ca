"""Cases of split and unstack."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.arange(12.0).reshape(2, 6)
I32 = np.arange(4, dtype=np.int32)

CASES = [
    Case("Split/columns", lambda x: fg.split(x, 3, axis=1), (X,), np.split(X, 3, 1), grad=True),
    Case("Split/negative_axis", lambda x: fg.split(x, 2, -1), (X,), np.split(X, 2, 1), grad=True),
    Case("Split/rows", lambda x: fg.split(x, 2), (X,), np.split(X, 2), grad=True),
    Case("Split/one_used", lambda x: fg.split(x, 3, 1)[1], (X,), X[:, 2:4], grad=True),
    Case("Split/axis_fed", lambda x, axis: fg.split(x, 2, axis), (X, np.int32(1)),
         np.split(X, 2, 1)),
    Case("Split/ints", lambda x: fg.split(x, 4), (I32,), np.split(I32, 4)),
    Case("SplitV/sizes", lambda x: fg.split(x, [1, 2, 3], 1), (X,),
         [X[:, :1], X[:, 1:3], X[:, 3:]], grad=True),
    Case("SplitV/rest", lambda x: fg.split(x, [4, -1], 1), (X,), [X[:, :4], X[:, 4:]], grad=True),
    Case("SplitV/empty_part", lambda x: fg.split(x, [0, 6], 1), (X,), [X[:, :0], X]),
    Case("SplitV/fed", lambda x, sizes: fg.split(x, sizes, 1, num=2), (X, np.array([2, 4])),
         [X[:, :2], X[:, 2:]]),
    Case("Unpack/rows", lambda x: fg.unstack(x, 2), (X,), [X[0], X[1]], grad=True),
    Case("Unpack/columns", lambda x: fg.unstack(x, 6, axis=-1), (X,), list(X.T), grad=True),
    Case("Unpack/static", fg.unstack, (X,), [X[0], X[1]], unknown_shapes=False),
    Case("Unpack/vector", lambda x: fg.unstack(x, 4), (I32,), list(I32)),
    Case("Unpack/text", lambda x: fg.unstack(x, 2), (np.array([b"a", b"b"], object),),
         [np.array(b"a", object), np.array(b"b", object)]),
]

BAD = [
    BadCase("Split/uneven", lambda: fg.split(fg.zeros([5]), 2), ValueError, ("(5,)", "2 equal")),
    BadCase("Split/uneven_at_run", lambda x: fg.split(x, 4, 1), fg.errors.InvalidArgumentError,
            ("Split",), (X,), "run"),
    BadCase("SplitV/sum", lambda: fg.split(fg.zeros([5]), [2, 2]), ValueError, ("sum to 5",)),
    BadCase("SplitV/sum_at_run", lambda x: fg.split(x, [2, 2], 1), fg.errors.InvalidArgumentError,
            ("sum to 6",), (X,), "run"),
    BadCase("SplitV/scalar", lambda n: fg.split(fg.zeros([4]), fg.reshape(n, [])), ValueError,
            ("Rank-0",), (np.int32(2),)),
    BadCase("SplitV/unknown_number", lambda n: fg.split(fg.zeros([4]), n), ValueError,
            ("Cannot infer num",), (np.array([2, 2], np.int32),)),
    BadCase("Unpack/unknown_number", fg.unstack, ValueError, ("Cannot infer num",), (X,)),
    BadCase("Unpack/number", lambda: fg.unstack(fg.zeros([3]), 2), ValueError, ("(3,)",)),
    BadCase("Unpack/axis", lambda: fg.unstack(fg.zeros([3]), axis=1), ValueError, ("axis = 1",)),
]
