"""Messages given to the protobuf package, which takes only its own."""

import pytest

import flowgraph as tf
from flowgraph.core.message_text import merge_text


def test_text_format_gets_an_error_that_says_what_to_write() -> None:
    graph_def = tf.GraphDef()
    with pytest.raises(AttributeError, match="GraphDef is a message of flowgraph's own") as caught:
        graph_def.DESCRIPTOR.fields_by_name  # noqa: B018 - what google.protobuf.text_format does
    assert "merge_text(text, message)" in str(caught.value)
    assert not hasattr(graph_def, "DESCRIPTOR")
    merge_text('node { name: "x" op: "NoOp" }', graph_def)
    assert graph_def.node[0].name == "x"
