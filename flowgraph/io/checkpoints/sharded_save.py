"""Checkpoints written in shards: the ops ShardedFilename and MergeV2Checkpoints.

TensorFlow's sharded Savers save to a temporary name on each device, and then merge what they wrote.
flowgraph's own Saver does with one file; these ops run the Savers in graphs that TensorFlow wrote.
"""

from __future__ import annotations

import os

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DTypeSet
from flowgraph.core.durable import remove
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.io.checkpoints.bundle import BundleReader, data_file, index_file
from flowgraph.io.checkpoints.bundle_entries import slice_shape
from flowgraph.io.checkpoints.bundle_writer import write_bundle
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_INT32 = DTypeSet("int32", (dt.int32,))
_ON_HOST = "names of files are text, and files are written on the host"


class ShardedFilename(OpDef):
    """The name of one file of several: "name-00000-of-00002"."""

    dtypes = {"basename": dt.STRING, "shard": _INT32, "num_shards": _INT32}
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, basename, shard, num_shards):
        for spec, what in ((basename, "basename"), (shard, "shard"), (num_shards, "num_shards")):
            shape_rules.require_rank(spec, 0, what)
        return Spec(dt.string, ())

    def kernel(self, xp, basename, shard, num_shards):
        name = b"%b-%05d-of-%05d" % (basename.item(), int(shard), int(num_shards))
        return np.array(name, object)


def sharded_filename(basename, shard, num_shards, name=None):
    """The name of one file of several.

    Args:
        basename: string scalar, what their names begin with.
        shard: int32 scalar, which one.
        num_shards: int32 scalar, how many there are.
        name: name of the node.

    Returns:
        A string scalar.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.io.checkpoints.sharded_save import sharded_filename
        >>> fg.Session().run(sharded_filename("model", 0, 2))
        b'model-00000-of-00002'
    """
    return ShardedFilename.build(basename, shard, num_shards, name=name)


class MergeV2Checkpoints(OpDef):
    """Makes one checkpoint of several, and removes these."""

    dtypes = {"checkpoint_prefixes": dt.STRING, "destination_prefix": dt.STRING}
    multiple = True
    effects = "io"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, checkpoint_prefixes, destination_prefix, *, delete_old_dirs=True):
        shape_rules.require_rank(checkpoint_prefixes, 1, "checkpoint_prefixes")
        shape_rules.require_rank(destination_prefix, 0, "destination_prefix")
        return ()

    def kernel(self, xp, checkpoint_prefixes, destination_prefix, *, delete_old_dirs=True):
        prefixes = [os.fsdecode(prefix) for prefix in checkpoint_prefixes.tolist()]
        destination = os.fsdecode(destination_prefix.item())
        if destination in prefixes:
            raise InvalidArgumentError(None, None, f"the checkpoint {destination} cannot be merged "
                                       "into itself")
        readers = [BundleReader(prefix) for prefix in prefixes]
        write_bundle(destination, (row for reader in readers for row in _rows(reader)))
        for reader in readers:
            _remove(reader, delete_old_dirs)
        return ()


def _rows(reader):
    """What a checkpoint holds, as `write_bundle` takes it."""
    for name, entry in reader.entries.items():
        for part in entry.slices:
            if slice_shape(entry.shape, part) != entry.shape:
                yield name, (entry.shape, part), reader.read(name, part)
        if not entry.slices:
            yield name, None, reader.read(name)


def _remove(reader, folder_too):
    remove(index_file(reader.prefix))
    for shard in range(reader.header.num_shards):
        remove(data_file(reader.prefix, shard, reader.header.num_shards))
    folder = os.path.dirname(reader.prefix)
    if folder_too and folder and not os.listdir(folder):
        os.rmdir(folder)


def merge_v2_checkpoints(checkpoint_prefixes, destination_prefix, delete_old_dirs=True, name=None):
    """Makes one checkpoint of several, and removes these.

    Args:
        checkpoint_prefixes: string vector, the names of the checkpoints.
        destination_prefix: string scalar, the name of the new one.
        delete_old_dirs: whether to remove their folders, where these are empty then.
        name: name of the node.

    Returns:
        The Operation.

    Raises:
        NotFoundError: when run, if a checkpoint is missing.
        InvalidArgumentError: when run, if two checkpoints hold a tensor of one name.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.io.checkpoints.save_restore import restore_v2, save_v2
        >>> from flowgraph.io.checkpoints.sharded_save import merge_v2_checkpoints
        >>> folder = tempfile.mkdtemp()
        >>> shards, whole = [folder + "/part/0", folder + "/part/1"], folder + "/model"
        >>> sess = fg.Session()
        >>> for i, shard in enumerate(shards):
        ...     sess.run(save_v2(shard, [f"w{i}"], [""], [fg.constant(2.0 * i)]))
        >>> sess.run(merge_v2_checkpoints(shards, whole))
        >>> sess.run(restore_v2(whole, ["w0", "w1"], ["", ""], [fg.float32, fg.float32]))
        [np.float32(0.0), np.float32(2.0)]
        >>> sorted(os.listdir(folder))
        ['model.data-00000-of-00001', 'model.index']
    """
    return MergeV2Checkpoints.build(checkpoint_prefixes, destination_prefix, name=name,
                                    delete_old_dirs=delete_old_dirs)
