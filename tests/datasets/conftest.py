"""Places without data, and small files of MNIST."""

from __future__ import annotations

import gzip

import pytest

from flowgraph.datasets import places
from tests.data.test_idx import idx_bytes
from tests.datasets.idx_files import ARRAYS


@pytest.fixture(autouse=True)
def no_data(tmp_path, monkeypatch):
    """No data in the home folder, none named by the environment; notices as in a new process."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.setattr(places, "_told", set())


@pytest.fixture
def write_idx():
    """A function that writes the four files, gzipped or plain, into a folder."""
    def write(folder, zipped=True, arrays=ARRAYS):
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in arrays.items():
            content = idx_bytes(array)
            path = folder / (name + ".gz" if zipped else name)
            path.write_bytes(gzip.compress(content, 1) if zipped else content)
        return folder
    return write
