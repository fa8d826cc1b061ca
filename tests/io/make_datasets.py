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
    for name, build in PIPELINES.items():
        for end, data in zip(("pb", "json"), written(build), strict=True):
            arrays[f"{name}.{end}"] = np.frombuffer(data, np.uint8)
    np.savez_compressed(Path(__file__).parent / "files" / "datasets.npz", **arrays)
