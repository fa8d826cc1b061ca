"""Writes expected.json beside this file: what keras says of the rows. Needs TensorFlow.

Run from the root of the repository, with TensorFlow and tf_keras installed:
TF_USE_LEGACY_KERAS=1 python -m tests.keras.data.make_expected
"""

import json
import re
from pathlib import Path

from tests.keras.rows import ROWS, answers


def as_in_1_15(found):
    """TensorFlow 1.15 names the variables of a cell by its layer alone."""
    text = re.sub(r"/(simple_rnn|gru|lstm)_cell(_\d+)?/", "/", json.dumps(found))
    return json.loads(text)


if __name__ == "__main__":
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    lines = [f"{json.dumps(row.name)}: {json.dumps(as_in_1_15(answers(row, tf, tf.keras)))}"
             for row in ROWS]
    Path(__file__).with_name("expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
