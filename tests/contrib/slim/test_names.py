"""Modules that `slim` gives away with its functions, as copied networks use them."""

from __future__ import annotations

import flowgraph as tf
from flowgraph.contrib import slim
from flowgraph.contrib.layers import outputs


def test_utils_make_the_end_points_of_a_network() -> None:
    with tf.Graph().as_default(), slim.variable_scope.variable_scope("net") as scope:
        with slim.arg_scope([slim.conv2d], outputs_collections=scope.name + "_end_points"):
            slim.conv2d(slim.conv2d(tf.zeros([1, 8, 8, 3]), 4, 3, scope="a"), 5, 3, scope="b")
        ends = slim.utils.convert_collection_to_dict("net_end_points")
        assert {name: end.shape.as_list() for name, end in ends.items()} == {
            "net/a": [1, 8, 8, 4], "net/b": [1, 8, 8, 5]}
    assert slim.utils is outputs
    assert slim.utils.collect_named_outputs is outputs.collect_named_outputs


def test_slim_has_the_module_of_its_layers() -> None:
    with tf.Graph().as_default():
        assert slim.layers.conv2d is slim.conv2d
        assert slim.layers.conv2d(tf.zeros([1, 8, 8, 3]), 4, 3).shape == (1, 8, 8, 4)
