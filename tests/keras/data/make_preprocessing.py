"""Makes preprocessing.json: TensorFlow's answers to the questions of preprocessing_questions.py.

    TF_USE_LEGACY_KERAS=1 python -m tests.keras.data.make_preprocessing    # needs TensorFlow, SciPy
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.keras.preprocessing_questions import questions


def main() -> None:
    """Writes the answers."""
    answers = {name: np.round(np.asarray(answer(), float), 4).tolist()
               for name, answer in questions(
                   tf.keras.preprocessing, swapped=True).items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}"
                       for name, answer in answers.items())
    (Path(__file__).parent / "preprocessing.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
