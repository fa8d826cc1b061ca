"""Cases of blocks of space in the batch or the channels."""

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.space import (
    batch_to_space,
    batch_to_space_nd,
    depth_to_space,
    required_space_to_batch_paddings,
    space_to_batch,
    space_to_batch_nd,
    space_to_depth,
)
from flowgraph.testing import BadCase, Case

LINE = np.arange(12.0).reshape(2, 6)
IMAGE = np.arange(32.0).reshape(1, 4, 4, 2)
DEEP = np.arange(48.0).reshape(1, 2, 3, 8)


def batch_by_loop(x, blocks, paddings):
    """The definition: entry (i, j, n) of the batch shows every block's pixel (i, j) of image n."""
    x = np.pad(x, [(0, 0), *paddings] + [(0, 0)] * (x.ndim - 1 - len(blocks)))
    parts = [x[(slice(None), *(slice(at, None, b) for at, b in zip(place, blocks)))]
             for place in np.ndindex(*blocks)]
    return np.concatenate(parts)


def depth_by_loop(x, k):
    return np.concatenate([x[:, i::k, j::k] for i in range(k) for j in range(k)], axis=3)


BATCHED = batch_by_loop(IMAGE, (2, 2), [(1, 1), (0, 2)])

CASES = [
    Case("SpaceToBatchND/line", lambda x: space_to_batch_nd(x, [3], [[0, 0]]), (LINE,),
         batch_by_loop(LINE, (3,), [(0, 0)]), grad=True),
    Case("SpaceToBatchND/padded", lambda x: space_to_batch_nd(x, [2, 2], [[1, 1], [0, 2]]),
         (IMAGE,), BATCHED, grad=True),
    Case("SpaceToBatchND/fed", space_to_batch_nd,
         (IMAGE.astype(np.float32), np.array([2, 2], np.int32), np.array([[1, 1], [0, 2]])),
         BATCHED),
    Case("SpaceToBatchND/no_blocks", lambda x: space_to_batch_nd(x, [], np.zeros((0, 2), np.int32)),
         (LINE,), LINE),
    Case("SpaceToBatchND/block_of_one", lambda x: space_to_batch_nd(x, [1], [[0, 0]]), (LINE,),
         LINE),
    Case("SpaceToBatchND/ints", lambda x: space_to_batch(x, [[0, 0], [0, 0]], 2),
         (IMAGE.astype(np.int32),), batch_by_loop(IMAGE.astype(np.int32), (2, 2), [(0, 0)] * 2)),
    Case("BatchToSpaceND/undoes", lambda x: batch_to_space_nd(x, [2, 2], [[1, 1], [0, 2]]),
         (BATCHED,), IMAGE, grad=True),
    Case("BatchToSpaceND/crop_all", lambda x: batch_to_space_nd(x, [2], [[1, 1]]),
         (np.ones((2, 1, 3)),), np.ones((1, 0, 3))),
    Case("BatchToSpaceND/square", lambda x: batch_to_space(x, [[0, 0], [0, 0]], block_size=2),
         (batch_by_loop(IMAGE, (2, 2), [(0, 0)] * 2),), IMAGE, grad=True),
    Case("BatchToSpaceND/fed", batch_to_space_nd,
         (np.array([[1, 3], [2, 4]], np.int32), np.array([2]), np.array([[0, 1]])),
         np.array([[1, 2, 3]])),
    Case("required_space_to_batch_paddings/static",
         lambda: list(required_space_to_batch_paddings([5, 4], [2, 3], [[1, 0], [0, 1]])), (),
         [[[1, 0], [0, 2]], [[0, 0], [0, 1]]]),
    Case("required_space_to_batch_paddings/fed",
         lambda n: list(required_space_to_batch_paddings(n, [2, 3])),
         (np.array([5, 4], np.int32),), [[[0, 1], [0, 2]], [[0, 1], [0, 2]]]),
    Case("SpaceToDepth/nhwc", lambda x: space_to_depth(x, 2), (IMAGE,), depth_by_loop(IMAGE, 2),
         grad=True),
    Case("SpaceToDepth/nchw", lambda x: space_to_depth(x, 2, data_format="NCHW"),
         (IMAGE.transpose(0, 3, 1, 2),), depth_by_loop(IMAGE, 2).transpose(0, 3, 1, 2), grad=True),
    Case("SpaceToDepth/one_block", lambda x: space_to_depth(x, 2), (np.ones((1, 2, 2, 1)),),
         np.ones((1, 1, 1, 4))),
    Case("DepthToSpace/nhwc", lambda x: depth_to_space(x, 2), (depth_by_loop(IMAGE, 2),), IMAGE,
         grad=True),
    Case("DepthToSpace/nchw", lambda x: depth_to_space(x, 2, data_format="NCHW"),
         (depth_by_loop(IMAGE, 2).transpose(0, 3, 1, 2),), IMAGE.transpose(0, 3, 1, 2), grad=True),
    Case("DepthToSpace/there_and_back", lambda x: space_to_depth(depth_to_space(x, 2), 2), (DEEP,),
         DEEP),
]

BAD = [
    BadCase("SpaceToBatchND/uneven", lambda: space_to_batch_nd(LINE, [4], [[0, 0]]), ValueError,
            ("size 6", "multiple of 4")),
    BadCase("SpaceToBatchND/uneven_run", lambda x: space_to_batch_nd(x, [4], [[0, 0]]),
            InvalidArgumentError, ("no multiple",), (LINE,), "run"),
    BadCase("SpaceToBatchND/negative", lambda: space_to_batch_nd(LINE, [2], [[-1, 1]]), ValueError,
            ("negative",)),
    BadCase("SpaceToBatchND/pairs", lambda: space_to_batch_nd(LINE, [2], [[0, 0], [0, 0]]),
            ValueError, ("one pair",)),
    BadCase("SpaceToBatchND/rank", lambda: space_to_batch_nd([1, 2], [2], [[0, 0]]), ValueError,
            ("rank 2",)),
    BadCase("BatchToSpaceND/batch", lambda: batch_to_space_nd(np.ones((3, 2)), [2], [[0, 0]]),
            ValueError, ("multiple of 2",)),
    BadCase("BatchToSpaceND/batch_run", lambda x: batch_to_space_nd(x, [2], [[0, 0]]),
            InvalidArgumentError, ("multiple of 2",), (np.ones((3, 2)),), "run"),
    BadCase("BatchToSpaceND/crops_run", lambda x: batch_to_space_nd(x, [2], [[4, 4]]),
            InvalidArgumentError, ("wider",), (np.ones((2, 2)),), "run"),
    BadCase("SpaceToDepth/uneven", lambda: space_to_depth(np.ones((1, 3, 4, 1)), 2), ValueError,
            ("multiple of 2",)),
    BadCase("SpaceToDepth/format", lambda: space_to_depth(IMAGE, 2, data_format="HWC"), ValueError,
            ("HWC",)),
    BadCase("DepthToSpace/channels", lambda: depth_to_space(IMAGE, 2), ValueError,
            ("multiple of 4",)),
    BadCase("DepthToSpace/block_size", lambda: depth_to_space(IMAGE, 1), ValueError,
            ("2 or more",)),
]
