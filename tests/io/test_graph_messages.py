"""GraphDef, NodeDef, AttrValue as messages: choices, maps, bytes, text."""

from __future__ import annotations

import pytest

import flowgraph as tf
from flowgraph.core import wire
from flowgraph.core.message import DecodeError
from flowgraph.io.graphs.graph_files import parse_graph
from flowgraph.io.graphs.graph_messages import FunctionDef


def test_an_attribute_holds_one_value_and_zero_is_one() -> None:
    value = tf.AttrValue()
    assert value.WhichOneof("value") is None
    value.b = False
    assert value.WhichOneof("value") == "b" and value.SerializeToString() == b"\x28\x00"
    value.i = 0
    assert value.WhichOneof("value") == "i" and not value.HasField("b")
    value.list.i.extend([1, -1])
    assert value.WhichOneof("value") == "list" and value.HasField("list") and value.i == 0
    value.shape.dim.add(size=2)
    assert value.WhichOneof("value") == "shape"
    assert str(value) == "shape {\n  dim {\n    size: 2\n  }\n}\n"


def test_maps_of_attributes() -> None:
    node = tf.NodeDef(name="a")
    node.attr["T"].type = 1
    assert "T" in node.attr and "U" not in node.attr
    with pytest.raises(ValueError, match="May not set values directly"):
        node.attr["T"] = tf.AttrValue()
    other = tf.NodeDef()
    other.CopyFrom(node)
    other.attr["T"].type = 2
    assert node.attr["T"].type == 1
    other.MergeFrom(tf.NodeDef(input=["x"]))
    assert (other.name, list(other.input)) == ("a", ["x"])


def test_functions_have_results_by_name() -> None:
    function = FunctionDef()
    function.ret["y"] = "n:z:0"
    again = FunctionDef.FromString(function.SerializeToString())
    assert dict(again.ret) == {"y": "n:z:0"} and again == function


def test_text_is_read_as_it_is_written() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.string, name='a')
        tf.strings.join([x, b"\x00\"\xff'\n"], separator="\\")
        tf.cond(tf.constant(True), lambda: tf.constant(0.1), lambda: tf.constant([1e30, -2])[0])
    graph_def = graph.as_graph_def()
    assert parse_graph(str(graph_def)) == graph_def


@pytest.mark.parametrize("text", [
    "node", "node {", "node { name: 3 }", "nodes { }", "node { attr { key: 'a' value { j: 3 } } }",
    "node { attr { keys: 'a' } }", "node { attr: 3 }", "node { name: 'a' >",
    "versions { producer: 1e3 }", "versions { producer: 99999999999999999999 }",
    "library { function { ret { key: 'a' value: 3 } } }",
    "node{attr{value{list{func{" + "attr{value{func{" * 80])
def test_other_text_is_refused(text) -> None:
    with pytest.raises(ValueError, match="the text is no GraphDef: line 1"):
        parse_graph(text)


def test_text_may_be_written_in_other_ways() -> None:
    graph_def = parse_graph("# a graph\nnode < name: 'a', op: 'NoOp'; input: ['^b' \"c\", '^d'] >"
                            " versions: { producer: 0x10 }")
    assert list(graph_def.node[0].input) == ["^bc", "^d"] and graph_def.versions.producer == 16


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x00\x00", b"\x0b", b"\x0a\x02\x0a\x09",
                                  b"\xff" * 11])
def test_damaged_bytes_are_no_graph(data) -> None:
    with pytest.raises(DecodeError, match="Error parsing message"):
        tf.GraphDef.FromString(data)


def test_messages_in_messages_are_bounded() -> None:
    data = b""
    for _ in range(5000):
        data = wire.field(10, wire.field(2, wire.field(1, b"k") + wire.field(2, data)))
    with pytest.raises(DecodeError, match="more than 100 deep"):
        tf.AttrValue.FromString(data)


def test_lists_in_lists_are_read_in_one_go() -> None:
    data = b""
    for _ in range(24):  # each level twice would be 16 million messages
        entry = wire.field(1, b"k") + wire.field(2, data)
        data = wire.field(1, wire.field(9, wire.field(2, entry)))
    assert tf.AttrValue.FromString(data).SerializeToString() == data
