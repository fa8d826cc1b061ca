"""Training that goes the same way in every engine: first values by variables' names, fixed data.

The losses in the tables of `tests/contrib` are those of tf_slim 1.1 on TensorFlow 2.21.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

import flowgraph as tf


def data(*sizes: int) -> np.ndarray:
    return np.random.RandomState(3).randn(*sizes).astype("float32")


def inputs(*sizes: int) -> Any:
    """A placeholder whose feed is `data` of its sizes."""
    x = tf.placeholder(tf.float32, [None, *sizes[1:]])
    tf.add_to_collection("fed", (x, data(*sizes)))
    return x


def loss_of(outputs: Any, target: float = 0.3) -> Any:
    outputs = tf.reshape(outputs, [tf.shape(outputs)[0], -1])
    loss = tf.reduce_mean(tf.square(outputs - target))
    regularizers = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return loss + tf.add_n(regularizers) if regularizers else loss


def gradient_descent(outputs: Any) -> Any:
    loss = loss_of(outputs)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    with tf.control_dependencies([loss.op]):
        return [loss, step]


def losses(build: Callable[[], Any], steps: int) -> list[float]:
    """The losses of some steps; `build` gives what is fetched, the loss first."""
    with tf.Graph().as_default():
        fetches = build()
        feeds = dict(tf.get_collection("fed"))
        with tf.Session() as session:
            session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            for variable in tf.global_variables():
                name = variable.op.name
                if variable in tf.trainable_variables():
                    drawn = np.random.RandomState(zlib.crc32(name.encode()) % 2**31).randn(
                        *variable.shape.as_list())
                    variable.load((("gamma" in name) + np.asarray(drawn) * 0.3).astype("float32"),
                                  session)
            return [float(session.run(fetches, feeds)[0]) for _ in range(steps)]
