"""Variables as messages."""

from __future__ import annotations

import pytest

import flowgraph as tf
from flowgraph.core.variable_message import VariableDef


def test_a_variable_is_found_again_by_its_message() -> None:
    v = tf.Variable([1.0, 2.0], name="a/v", trainable=False,
                    aggregation=tf.VariableAggregation.SUM)
    message = v.to_proto()
    assert (message.variable_name, message.initializer_name, message.snapshot_name,
            message.initial_value_name) == ("a/v:0", "a/v/Assign", "a/v/read:0",
                                            "a/v/initial_value:0")
    again = tf.Variable.from_proto(VariableDef.FromString(message.SerializeToString()))
    assert again.op is v.op and again.value() is v.value() and again.initializer is v.initializer
    assert not again.trainable and again.aggregation is tf.VariableAggregation.SUM
    assert again.to_proto() == message == tf.Variable(variable_def=message).to_proto()
    with tf.Session() as sess:
        sess.run(again.initializer)
        assert sess.run(again + 1.0).tolist() == [2.0, 3.0]
    assert tf.global_variables() == [v]


def test_scopes_are_taken_off_and_put_on() -> None:
    v = tf.Variable(1.0, name="a/b/v")
    message = v.to_proto("a/b")
    assert message.variable_name == "v:0" and v.to_proto("a/b/") == message
    assert v.to_proto("a/c") is None and v.to_proto("b") is None
    assert tf.Variable.from_proto(message, import_scope="a/b").op is v.op


def test_a_part_of_a_variable_stays_one() -> None:
    parts = list(tf.get_variable("p", [5, 2], partitioner=tf.fixed_size_partitioner(2)))
    message = parts[1].to_proto()
    again = tf.Variable.from_proto(message)
    assert again._get_save_slice_info().spec == "5 2 3,2:0,2"
    assert again._get_save_slice_info().to_proto() == message.save_slice_info_def
    assert again._get_save_slice_info().to_proto("other") is None


@pytest.mark.parametrize(("changes", "error", "words"), [
    ({"variable_name": "w:0"}, KeyError, "w:0"),
    ({"variable_name": "c:0"}, ValueError, "not those of a variable"),
    ({"initializer_name": "v:0"}, ValueError, "not those of a variable"),
    ({"snapshot_name": "v"}, ValueError, "not those of a variable"),
    ({"initial_value_name": "v/Assign"}, ValueError, "not those of a variable"),
    ({"synchronization": 9}, ValueError, "9"),
])
def test_messages_of_other_nodes_are_refused(changes, error, words) -> None:
    message = tf.Variable(1.0, name="v").to_proto()
    tf.constant(1.0, name="c")
    for field, value in changes.items():
        setattr(message, field, value)
    with pytest.raises(error, match=words):
        tf.Variable.from_proto(message)


def test_something_else_is_no_message_of_a_variable() -> None:
    with pytest.raises(TypeError, match="must be a VariableDef"):
        tf.Variable.from_proto("v")
