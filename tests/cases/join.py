"""Cases of concat, stack, tile, broadcast_to, meshgrid and repeat."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.gather import repeat
from flowgraph.testing import BadCase, Case

A = np.arange(6.0).reshape(2, 3)
B = np.arange(3.0).reshape(1, 3) - 7
V = np.array([1.5, -2.0, 4.0])
I32 = np.array([3, 4], np.int32)

CASES = [
    Case("Pack/size_of_unknown_rank",
         lambda n: fg.tile(fg.ones([1, 3]), [n, 1]), (np.array(2, np.int32),), np.ones((2, 3))),
    Case("ConcatV2/rows", lambda a, b: fg.concat([a, b], 0), (A, B), np.concatenate([A, B]),
         grad=True),
    Case("ConcatV2/columns", lambda a, b: fg.concat([a, b, a], 1), (A, A + 1),
         np.concatenate([A, A + 1, A], 1), grad=True),
    Case("ConcatV2/negative_axis", lambda a, b: fg.concat([a, b], -1), (A, A),
         np.concatenate([A, A], 1), grad=True),
    Case("ConcatV2/one", lambda a: fg.concat([a], 0), (A,), A, grad=True),
    Case("ConcatV2/not_a_list", lambda a: fg.concat(a, 0), (A,), A),
    Case("ConcatV2/axis_fed", lambda a, b, axis: fg.concat([a, b], axis), (A, A, np.int32(1)),
         np.concatenate([A, A], 1)),
    Case("ConcatV2/empty_part", lambda a, b: fg.concat([a, b], 0), (A, np.zeros((0, 3))), A,
         grad=True),
    Case("ConcatV2/text", lambda a, b: fg.concat([a, b], 0),
         (np.array([b"a"], object), np.array([b"bc"], object)), np.array([b"a", b"bc"], object)),
    Case("Pack/rows", lambda a, b: fg.stack([a, b]), (V, V * 2), np.stack([V, V * 2]), grad=True),
    Case("Pack/columns", lambda a, b: fg.stack([a, b], axis=1), (V, V * 2),
         np.stack([V, V * 2], 1), grad=True),
    Case("Pack/last", lambda a, b: fg.stack([a, b], axis=-1), (A, A), np.stack([A, A], -1),
         grad=True),
    Case("Pack/scalars", lambda a: fg.stack([a, 1.0]), (np.array(2.0),), np.array([2.0, 1.0]),
         grad=True),
    Case("Pack/numbers", lambda: fg.stack([1, 2]), expect=np.array([1, 2], np.int32)),
    Case("Pack/parallel", lambda a, b: fg.parallel_stack([a, b]), (V, V), np.stack([V, V]),
         unknown_shapes=False),
    Case("Tile/matrix", lambda a: fg.tile(a, [2, 3]), (A,), np.tile(A, (2, 3)), grad=True),
    Case("Tile/ones", lambda a: fg.tile(a, [1, 1]), (A,), A, grad=True),
    Case("Tile/none", lambda a: fg.tile(a, [0, 2]), (A,), np.zeros((0, 6))),
    Case("Tile/fed", fg.tile, (I32, np.array([2], np.int32)), np.tile(I32, 2)),
    Case("BroadcastTo/rows", lambda v: fg.broadcast_to(v, [2, 3]), (V,),
         np.broadcast_to(V, (2, 3)), grad=True),
    Case("BroadcastTo/columns", lambda v: fg.broadcast_to(v, [2, 4]), (np.array([[1.0], [2.0]]),),
         np.broadcast_to([[1.0], [2.0]], (2, 4)), grad=True),
    Case("BroadcastTo/scalar", lambda v: fg.broadcast_to(v, [2]), (np.array(3.0),),
         np.array([3.0, 3.0]), grad=True),
    Case("BroadcastTo/fed", fg.broadcast_to, (I32, np.array([2, 2])), np.stack([I32, I32])),
    Case("meshgrid/xy", lambda a, b: fg.meshgrid(a, b), (V, V[:2]), np.meshgrid(V, V[:2])),
    Case("meshgrid/ij", lambda a, b: fg.meshgrid(a, b, indexing="ij"), (V, V[:2]),
         np.meshgrid(V, V[:2], indexing="ij"), grad=True),
    Case("meshgrid/three", lambda a, b, c: fg.meshgrid(a, b, c), (V, V[:2], I32),
         np.meshgrid(V, V[:2], I32)),
    Case("repeat/scalar", lambda a: repeat(a, 2, axis=1), (A,), np.repeat(A, 2, 1),
         grad=True),
    Case("repeat/flat", lambda a: repeat(a, 2), (A,), np.repeat(A, 2), grad=True),
    Case("repeat/each", lambda a: repeat(a, [0, 2, 1], axis=1), (A,),
         np.repeat(A, [0, 2, 1], 1)),
    Case("repeat/fed", repeat, (V, np.array([1, 0, 3], np.int32)), np.repeat(V, [1, 0, 3])),
]

BAD = [
    BadCase("ConcatV2/nothing", lambda: fg.concat([], 0), ValueError, ("at least one value",)),
    BadCase("ConcatV2/sizes", lambda: fg.concat([fg.zeros([2, 3]), fg.zeros([2, 4])], 0),
            ValueError, ("(2, 3)", "(2, 4)", "axis 0")),
    BadCase("ConcatV2/ranks", lambda: fg.concat([fg.zeros([2, 3]), fg.zeros([2])], 0), ValueError,
            ("ranks",)),
    BadCase("ConcatV2/scalars", lambda: fg.concat([1.0, 2.0], 0), ValueError, ("tf.stack",)),
    BadCase("ConcatV2/axis", lambda: fg.concat([fg.zeros([2]), fg.zeros([2])], 1), ValueError,
            ("axis 1",)),
    BadCase("ConcatV2/dtypes", lambda: fg.concat([fg.zeros([2]), fg.zeros([2], fg.int32)], 0),
            TypeError, ("float32", "int32")),
    BadCase("ConcatV2/at_run", lambda a, b: fg.concat([a, b], 0), fg.errors.InvalidArgumentError,
            ("ConcatV2",), (A, np.zeros((2, 2))), "run"),
    BadCase("Pack/shapes", lambda: fg.stack([fg.zeros([2]), fg.zeros([3])]), ValueError,
            ("(2,)", "(3,)")),
    BadCase("Pack/axis", lambda: fg.stack([fg.zeros([2]), fg.zeros([2])], axis=3), ValueError,
            ("axis 3",)),
    BadCase("Tile/length", lambda: fg.tile(fg.zeros([2, 3]), [2]), ValueError, ("(2, 3)",)),
    BadCase("Tile/negative", lambda: fg.tile(fg.zeros([2]), [-1]),
            fg.errors.InvalidArgumentError, ("-1",), (), "run"),
    BadCase("BroadcastTo/clash", lambda: fg.broadcast_to(fg.zeros([2]), [3]), ValueError,
            ("(2,)", "(3,)")),
    BadCase("meshgrid/indexing", lambda: fg.meshgrid([1], indexing="zz"), ValueError, ("'ij'",)),
    BadCase("meshgrid/keyword", lambda: fg.meshgrid([1], sparse=True), TypeError, ("sparse",)),
]
