"""Writes expected.json beside this file: what TensorFlow says of the rows. Needs TensorFlow.

Run from the root of the repository: python -m tests.distributions.data.make_expected
"""

import json
from pathlib import Path

import numpy as np

from tests.distributions.rows import ROWS, questions


def answers(tf):
    """What TensorFlow answers to each question: names, dtypes, shapes and numbers."""
    found = {}
    for row in ROWS:
        for question, build in questions(tf, row).items():
            with tf.Graph().as_default(), tf.Session() as session:
                try:
                    tensors = build()
                except NotImplementedError:
                    continue
                values = session.run(tensors)
            found[f"{row.name}: {question}"] = [
                [tensor.name, tensor.dtype.name, tensor.shape.as_list(),
                 np.round(value, 6).tolist() if tensor.dtype.is_floating else value.tolist()]
                for tensor, value in zip(tensors, values, strict=True)]
    return found


if __name__ == "__main__":
    import tensorflow.compat.v1

    tensorflow.compat.v1.disable_v2_behavior()
    text = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}"
                      for key, value in answers(tensorflow.compat.v1).items())
    Path(__file__).with_name("expected.json").write_text("{\n" + text + "\n}\n")
