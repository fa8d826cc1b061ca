"""Cases of reshape, expand_dims, squeeze and transpose."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

X = np.arange(12.0).reshape(2, 3, 2)
M = np.arange(6.0).reshape(2, 3)
C = np.array([[1 + 2j, 3 - 1j]])
ONES = np.arange(3.0).reshape(1, 3, 1)

CASES = [
    Case("Reshape/full", lambda x: fg.reshape(x, [4, 3]), (X,), X.reshape(4, 3), grad=True),
    Case("Reshape/minus_one", lambda x: fg.reshape(x, [3, -1]), (X,), X.reshape(3, 4), grad=True),
    Case("Reshape/to_scalar", lambda x: fg.reshape(x, []), (np.array([[5.0]]),), np.array(5.0),
         grad=True),
    Case("Reshape/fed_shape", fg.reshape, (X, np.array([6, -1], np.int64)), X.reshape(6, 2)),
    Case("Reshape/by_shape_of_another", lambda x, y: fg.reshape(x, fg.shape(y)),
         (M, np.zeros((3, 2))), M.reshape(3, 2), grad=True),
    Case("Reshape/of_transposed", lambda x: fg.reshape(fg.transpose(x), [-1]), (M,), M.T.ravel(),
         grad=True),
    Case("Reshape/empty", lambda x: fg.reshape(x, [3, 0]), (np.zeros((0, 2)),), np.zeros((3, 0))),
    Case("Reshape/text", lambda x: fg.reshape(x, [2, 1]), (np.array([b"a", b"b"], object),),
         np.array([[b"a"], [b"b"]], object)),
    Case("ExpandDims/first", lambda x: fg.expand_dims(x, 0), (M,), M[None], grad=True),
    Case("ExpandDims/last", lambda x: fg.expand_dims(x, -1), (M,), M[..., None], grad=True),
    Case("ExpandDims/old_name", lambda x: fg.expand_dims(x, dim=1), (M,), M[:, None]),
    Case("ExpandDims/scalar", lambda x: fg.expand_dims(x, 0), (np.array(2.0),), np.array([2.0])),
    Case("ExpandDims/axis_fed", fg.expand_dims, (M, np.int32(1)), M[:, None]),
    Case("Squeeze/all", fg.squeeze, (ONES,), ONES[0, :, 0], grad=True),
    Case("Squeeze/one_axis", lambda x: fg.squeeze(x, axis=0), (ONES,), ONES[0], grad=True),
    Case("Squeeze/two_axes", lambda x: fg.squeeze(x, [0, -1]), (ONES,), ONES[0, :, 0], grad=True),
    Case("Squeeze/old_name", lambda x: fg.squeeze(x, squeeze_dims=[2]), (ONES,), ONES[:, :, 0]),
    Case("Squeeze/to_scalar", fg.squeeze, (np.array([[3.0]]),), np.array(3.0)),
    Case("Transpose/default", fg.transpose, (X,), X.transpose(), grad=True),
    Case("Transpose/perm", lambda x: fg.transpose(x, [1, 0, 2]), (X,), X.transpose(1, 0, 2),
         grad=True),
    Case("Transpose/perm_fed", fg.transpose, (X, np.array([2, 0, 1], np.int32)),
         X.transpose(2, 0, 1)),
    Case("Transpose/scalar", fg.transpose, (np.array(1.0),), np.array(1.0)),
    Case("ConjugateTranspose/complex", lambda x: fg.transpose(x, conjugate=True), (C,), C.conj().T),
    Case("ConjugateTranspose/parts",
         lambda x, y: fg.angle(fg.transpose(fg.complex(x, y), conjugate=True)), (M + 1.0, M + 2.0),
         -np.angle((M + 1.0) + 1j * (M + 2.0)).T, grad=True),
    Case("ConjugateTranspose/real", lambda x: fg.transpose(x, conjugate=True), (M,), M.T),
    Case("matrix_transpose/batch", fg.matrix_transpose, (X,), X.swapaxes(1, 2), grad=True),
    Case("InvertPermutation/three", fg.invert_permutation, (np.array([2, 0, 1], np.int32),),
         np.array([1, 2, 0], np.int32)),
]

BAD = [
    BadCase("Reshape/guess_beside_zero", lambda x: fg.reshape(x, [0, -1]), InvalidArgumentError,
            ("-1 stands beside a size of 0", "Reshape"), (np.zeros((0, 3)),), "run"),
    BadCase("Reshape/count", lambda: fg.reshape(fg.zeros([2, 3]), [4]), ValueError,
            ("(2, 3)", "6 elements", "(4,)")),
    BadCase("Reshape/no_multiple", lambda: fg.reshape(fg.zeros([2, 3]), [4, -1]), ValueError,
            ("6", "4")),
    BadCase("Reshape/partly_known",
            lambda: fg.reshape(fg.placeholder(fg.float32, [None, 4]), [3, 3]), ValueError,
            ("(?, 4)", "9")),
    BadCase("Reshape/two_unknown", lambda: fg.reshape(fg.zeros([4]), [-1, -1]),
            InvalidArgumentError, ("Reshape",), (), "run"),
    BadCase("Reshape/negative", lambda: fg.reshape(fg.zeros([4]), [-2, 2]), ValueError,
            ("one of them",)),
    BadCase("ExpandDims/two_axes", lambda: fg.expand_dims(fg.zeros([2]), [0, 1]), ValueError,
            ("one axis, got 2",)),
    BadCase("Reshape/at_run", lambda x, s: fg.reshape(x, s), fg.errors.InvalidArgumentError,
            ("Reshape",), (M, np.array([4, 2], np.int32)), "run"),
    BadCase("ExpandDims/axis", lambda: fg.expand_dims(fg.zeros([2]), 3), ValueError, ("axis 3",)),
    BadCase("ExpandDims/no_axis", lambda: fg.expand_dims(fg.zeros([2])), ValueError, ("axis",)),
    BadCase("ExpandDims/both_names", lambda: fg.expand_dims(fg.zeros([2]), 0, dim=0), ValueError,
            ("'dim'", "'axis'")),
    BadCase("Squeeze/size", lambda: fg.squeeze(fg.zeros([2, 1]), [0]), ValueError, ("(2, 1)",)),
    BadCase("Transpose/length", lambda: fg.transpose(fg.zeros([2, 3]), [0]), ValueError,
            ("(2, 3)", "every axis")),
    BadCase("Transpose/twice", lambda: fg.transpose(fg.zeros([2, 3]), [0, 0]),
            fg.errors.InvalidArgumentError, ("axis",), (), "run"),
    BadCase("matrix_transpose/vector", lambda: fg.matrix_transpose(fg.zeros([2])), ValueError,
            ("rank 2",)),
    BadCase("InvertPermutation/twice", fg.invert_permutation, fg.errors.InvalidArgumentError,
            ("permutation",), (np.array([0, 0], np.int32),), "run"),
    BadCase("ConjugateTranspose/perm",
            lambda: fg.transpose(fg.zeros([2, 3], fg.complex64), [0], conjugate=True), ValueError,
            ("ConjugateTranspose '", "(2, 3)")),
    BadCase("ConjugateTranspose/repeated",
            lambda: fg.transpose(fg.zeros([2, 3], fg.complex64), [0, 0], conjugate=True),
            fg.errors.InvalidArgumentError, ("ConjugateTranspose '", "repeated axis"), phase="run"),
]
