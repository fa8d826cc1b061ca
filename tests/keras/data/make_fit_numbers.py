"""Writes fit_numbers.json beside this file: keras's trainings. Needs TensorFlow and tf_keras.

TF_USE_LEGACY_KERAS=1 python -m tests.keras.data.make_fit_numbers
"""

import json
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from tests.keras.fit_questions import questions

if __name__ == "__main__":
    tf.disable_v2_behavior()
    answers = {}
    for name, ask in questions(tf, tf.keras, tf.keras.optimizers.legacy.SGD).items():
        tf.keras.backend.clear_session()
        answers[name] = {key: np.round(np.float64(value), 6).tolist()
                         for key, value in ask().items()}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in answers.items()]
    Path(__file__).with_name("fit_numbers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
