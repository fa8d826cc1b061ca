"""Makes files/datasets.npz: graphs with pipelines of tf.data, written by TensorFlow.

Needs TensorFlow; run it as `python tests/io/make_datasets.py`. Per pipeline the file holds the
GraphDef ("name.pb") and JSON ("name.json"): what out0, out1, … are, run after run.
"""

import json
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from tests.io.pipelines import PIPELINES

tf.disable_v2_behavior()
raw = tf.raw_ops
INT64 = {"output_types": [tf.int64], "output_shapes": [tf.TensorShape([])]}


# ---- op types that came after TensorFlow 1.15, or shortly before ---------------------------------


def in_parallel(tf):
    numbers = tf.data.Dataset.range(8).map(lambda x: x * 3, num_parallel_calls=2)
    return numbers.interleave(lambda x: tf.data.Dataset.range(x, x + 2), cycle_length=2,
                              num_parallel_calls=2)


def in_parallel_before(tf):
    return tf.data.Dataset.range(3).apply(tf.data.experimental.parallel_interleave(
        lambda x: tf.data.Dataset.range(x, x + 2), 1))


def tuned(tf):
    numbers = tf.data.Dataset.range(5, 9).enumerate().map(lambda i, x: i * x)
    return numbers.with_options(tf.data.Options())


def remembered(tf):
    handle, _ = raw.AnonymousMemoryCache()
    return of(raw.CacheDatasetV2(input_dataset=raw.RangeDataset(start=0, stop=4, step=1, **INT64),
                                 filename="", cache=handle, **INT64))


def shuffled(tf, anew=False):
    numbers = raw.RangeDataset(start=0, stop=9, step=1, **INT64)
    once = raw.ShuffleDatasetV3(input_dataset=numbers, buffer_size=4, seed=3, seed2=4,
                                seed_generator=raw.DummySeedGenerator(), **INT64,
                                reshuffle_each_iteration=anew)
    return of(raw.RepeatDataset(input_dataset=once, count=2, **INT64))


def shuffled_anew(tf):
    return shuffled(tf, True)


def batched_in_parallel(tf):
    pairs = {"output_types": [tf.int64], "output_shapes": [tf.TensorShape([None])]}
    return of(raw.ParallelBatchDataset(
        input_dataset=raw.RangeDataset(start=0, stop=9, step=1, **INT64), batch_size=2,
        num_parallel_calls=2, drop_remainder=False, **pairs), [None])


def of(variant, shape=()):
    """A dataset from what an op gives."""
    from tensorflow.python.data.ops import dataset_ops
    spec = tf.TensorSpec(list(shape), tf.int64)
    return dataset_ops.DatasetV1Adapter(dataset_ops._VariantDataset(variant, spec))


LATER = (in_parallel, in_parallel_before, tuned, remembered, shuffled, shuffled_anew,
         batched_in_parallel)


def written(build):
    """The graph of a pipeline, and its elements."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        iterator = tf.data.make_initializable_iterator(build(tf))
        parts = tf.nest.flatten(iterator.get_next())
        outputs = [tf.identity(part, f"out{i}") for i, part in enumerate(parts)]
        tf.group(iterator.initializer, name="begin")
        graph_def = graph.as_graph_def()
        sess.run("begin")
        elements = []
        try:
            while True:
                elements.append([np.asarray(part).tolist() for part in sess.run(outputs)])
        except tf.errors.OutOfRangeError:
            return graph_def.SerializeToString(), json.dumps(elements).encode()


if __name__ == "__main__":
    arrays = {}
    for name, build in {**PIPELINES, **{f"later_{f.__name__}": f for f in LATER}}.items():
        for end, data in zip(("pb", "json"), written(build), strict=True):
            arrays[f"{name}.{end}"] = np.frombuffer(data, np.uint8)
    np.savez_compressed(Path(__file__).parent / "files" / "datasets.npz", **arrays)
