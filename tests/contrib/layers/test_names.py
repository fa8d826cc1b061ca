"""Names of variables and outputs, collections, and errors of `tf.contrib.layers`."""

from __future__ import annotations

from typing import Any

import pytest

import flowgraph as tf
from flowgraph.contrib import framework, layers

IMAGES, ROWS = [2, 8, 8, 4], [2, 6]

# layer, arguments, shape of the inputs, name of the output, names of the variables
NAMES: list[tuple[str, dict[str, Any], list[int], str, list[str]]] = [
    ("fully_connected", {"num_outputs": 3}, ROWS, "fully_connected/Relu:0",
     ["fully_connected/weights:0", "fully_connected/biases:0"]),
    ("linear", {"num_outputs": 3, "scope": "out"}, ROWS, "out/BiasAdd:0",
     ["out/weights:0", "out/biases:0"]),
    ("fully_connected", {"num_outputs": 3, "normalizer_fn": layers.batch_norm}, ROWS,
     "fully_connected/Relu:0",
     ["fully_connected/weights:0", "fully_connected/BatchNorm/beta:0",
      "fully_connected/BatchNorm/moving_mean:0", "fully_connected/BatchNorm/moving_variance:0"]),
    ("conv2d", {"num_outputs": 3, "kernel_size": 3}, IMAGES, "Conv/Relu:0",
     ["Conv/weights:0", "Conv/biases:0"]),
    ("conv2d_transpose", {"num_outputs": 3, "kernel_size": 3}, IMAGES, "Conv2d_transpose/Relu:0",
     ["Conv2d_transpose/weights:0", "Conv2d_transpose/biases:0"]),
    ("separable_conv2d", {"num_outputs": 3, "kernel_size": 3}, IMAGES, "SeparableConv2d/Relu:0",
     ["SeparableConv2d/depthwise_weights:0", "SeparableConv2d/pointwise_weights:0",
      "SeparableConv2d/biases:0"]),
    ("batch_norm", {"scale": True}, IMAGES, "BatchNorm/FusedBatchNormV3:0",
     ["BatchNorm/gamma:0", "BatchNorm/beta:0", "BatchNorm/moving_mean:0",
      "BatchNorm/moving_variance:0"]),
    ("layer_norm", {}, ROWS, "LayerNorm/batchnorm/add_1:0",
     ["LayerNorm/beta:0", "LayerNorm/gamma:0"]),
    ("instance_norm", {}, IMAGES, "InstanceNorm/instancenorm/add_1:0",
     ["InstanceNorm/beta:0", "InstanceNorm/gamma:0"]),
    ("max_pool2d", {"kernel_size": 2}, IMAGES, "MaxPool2D/MaxPool:0", []),
    ("flatten", {}, IMAGES, "Flatten/flatten/Reshape:0", []),
    ("bias_add", {}, ROWS, "BiasAdd/BiasAdd:0", ["BiasAdd/biases:0"]),
]


@pytest.mark.parametrize("row", NAMES, ids=lambda row: row[0])
def test_variables_and_outputs_have_tensorflows_names(row: Any) -> None:
    layer, arguments, shape, output, variables = row
    with tf.Graph().as_default():
        made = getattr(layers, layer)(tf.zeros(shape), **arguments)
        assert made.name.replace("FusedBatchNormV3", "FusedBatchNorm") == output.replace(
            "FusedBatchNormV3", "FusedBatchNorm")
        assert [variable.name for variable in tf.global_variables()] == variables
        assert {v.name for v in tf.model_variables()} == set(variables)


def test_a_second_layer_has_a_number_and_a_scope_of_the_same_name_is_shared() -> None:
    with tf.Graph().as_default():
        layers.fully_connected(tf.zeros(ROWS), 3)
        layers.fully_connected(tf.zeros(ROWS), 3)
        layers.fully_connected(tf.zeros(ROWS), 3, reuse=True, scope="fully_connected")
        assert [v.op.name for v in tf.trainable_variables()] == [
            "fully_connected/weights", "fully_connected/biases",
            "fully_connected_1/weights", "fully_connected_1/biases"]


def test_outputs_and_variables_are_in_the_collections_asked_for() -> None:
    with tf.Graph().as_default() as graph:
        with tf.variable_scope("net"):
            y = layers.conv2d(tf.zeros(IMAGES), 3, 3, scope="c", outputs_collections="ends",
                              variables_collections={"weights": ["kept"]})
            layers.max_pool2d(y, 2, scope="p", outputs_collections=["ends", "more"])
        assert [v.op.name for v in graph.get_collection("kept")] == ["net/c/weights"]
        ends = layers.outputs.convert_collection_to_dict("ends", clear_collection=True)
        assert list(ends) == ["net/c", "net/p"]
        assert graph.get_collection("ends") == [] and len(graph.get_collection("more")) == 1


def test_updates_of_moving_averages_are_where_they_were_asked_for() -> None:
    with tf.Graph().as_default() as graph:
        layers.batch_norm(tf.zeros(IMAGES))
        assert len(graph.get_collection(tf.GraphKeys.UPDATE_OPS)) == 2
        layers.batch_norm(tf.zeros(IMAGES), updates_collections=None)
        assert len(graph.get_collection(tf.GraphKeys.UPDATE_OPS)) == 2
        layers.batch_norm(tf.zeros(ROWS), updates_collections="mine")
        assert len(graph.get_collection("mine")) == 2


def test_a_scope_of_arguments_reaches_repeated_layers() -> None:
    with (tf.Graph().as_default(),
          framework.arg_scope([layers.conv2d], weights_regularizer=layers.l2_regularizer(0.1),
                              normalizer_fn=None)):
        layers.repeat(tf.zeros(IMAGES), 2, layers.conv2d, 3, [3, 3], scope="conv1")
        assert [v.op.name for v in tf.trainable_variables()] == [
            "conv1/conv1_1/weights", "conv1/conv1_1/biases",
            "conv1/conv1_2/weights", "conv1/conv1_2/biases"]
        assert len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == 2


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: layers.fully_connected(tf.zeros(ROWS), 3.5), ValueError, "num_outputs"),
    (lambda: layers.conv2d(tf.zeros(ROWS), 3, 3), ValueError, "rank 4"),
    (lambda: layers.max_pool2d(tf.zeros(IMAGES), 2, data_format="HWNC"), ValueError, "HWNC"),
    (lambda: layers.batch_norm(tf.placeholder(tf.float32)), ValueError, "undefined rank"),
    (lambda: layers.batch_norm(tf.placeholder(tf.float32, [2, None])), ValueError, "channels"),
    (lambda: layers.batch_norm(tf.zeros(ROWS), renorm=True, updates_collections=None), ValueError,
     "renorm"),
    (lambda: layers.l2_regularizer(1), ValueError, "integer"),
    (lambda: layers.l2_regularizer(-1.0), ValueError, "less than 0"),
    (lambda: layers.group_norm(tf.zeros(IMAGES), 3), ValueError, "commensurate"),
    (lambda: layers.variance_scaling_initializer(mode="FAN"), TypeError, "FAN_IN"),
    (lambda: layers.xavier_initializer(dtype=tf.int32), TypeError, "floating"),
    (lambda: layers.stack(tf.zeros(ROWS), layers.fully_connected, 3), ValueError, "stack_args"),
    (lambda: layers.embed_sequence([1]), ValueError, "vocab size"),
    (lambda: layers.apply_regularization(layers.l2_regularizer(0.1)), ValueError, "No weights"),
    (lambda: layers.optimize_loss(tf.constant(1.0), None, 0.1, "Best"), ValueError, "Best"),
    (lambda: layers.optimize_loss(tf.constant(1.0), None, 1, "SGD"), ValueError, "0d Tensor"),
    (lambda: layers.optimize_loss(tf.constant(1.0), None, 0.1, "SGD", summaries=["all"]),
     ValueError, "Summaries"),
])
def test_wrong_use_is_told_of(build: Any, error: type[Exception], words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(error, match=words):
        build()
