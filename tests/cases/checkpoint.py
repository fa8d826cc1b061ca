"""Cases of the ops that write and read checkpoints."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

import numpy as np

import flowgraph as fg
from flowgraph.io.checkpoints.save_restore import restore_v2, save_v2
from flowgraph.io.checkpoints.sharded_save import merge_v2_checkpoints, sharded_filename
from flowgraph.testing import BadCase, Case

FOLDER = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
FILES = Path(__file__).parent.parent / "io" / "files"


def saved_and_restored(name, *xs):
    prefix, names = str(FOLDER / name), [f"x{i}" for i in range(len(xs))]
    with fg.control_dependencies([save_v2(prefix, names, [""] * len(xs), list(xs))]):
        return restore_v2(prefix, names, [""] * len(xs), [x.dtype for x in xs])


def part_of_whole(x):
    prefix = str(FOLDER / "part")
    with fg.control_dependencies([save_v2(prefix, ["x"], [""], [x])]):
        return restore_v2(prefix, ["x"], ["4 2 1,2:-"], [x.dtype])


def from_parts(a, b):
    prefix = str(FOLDER / "parts")
    with fg.control_dependencies([save_v2(prefix, ["x", "x"], ["3 2 0,1:-", "3 2 1,2:-"], [a, b])]):
        return restore_v2(prefix, ["x", "x"], ["", "3 2 0,2:1,1"], [a.dtype, a.dtype])


def merged(whole, first, second):
    """A tensor, and a partitioned one, from the shards of a checkpoint."""
    shards, name = [str(FOLDER / "merged" / text) for text in "ab"], str(FOLDER / "one")
    saves = [save_v2(shards[0], ["w", "p"], ["", "3 2 0,1:-"], [whole, first]),
             save_v2(shards[1], ["p"], ["3 2 1,2:-"], [second])]
    with fg.control_dependencies(saves):
        merge = merge_v2_checkpoints(shards, name)
    with fg.control_dependencies([merge]):
        return restore_v2(name, ["w", "p"], ["", ""], [whole.dtype, first.dtype])


def restored(names, parts, dtypes):
    return restore_v2(str(FILES / "tf_whole"), names, parts, dtypes)


WHOLE = np.arange(8.0).reshape(4, 2)

CASES = [
    Case("SaveV2/dtypes", lambda *xs: saved_and_restored("dtypes", *xs),
         (np.float32([[1.5, -2.0]]), np.int64(3), np.array([b"a", b"", b"\xff\x00"], object),
          np.array([True, False]), np.complex64([1 + 2j]), np.zeros((0, 3), np.float16)),
         lambda *xs: list(xs)),
    Case("SaveV2/one", lambda x: saved_and_restored("one", x), (np.uint16([1, 65535]),),
         lambda x: x),
    Case("RestoreV2/part_of_whole", part_of_whole, (WHOLE,), lambda x: x[1:3]),
    Case("RestoreV2/from_parts", from_parts, (WHOLE[:1], WHOLE[1:3]),
         lambda a, b: [np.concatenate([a, b]), np.concatenate([a, b])[:2, 1:2]],
         unknown_shapes=False),
    Case("MergeV2Checkpoints/parts", merged, (np.int64([3, 4]), WHOLE[:1], WHOLE[1:3]),
         lambda w, a, b: [w, np.concatenate([a, b])], unknown_shapes=False),
    Case("ShardedFilename/many", lambda i: sharded_filename("a/b", i, 123456), (np.int32(7),),
         lambda i: np.array(b"a/b-00007-of-123456", object)),
    Case("RestoreV2/of_tensorflow", lambda: restored(
        ["weights", "table", "count"], ["", "5 2 1,3:-", ""], [fg.float32, fg.float32, fg.int64]),
        (), [np.float32([[0, 0.25, 0.5], [0.75, 1, 1.25]]), np.float32([[2, 3], [4, 5], [6, 7]]),
             np.int64(7)]),
]

BAD = [
    BadCase("SaveV2/count", lambda: save_v2("p", ["a"], [""], [1.0, 2.0]), ValueError,
            ("1 tensor_names", "2 tensors")),
    BadCase("SaveV2/prefix", lambda: save_v2(["p"], ["a"], [""], [1.0]), ValueError,
            ("prefix", "(1,)")),
    BadCase("SaveV2/twice", lambda x: save_v2(str(FOLDER / "bad"), ["a", "a"], ["", ""], [x, x]),
            fg.errors.InvalidArgumentError, ("duplicate key", "a"), (WHOLE,), "run"),
    BadCase("SaveV2/part", lambda x: save_v2(str(FOLDER / "bad"), ["a"], ["9 2 0,3:-"], [x]),
            fg.errors.InvalidArgumentError, ("9 2 0,3:-", "(4, 2)"), (WHOLE,), "run"),
    BadCase("SaveV2/folder", lambda x: save_v2("/no/such/folder/p", ["a"], [""], [x]),
            fg.errors.NotFoundError, ("/no/such/folder/p",), (WHOLE,), "run"),
    BadCase("ShardedFilename/rank", lambda: sharded_filename(["a"], 0, 1), ValueError,
            ("basename", "(1,)")),
    BadCase("ShardedFilename/dtype", lambda: sharded_filename("a", 0.5, 1), TypeError,
            ("shard",)),
    BadCase("MergeV2Checkpoints/rank", lambda: merge_v2_checkpoints("a", "b"), ValueError,
            ("checkpoint_prefixes", "()")),
    BadCase("MergeV2Checkpoints/missing", lambda: merge_v2_checkpoints(["/no/such/shard"], "b"),
            fg.errors.NotFoundError, ("/no/such/shard",), (), "run"),
    BadCase("MergeV2Checkpoints/itself", lambda: merge_v2_checkpoints(["b"], "b"),
            fg.errors.InvalidArgumentError, ("into itself",), (), "run"),
    BadCase("RestoreV2/part", lambda: restored(["table"], ["5 2 4,3:-"], [fg.float32]), ValueError,
            ("4,3:-", "(5, 2)")),
    BadCase("RestoreV2/missing", lambda: restored(["nope"], [""], [fg.float32]),
            fg.errors.NotFoundError, ("Key nope not found", "tf_whole"), (), "run"),
    BadCase("RestoreV2/dtype", lambda: restored(["count"], [""], [fg.float32]),
            fg.errors.InvalidArgumentError, ("count", "int64", "float32"), (), "run"),
    BadCase("RestoreV2/whole", lambda: restored(["table"], ["6 2 0,3:-"], [fg.float32]),
            fg.errors.InvalidArgumentError, ("table", "(6, 2)", "(5, 2)"), (), "run"),
    BadCase("RestoreV2/file", lambda: restore_v2("/no/such/file", ["a"], [""], [fg.float32]),
            fg.errors.NotFoundError, ("/no/such/file",), (), "run"),
]
