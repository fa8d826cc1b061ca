"""More workloads of the same kinds as `workloads`, so that nothing is tuned to those alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from workloads import Step, _conv_pool, _cross_entropy, _Numbers, _stepper


def autoencoder(tf: Any) -> Step:
    """784-256-64-256-784 with sigmoids and RMSProp, batch 128."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784])
        hidden, sizes = x, [784, 256, 64, 256, 784]
        for inputs, units in pairwise(sizes):
            hidden = tf.sigmoid(numbers.dense(hidden, inputs, units))
        loss = tf.reduce_mean(tf.square(hidden - x))
        train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.uniform(128, 784)})


def batch_norm(tf: Any) -> Step:
    """Two convolutions with batch normalisation written op by op, momentum, batch 32 of 28x28."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 28, 28, 1])
        y = tf.placeholder(tf.int64, [None])
        hidden, inputs = x, 1
        for filters in (16, 32):
            hidden = tf.nn.conv2d(hidden, numbers.weights(3, 3, inputs, filters),
                                  strides=[1, 2, 2, 1], padding="SAME")
            mean, variance = tf.nn.moments(hidden, [0, 1, 2])
            hidden = tf.nn.relu(tf.nn.batch_normalization(
                hidden, mean, variance, numbers.zeros(filters), tf.Variable(tf.ones([filters])),
                1e-3))
            inputs = filters
        loss = _cross_entropy(tf, y, numbers.dense(tf.reshape(hidden, [-1, 1568]), 1568, 10))
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.uniform(32, 28, 28, 1),
                                            y: numbers.classes(10, 32)})


def gru_loop(tf: Any) -> Step:
    """A GRU of 128 units written op by op in a while loop over 30 steps, with gradients."""
    batch, steps, inputs, hidden = 32, 30, 32, 128
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [steps, batch, inputs])
        gates, candidate = (numbers.weights(inputs + hidden, 2 * hidden),
                            numbers.weights(inputs + hidden, hidden))

        def body(time: Any, h: Any) -> Any:
            now = tf.gather(x, time)
            r, u = tf.split(tf.sigmoid(tf.matmul(tf.concat([now, h], 1), gates)), 2, axis=1)
            new = tf.tanh(tf.matmul(tf.concat([now, r * h], 1), candidate))
            return time + 1, u * h + (1.0 - u) * new

        _, last = tf.while_loop(lambda time, h: time < steps, body,
                                [tf.constant(0), tf.zeros([batch, hidden])])
        loss = tf.reduce_mean(tf.square(last - 0.5))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(steps, batch, inputs)})


def embeddings(tf: Any) -> Step:
    """Word vectors: 50,000 rows of 128 with sparse gradients, negative samples, Adagrad."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        words = tf.placeholder(tf.int64, [None])
        context = tf.placeholder(tf.int64, [None, 8])
        table, output = numbers.weights(50_000, 128), numbers.weights(50_000, 128)
        near = tf.nn.embedding_lookup(output, context)
        scores = tf.reduce_sum(near * tf.expand_dims(tf.nn.embedding_lookup(table, words), 1), 2)
        labels = tf.concat([tf.ones_like(scores[:, :1]), tf.zeros_like(scores[:, 1:])], 1)
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=scores))
        train = tf.train.AdagradOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {words: numbers.classes(50_000, 256),
                                            context: numbers.classes(50_000, 256, 8)})


def large_softmax(tf: Any) -> Step:
    """A softmax over 10,000 classes, batch 128, 256 features."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 256])
        y = tf.placeholder(tf.int64, [None])
        loss = _cross_entropy(tf, y, numbers.dense(x, 256, 10_000))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(128, 256),
                                            y: numbers.classes(10_000, 128)})


def towers(tf: Any) -> Step:
    """Sixteen small networks side by side, their losses added."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 64])
        y = tf.placeholder(tf.float32, [None, 1])
        losses = []
        for _ in range(16):
            hidden = tf.nn.relu(numbers.dense(x, 64, 64))
            hidden = tf.nn.relu(numbers.dense(hidden, 64, 32))
            losses.append(tf.reduce_mean(tf.square(numbers.dense(hidden, 32, 1) - y)))
        loss = tf.add_n(losses)
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(64, 64), y: numbers.normal(64, 1)})


def log_density(tf: Any) -> Step:
    """Log density of a mixture of 16 normals at 100,000 points, with gradients."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 1])
        mean = tf.Variable(tf.constant(numbers.normal(16)))
        log_scale, weight = numbers.zeros(16), numbers.zeros(16)
        z = (x - mean) * tf.exp(-log_scale)
        parts = -0.5 * tf.square(z) - log_scale - 0.5 * np.float32(np.log(2 * np.pi))
        total = tf.reduce_logsumexp(parts + tf.nn.log_softmax(weight), 1)
        loss = -tf.reduce_mean(total)
        train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(100_000, 1)})


def vae(tf: Any) -> Step:
    """A variational auto-encoder of 784-200-20-200-784 with Adam, fed with its noise, batch 100."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784])
        noise = tf.placeholder(tf.float32, [None, 20])
        hidden = tf.nn.relu(numbers.dense(x, 784, 200))
        mean, log_variance = numbers.dense(hidden, 200, 20), numbers.dense(hidden, 200, 20)
        code = mean + noise * tf.exp(0.5 * log_variance)
        logits = numbers.dense(tf.nn.relu(numbers.dense(code, 20, 200)), 200, 784)
        likelihood = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits),
                                   1)
        divergence = -0.5 * tf.reduce_sum(1 + log_variance - tf.square(mean)
                                          - tf.exp(log_variance), 1)
        loss = tf.reduce_mean(likelihood + divergence)
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.uniform(100, 784),
                                            noise: numbers.normal(100, 20)})


def deep_conv(tf: Any) -> Step:
    """Three blocks of two 3x3 convolutions and a pooling on 24x24x3, dropout-free, batch 16."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 24, 24, 3])
        y = tf.placeholder(tf.int64, [None])
        hidden, inputs = x, 3
        for filters in (16, 32, 64):
            hidden = tf.nn.relu(tf.nn.conv2d(hidden, numbers.weights(3, 3, inputs, filters),
                                             strides=[1, 1, 1, 1], padding="SAME"))
            hidden = _conv_pool(numbers, hidden, 3, filters, filters, "SAME")
            inputs = filters
        loss = _cross_entropy(tf, y, numbers.dense(tf.reshape(hidden, [-1, 576]), 576, 10))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.uniform(16, 24, 24, 3),
                                            y: numbers.classes(10, 16)})


WORKLOADS = {function.__name__: function for function in (
    autoencoder, batch_norm, gru_loop, embeddings, large_softmax, towers, log_density, vae,
    deep_conv)}
ONCE: set[str] = set()
