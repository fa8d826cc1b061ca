"""The Inception networks have TensorFlow's variables, end points and collections, and its numbers.

`inception.txt` lists what tf_slim 1.1 builds for ten classes, on TensorFlow 2.21: the name and
shape of each variable, the tensor and shape of each end point, and the sizes of collections. The
tensor of dropout in it is named as in TensorFlow 1.15.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowgraph as tf
from flowgraph.contrib import slim
from tests.contrib.steady_training import inputs, losses

RECORDED = (Path(__file__).parent / "inception.txt").read_text().split("network ")[1:]


def described(net: str, size: int) -> list[str]:
    module = getattr(slim.nets, net)
    with tf.Graph().as_default(), slim.arg_scope(getattr(module, f"{net}_arg_scope")()):
        logits, end_points = getattr(module, net)(tf.placeholder(tf.float32, [None, size, size, 3]),
                                                  10)
        return [f"{net} {logits.name}",
                *(f"variable {variable.op.name} {variable.shape.as_list()}"
                  for variable in tf.model_variables()),
                *(f"end {name} {end.name} {end.shape.as_list()}"
                  for name, end in end_points.items()),
                *(f"count {name} {len(tf.get_collection(name))}"
                  for name in ("moving_vars", "update_ops", "regularization_losses"))]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda text: text.split(" ")[0])
def test_inception_has_tensorflows_variables_and_end_points(recorded: str) -> None:
    net = recorded.split(" ")[0]
    assert described(net, 299 if net == "inception_v3" else 224) == recorded.splitlines()


@pytest.mark.parametrize(("net", "base", "last", "shape", "ends"), [
    ("inception_v1", {}, "Mixed_4c", [None, 7, 7, 512], 10),
    ("inception_v2", {"depth_multiplier": 0.5}, "Mixed_5a", [None, 4, 4, 512], 13),
    ("inception_v3", {"depth_multiplier": 0.01, "min_depth": 4}, "Mixed_6a", [None, 5, 5, 24], 11),
    ("inception_v3", {}, "Conv2d_2b_3x3", [None, 53, 53, 64], 3),
])
def test_the_features_end_where_they_are_told_to(
        net: str, base: dict[str, Any], last: str, shape: list[int | None], ends: int) -> None:
    with tf.Graph().as_default():
        features, end_points = getattr(slim.nets.inception, f"{net}_base")(
            tf.placeholder(tf.float32, [None, 111, 111, 3]), last, **base)
    assert features.shape.as_list() == shape
    assert list(end_points)[-1] == last and len(end_points) == ends


def loss(net: str, size: int, training: bool, **others: Any) -> Any:
    module = getattr(slim.nets, net)
    with slim.arg_scope(getattr(module, f"{net}_arg_scope")()):
        ends = getattr(module, net)(inputs(2, size, size, 3), 5, is_training=training,
                                    dropout_keep_prob=1.0, **others)[1]
    return [sum(tf.reduce_mean(ends[name] ** 2) for name in ("Logits", "AuxLogits")
                if name in ends)]


@pytest.mark.parametrize(("net", "size", "training", "others", "expected"), [
    ("inception_v1", 224, False, {}, 1.4091557e30),
    ("inception_v2", 64, True, {"depth_multiplier": 0.25, "min_depth": 4}, 5.6599097),
    ("inception_v3", 150, True, {"depth_multiplier": 0.06, "min_depth": 4}, 4.2288351),
])
def test_inception_computes_what_tensorflows_does(net: str, size: int, training: bool,
                                                  others: dict[str, Any], expected: float) -> None:
    got = losses(lambda: loss(net, size, training, **others), 1)
    assert got == pytest.approx([expected], rel=1e-4)


@pytest.mark.parametrize(("call", "words"), [
    (lambda images: slim.nets.inception.inception_v1_base(images, "Mixed_9"),
     "Unknown final endpoint Mixed_9: the network has Conv2d_1a_7x7, MaxPool_2a_3x3"),
    (lambda images: slim.nets.inception.inception_v3_base(images, depth_multiplier=0),
     "depth_multiplier is greater than zero, not 0"),
    (lambda images: slim.nets.inception.inception_v2(images, depth_multiplier=-1.0),
     "depth_multiplier is greater than zero, not -1.0"),
])
def test_networks_that_cannot_be_built(call: Any, words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=words):
        call(tf.placeholder(tf.float32, [None, 224, 224, 3]))
