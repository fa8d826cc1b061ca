"""IMDB and Reuters from small files of the same form; the numbers are TensorFlow's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from flowgraph.datasets import load_imdb, load_reuters
from flowgraph.datasets.texts import load_word_index
from flowgraph.errors import DatasetError
from tests.datasets.small_texts import files, plain

EXPECTED = json.loads((Path(__file__).parent / "data" / "texts.json").read_text())
LOADS = {"imdb": load_imdb, "reuters": load_reuters}


@pytest.mark.parametrize(("name", "number"), [(name, i) for name in LOADS
                                              for i in range(len(EXPECTED[name]))])
def test_numbers_of_tensorflow(tmp_path, name, number) -> None:
    row = EXPECTED[name][number]
    np.testing.assert_equal(
        plain(LOADS[name](files(tmp_path) / f"{name}.npz", **row["options"])), row["result"])


def test_no_text_short_enough_is_told(tmp_path) -> None:
    with pytest.raises(ValueError, match="Increase maxlen"):
        load_imdb(files(tmp_path) / "imdb.npz", maxlen=1)


def test_words_have_numbers(tmp_path) -> None:
    (tmp_path / "words.json").write_text('{"the": 1, "and": 2}')
    assert load_word_index("IMDB", tmp_path / "words.json") == {"the": 1, "and": 2}
    (tmp_path / "words.json").write_text("[1]")
    with pytest.raises(DatasetError, match="is no JSON object"):
        load_word_index("IMDB", tmp_path / "words.json")


@pytest.mark.parametrize("name", LOADS)
def test_what_is_not_there_or_something_else_is_told(tmp_path, name) -> None:
    with pytest.raises(DatasetError, match=f"{name}.npz', which is not there"):
        LOADS[name]()
    keys = ("x_train", "y_train", "x_test", "y_test") if name == "imdb" else ("x", "y")
    np.savez(tmp_path / f"{name}.npz", **dict.fromkeys(keys, np.zeros((2, 3))))
    with pytest.raises(DatasetError, match="holds no texts"):
        LOADS[name](tmp_path / f"{name}.npz")
