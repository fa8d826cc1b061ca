"""The global step: finding, making and checking it; one tensor for all who read it."""

from __future__ import annotations

import pytest

import flowgraph as tf
from flowgraph.train.global_step import global_step_read

STEPS = {"a number": (lambda: 3, False), "text": (lambda: "global_step", False),
         "a float": (lambda: tf.constant(0.5), False),
         "a vector": (lambda: tf.constant([1]), False),
         "an integer": (lambda: tf.constant(0), True),
         "of unknown shape": (lambda: tf.placeholder(tf.int32), True),
         "a variable": (lambda: tf.Variable(0), True)}


@pytest.mark.parametrize("name", STEPS)
def test_what_can_be_a_global_step(name) -> None:
    make, fits = STEPS[name]
    step = make()
    if fits:
        tf.train.assert_global_step(step)
        return
    with pytest.raises(TypeError, match='Existing "global_step"'):
        tf.train.assert_global_step(step)


def test_a_variable_of_that_name_is_found() -> None:
    tf.Variable(4, name="global_step", trainable=False)
    assert tf.train.get_or_create_global_step().name == "global_step:0"
    assert len(tf.global_variables()) == 1


def test_readers_share_one_tensor() -> None:
    step = tf.train.create_global_step()
    with tf.name_scope("elsewhere"):
        read = global_step_read("a test")
    assert read.name == "global_step/add:0" and global_step_read("another") is read
    with tf.Session() as sess:
        assert sess.run(read) == 0  # though it is not initialized
        sess.run(step.initializer)
        assert tf.train.global_step(sess, step) == 0


def test_there_must_be_a_step_to_read() -> None:
    with pytest.raises(RuntimeError, match="to use a test"):
        global_step_read("a test")
