"""Where the images come from: the program's folder, the environment's, keras's, or the package."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.datasets import load_mnist_arrays
from flowgraph.datasets.mnist import built_in
from flowgraph.errors import DatasetError
from tests.datasets.idx_files import ARRAYS

TRAIN_IMAGES = ARRAYS["train-images-idx3-ubyte"]
NPZ = {"x_train": TRAIN_IMAGES[:7], "y_train": np.arange(7, dtype=np.uint8),
       "x_test": TRAIN_IMAGES[:2], "y_test": np.arange(2, dtype=np.uint8)}


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_built_in_images_are_the_bytes_of_the_shipped_file(name, caplog) -> None:
    arrays = load_mnist_arrays(name)
    assert arrays.folder is None
    assert [a.shape for a in arrays[:4]] == [(4000, 28, 28), (4000,), (1000, 28, 28), (1000,)]
    assert {a.dtype for a in arrays[:4]} == {np.dtype(np.uint8)}
    assert (arrays.train_images.min(), arrays.train_images.max()) == (0, 255)


def test_one_notice_says_what_stands_in_and_where_to_put_the_files(tmp_path, caplog) -> None:
    for _ in range(3):
        load_mnist_arrays("mnist", tmp_path / "mine")
    notice, = (record.message for record in caplog.records)
    for words in (str(tmp_path / "mine"), "4,000 to train and 1,000 to test",
                  "train-images-idx3-ubyte.gz", "$FLOWGRAPH_DATA/mnist"):
        assert words in notice
    load_mnist_arrays("fashion_mnist")
    assert len(caplog.records) == 2


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(("name", "folder", "given", "variable"), [
    ("mnist", "mine", "mine", None),
    ("fashion_mnist", "mine", "mine", None),
    ("mnist", "data", None, "data"),
    ("mnist", "data/mnist", None, "data"),
    ("mnist", "data/MNIST", "mine", "data"),
    ("mnist", "home/.keras/datasets/mnist", None, None),
    ("fashion_mnist", "data/fashion-mnist", None, "data"),
    ("fashion_mnist", "home/.keras/datasets/fashion-mnist", "mine", None),
])
def test_full_files_are_found(tmp_path, monkeypatch, write_idx, caplog, name, folder, given,
                              variable, zipped) -> None:
    write_idx(tmp_path / folder, zipped)
    if variable:
        monkeypatch.setenv("FLOWGRAPH_DATA", str(tmp_path / variable))
    arrays = load_mnist_arrays(name, tmp_path / given if given else None)
    assert arrays.folder == tmp_path / folder and not caplog.records
    np.testing.assert_array_equal(arrays.train_images, TRAIN_IMAGES)
    np.testing.assert_array_equal(arrays.test_labels, ARRAYS["t10k-labels-idx1-ubyte"])


def test_digits_are_not_taken_for_clothes(tmp_path, monkeypatch, write_idx) -> None:
    monkeypatch.setenv("FLOWGRAPH_DATA", str(write_idx(tmp_path / "data")))
    assert load_mnist_arrays("fashion_mnist").folder is None


def test_the_file_of_keras_is_read(tmp_path) -> None:
    folder = tmp_path / "home" / ".keras" / "datasets"
    folder.mkdir(parents=True)
    np.savez(folder / "mnist.npz", **NPZ)
    arrays = load_mnist_arrays("mnist", tmp_path)
    np.testing.assert_array_equal(arrays.train_images, NPZ["x_train"])
    assert arrays.folder == folder


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_folder_that_lacks_some_files_is_passed_over_with_a_notice(
        tmp_path, monkeypatch, write_idx, caplog, elsewhere) -> None:
    """TensorFlow downloads what is missing: the program runs."""
    folder, data = write_idx(tmp_path / "mine"), tmp_path / "data"
    for name in ("t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz"):
        (folder / name).unlink()
    if elsewhere:
        monkeypatch.setenv("FLOWGRAPH_DATA", str(write_idx(data, zipped=False)))
    for _ in range(2):
        arrays = load_mnist_arrays("mnist", folder)
    assert arrays.folder == (data if elsewhere else None)
    notice, = (record.message for record in caplog.records)
    for words in (f"{folder} lacks train-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz",
                  f"Those in {data} are read" if elsewhere else "4,000 to train and 1,000 to test"):
        assert words in notice


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda folder: (folder / "train-images-idx3-ubyte.gz").write_bytes(b"<html>not found</html>"),
     ["train-images-idx3-ubyte.gz", "is not in IDX format"]),
    (lambda folder: (folder / "train-images-idx3-ubyte.gz").write_bytes(
        (folder / "train-images-idx3-ubyte.gz").read_bytes()[:-100]),
     ["train-images-idx3-ubyte.gz", "is truncated"]),
    (lambda folder: (folder / "train-labels-idx1-ubyte.gz").write_bytes(
        (folder / "t10k-labels-idx1-ubyte.gz").read_bytes()),
     ["train-labels-idx1-ubyte.gz", "20 labels for 60 images"]),
], ids=["page", "truncated", "of others"])
def test_damaged_files_are_errors_and_no_reason_for_the_subset(tmp_path, write_idx, spoil, words
                                                               ) -> None:
    spoil(write_idx(tmp_path))
    with pytest.raises(DatasetError) as caught:
        load_mnist_arrays("mnist", tmp_path)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(("arrays", "words"), [
    ({"x": np.zeros(3)}, "has no array 'x_train'"),
    (NPZ | {"y_train": np.arange(3)}, "holds no images with labels"),
], ids=["other names", "other lengths"])
def test_another_npz_file_is_refused(tmp_path, arrays, words) -> None:
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(DatasetError, match=words):
        load_mnist_arrays("mnist", tmp_path)


@pytest.mark.parametrize(("name", "least"), [("mnist", 0.9), ("fashion_mnist", 0.75)])
def test_a_nearest_neighbour_knows_most_images(name, least) -> None:
    """The labels belong to the pictures."""
    arrays = built_in(name)
    train = arrays.train_images.reshape(4000, -1).astype(np.float32)
    test = arrays.test_images.reshape(1000, -1).astype(np.float32)[:300]
    distance = (train ** 2).sum(1) - 2 * test @ train.T
    found = arrays.train_labels[distance.argmin(1)]
    assert np.mean(found == arrays.test_labels[:300]) > least
