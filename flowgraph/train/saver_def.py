"""`tf.train.SaverDef`: which tensors and operations of a graph save and restore it."""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_scalar import BOOL, FLOAT, INT, TEXT, Scalar, enum


class SaverDef(Message):
    """How a graph is saved and restored; `Saver.saver_def` holds one.

    Args:
        filename_tensor_name: the string tensor to feed with the checkpoint's name.
        save_tensor_name: the tensor to run to save; it is the name then.
        restore_op_name: the operation to run to restore.
        max_to_keep: how many checkpoints are kept; 0 for all.
        sharded: whether each device writes a file of its own.
        keep_checkpoint_every_n_hours: how often one is kept for good.
        version: the format: SaverDef.V2.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> fg.train.Saver().as_saver_def().restore_op_name
        'save/restore_all'
    """

    LEGACY, V1, V2 = 0, 1, 2

    filename_tensor_name = Scalar(1, TEXT)
    save_tensor_name = Scalar(2, TEXT)
    restore_op_name = Scalar(3, TEXT)
    max_to_keep = Scalar(4, INT)
    sharded = Scalar(5, BOOL)
    keep_checkpoint_every_n_hours = Scalar(6, FLOAT)
    version = Scalar(7, enum({"LEGACY": 0, "V1": 1, "V2": 2}))
