"""Cases of partition and stitch."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.partition import dynamic_partition, dynamic_stitch, parallel_stitch
from flowgraph.testing import BadCase, Case

ROWS = np.arange(10.0).reshape(5, 2)
PARTS = np.array([2, 0, 2, 0, 0], np.int32)
PLACES = [np.array([4, 0], np.int32), np.array([[1, 3], [2, 5]], np.int32)]
D = [np.array([[40.0, 41.0], [0.0, 1.0]]), np.arange(8.0).reshape(2, 2, 2) + 50]
STITCHED = np.array([[0.0, 1.0], [50, 51], [54, 55], [52, 53], [40, 41], [56, 57]])

CASES = [
    Case("DynamicPartition/rows", lambda x, p: dynamic_partition(x, p, 3), (ROWS, PARTS),
         [ROWS[[1, 3, 4]], ROWS[:0], ROWS[[0, 2]]]),
    Case("DynamicPartition/elements", lambda x, p: dynamic_partition(x, p, 2),
         (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1, 0], [0, 1]], np.int32)),
         [np.array([2.0, 3.0]), np.array([1.0, 4.0])]),
    Case("DynamicPartition/gradient", lambda x, p: [fg.reduce_sum(fg.square(part), 0)
                                                    for part in dynamic_partition(x, p, 3)],
         (ROWS, PARTS), [np.square(ROWS[i == PARTS]).sum(0) for i in range(3)], grad=True),
    Case("DynamicPartition/gradient_of_elements",
         lambda x: [fg.reduce_sum(fg.sin(part)) for part in
                    dynamic_partition(x, [[0, 1], [1, 1]], 2)],
         (ROWS[:2],), [np.sin(0.0), np.sin(ROWS[:2]).sum()], grad=True),
    Case("DynamicPartition/scalar", lambda x, p: dynamic_partition(x, p, 2),
         (np.array([1, 2]), np.array(1, np.int32)), [np.zeros((0, 2)), np.array([[1, 2]])]),
    Case("DynamicPartition/texts", lambda x: dynamic_partition(x, [1, 0, 1], 2),
         (np.array([b"a", b"b", b"c"], object),),
         [np.array([b"b"], object), np.array([b"a", b"c"], object)]),
    Case("DynamicPartition/empty", lambda x: dynamic_partition(x, np.zeros(0, np.int32), 1),
         (np.zeros((0, 3)),), np.zeros((0, 3)), unknown_shapes=False),
    Case("DynamicStitch/rows", lambda i, j, x, y: dynamic_stitch([i, j], [x, y]), (*PLACES, *D),
         STITCHED),
    Case("DynamicStitch/gradient", lambda x, y: fg.square(dynamic_stitch(
        [PLACES[0], PLACES[1]], [x, y])), tuple(D), STITCHED**2, grad=True),
    Case("DynamicStitch/later_wins", lambda x, y: dynamic_stitch([[0, 1], [1, 2]], [x, y]),
         (np.array([1, 2]), np.array([3, 4])), np.array([1, 3, 4])),
    Case("DynamicStitch/scalars", lambda x, y: dynamic_stitch([1, 0], [x, y]),
         (np.array(1.0), np.array(2.0)), np.array([2.0, 1.0]), grad=True),
    Case("DynamicStitch/gap", lambda x: dynamic_stitch([[2]], [x]), (np.array([5.0]),),
         np.array([0.0, 0.0, 5.0])),
    Case("DynamicStitch/texts", lambda x: dynamic_stitch([[1, 0]], [x]),
         (np.array([b"a", b"b"], object),), np.array([b"b", b"a"], object)),
    Case("DynamicStitch/nothing", lambda i, x: dynamic_stitch([i], [x]),
         (np.zeros(0, np.int32), np.zeros((0, 2))), np.zeros((0, 2))),
    Case("ParallelDynamicStitch/rows", lambda i, j, x, y: parallel_stitch([i, j], [x, y]),
         (*PLACES, *D), STITCHED),
    Case("ParallelDynamicStitch/gradient", lambda x, y: fg.square(parallel_stitch(
        [PLACES[0], PLACES[1]], [x, y])), tuple(D), STITCHED**2, grad=True),
]

BAD = [
    BadCase("DynamicPartition/shape", lambda: dynamic_partition(ROWS, [0, 1], 2), ValueError,
            ("(5, 2)", "(2,)")),
    BadCase("DynamicPartition/count", lambda: dynamic_partition(ROWS, PARTS, 0), ValueError,
            ("1 or more",)),
    BadCase("DynamicPartition/range", lambda p: dynamic_partition(ROWS, p, 2),
            InvalidArgumentError, ("[0, 2)",), (PARTS,), "run"),
    BadCase("DynamicPartition/shape_run", lambda x, p: dynamic_partition(x, p, 3),
            InvalidArgumentError, ("(5, 2)", "(4,)"), (ROWS, PARTS[:4]), "run"),
    BadCase("DynamicStitch/shape", lambda: dynamic_stitch([[0, 1]], [[[1.0]]]), ValueError,
            ("(1, 1)", "(2,)")),
    BadCase("DynamicStitch/slices", lambda: dynamic_stitch([[0], [1]], [[[1.0]], [[1.0, 2.0]]]),
            ValueError, ("one shape",)),
    BadCase("DynamicStitch/negative", lambda i: dynamic_stitch([i], [[1.0]]),
            InvalidArgumentError, ("not in",), (np.array([-1], np.int32),), "run"),
    BadCase("ParallelDynamicStitch/sizes",
            lambda: op_def("ParallelDynamicStitch").build([[0, 1]], [[1.0]]),
            ValueError, ("ParallelDynamicStitch '", "(1,)", "(2,)")),
    BadCase("ParallelDynamicStitch/lists",
            lambda: op_def("ParallelDynamicStitch").build([[0]], [[1.0], [2.0]]), ValueError,
            ("ParallelDynamicStitch '", "lists of one length", "1 for 'indices', 2 for 'data'")),
    BadCase("ParallelDynamicStitch/negative",
            lambda: op_def("ParallelDynamicStitch").build([[-1, 1]], [[1.0, 2.0]]),
            fg.errors.InvalidArgumentError, ("ParallelDynamicStitch '", "-1"), phase="run"),
    BadCase("DynamicStitch/no_tensors", lambda: fg.dynamic_stitch([], []), ValueError,
            ("DynamicStitch '", "at least one tensor")),
]
