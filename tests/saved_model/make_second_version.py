"""Makes tests/saved_model/files/module: a SavedModel of TensorFlow 2. Needs it; not a test.

    python tests/saved_model/make_second_version.py

From ones(2, 3) and ["a", "z"] it computes [[8, 10], [6, 8]].
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).parent / "files" / "module"


class Model(tf.Module):
    """A product, a branch, a loop and a table."""

    def __init__(self):
        self.w = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2) / 3, name="w")
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(["a", "b"], [1.0, 2.0]), -1.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([None], tf.string)])
    def __call__(self, x, words):
        y = tf.matmul(x, self.w)
        if tf.reduce_sum(y) > 0:
            y = y * 2
        for _ in tf.range(3):
            y = y + 1.0
        return {"y": y + self.table.lookup(words)[:, None]}


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    model = Model()
    tf.saved_model.save(model, str(FOLDER), signatures=model.__call__)
    for name in ("fingerprint.pb", "assets"):
        path = FOLDER / name
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
