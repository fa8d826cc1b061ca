"""Copies of messages: whole, and of their own."""

from __future__ import annotations

import pytest

import flowgraph as tf
from flowgraph.io.graphs.meta_messages import MetaGraphDef


def filled() -> MetaGraphDef:
    meta = MetaGraphDef()
    meta.meta_info_def.tags.append("serve")
    node = meta.graph_def.node.add(name="x", op="Placeholder")
    node.attr["dtype"].type = 1
    node.attr["shape"].shape.dim.add(size=-1)
    node.attr["zero"].i = 0
    meta.collection_def["numbers"].int64_list.value.extend([1, 2])
    meta.graph_def.library.function.add().ret["y"] = "y:0"
    return meta


def test_a_copy_is_equal_and_its_own() -> None:
    meta, copy = filled(), MetaGraphDef()
    copy.CopyFrom(meta)
    assert copy == meta and str(copy) == str(meta)
    assert copy.graph_def.node[0].attr["zero"].WhichOneof("value") == "i"
    copy.graph_def.node[0].attr["dtype"].type = 2
    copy.collection_def["numbers"].int64_list.value.append(3)
    copy.graph_def.library.function[0].ret["z"] = "z:0"
    copy.meta_info_def.tags[0] = "train"
    assert meta == filled() and copy != meta


def test_a_copy_knows_what_is_set_in_its_parts() -> None:
    copy = MetaGraphDef()
    assert not copy.HasField("graph_def")
    copy.CopyFrom(filled())
    assert copy.HasField("graph_def") and not copy.HasField("saver_def")
    copy.saver_def.restore_op_name = "r"
    assert copy.HasField("saver_def")
    value = tf.AttrValue(i=3)
    value.CopyFrom(tf.AttrValue(s=b"a"))
    assert value.WhichOneof("value") == "s" and value.i == 0


def test_a_message_may_become_a_part_of_itself() -> None:
    info = tf.TensorInfo(name="a")
    inner = info.composite_tensor.components.add(name="b")
    info.CopyFrom(inner)
    assert info == tf.TensorInfo(name="b")


def test_only_messages_of_one_class_are_copied() -> None:
    with pytest.raises(TypeError, match="expected TensorInfo"):
        tf.TensorInfo().CopyFrom(tf.AttrValue())
