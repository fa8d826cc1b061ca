"""Cases of indexing and slice."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.index import StridedSliceGrad
from flowgraph.testing import BadCase, Case

X = np.arange(24.0).reshape(2, 3, 4)
V = np.arange(5.0)
TEXT = np.array([b"a", b"b"], object)


def row(name, index, x=X, **more):
    return Case(f"StridedSlice/{name}", lambda t: t[index], (x,), x[index], **more)


CASES = [
    row("int", 1, grad=True),
    row("negative_int", -1, grad=True),
    row("ints", (1, 2, 0), grad=True),
    row("slice", slice(1, 4), V, grad=True),
    row("open_slices", (slice(None), slice(1, None)), grad=True),
    row("steps", (slice(None), slice(None, None, 2), slice(3, 0, -2)), grad=True),
    row("backwards", slice(None, None, -1), V, grad=True),
    row("negative_bounds", slice(-3, -1), V, grad=True),
    row("past_the_end", slice(2, 99), V, grad=True),
    row("empty", slice(4, 1), V),
    row("ellipsis", (..., 1), grad=True),
    row("ellipsis_between", (0, ..., slice(1, 3)), grad=True),
    row("new_axes", (slice(None), None, 1, None), grad=True),
    row("all", (), grad=True),
    row("text", 1, TEXT),
    row("one_element", 2, V),
    Case("StridedSlice/index_fed", lambda t, i: t[i], (X, np.int32(1)), X[1]),
    Case("StridedSlice/bounds_fed", lambda t, a, b: t[a:b], (V, np.int32(1), np.int32(3)), V[1:3]),
    Case("StridedSlice/int64_index", lambda t, i: t[0, i], (X, np.int64(-1)), X[0, -1]),
    Case("StridedSlice/by_shape", lambda t: t[fg.shape(t)[0] - 2:], (V,), V[3:], grad=True),
    Case("StridedSlice/of_shape", lambda t: fg.shape(t)[1:], (X,), np.array([3, 4], np.int32)),
    Case("StridedSlice/mask", lambda t: t[t > 2.0], (V,), V[V > 2],
         unknown_shapes=False),
    Case("StridedSlice/function", lambda t: fg.strided_slice(t, [0, 1], [2, 3], [1, 1]), (X,),
         X[0:2, 1:3], grad=True),
    Case("StridedSlice/function_masks",
         lambda t: fg.strided_slice(t, [0, 1, 1], [0, 0, 0], begin_mask=1, end_mask=1,
                                    shrink_axis_mask=2, ellipsis_mask=4), (X,), X[:, 1]),
    Case("StridedSliceGrad/placed",
         lambda dy: StridedSliceGrad.build([5], [1], [4], [2], dy), (np.array([1.0, 2.0]),),
         np.array([0.0, 1.0, 0.0, 2.0, 0.0]), grad=True),
    Case("Slice/box", lambda t: fg.slice(t, [0, 1, 1], [1, 2, 3]), (X,), X[0:1, 1:3, 1:4],
         grad=True),
    Case("Slice/rest", lambda t: fg.slice(t, [1, 0, 2], [-1, 2, -1]), (X,), X[1:, :2, 2:],
         grad=True),
    Case("Slice/fed", fg.slice, (V, np.array([1], np.int32), np.array([2], np.int32)), V[1:3]),
    Case("Slice/scalar", lambda t: fg.slice(t, [], []), (np.array(2.0),), np.array(2.0)),
]

BAD = [
    BadCase("StridedSlice/out_of_range", lambda: fg.zeros([3])[5], ValueError,
            ("slice index 5", "out of bounds")),
    BadCase("StridedSlice/out_of_range_at_run", lambda t: t[7], fg.errors.InvalidArgumentError,
            ("out of bounds",), (V,), "run"),
    BadCase("StridedSlice/too_many", lambda: fg.zeros([3])[0, 0], ValueError,
            ("2 indices", "(3,)")),
    BadCase("StridedSlice/step_0", lambda: fg.zeros([3])[::0], ValueError, ("step 0",)),
    BadCase("StridedSlice/two_ellipses", lambda: fg.zeros([3, 3])[..., ...], ValueError,
            ("ellipsis",)),
    BadCase("StridedSlice/float", lambda: fg.zeros([3])[1.0], TypeError, ("valid indices", "1.0")),
    BadCase("StridedSlice/text_as_index", lambda: fg.zeros([3])["a"], TypeError,
            ("valid indices",)),
    BadCase("StridedSlice/float_tensor", lambda t: fg.zeros([3])[t], TypeError, ("valid indices",),
            (np.array(1.0),)),
    BadCase("Slice/length", lambda: fg.slice(fg.zeros([2, 2]), [0], [1]), ValueError, ("(2, 2)",)),
    BadCase("Slice/negative_begin", lambda: fg.slice(fg.zeros([3]), [-1], [1]),
            fg.errors.InvalidArgumentError, ("1 elements from -1",), (), "run"),
    BadCase("StridedSlice/backward_index",
            lambda: fg.strided_slice(fg.zeros([3]), [0], [3], [-1], shrink_axis_mask=1), ValueError,
            ("step -1", "must be 1")),
    BadCase("StridedSlice/lengths", lambda: fg.strided_slice(fg.zeros([3, 4]), [0, 0], [3]),
            ValueError, ("of one shape",)),
    BadCase("Slice/reaches_out", lambda: fg.slice(fg.zeros([3]), [2], [5]),
            fg.errors.InvalidArgumentError, ("5 elements from 2",), (), "run"),
]
