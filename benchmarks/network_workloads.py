"""Networks as people write them: dense ones, convolutions of many kinds, attention.

They are built as `workloads` tells; random operations have seeds, so that engines draw alike.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from workloads import Step, _conv_pool, _cross_entropy, _Numbers, _stepper


def _classifier(tf: Any, x: Any, logits: Any, optimizer: Any, pictures: np.ndarray,
                labels: np.ndarray) -> Step:
    """A training step on pictures and labels."""
    y = tf.placeholder(tf.int64, [None])
    loss = _cross_entropy(tf, y, logits)
    return _stepper(tf, [optimizer.minimize(loss), loss], {x: pictures, y: labels})


def _dense_network(tf: Any, batch: int, sizes: list[int]) -> Step:
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = hidden = tf.placeholder(tf.float32, [None, sizes[0]])
        for inputs, units in pairwise(sizes[:-1]):
            hidden = tf.nn.relu(numbers.dense(hidden, inputs, units))
        return _classifier(tf, x, numbers.dense(hidden, *sizes[-2:]), tf.train.AdamOptimizer(1e-3),
                           numbers.uniform(batch, sizes[0]), numbers.classes(sizes[-1], batch))


def mlp_wide(tf: Any) -> Step:
    """784-1024-1024-10 with Adam, batch 32: reads more weights than it computes."""
    return _dense_network(tf, 32, [784, 1024, 1024, 10])


def mlp_small(tf: Any) -> Step:
    """20-16-16-2 with Adam, batch 32: all overhead."""
    return _dense_network(tf, 32, [20, 16, 16, 2])


def policy(tf: Any) -> Step:
    """What a reinforcement learner asks its network at each move: 4-32-2, a batch of one."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 4])
        hidden = tf.nn.relu(numbers.dense(x, 4, 32))
        logits = numbers.dense(hidden, 32, 2)
        return _stepper(tf, [tf.nn.softmax(logits), logits], {x: numbers.normal(1, 4)})


def deep_mlp(tf: Any) -> Step:
    """Six layers of 256 with batch normalisation and dropout, of `tf.layers`; batch 128."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = hidden = tf.placeholder(tf.float32, [None, 256])
        y = tf.placeholder(tf.int64, [None])
        for layer in range(6):
            hidden = tf.layers.dense(
                hidden, 256, use_bias=False,
                kernel_initializer=tf.random_uniform_initializer(-0.1, 0.1, seed=layer))
            hidden = tf.nn.relu(tf.layers.batch_normalization(hidden, training=True))
            hidden = tf.layers.dropout(hidden, 0.3, training=True, seed=layer)
        loss = _cross_entropy(tf, y, numbers.dense(hidden, 256, 10))
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(128, 256),
                                            y: numbers.classes(10, 128)})


def _layer_norm(numbers: _Numbers, x: Any, units: int) -> Any:
    tf = numbers.tf
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return ((x - mean) * tf.rsqrt(variance + 1e-6) * tf.Variable(tf.ones([units]))
            + numbers.zeros(units))


def transformer(tf: Any) -> Step:
    """A transformer block: 4 heads, 64 tokens of 128 numbers, batch 8, Adam."""
    batch, tokens, units, heads = 8, 64, 128, 4
    numbers = _Numbers(tf)

    def project(x: Any, inputs: int, outputs: int) -> Any:
        flat = numbers.dense(tf.reshape(x, [-1, inputs]), inputs, outputs)
        return tf.reshape(flat, [batch, tokens, outputs])

    def split_heads(x: Any) -> Any:
        return tf.transpose(tf.reshape(x, [batch, tokens, heads, units // heads]), [0, 2, 1, 3])

    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [batch, tokens, units])
        target = tf.placeholder(tf.float32, [batch, tokens, units])
        normal = _layer_norm(numbers, x, units)
        query, key, value = (split_heads(project(normal, units, units)) for _ in range(3))
        scores = tf.matmul(query, key, transpose_b=True) / np.float32(np.sqrt(units // heads))
        attended = tf.transpose(tf.matmul(tf.nn.softmax(scores), value), [0, 2, 1, 3])
        hidden = x + project(tf.reshape(attended, [batch, tokens, units]), units, units)
        inner = tf.nn.relu(project(_layer_norm(numbers, hidden, units), units, 4 * units))
        hidden += project(inner, 4 * units, units)
        loss = tf.reduce_mean(tf.square(hidden - target))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(batch, tokens, units),
                                            target: numbers.normal(batch, tokens, units)})


def text_conv(tf: Any) -> Step:
    """A classifier of sentences: 64 words of 64 numbers, windows of 3 to 5 words, batch 32."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        words = tf.placeholder(tf.int64, [None, 64])
        hidden = tf.nn.embedding_lookup(numbers.weights(5000, 64), words)
        pooled = []
        for width in (3, 4, 5):
            window = tf.nn.conv1d(hidden, numbers.weights(width, 64, 64), stride=1,
                                  padding="VALID")
            pooled.append(tf.reduce_max(tf.nn.relu(window + numbers.zeros(64)), 1))
        logits = numbers.dense(tf.concat(pooled, 1), 192, 2)
        return _classifier(tf, words, logits, tf.train.AdamOptimizer(1e-3),
                           numbers.classes(5000, 32, 64), numbers.classes(2, 32))


def resnet(tf: Any) -> Step:
    """Three residual blocks of 32 channels on 16x16, fused batch normalisation, batch 16."""
    numbers = _Numbers(tf)

    def convolution(x: Any, inputs: int) -> Any:
        x = tf.nn.conv2d(x, numbers.weights(3, 3, inputs, 32), strides=[1, 1, 1, 1],
                         padding="SAME")
        return tf.nn.fused_batch_norm(x, tf.Variable(tf.ones([32])), numbers.zeros(32))[0]

    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 16, 16, 3])
        hidden = tf.nn.relu(convolution(x, 3))
        for _ in range(3):
            inner = tf.nn.relu(convolution(hidden, 32))
            hidden = tf.nn.relu(hidden + convolution(inner, 32))
        logits = numbers.dense(tf.reduce_mean(hidden, [1, 2]), 32, 10)
        return _classifier(tf, x, logits, tf.train.MomentumOptimizer(0.1, 0.9),
                           numbers.uniform(16, 16, 16, 3), numbers.classes(10, 16))


def separable(tf: Any) -> Step:
    """Depthwise-separable convolutions as in MobileNet, 32x32 to 4x4, batch 16."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 32, 32, 3])
        hidden, inputs = x, 3
        for filters in (16, 32, 64):
            hidden = tf.nn.separable_conv2d(
                hidden, numbers.weights(3, 3, inputs, 1), numbers.weights(1, 1, inputs, filters),
                strides=[1, 2, 2, 1], padding="SAME")
            hidden = tf.nn.relu6(tf.nn.bias_add(hidden, numbers.zeros(filters)))
            inputs = filters
        logits = numbers.dense(tf.reshape(hidden, [-1, 1024]), 1024, 10)
        return _classifier(tf, x, logits, tf.train.RMSPropOptimizer(1e-3),
                           numbers.uniform(16, 32, 32, 3), numbers.classes(10, 16))


def generator(tf: Any) -> Step:
    """The generator of a GAN: from 100 numbers over 4x4 and 8x8 to 16x16 pictures, batch 16."""
    batch = 16
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        noise = tf.placeholder(tf.float32, [batch, 100])
        wanted = tf.placeholder(tf.float32, [batch, 16, 16, 3])
        hidden = tf.reshape(tf.nn.relu(numbers.dense(noise, 100, 2048)), [batch, 4, 4, 128])
        hidden = tf.nn.conv2d_transpose(hidden, numbers.weights(5, 5, 64, 128),
                                        [batch, 8, 8, 64], strides=[1, 2, 2, 1])
        hidden = tf.nn.leaky_relu(tf.nn.bias_add(hidden, numbers.zeros(64)))
        hidden = tf.nn.conv2d_transpose(hidden, numbers.weights(5, 5, 3, 64),
                                        [batch, 16, 16, 3], strides=[1, 2, 2, 1])
        loss = tf.reduce_mean(tf.square(tf.tanh(hidden) - wanted))
        train = tf.train.AdamOptimizer(2e-4, beta1=0.5).minimize(loss)
        return _stepper(tf, [train, loss], {noise: numbers.normal(batch, 100),
                                            wanted: numbers.uniform(batch, 16, 16, 3)})


def unet(tf: Any) -> Step:
    """Down to 16x16 and up to 32x32 again, what was there before joined to it; batch 8."""
    numbers = _Numbers(tf)

    def convolution(x: Any, inputs: int, filters: int) -> Any:
        x = tf.nn.conv2d(x, numbers.weights(3, 3, inputs, filters), strides=[1, 1, 1, 1],
                         padding="SAME")
        return tf.nn.relu(x + numbers.zeros(filters))

    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 32, 32, 1])
        wanted = tf.placeholder(tf.float32, [None, 32, 32, 1])
        fine = convolution(convolution(x, 1, 16), 16, 16)
        coarse = tf.nn.max_pool(fine, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        coarse = tf.image.resize_nearest_neighbor(convolution(coarse, 16, 32), [32, 32])
        hidden = convolution(tf.concat([fine, coarse], 3), 48, 16)
        logits = tf.nn.conv2d(hidden, numbers.weights(1, 1, 16, 1), [1, 1, 1, 1], "SAME")
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted,
                                                                      logits=logits))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.uniform(8, 32, 32, 1),
                                            wanted: numbers.uniform(8, 32, 32, 1)})


def digits(tf: Any) -> Step:
    """The convolutional network of the MNIST tutorial: 5x5 to 32 and 64 channels, dropout, Adam."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784])
        hidden = tf.reshape(x, [-1, 28, 28, 1])
        hidden = _conv_pool(numbers, hidden, 5, 1, 32, "SAME")
        hidden = _conv_pool(numbers, hidden, 5, 32, 64, "SAME")
        hidden = tf.nn.relu(numbers.dense(tf.reshape(hidden, [-1, 3136]), 3136, 1024))
        hidden = tf.nn.dropout(hidden, rate=0.5, seed=1)
        return _classifier(tf, x, numbers.dense(hidden, 1024, 10), tf.train.AdamOptimizer(1e-4),
                           numbers.uniform(50, 784), numbers.classes(10, 50))


def gradient_penalty(tf: Any) -> Step:
    """A critic whose gradient is held to length 1, as in WGAN-GP: gradients of gradients."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 64])
        hidden = tf.tanh(numbers.dense(x, 64, 128))
        score = numbers.dense(tf.tanh(numbers.dense(hidden, 128, 128)), 128, 1)
        slope, = tf.gradients(score, [x])
        length = tf.sqrt(tf.reduce_sum(tf.square(slope), 1) + 1e-12)
        loss = tf.reduce_mean(score) + 10.0 * tf.reduce_mean(tf.square(length - 1.0))
        train = tf.train.AdamOptimizer(1e-4, beta1=0.0, beta2=0.9).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(64, 64)})


WORKLOADS = {function.__name__: function for function in (
    mlp_wide, mlp_small, policy, deep_mlp, transformer, text_conv, resnet, separable, generator,
    unet, digits, gradient_penalty)}
ONCE: set[str] = set()
