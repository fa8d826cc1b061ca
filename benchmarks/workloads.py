"""Workloads as TensorFlow 1 programs: each takes the engine as `tf` and returns one step.

    step = mlp(tf)      builds a graph, opens a session, initialises
    step()              runs once and returns what was fetched; the last value is compared

Nothing here is of one engine: flowgraph and tensorflow.compat.v1 run the same code. `WORKLOADS` are
those that decide what is optimised, `MORE` the same kinds again, so that nothing is tuned to a few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], Any]


class _Numbers:
    """Random inputs and first values that are the same for every engine."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.generator = np.random.default_rng(0)

    def normal(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        """float32 normals."""
        return (self.generator.normal(size=shape) * scale).astype(np.float32)

    def uniform(self, *shape: int) -> np.ndarray:
        """float32 in [0, 1)."""
        return self.generator.random(shape, dtype=np.float32)

    def classes(self, count: int, *shape: int) -> np.ndarray:
        """int64 class numbers."""
        return self.generator.integers(0, count, shape)

    def weights(self, *shape: int) -> Any:
        """A variable of small normals."""
        return self.tf.Variable(self.tf.constant(self.normal(*shape, scale=0.05)))

    def zeros(self, *shape: int) -> Any:
        """A variable of zeros."""
        return self.tf.Variable(self.tf.zeros(list(shape)))

    def dense(self, x: Any, inputs: int, units: int) -> Any:
        """x W + b."""
        return self.tf.matmul(x, self.weights(inputs, units)) + self.zeros(units)


def _cross_entropy(tf: Any, labels: Any, logits: Any) -> Any:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels,
                                                                         logits=logits))


def _resident(array: Any) -> Any:
    """What is fed, where it is fed from; `gpu` puts it into the GPU's memory."""
    return array


def _stepper(tf: Any, fetches: Any, feeds: dict[Any, Any] | None = None) -> Step:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    feeds = {tensor: _resident(value) for tensor, value in (feeds or {}).items()} or None
    return lambda: session.run(fetches, feeds)


def scalar(tf: Any) -> Step:
    """Two operations on a number: what a run itself costs."""
    with tf.Graph().as_default():
        a = tf.placeholder(tf.float32, [])
        return _stepper(tf, a * 2.0 + 1.0, {a: 1.0})


def linreg(tf: Any) -> Step:
    """Linear regression on ten points, with gradients."""
    numbers = _Numbers(tf)
    features = numbers.normal(10, 2)
    targets = (features @ np.array([[2.0], [-3.4]], np.float32) + 4.2).astype(np.float32)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 2])
        y = tf.placeholder(tf.float32, [None, 1])
        prediction = tf.matmul(x, numbers.zeros(2, 1)) + numbers.zeros(1)
        loss = tf.reduce_mean(tf.square(prediction - y)) / 2
        train = tf.train.GradientDescentOptimizer(0.03).minimize(loss)
        return _stepper(tf, [train, loss], {x: features, y: targets})


def softmax(tf: Any) -> Step:
    """Softmax regression, 256 pictures of 784 pixels."""
    numbers = _Numbers(tf)
    pictures, labels = numbers.uniform(256, 784), numbers.classes(10, 256)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.int64, [None])
        logits = tf.matmul(x, numbers.zeros(784, 10)) + numbers.zeros(10)
        loss = _cross_entropy(tf, y, logits)
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: pictures, y: labels})


def mlp(tf: Any) -> Step:
    """784-256-256-10 with Adam, batch 128."""
    numbers = _Numbers(tf)
    pictures, labels = numbers.uniform(128, 784), numbers.classes(10, 128)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.int64, [None])
        hidden = tf.nn.relu(numbers.dense(x, 784, 256))
        hidden = tf.nn.relu(numbers.dense(hidden, 256, 256))
        loss = _cross_entropy(tf, y, numbers.dense(hidden, 256, 10))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: pictures, y: labels})


def _conv_pool(numbers: _Numbers, x: Any, size: int, inputs: int, filters: int,
               padding: str) -> Any:
    """Convolution, bias, relu, 2x2 pooling."""
    tf = numbers.tf
    x = tf.nn.conv2d(x, numbers.weights(size, size, inputs, filters), strides=[1, 1, 1, 1],
                     padding=padding)
    x = tf.nn.relu(tf.nn.bias_add(x, numbers.zeros(filters)))
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


def lenet(tf: Any) -> Step:
    """LeNet-5 with SGD, batch 64."""
    numbers = _Numbers(tf)
    pictures, labels = numbers.uniform(64, 28, 28, 1), numbers.classes(10, 64)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 28, 28, 1])
        y = tf.placeholder(tf.int64, [None])
        hidden = _conv_pool(numbers, x, 5, 1, 6, "SAME")
        hidden = _conv_pool(numbers, hidden, 5, 6, 16, "VALID")
        hidden = tf.reshape(hidden, [-1, 400])
        hidden = tf.nn.relu(numbers.dense(hidden, 400, 120))
        hidden = tf.nn.relu(numbers.dense(hidden, 120, 84))
        loss = _cross_entropy(tf, y, numbers.dense(hidden, 84, 10))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: pictures, y: labels})


def convnet(tf: Any) -> Step:
    """32-64-128 channels of 3x3 on 32x32x3, batch 32: TensorFlow at its best."""
    numbers = _Numbers(tf)
    pictures, labels = numbers.uniform(32, 32, 32, 3), numbers.classes(10, 32)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 32, 32, 3])
        y = tf.placeholder(tf.int64, [None])
        hidden, inputs = x, 3
        for filters in (32, 64, 128):
            hidden = _conv_pool(numbers, hidden, 3, inputs, filters, "SAME")
            inputs = filters
        loss = _cross_entropy(tf, y, numbers.dense(tf.reshape(hidden, [-1, 2048]), 2048, 10))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: pictures, y: labels})


def lstm(tf: Any) -> Step:
    """An LSTM of 256 units written op by op and unrolled over 35 characters, gradients clipped."""
    batch, steps, hidden, vocabulary = 32, 35, 256, 64
    numbers = _Numbers(tf)
    text = numbers.generator.integers(0, vocabulary, (batch, steps)).astype(np.int32)
    following = numbers.generator.integers(0, vocabulary, (batch, steps)).astype(np.int32)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.int32, [batch, steps])
        y = tf.placeholder(tf.int32, [batch, steps])
        kernel = numbers.weights(vocabulary + hidden, 4 * hidden)
        bias = numbers.zeros(4 * hidden)
        h = c = tf.zeros([batch, hidden])
        outputs = []
        for letter in tf.unstack(tf.one_hot(x, vocabulary), axis=1):
            gates = tf.matmul(tf.concat([letter, h], 1), kernel) + bias
            i, j, f, o = tf.split(gates, 4, axis=1)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            h = tf.tanh(c) * tf.sigmoid(o)
            outputs.append(h)
        states = tf.reshape(tf.stack(outputs, axis=1), [-1, hidden])
        logits = tf.matmul(states, numbers.weights(hidden, vocabulary))
        loss = _cross_entropy(tf, tf.reshape(y, [-1]), logits)
        variables = tf.trainable_variables()
        gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 5.0)
        train = tf.train.GradientDescentOptimizer(1.0).apply_gradients(
            zip(gradients, variables, strict=True))
        return _stepper(tf, [train, loss], {x: text, y: following})


def elementwise(tf: Any) -> Step:
    """A chain over 4 million numbers and its gradient: memory traffic, unless fused."""
    with tf.Graph().as_default():
        x = tf.Variable(tf.constant(_Numbers(tf).normal(4_000_000)))
        y = tf.tanh(x * 1.5 + 0.5) * tf.sigmoid(x) - 0.1 * tf.square(x) + tf.exp(-tf.abs(x))
        loss = tf.reduce_mean(y)
        gradient, = tf.gradients(loss, [x])
        return _stepper(tf, [loss, tf.reduce_sum(tf.square(gradient))])


def small_ops(tf: Any) -> Step:
    """1,000 operations on 16 numbers: what an operation costs."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [16])
        hidden = x
        for _ in range(500):
            hidden = tf.tanh(hidden) + x
        return _stepper(tf, hidden, {x: np.linspace(-1, 1, 16).astype(np.float32)})


def matmul(tf: Any) -> Step:
    """Four products of 1024x1024."""
    with tf.Graph().as_default():
        a = tf.Variable(tf.constant(_Numbers(tf).normal(1024, 1024, scale=1 / 32)))
        product = a
        for _ in range(4):
            product = tf.matmul(product, a)
        return _stepper(tf, tf.reduce_sum(product))


def while_loop(tf: Any) -> Step:
    """1,000 rounds of two operations on 16 numbers."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [16])
        _, result = tf.while_loop(lambda i, h: i < 1000, lambda i, h: (i + 1, tf.tanh(h) + x),
                                  [tf.constant(0), x])
        return _stepper(tf, result, {x: np.linspace(-1, 1, 16).astype(np.float32)})


def build_10k(tf: Any) -> Step:
    """Building 10,000 operations and their gradients, and the first run: a step is all of it."""
    numbers = np.linspace(-1, 1, 16).astype(np.float32)

    def step() -> Any:
        with tf.Graph().as_default() as graph:
            x = tf.placeholder(tf.float32, [16])
            hidden = x
            for _ in range(5000):
                hidden = tf.tanh(hidden) + x
            gradient, = tf.gradients(tf.reduce_sum(hidden), [x])
            with tf.Session(graph=graph) as session:
                return session.run(gradient, {x: numbers})

    return step


WORKLOADS = {function.__name__: function for function in (
    scalar, linreg, softmax, mlp, lenet, convnet, lstm, elementwise, small_ops, matmul, while_loop,
    build_10k)}
ONCE = {"build_10k"}  # a step builds a graph: measured a few times only
