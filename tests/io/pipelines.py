"""Pipelines of tf.data that flowgraph and TensorFlow both build: functions of the module."""

import numpy as np


def numbers(tf):
    return tf.data.Dataset.range(10)


def mapped(tf):
    three = tf.constant(3.0)
    return numbers(tf).map(lambda x: tf.cast(x, tf.float32) * three)


def filtered(tf):
    return numbers(tf).filter(lambda x: tf.equal(x % 2, 0)).batch(2)


def flattened(tf):
    return numbers(tf).flat_map(lambda x: tf.data.Dataset.from_tensor_slices([x, x * 10]))


def dicts(tf):
    features = {"a": np.arange(4.0), "b": np.arange(8).reshape(4, 2)}
    slices = tf.data.Dataset.from_tensor_slices((features, np.arange(4)))
    return slices.map(lambda f, y: (f["a"] + 1, f["b"], y)).shuffle(4, seed=1).repeat(2).batch(3)


def interleaved(tf):
    return numbers(tf).interleave(lambda x: tf.data.Dataset.from_tensors(x).repeat(2),
                                  cycle_length=3)


def padded(tf):
    return numbers(tf).map(lambda x: tf.fill([x], x)).padded_batch(3, [None])


def parts(tf):
    return numbers(tf).skip(2).take(5).shard(2, 1).concatenate(tf.data.Dataset.range(2)).cache()


def windows(tf):
    pairs = tf.data.Dataset.zip((numbers(tf), numbers(tf).map(lambda x: x * x)))
    return pairs.window(2).flat_map(lambda a, b: tf.data.Dataset.zip((a, b)).batch(2))


def scanned(tf):
    start, step = tf.constant(0, tf.int64), tf.constant(2, tf.int64)
    return numbers(tf).apply(tf.data.experimental.scan(start, lambda s, x: (s + x, s * step)))


def grouped(tf):
    return numbers(tf).apply(tf.data.experimental.group_by_window(
        lambda x: x % 3, lambda key, window: window.batch(2), 2))


PIPELINES = {build.__name__: build for build in (
    mapped, filtered, flattened, dicts, interleaved, padded, parts, windows, scanned, grouped)}
