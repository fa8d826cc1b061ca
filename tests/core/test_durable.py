"""Files that are written whole or not at all."""

from __future__ import annotations

import os

import pytest

from flowgraph.core.durable import write_file


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path) -> None:
    for content in (b"first", b"", b"other"):
        write_file(str(tmp_path / "a.txt"), content)
        assert (tmp_path / "a.txt").read_bytes() == content
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name, kind", [
    ("no/a.txt", FileNotFoundError), ("folder", IsADirectoryError),
    ("file/a.txt", NotADirectoryError)])
def test_an_error_names_the_file_that_was_asked_for(name, kind, tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    path = str(tmp_path / name)
    with pytest.raises(kind) as caught:
        write_file(path, b"content")
    assert caught.value.filename == path
    assert "tempstate" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
