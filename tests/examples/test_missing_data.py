"""An example that was copied without its data says what is missing and where it lies."""

from __future__ import annotations

import os
import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_DATA = [path for path in sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))
             if '/ "data"' in path.read_text(encoding="utf-8")]


def test_the_examples_that_read_a_folder_are_found() -> None:
    assert "22_table" in [example.stem for example in WITH_DATA]
    assert len(WITH_DATA) == 14


@pytest.mark.parametrize("example", WITH_DATA, ids=[example.stem for example in WITH_DATA])
def test_an_example_without_its_data_says_where_they_lie(example: Path, tmp_path: Path) -> None:
    copied = shutil.copy(example, tmp_path)
    with pytest.raises(AssertionError) as raised:
        runpy.run_path(os.fspath(copied))
    assert os.fspath(tmp_path / "data") in str(raised.value)
    assert "copy examples/data of the repository" in str(raised.value)
