"""Writes numbers.json beside this file: keras's losses and training. Needs TensorFlow, tf_keras.

Run from the root of the repository:
TF_USE_LEGACY_KERAS=1 python -m tests.keras.data.make_numbers
"""

import json
from pathlib import Path

import numpy as np

from tests.keras.questions import questions

if __name__ == "__main__":
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    asked = questions(tf, tf.keras, tf.keras.optimizers.legacy)
    lines = [f"{json.dumps(name)}: {json.dumps(np.round(np.asarray(ask(), float), 6).tolist())}"
             for name, ask in asked.items()]
    Path(__file__).with_name("numbers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
