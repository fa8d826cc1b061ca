"""Cases of shape, size and rank, and of what shapes broadcast to."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.shape import BroadcastGradientArgs, shape_internal
from flowgraph.testing import BadCase, Case

X = np.zeros((2, 3))
S = np.array([2, 1, 3], np.int32)
T = np.array([4, 1], np.int32)

CASES = [
    Case("Shape/matrix", fg.shape, (X,), np.array([2, 3], np.int32)),
    Case("Shape/int64", lambda x: fg.shape(x, out_type=fg.int64), (X,), np.array([2, 3])),
    Case("Shape/as_a_node", lambda x: shape_internal(x, optimize=False), (X,),
         np.array([2, 3], np.int32)),
    Case("Shape/scalar", fg.shape, (np.float32(1),), np.zeros(0, np.int32)),
    Case("Shape/empty", fg.shape, (np.zeros((0, 4)),), np.array([0, 4], np.int32)),
    Case("Shape/of_text", fg.shape, (np.array([b"a"], object),), np.array([1], np.int32)),
    Case("ShapeN/two", lambda x, y: fg.shape_n([x, y]), (X, np.zeros(4)),
         [np.array([2, 3], np.int32), np.array([4], np.int32)]),
    Case("ShapeN/int64", lambda x, y: fg.shape_n([x, y], out_type=fg.int64), (X, np.zeros(4)),
         [np.array([2, 3]), np.array([4])]),
    Case("Size/matrix", fg.size, (X,), np.int32(6)),
    Case("Size/int64", lambda x: fg.size(x, out_type=fg.int64), (X,), np.int64(6)),
    Case("Size/empty", fg.size, (np.zeros((0, 4)),), np.int32(0)),
    Case("Rank/matrix", fg.rank, (X,), np.int32(2)),
    Case("Rank/scalar", fg.rank, (np.float32(1),), np.int32(0)),
    Case("BroadcastArgs/stretched", fg.broadcast_dynamic_shape, (S, T),
         np.array([2, 4, 3], np.int32)),
    Case("BroadcastArgs/int64", fg.broadcast_dynamic_shape, (np.array([1]), np.array([5, 2])),
         np.array([5, 2])),
    Case("BroadcastGradientArgs/both", BroadcastGradientArgs.build, (S, T),
         [np.array([1], np.int32), np.array([0, 2], np.int32)]),
    Case("BroadcastGradientArgs/scalar", BroadcastGradientArgs.build,
         (np.zeros(0, np.int32), np.array([1, 2], np.int32)),
         [np.array([0, 1], np.int32), np.array([0], np.int32)]),
    Case("BroadcastGradientArgs/equal", BroadcastGradientArgs.build, (T, T),
         [np.zeros(0, np.int32)] * 2),
    Case("BroadcastGradientArgs/both_of_size_1", BroadcastGradientArgs.build,
         (np.array([2, 1]), np.array([1])), [np.array([1], np.int32), np.array([0, 1], np.int32)]),
]

BAD = [
    BadCase("BroadcastArgs/clash", fg.broadcast_dynamic_shape, fg.errors.InvalidArgumentError,
            ("[2]", "[3]"), (np.array([2], np.int32), np.array([3], np.int32)), "run"),
    BadCase("broadcast_static_shape/clash", lambda: fg.broadcast_static_shape(
        fg.TensorShape([2]), fg.TensorShape([3])), ValueError, ("2", "3")),
    BadCase("Shape/float", lambda x: fg.shape(x, out_type=fg.float32), TypeError,
            ("Shape '", "float32", "int32 or int64"), (np.zeros(2),)),
    BadCase("Size/float", lambda x: fg.size(x, out_type=fg.float32), TypeError,
            ("Size '", "float32", "int32 or int64"), (np.zeros(2),)),
    BadCase("ShapeN/nothing", lambda: fg.shape_n([]), ValueError,
            ("ShapeN '", "at least one tensor")),
    BadCase("ShapeN/dtypes", lambda: fg.shape_n([fg.constant(1.0), fg.constant(2)]), TypeError,
            ("ShapeN '", "cannot mix float32 and int32")),
]
