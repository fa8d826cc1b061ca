"""get_file: where files are looked for."""

from __future__ import annotations

import pytest

import flowgraph as fg
from flowgraph.errors import DatasetError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder without data, and no variables."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.delenv("FLOWGRAPH_DATA", raising=False)


@pytest.mark.parametrize(("folder", "variables", "options"), [
    ("home/.keras/datasets", {}, {}),
    ("home/.keras/models", {}, {"cache_subdir": "models"}),
    ("cache/datasets", {}, {"cache_dir": "cache"}),
    ("other/datasets", {"KERAS_HOME": "other"}, {}),
    ("cache/models", {"KERAS_HOME": "other"}, {"cache_dir": "cache", "cache_subdir": "models"}),
    ("data", {"FLOWGRAPH_DATA": "data"}, {"cache_subdir": "models"})])
@pytest.mark.parametrize("absolute", [False, True])
def test_files_are_found(tmp_path, monkeypatch, folder, variables, options, absolute) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    if "cache_dir" in options:
        options = options | {"cache_dir": str(tmp_path / options["cache_dir"])}
    path = tmp_path / folder / "shakespeare.txt"
    path.parent.mkdir(parents=True)
    path.write_text("")
    name = str(path) if absolute else path.name
    assert fg.keras.utils.get_file(name, "http://example.org/s.txt", **options) == str(path)


def test_a_missing_file_is_asked_for(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("FLOWGRAPH_DATA", str(tmp_path / "data"))
    with pytest.raises(DatasetError) as caught:
        fg.keras.utils.get_file("s.zip", "http://example.org/s.zip", untar=True)
    for words in ("http://example.org/s.zip", "unpacked", str(tmp_path / "data" / "s.zip"),
                  str(tmp_path / "home" / ".keras" / "datasets" / "s.zip")):
        assert words in str(caught.value)
