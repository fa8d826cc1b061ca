"""`tensorflow.examples.tutorials.mnist.mnist`: a network of two hidden layers, in four functions.

    logits = inference(images, 128, 32)
    total = loss(logits, labels)
    train_op = training(total, learning_rate=0.01)
    correct = evaluation(logits, labels)
"""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.graph.graph import name_scope
from flowgraph.losses.functions import sparse_softmax_cross_entropy
from flowgraph.ops.activation import relu
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import zeros
from flowgraph.ops.matmul import matmul
from flowgraph.ops.random_ops import truncated_normal
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.sort import in_top_k
from flowgraph.ops.variable import Variable
from flowgraph.summary.scalars import scalar
from flowgraph.train.gradient_descent import GradientDescentOptimizer

NUM_CLASSES = 10
IMAGE_SIZE = 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def inference(images: Any, hidden1_units: int, hidden2_units: int) -> Any:
    """Two hidden layers with relu and a linear one.

    Args:
        images: float32 [batch, 784].
        hidden1_units: width of the first layer.
        hidden2_units: width of the second layer.

    Returns:
        float32 [batch, 10]: a number for each class.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.examples.tutorials.mnist import mnist
        >>> with fg.Graph().as_default():
        ...     logits = mnist.inference(fg.placeholder(fg.float32, [5, 784]), 8, 4)
        ...     logits.shape.as_list(), [v.name for v in fg.trainable_variables()][:2]
        ([5, 10], ['hidden1/weights:0', 'hidden1/biases:0'])
    """
    with name_scope("hidden1"):
        hidden1 = relu(_affine(images, IMAGE_PIXELS, hidden1_units))
    with name_scope("hidden2"):
        hidden2 = relu(_affine(hidden1, hidden1_units, hidden2_units))
    with name_scope("softmax_linear"):
        return _affine(hidden2, hidden2_units, NUM_CLASSES)


def loss(logits: Any, labels: Any) -> Any:
    """The mean cross entropy of the batch.

    Args:
        logits: float32 [batch, 10].
        labels: classes, integers [batch].

    Returns:
        A scalar.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.examples.tutorials.mnist import mnist
        >>> with fg.Graph().as_default():
        ...     total = mnist.loss(fg.zeros([2, 10]), fg.constant([3, 1]))
        ...     round(float(fg.Session().run(total)), 4)
        2.3026
    """
    return sparse_softmax_cross_entropy(labels=cast(labels, "int64"), logits=logits)


def training(loss: Any, learning_rate: float) -> Any:
    """An op for one step of gradient descent; adds a summary of the loss and `global_step`.

    Args:
        loss: a scalar.
        learning_rate: the size of the steps.

    Returns:
        The op.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.examples.tutorials.mnist import mnist
        >>> with fg.Graph().as_default():
        ...     x = fg.Variable(1.0)
        ...     step = mnist.training(x * x, 0.25)
        ...     with fg.Session() as session:
        ...         session.run(fg.global_variables_initializer())
        ...         session.run(step)
        ...         session.run(x).item()
        0.5
    """
    scalar("loss", loss)
    global_step = Variable(0, name="global_step", trainable=False)
    return GradientDescentOptimizer(learning_rate).minimize(loss, global_step=global_step)


def evaluation(logits: Any, labels: Any) -> Any:
    """How many of the batch have the largest number at their class.

    Args:
        logits: float32 [batch, 10].
        labels: classes, int32 or int64 [batch].

    Returns:
        An int32 scalar.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.examples.tutorials.mnist import mnist
        >>> with fg.Graph().as_default():
        ...     right = mnist.evaluation(fg.constant([[0.1, 0.9], [0.8, 0.2]]), [1, 1])
        ...     fg.Session().run(right).item()
        1
    """
    return reduce_sum(cast(in_top_k(logits, labels, 1), "int32"))


def _affine(inputs: Any, size: int, units: int) -> Any:
    """inputs · weights + biases; the weights start small enough for sums over the inputs."""
    weights = Variable(truncated_normal([size, units], stddev=1.0 / math.sqrt(size)),
                       name="weights")
    biases = Variable(zeros([units]), name="biases")
    return matmul(inputs, weights) + biases


__getattr__ = _lazy("tf.examples.tutorials.mnist.mnist", globals())
