"""Cases of gather, scatter_nd, segment sums and boolean masks."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.arange(12.0).reshape(4, 3)
B = np.arange(24.0).reshape(2, 3, 4)
I32 = np.array([2, 0, 2], np.int32)
I2 = np.array([[1, 0], [3, 3]], np.int64)
TEXT = np.array([b"a", b"b", b"c"], object)
IDS = np.array([1, 0, 1, -1], np.int32)
MASK = np.array([True, False, True, False])


def sparse_to_dense(x):
    return fg.convert_to_tensor(fg.gradients(fg.gather(x, [1, 1, 3]) * 2.0, x)[0])


CASES = [
    Case("GatherV2/rows", lambda x: fg.gather(x, I32), (X,), X[I32], grad=True),
    Case("GatherV2/matrix_of_indices", lambda x: fg.gather(x, I2), (X,), X[I2], grad=True),
    Case("GatherV2/scalar_index", lambda x: fg.gather(x, 1), (X,), X[1], grad=True),
    Case("GatherV2/columns", lambda x: fg.gather(x, I32, axis=1), (X,), X[:, I32], grad=True),
    Case("GatherV2/negative_axis", lambda x: fg.gather(x, I32, axis=-1), (B,), B[..., I32],
         grad=True),
    Case("GatherV2/middle", lambda x: fg.gather(x, I2 % 3, axis=1), (B,), B[:, I2 % 3], grad=True),
    Case("GatherV2/axis_fed", lambda x, axis: fg.gather(x, I32, axis=axis), (X, np.int32(1)),
         X[:, I32]),
    Case("GatherV2/no_indices", lambda x: fg.gather(x, np.zeros(0, np.int32)), (X,), X[:0]),
    Case("GatherV2/text", fg.gather, (TEXT, I32), TEXT[I32]),
    Case("GatherV2/one_text", fg.gather, (TEXT, np.int32(1)), np.array(b"b", object)),
    Case("GatherV2/batch",
         lambda x: fg.gather(x, np.array([[1, 2], [0, 0]], np.int32), batch_dims=1), (B,),
         np.stack([B[0][[1, 2]], B[1][[0, 0]]]), grad=True),
    Case("GatherV2/batch_and_axis",
         lambda x: fg.gather(x, np.array([[1, 2], [0, 0]], np.int32), axis=2, batch_dims=1), (B,),
         np.stack([B[0][:, [1, 2]], B[1][:, [0, 0]]]), grad=True),
    Case("GatherV2/batch_gather", lambda x: fg.batch_gather(x, [[0], [2]]), (B,),
         np.stack([B[0][[0]], B[1][[2]]]), grad=True),
    Case("GatherV2/rows_gradient_is_summed", sparse_to_dense, (X,),
         np.array([[0.0] * 3, [4.0] * 3, [0.0] * 3, [2.0] * 3])),
    Case("GatherNd/elements", lambda x: fg.gather_nd(x, [[0, 1], [3, 2]]), (X,), X[[0, 3], [1, 2]],
         grad=True),
    Case("GatherNd/rows", lambda x: fg.gather_nd(x, [[[0]], [[3]]]), (X,), X[[[0], [3]]],
         grad=True),
    Case("GatherNd/one_element", lambda x: fg.gather_nd(x, [1, 2]), (X,), X[1, 2], grad=True),
    Case("GatherNd/one_text", lambda x: fg.gather_nd(x, [1]), (TEXT,), np.array(b"b", object)),
    Case("GatherNd/batch", lambda x: fg.gather_nd(x, [[1, 0], [2, 3]], batch_dims=1), (B,),
         np.array([B[0, 1, 0], B[1, 2, 3]]), grad=True),
    Case("ScatterNd/adds_up", lambda u: fg.scatter_nd([[1], [3], [1]], u, [4]),
         (np.array([1.0, 2.0, 3.0]),), np.array([0.0, 4.0, 0.0, 2.0]), grad=True),
    Case("ScatterNd/rows", lambda u: fg.scatter_nd([[2], [0]], u, [3, 3]), (X[:2],),
         np.stack([X[1], X[0] * 0, X[0]]), grad=True),
    Case("ScatterNd/shape_fed", fg.scatter_nd,
         (np.array([[0, 1]], np.int64), np.array([5.0]), np.array([2, 2], np.int64)),
         np.array([[0.0, 5.0], [0.0, 0.0]])),
    Case("UnsortedSegmentSum/rows", lambda x: fg.unsorted_segment_sum(x, IDS, 3), (X,),
         np.stack([X[1], X[0] + X[2], X[0] * 0]), grad=True),
    Case("UnsortedSegmentSum/matrix_of_ids",
         lambda x: fg.unsorted_segment_sum(x, [[0, 1, 0], [1, 1, 2]], 3), (X[:2],),
         np.array([X[0, 0] + X[0, 2], X[0, 1] + X[1, 0] + X[1, 1], X[1, 2]]), grad=True),
    Case("UnsortedSegmentSum/all_left_out",
         lambda x: fg.unsorted_segment_sum(x, [-1, -1, -1, -1], 2), (X,), np.zeros((2, 3))),
    Case("UnsortedSegmentSum/nothing", lambda x: fg.unsorted_segment_sum(x, np.zeros(0, int), 2),
         (np.zeros((0, 3)),), np.zeros((2, 3))),
    Case("UnsortedSegmentSum/ints", fg.unsorted_segment_sum,
         (np.array([1, 2, 3], np.int32), np.array([0, 0, 1], np.int32), np.int32(2)),
         np.array([3, 3], np.int32)),
    Case("boolean_mask/rows", lambda x: fg.boolean_mask(x, MASK), (X,), X[MASK]),
    Case("boolean_mask/matrix", lambda x: fg.boolean_mask(x, X % 2 == 0), (X,), X[X % 2 == 0]),
    Case("boolean_mask/axis", lambda x: fg.boolean_mask(x, [True, False, True], axis=1), (X,),
         X[:, [0, 2]]),
    Case("boolean_mask/gradient",
         lambda x: fg.reduce_sum(fg.boolean_mask(x, [True, False, True], axis=1) ** 2.0), (X,),
         (X[:, [0, 2]] ** 2).sum(), grad=True),
    Case("boolean_mask/gradient_of_matrix",
         lambda x: fg.reduce_sum(fg.boolean_mask(x, X % 2 == 0) ** 2.0), (X,),
         (X[X % 2 == 0] ** 2).sum(), grad=True),
    Case("boolean_mask/none_left", lambda x: fg.boolean_mask(x, [False] * 4), (X,), X[:0]),
]

BAD = [
    BadCase("GatherV2/out_of_range", fg.gather, fg.errors.InvalidArgumentError,
            ("[0, 4)", "GatherV2"), (X, np.array([4], np.int32)), "run"),
    BadCase("GatherV2/negative", fg.gather, fg.errors.InvalidArgumentError, ("-1",),
            (X, np.array([-1], np.int32)), "run"),
    BadCase("GatherV2/scalar", lambda: fg.gather(1.0, 0), ValueError, ("rank 1",)),
    BadCase("GatherV2/float_index", lambda: fg.gather(fg.zeros([3]), 1.0), TypeError, ("int32",)),
    BadCase("GatherV2/axis", lambda: fg.gather(fg.zeros([3]), 1, axis=2), ValueError, ("axis 2",)),
    BadCase("GatherNd/too_deep", lambda: fg.gather_nd(fg.zeros([3]), [[0, 0]]), ValueError,
            ("(3,)", "2")),
    BadCase("GatherNd/out_of_range", lambda x: fg.gather_nd(x, [[9]]),
            fg.errors.InvalidArgumentError, ("[0, 4)",), (X,), "run"),
    BadCase("ScatterNd/shapes", lambda: fg.scatter_nd([[1]], [1.0, 2.0], [4]), ValueError,
            ("(2,)", "(1, 1)")),
    BadCase("ScatterNd/out_of_range", lambda u: fg.scatter_nd([[4]], u, [4]),
            fg.errors.InvalidArgumentError, ("[0, 4)",), (np.array([1.0]),), "run"),
    BadCase("UnsortedSegmentSum/id", lambda x: fg.unsorted_segment_sum(x, [0, 1, 2, 3], 3),
            fg.errors.InvalidArgumentError, ("segment id 3",), (X,), "run"),
    BadCase("UnsortedSegmentSum/shapes",
            lambda: fg.unsorted_segment_sum(fg.zeros([3]), [0, 1], 2), ValueError,
            ("(3,)", "(2,)")),
    BadCase("boolean_mask/scalar", lambda: fg.boolean_mask([1], True), ValueError, ("scalar",)),
    BadCase("boolean_mask/rank", lambda m: fg.boolean_mask([1], m), ValueError, ("dimensions",),
            (np.array([True]),)),
    BadCase("boolean_mask/shapes", lambda: fg.boolean_mask([1, 2], [True]), ValueError,
            ("incompatible",)),
]
