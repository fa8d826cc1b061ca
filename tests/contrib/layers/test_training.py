"""Losses of networks of `tf.contrib.layers` are those of TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import flowgraph as tf
from flowgraph.contrib import layers
from tests.contrib.steady_training import gradient_descent, inputs, loss_of, losses


def dense() -> Any:
    y = layers.fully_connected(inputs(7, 6), 5, weights_regularizer=layers.l2_regularizer(0.01),
                               biases_regularizer=layers.l1_regularizer(0.02))
    y = layers.fully_connected(y, 4, activation_fn=tf.nn.tanh, normalizer_fn=layers.batch_norm,
                               normalizer_params={"scale": True, "is_training": True},
                               scope="second")
    y = layers.linear(layers.relu(y, 3), 2, scope="lin")
    with tf.variable_scope("out"):
        y = layers.stack(y, layers.fully_connected, [3, 4], scope="stk")
        y = layers.stack(y, layers.fully_connected, [3, 2])
        y = layers.repeat(y, 2, layers.fully_connected, 3, activation_fn=tf.nn.elu)
    return gradient_descent(layers.fully_connected(tf.reshape(y, [-1, 1, 3]), 2,
                                                   biases_initializer=None))


def convolutions() -> Any:
    y = layers.conv2d(inputs(2, 12, 12, 3), 4, [3, 3], scope="c1",
                      weights_regularizer=layers.l1_l2_regularizer(0.01, 0.02))
    y = layers.conv2d(y, 4, 3, stride=2, normalizer_fn=layers.batch_norm)
    y = layers.max_pool2d(y, [2, 2], scope="p1")
    y = layers.separable_conv2d(y, 6, 3)
    y = layers.separable_conv2d(y, None, 3, depth_multiplier=2, scope="dw")
    y = layers.conv2d_in_plane(y, [1, 3])
    y = layers.conv2d_transpose(y, 5, [3, 3], stride=2, activation_fn=None)
    y = layers.conv2d(y, 3, 3, rate=2, padding="VALID", biases_initializer=None)
    y = layers.avg_pool2d(y, 2, stride=1, padding="SAME")
    return gradient_descent(layers.softmax(layers.flatten(layers.dropout(y, is_training=False))))


def normalizations() -> Any:
    x = inputs(3, 4, 4, 8)
    x.set_shape([3, 4, 4, 8])
    y = layers.layer_norm(x)
    y = layers.layer_norm(y, begin_norm_axis=-1, center=False, scope="ln")
    y = layers.group_norm(layers.instance_norm(y), 4)
    y = layers.group_norm(y, 2, mean_close_to_zero=True, activation_fn=tf.nn.relu)
    return gradient_descent(layers.unit_norm(layers.unit_norm(y, 2), 0))


def channels_first() -> Any:
    y = layers.batch_norm(inputs(2, 3, 6, 6), data_format="NCHW", fused=False)
    y = layers.batch_norm(y, data_format="NCHW", fused=False, updates_collections=None)
    y = layers.instance_norm(y, data_format="NCHW")
    y = layers.bias_add(y, data_format="NCHW", initializer=tf.ones_initializer())
    return gradient_descent(layers.bias_add(tf.transpose(y, [0, 2, 3, 1]),
                                            activation_fn=tf.nn.relu,
                                            regularizer=layers.l2_regularizer(0.1)))


def shared() -> Any:
    x = inputs(4, 6)
    with tf.variable_scope("s"):
        a = layers.fully_connected(x, 3, scope="fc")
    with tf.variable_scope("s", reuse=True):
        b = layers.fully_connected(x * 2, 3, scope="fc",
                                   weights_regularizer=layers.l2_regularizer(0.1))
    c = layers.fully_connected(x, 3, reuse=tf.AUTO_REUSE, scope="s/fc")
    with tf.variable_scope("p", regularizer=layers.l2_regularizer(0.3),
                           initializer=tf.ones_initializer()):
        d = layers.legacy_fully_connected(x, 3, activation_fn=tf.nn.relu)
        e = layers.fully_connected(x, 3, weights_initializer=None)
    return gradient_descent(tf.concat([a, b, c, d, e], 1))


def optimized() -> Any:
    y = layers.fully_connected(inputs(4, 6), 3, normalizer_fn=layers.batch_norm)
    loss = tf.reduce_mean(tf.square(y - 0.3))
    return [layers.optimize_loss(
        loss, tf.train.get_or_create_global_step(), 0.1, "Adam", clip_gradients=0.5,
        learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(rate, step, 2, 0.5),
        summaries=layers.OPTIMIZER_SUMMARIES,
        gradient_multipliers={"fully_connected/weights:0": 2.0})]


def adaptively_clipped() -> Any:
    y = layers.fully_connected(inputs(4, 6), 3)
    loss = tf.reduce_mean(tf.square(y - 0.3))
    step = tf.train.get_or_create_global_step()
    first = layers.optimize_loss(loss, step, 0.1,
                                 lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
                                 clip_gradients=layers.adaptive_clipping_fn(global_step=step),
                                 increment_global_step=False, name="opt")
    layers.optimize_loss(loss, None, tf.constant(0.1), tf.train.AdagradOptimizer, summaries=[])
    return [first]


def normalized(rank: int = 4, training: bool | None = None, **options: Any) -> Callable[[], Any]:
    """A network around one `batch_norm`."""
    def build() -> Any:
        x = inputs(*((3, 6) if rank == 2 else (3, 4, 4, 3)))
        if training is not None:
            options["is_training"] = tf.placeholder_with_default(training, [])
        if options.pop("weigh", False):
            options["batch_weights"] = tf.constant([1.0, 2.0, 0.5])
        y = layers.batch_norm(
            x, decay=0.9, activation_fn=tf.nn.relu,
            param_initializers={"beta": tf.constant_initializer(0.5)},
            param_regularizers={"beta": layers.l2_regularizer(0.1)}, **options)
        return gradient_descent(layers.fully_connected(layers.flatten(y), 3))
    return build


FUSED = [0.2323982, 0.1573021, 0.1184387, 0.09784848]
MATRIX = [0.1267147, 0.1213268, 0.1166036, 0.1124435]
TABLE: dict[str, tuple[Callable[[], Any], list[float]]] = {
    "dense": (dense, [0.1310134, 0.1300326, 0.1290617, 0.1280999]),
    "convolutions": (convolutions, [0.3796224, 0.37842, 0.3772256, 0.376028]),
    "normalizations": (normalizations, [0.1638961, 0.1638658, 0.1638358, 0.1638061]),
    "channels first": (channels_first, [0.564819, 0.4966601, 0.4394596, 0.3910608]),
    "shared variables": (shared, [1.180195, 1.076245, 0.9882964, 0.9133371]),
    "optimize_loss": (optimized, [0.4839708, 0.2151139, 0.1061347, 0.07823335]),
    "batch_norm": (normalized(), FUSED),
    "batch_norm of matrices": (normalized(2), MATRIX),
    "batch_norm in place": (normalized(updates_collections=None), FUSED),
    "batch_norm in place, asked in the run": (normalized(training=True, updates_collections=None),
                                              FUSED),
    "batch_norm, other collection": (normalized(2, updates_collections="mine"), MATRIX),
    "batch_norm, ordinary ops": (normalized(fused=False), FUSED),
    "batch_norm without bias of zero": (normalized(2, zero_debias_moving_mean=True), MATRIX),
    "batch_norm, matrices, ordinary ops": (
        normalized(2, fused=False, updates_collections=None),
        [0.09728197, 0.09256695, 0.08843919, 0.08481094]),
    "batch_norm with gamma, asked in the run": (
        normalized(training=True, scale=True), [0.3893089, 0.1864409, 0.117904, 0.08748474]),
    "batch_norm for inference": (normalized(is_training=False),
                                 [0.1840611, 0.1387125, 0.1124186, 0.09684621]),
    "batch_norm with weights": (normalized(2, weigh=True),
                                [0.1252396, 0.1096947, 0.09831443, 0.08990076]),
    "batch_norm with weights, in place": (normalized(weigh=True, updates_collections=None),
                                          [0.2309858, 0.1710476, 0.1352472, 0.1136551]),
}


@pytest.mark.parametrize("name", TABLE)
def test_losses_are_those_of_tensorflow(name: str) -> None:
    build, expected = TABLE[name]
    assert losses(build, 4) == pytest.approx(expected, rel=1e-5)


def test_adaptive_clipping_trains() -> None:
    found = losses(adaptively_clipped, 4)
    assert found[0] == pytest.approx(0.1410873, rel=1e-5) and found == sorted(found, reverse=True)


def test_loss_of_counts_what_regularizers_added() -> None:
    with tf.Graph().as_default():
        y = layers.fully_connected(tf.zeros([1, 2]), 2, activation_fn=None,
                                   biases_initializer=tf.constant_initializer(0.3),
                                   biases_regularizer=layers.l1_regularizer(1.0))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            assert session.run(loss_of(y)) == pytest.approx(0.6)
