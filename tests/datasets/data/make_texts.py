"""Makes texts.json: what TensorFlow's keras makes of the files of small_texts.

    TF_USE_LEGACY_KERAS=1 python -m tests.datasets.data.make_texts    # needs TensorFlow
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from unittest import mock

import tensorflow as tf

from tests.datasets.small_texts import files, plain

OPTIONS = [{}, {"num_words": 20}, {"num_words": 15, "skip_top": 5}, {"maxlen": 6},
           {"start_char": None, "index_from": 2}, {"oov_char": None, "num_words": 18},
           {"seed": 3, "index_from": 10, "start_char": 7, "oov_char": 9, "num_words": 30}]


def main() -> None:
    """Writes the numbers."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        files(Path(folder))
        for name in ("imdb", "reuters"):
            module = getattr(tf.keras.datasets, name)
            scope = module.load_data.__globals__
            with mock.patch.dict(scope, get_file=lambda path, *a, **k: path):
                path = str(Path(folder, f"{name}.npz"))
                found[name] = [{"options": options, "result": plain(module.load_data(
                    path, **options))} for options in OPTIONS]
    (Path(__file__).parent / "texts.json").write_text(json.dumps(found, indent=None) + "\n")


if __name__ == "__main__":
    main()
