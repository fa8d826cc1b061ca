"""Recurrent networks by the library's cells, and loops: built as `workloads` tells."""

from __future__ import annotations

from typing import Any

import numpy as np
from workloads import Step, _cross_entropy, _Numbers, _stepper


def _initial(tf: Any, seed: int) -> Any:
    return tf.random_uniform_initializer(-0.1, 0.1, seed=seed)


def char_rnn(tf: Any) -> Step:
    """Two BasicLSTMCells of 128 in dynamic_rnn over 32 characters, batch 32, clipped, Adam."""
    batch, steps, vocabulary, units = 32, 32, 64, 128
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        text = tf.placeholder(tf.int32, [batch, steps])
        following = tf.placeholder(tf.int32, [batch, steps])
        with tf.variable_scope("network", initializer=_initial(tf, 1)):
            cell = tf.nn.rnn_cell.MultiRNNCell(
                [tf.nn.rnn_cell.BasicLSTMCell(units) for _ in range(2)])
            letters = tf.nn.embedding_lookup(tf.get_variable("letters", [vocabulary, units]), text)
            outputs, _ = tf.nn.dynamic_rnn(cell, letters, dtype=tf.float32)
        logits = numbers.dense(tf.reshape(outputs, [-1, units]), units, vocabulary)
        loss = _cross_entropy(tf, tf.reshape(following, [-1]), logits)
        variables = tf.trainable_variables()
        gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 5.0)
        train = tf.train.AdamOptimizer(2e-3).apply_gradients(zip(gradients, variables))
        return _stepper(tf, [train, loss], {
            text: numbers.classes(vocabulary, batch, steps).astype(np.int32),
            following: numbers.classes(vocabulary, batch, steps).astype(np.int32)})


def gru_static(tf: Any) -> Step:
    """A GRUCell of 128 in static_rnn over 20 steps, batch 64, Adam."""
    batch, steps, inputs, units = 64, 20, 28, 128
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [batch, steps, inputs])
        y = tf.placeholder(tf.int64, [batch])
        with tf.variable_scope("network", initializer=_initial(tf, 1)):
            outputs, _ = tf.nn.static_rnn(tf.nn.rnn_cell.GRUCell(units), tf.unstack(x, axis=1),
                                          dtype=tf.float32)
        loss = _cross_entropy(tf, y, numbers.dense(outputs[-1], units, 10))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(batch, steps, inputs),
                                            y: numbers.classes(10, batch)})


def bidirectional(tf: Any) -> Step:
    """LSTMCells of 64 both ways over sentences of unequal lengths up to 30, batch 32."""
    batch, steps, inputs, units = 32, 30, 50, 64
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [batch, steps, inputs])
        lengths = tf.placeholder(tf.int32, [batch])
        y = tf.placeholder(tf.int64, [batch])
        with tf.variable_scope("network", initializer=_initial(tf, 1)):
            cells = [tf.nn.rnn_cell.LSTMCell(units) for _ in range(2)]
            _, states = tf.nn.bidirectional_dynamic_rnn(*cells, x, sequence_length=lengths,
                                                        dtype=tf.float32)
        last = tf.concat([state.h for state in states], 1)
        loss = _cross_entropy(tf, y, numbers.dense(last, 2 * units, 5))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss], {
            x: numbers.normal(batch, steps, inputs),
            lengths: (numbers.classes(steps, batch) + 1).astype(np.int32),
            y: numbers.classes(5, batch)})


def scan(tf: Any) -> Step:
    """tf.scan over 200 steps of 64 numbers, with gradients."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [200, 64])
        decay = tf.Variable(tf.constant(numbers.uniform(64)))
        states = tf.scan(lambda h, now: tf.tanh(decay * h + now), x, initializer=tf.zeros([64]))
        loss = tf.reduce_mean(tf.square(states))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(200, 64)})


def map_fn(tf: Any) -> Step:
    """tf.map_fn over 128 matrices of 16x16: each scaled and multiplied by itself."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [128, 16, 16])
        result = tf.map_fn(lambda one: tf.matmul(one, one) / (tf.reduce_max(tf.abs(one)) + 1.0), x)
        return _stepper(tf, tf.reduce_sum(result), {x: numbers.normal(128, 16, 16)})


def conds(tf: Any) -> Step:
    """A hundred branches one after another, on small vectors."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = hidden = tf.placeholder(tf.float32, [16])
        for _ in range(100):
            before = hidden
            hidden = tf.cond(tf.reduce_sum(hidden) > 0.0,
                             lambda before=before: before * 0.9 - 0.1,
                             lambda before=before: tf.abs(before) + x)
        return _stepper(tf, hidden, {x: numbers.normal(16)})


def newton(tf: Any) -> Step:
    """Square roots of 10,000 numbers by Newton's method, until nothing changes."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        _, root = tf.while_loop(
            lambda i, guess: tf.logical_and(
                i < 50, tf.reduce_max(tf.abs(guess * guess - x) / x) > 1e-5),
            lambda i, guess: (i + 1, 0.5 * (guess + x / guess)), [tf.constant(0), x])
        return _stepper(tf, root, {x: numbers.uniform(10_000) + 0.5})


WORKLOADS = {function.__name__: function for function in (
    char_rnn, gru_static, bidirectional, scan, map_fn, conds, newton)}
ONCE: set[str] = set()
