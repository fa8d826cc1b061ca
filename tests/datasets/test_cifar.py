"""CIFAR-10 and CIFAR-100 from folders and archives, for Python and for C; damage of them."""

from __future__ import annotations

import pickle
import tarfile

import numpy as np
import pytest

from flowgraph.datasets import load_cifar10, load_cifar100
from flowgraph.errors import DatasetError

IMAGES = np.random.RandomState(0).randint(0, 256, (12, 32, 32, 3)).astype(np.uint8)
LABELS = np.arange(12) % 10
PIXELS = IMAGES.transpose(0, 3, 1, 2).reshape(12, 3072)
NAMES_10 = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def python_10(folder, change=lambda batch: batch):
    folder.mkdir(parents=True)
    for i, name in enumerate(NAMES_10):
        part = slice(2 * i, 2 * i + 2)
        batch = {b"data": PIXELS[part], b"labels": LABELS[part].tolist(), b"batch_label": b"x"}
        (folder / name).write_bytes(pickle.dumps(change(batch), protocol=2))
    return folder


def binary_10(folder):
    folder.mkdir(parents=True)
    for i, name in enumerate(NAMES_10):
        part = slice(2 * i, 2 * i + 2)
        (folder / f"{name}.bin").write_bytes(
            np.concatenate([LABELS[part, None].astype(np.uint8), PIXELS[part]], 1).tobytes())
    return folder


def archive(folder, name):
    path = folder.parent / name
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, arcname=folder.name)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return path


@pytest.mark.parametrize("named", [True, False], ids=["named", "found"])
@pytest.mark.parametrize("make", [
    lambda root: python_10(root / "cifar-10-batches-py"),
    lambda root: binary_10(root / "cifar-10-batches-bin"),
    lambda root: archive(python_10(root / "cifar-10-batches-py"), "cifar-10-python.tar.gz"),
    lambda root: archive(binary_10(root / "cifar-10-batches-bin"), "cifar-10-binary.tar.gz"),
], ids=["python", "binary", "python archive", "binary archive"])
def test_all_versions_of_cifar10_are_the_same_images(tmp_path, monkeypatch, make, named) -> None:
    path = make(tmp_path / "data")
    monkeypatch.setenv("FLOWGRAPH_DATA", str(tmp_path / "data"))
    (x, y), (x_test, y_test) = load_cifar10(path if named else None)
    np.testing.assert_array_equal(np.concatenate([x, x_test]), IMAGES)
    np.testing.assert_array_equal(np.concatenate([y, y_test]), LABELS[:, None])
    assert y.dtype == np.uint8 and x.dtype == np.uint8 and x.flags.c_contiguous


def test_the_folder_around_the_published_one_may_be_named(tmp_path) -> None:
    python_10(tmp_path / "cifar-10-batches-py")
    assert len(load_cifar10(tmp_path)[0][0]) == 10


@pytest.mark.parametrize("mode", ["fine", "coarse"])
@pytest.mark.parametrize("binary", [False, True])
def test_cifar100_has_two_kinds_of_labels(tmp_path, mode, binary) -> None:
    fine, coarse = LABELS + 50, LABELS // 2
    for name in ("train", "test"):
        if binary:
            rows = np.concatenate([coarse[:, None], fine[:, None], PIXELS], 1).astype(np.uint8)
            (tmp_path / f"{name}.bin").write_bytes(rows.tobytes())
        else:
            batch = {"data": PIXELS, "fine_labels": fine.tolist(), "coarse_labels": coarse.tolist()}
            (tmp_path / name).write_bytes(pickle.dumps(batch))
    (x, y), (x_test, y_test) = load_cifar100(tmp_path, mode)
    expected = {"fine": fine, "coarse": coarse}[mode]
    for images, labels in (x, y), (x_test, y_test):
        np.testing.assert_array_equal(images, IMAGES)
        np.testing.assert_array_equal(labels[:, 0], expected)


class Harmful:
    def __reduce__(self):
        return print, ("this must not run",)


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda folder: (folder / "test_batch").unlink(), "test_batch' does not exist"),
    (lambda folder: (folder / "test_batch").write_bytes(b"\x80\x02}q"), "is not a pickle"),
    (lambda folder: (folder / "data_batch_3").write_bytes(pickle.dumps(Harmful())),
     "asks to run builtins.print"),
    (lambda folder: (folder / "data_batch_3").write_bytes(pickle.dumps([1])), "holds no images"),
    (lambda folder: (folder / "data_batch_3").write_bytes(
        pickle.dumps({"data": PIXELS[:, :9], "labels": [1] * 12})), "holds no images"),
], ids=["missing", "cut", "harmful", "list", "small"])
def test_damage_is_told(tmp_path, capsys, spoil, words) -> None:
    spoil(folder := python_10(tmp_path / "cifar"))
    with pytest.raises(DatasetError, match=words):
        load_cifar10(folder)
    assert capsys.readouterr().out == ""


def test_a_truncated_binary_file_or_archive_is_told(tmp_path) -> None:
    folder = binary_10(tmp_path / "bin")
    (folder / "data_batch_2.bin").write_bytes(b"\1" * 100)
    with pytest.raises(DatasetError, match=r"data_batch_2\.bin' is truncated: 100 bytes"):
        load_cifar10(folder)
    path = archive(python_10(tmp_path / "py"), "cifar.tar.gz")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match="is truncated or no archive"):
        load_cifar10(path)


@pytest.mark.parametrize(("load", "name"), [(load_cifar10, "cifar-10-batches-py"),
                                            (load_cifar100, "cifar-100-python")])
def test_what_is_not_there_is_asked_for(load, name) -> None:
    with pytest.raises(DatasetError) as caught:
        load()
    for words in (name, "which is not there", ".keras", "FLOWGRAPH_DATA", "Nothing is downloaded"):
        assert words in str(caught.value)
