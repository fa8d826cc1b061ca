"""Cases of where, one_hot, sequence_mask and reverse."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.arange(6.0).reshape(2, 3)
Y = -X - 1
C = np.array([[True, False, True], [False, False, True]])
I32 = np.array([1, 0, 5, -1], np.int32)
LENGTHS = np.array([1, 3, 0], np.int32)

MANY = np.random.RandomState(9).uniform(-1, 1, (130, 190))  # more than one piece of `choose`

CASES = [
    *(Case(f"{name}/many_{dtype}", lambda c, x, y, build=build: build(c, x, y),
           (MANY > 0, MANY.astype(dtype), (MANY * 9)[::-1].astype(dtype)), np.where)
      for name, build in (("Select", fg.where), ("SelectV2", fg.where_v2))
      for dtype in ("float32", "float64", "float16", "int32", "bool", "uint8", "complex64")),
    Case("SelectV2/many_or_a_number", lambda c, x: [fg.where_v2(c, x, 0.5), fg.where_v2(c, 0.5, x)],
         (MANY > 0.5, MANY.astype(np.float32)),
         lambda c, x: [np.where(c, x, 0.5), np.where(c, 0.5, x)]),
    Case("Select/many_in_runs", fg.where, (np.arange(24700) > 9000, MANY.reshape(-1), -MANY.reshape(
        -1)), np.where),
    Case("Select/many_not_finite", fg.where,
         (MANY > 0, np.where(MANY > 0.5, np.nan, -0.0), np.where(MANY > -0.5, np.inf, 0.0)),
         np.where),
    Case("Select/same_shape", lambda x, y: fg.where(C, x, y), (X, Y), np.where(C, X, Y), grad=True),
    Case("Select/rows", lambda x, y: fg.where([True, False], x, y), (X, Y), np.stack([X[0], Y[1]]),
         grad=True),
    Case("Select/scalar", lambda x, y: fg.where(True, x, y), (X, Y), X, grad=True),
    Case("Select/fed", fg.where, (C, X, Y), np.where(C, X, Y)),
    Case("Select/nan_is_not_spread", lambda x: fg.where(x > 0.0, x, fg.zeros_like(x)),
         (np.array([np.nan, 1.0]),), np.array([0.0, 1.0])),
    Case("Select/text", fg.where,
         (np.array([True, False]), np.array([b"a", b"b"], object), np.array([b"c", b"d"], object)),
         np.array([b"a", b"d"], object)),
    Case("SelectV2/broadcast", lambda x, y: fg.where_v2([[True], [False]], x, y),
         (X, np.array([7.0, 8.0, 9.0])), np.stack([X[0], [7.0, 8.0, 9.0]]), grad=True),
    Case("SelectV2/scalar", lambda x, y: fg.where_v2(C, x, y), (X, np.array(0.5)),
         np.where(C, X, 0.5), grad=True),
    Case("Where/matrix", fg.where, (C,), np.argwhere(C)),
    Case("Where/numbers", fg.where, (np.array([0.0, 2.0, -1.0]),), np.array([[1], [2]])),
    Case("Where/none", fg.where, (np.zeros(3, bool),), np.zeros((0, 1), np.int64)),
    Case("Where/v2", fg.where_v2, (C,), np.argwhere(C)),
    Case("OneHot/default", lambda i: fg.one_hot(i, 3), (I32,),
         np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]], np.float32)),
    Case("OneHot/values", lambda i: fg.one_hot(i, 2, 5.0, -1.0), (I32,),
         np.array([[-1, 5], [5, -1], [-1, -1], [-1, -1]], np.float32)),
    Case("OneHot/axis_0", lambda i: fg.one_hot(i, 2, axis=0), (I32[:2],),
         np.array([[0, 1], [1, 0]], np.float32)),
    Case("OneHot/middle", lambda i: fg.one_hot(i, 2, axis=1), (np.array([[1, 0]]),),
         np.array([[[0, 1], [1, 0]]], np.float32)),
    Case("OneHot/dtype", lambda i: fg.one_hot(i, 2, dtype=fg.int64), (np.array([1], np.uint8),),
         np.array([[0, 1]])),
    Case("OneHot/bools", lambda i: fg.one_hot(i, 2, True, False), (I32[:1],),
         np.array([[False, True]])),
    Case("OneHot/depth_fed", fg.one_hot, (I32, np.int32(2)),
         np.array([[0, 1], [1, 0], [0, 0], [0, 0]], np.float32)),
    Case("OneHot/scalar", lambda i: fg.one_hot(i, 3), (np.int32(1),),
         np.array([0, 1, 0], np.float32)),
    Case("sequence_mask/maxlen", lambda n: fg.sequence_mask(n, 4), (LENGTHS,),
         np.arange(4) < LENGTHS[:, None]),
    Case("sequence_mask/longest", fg.sequence_mask, (LENGTHS,), np.arange(3) < LENGTHS[:, None]),
    Case("sequence_mask/dtype", lambda n: fg.sequence_mask(n, 2, fg.float64), (LENGTHS,),
         (np.arange(2) < LENGTHS[:, None]).astype(float)),
    Case("ReverseV2/rows", lambda x: fg.reverse(x, [0]), (X,), X[::-1], grad=True),
    Case("ReverseV2/both", lambda x: fg.reverse(x, [0, -1]), (X,), X[::-1, ::-1], grad=True),
    Case("ReverseV2/no_axis", lambda x: fg.reverse(x, np.zeros(0, np.int32)), (X,), X),
    Case("ReverseV2/fed", fg.reverse_v2, (X, np.array([1], np.int32)), X[:, ::-1]),
]

BAD = [
    BadCase("Select/shapes", lambda: fg.where([True, False], [1, 2], [1, 2, 3]), ValueError,
            ("(2,)", "(3,)")),
    BadCase("Select/condition", lambda: fg.where([True, False, True], fg.zeros([2, 2]),
                                                 fg.zeros([2, 2])), ValueError, ("(3,)", "row")),
    BadCase("Select/one_missing", lambda: fg.where([True], [1]), ValueError, ("both",)),
    BadCase("Select/not_bool", lambda: fg.where([1, 0], [1, 2], [3, 4]), TypeError, ("bool",)),
    BadCase("SelectV2/shapes", lambda: fg.where_v2([True, False], [1, 2, 3], 1), ValueError,
            ("broadcast",)),
    BadCase("OneHot/axis_too_large", lambda: fg.one_hot([1], 2, axis=3),
            fg.errors.InvalidArgumentError, ("OneHot",), (), "run"),
    BadCase("OneHot/axis_from_the_end", lambda: fg.one_hot([1], 2, axis=-2), ValueError,
            ("axis -2",)),
    BadCase("OneHot/negative_depth", lambda: fg.one_hot([1], -1), ValueError, ("depth",)),
    BadCase("OneHot/dtypes", lambda: fg.one_hot([1], 2, 1.0, dtype=fg.int32), TypeError,
            ("on_value", "int32")),
    BadCase("OneHot/floats", lambda: fg.one_hot([1.0], 2), TypeError, ("float32",)),
    BadCase("sequence_mask/maxlen_vector", lambda: fg.sequence_mask([1], [2]), ValueError,
            ("scalar",)),
    BadCase("ReverseV2/axis", lambda: fg.reverse(fg.zeros([2]), [1]), ValueError, ("axis 1",)),
    BadCase("ReverseV2/twice", lambda: fg.reverse(fg.zeros([2]), [0, -1]), ValueError, ("twice",)),
]
