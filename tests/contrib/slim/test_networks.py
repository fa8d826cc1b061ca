"""Residual networks train as TensorFlow's do; networks have TensorFlow's variables."""

from __future__ import annotations

from typing import Any

import pytest

import flowgraph as tf
from flowgraph.contrib import slim
from tests.contrib.steady_training import inputs, loss_of, losses


def residual(version: int, size: int, stride: int | None = None, training: bool = True) -> Any:
    module = getattr(slim.nets, f"resnet_v{version}")
    block = getattr(module, f"resnet_v{version}_block")
    with slim.arg_scope(module.resnet_arg_scope()):
        net, _ = getattr(module, f"resnet_v{version}")(
            inputs(2, size, size, 3), [block("block1", 4, 2, 2), block("block2", 8, 2, 2)], 5,
            is_training=training, output_stride=stride, scope="rn")
    optimizer = tf.train.GradientDescentOptimizer(1e-4)
    return [slim.learning.create_train_op(loss_of(net, 0.1), optimizer)]


@pytest.mark.parametrize(("arguments", "expected"), [
    ((1, 33), [0.4636475, 0.4596709, 0.4559637]),
    ((2, 32), [0.3475144, 0.3468165, 0.3461215]),
    ((1, 32, 8), [1.026914, 1.021551, 1.016265]),
    ((2, 33, 8, False), [253.5374, 36.90775, 19.45067]),
])
def test_residual_networks_train_as_tensorflows_do(arguments: Any, expected: Any) -> None:
    assert losses(lambda: residual(*arguments), 3) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("module", "net", "count", "some"), [
    ("vgg", "vgg_16", 32, "vgg_16/conv5/conv5_3/biases"),
    ("vgg", "vgg_a", 22, "vgg_a/fc8/weights"),
    ("alexnet", "alexnet_v2", 16, "alexnet_v2/conv5/weights"),
    ("resnet_v1", "resnet_v1_50", 267,
     "resnet_v1_50/block4/unit_3/bottleneck_v1/conv3/BatchNorm/moving_variance"),
    ("resnet_v2", "resnet_v2_50", 272,
     "resnet_v2_50/block2/unit_1/bottleneck_v2/preact/gamma"),
])
def test_networks_have_tensorflows_variables(module: str, net: str, count: int, some: str) -> None:
    nets = getattr(slim.nets, module)
    scope = getattr(nets, f"{net.removesuffix('_16').removesuffix('_a').split('_v')[0]}_arg_scope",
                    getattr(nets, "alexnet_v2_arg_scope", None))
    with tf.Graph().as_default(), slim.arg_scope(scope()):
        getattr(nets, net)(tf.placeholder(tf.float32, [None, 224, 224, 3]), 10)
        names = [variable.op.name for variable in tf.model_variables()]
    assert some in names and len(names) == len(set(names)) == count


def test_a_run_goes_on_from_its_last_checkpoint(tmp_path: Any) -> None:
    def trained(steps: int) -> float:
        with tf.Graph().as_default():
            w = tf.get_variable("w", initializer=8.0)
            op = slim.learning.create_train_op(w * w, tf.train.GradientDescentOptimizer(0.25))
            return slim.learning.train(op, str(tmp_path), number_of_steps=steps,
                                       log_every_n_steps=0, save_summaries_secs=0)

    assert trained(2) == 16.0  # 8 -> 4
    assert trained(3) == 4.0  # 2 -> 1


def test_a_checkpoint_is_restored_into_other_scopes(tmp_path: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        slim.fully_connected(tf.zeros([1, 2]), 3, scope="fc",
                             weights_initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    with tf.Graph().as_default(), tf.Session() as session:
        slim.fully_connected(tf.zeros([1, 2]), 3, scope="new/fc")
        slim.fully_connected(tf.zeros([1, 2]), 3, scope="logits")
        wanted = slim.get_variables_to_restore(exclude=["logits"])
        init = slim.assign_from_checkpoint_fn(
            path, {variable.op.name.removeprefix("new/"): variable for variable in wanted})
        session.run(tf.global_variables_initializer())
        assert init is not None
        init(session)
        assert session.run(slim.get_unique_variable("new/fc/weights")).tolist() == [[1.0] * 3] * 2


@pytest.mark.parametrize(("build", "words"), [
    (lambda: slim.learning.train(None, None), "train_op cannot be None"),
    (lambda: slim.learning.train(tf.constant(1.0), None, number_of_steps=0), "number_of_steps"),
    (lambda: slim.learning.train(tf.constant(1.0), None, trace_every_n_steps=2), "logdir=None"),
    (lambda: slim.learning.train(tf.constant(1.0), None, sync_optimizer=3), "sync_optimizer"),
    (lambda: slim.assign_from_checkpoint_fn("none", []), "cannot be empty"),
    (lambda: residual(1, 32, 6), "multiple of 4"),
])
def test_wrong_use_is_told_of(build: Any, words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=words):
        build()
