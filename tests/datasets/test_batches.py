"""read_data_sets and DataSet: sizes, kinds, and the order of the batches as in TensorFlow 1.15."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.datasets import DataSet, read_data_sets
from flowgraph.datasets.batches import dense_to_one_hot, extract_images, extract_labels
from flowgraph.errors import DatasetError
from tests.data.test_idx import idx_bytes
from tests.datasets.idx_files import ARRAYS


@pytest.mark.parametrize(("size", "train", "validation"), [
    (5000, 3667, 333), (0, 4000, 0), (10000, 3334, 666), (60000, 0, 4000)])
def test_the_subset_keeps_the_proportion_of_the_validation_set(tmp_path, size, train, validation):
    mnist = read_data_sets(tmp_path, validation_size=size)
    assert [part.num_examples for part in mnist] == [train, validation, 1000]


def test_full_files_are_cut_where_the_program_says(tmp_path, write_idx, capsys) -> None:
    mnist = read_data_sets(write_idx(tmp_path), dtype=fg.uint8, reshape=False, validation_size=10)
    assert [part.num_examples for part in mnist] == [50, 10, 20]
    np.testing.assert_array_equal(mnist.validation.images[..., 0],
                                  ARRAYS["train-images-idx3-ubyte"][:10])
    np.testing.assert_array_equal(mnist.train.labels, ARRAYS["train-labels-idx1-ubyte"][10:])
    with pytest.raises(ValueError, match=r"between 0 and 60\. Received: 61"):
        read_data_sets(tmp_path, validation_size=61)


@pytest.mark.parametrize(("options", "image", "kind", "label"), [
    ({}, (784,), np.float32, np.uint8),
    ({"one_hot": True}, (784,), np.float32, np.float64),
    ({"reshape": False, "dtype": "uint8"}, (28, 28, 1), np.uint8, np.uint8)])
def test_kinds_of_images_and_labels(tmp_path, options, image, kind, label) -> None:
    train = read_data_sets(tmp_path, **options).train
    assert (train.images.shape[1:], train.images.dtype, train.labels.dtype) == (image, kind, label)
    assert train.images.max() == (1 if kind is np.float32 else 255)
    assert train.labels.shape[1:] == ((10,) if options.get("one_hot") else ())


@pytest.mark.parametrize(("folder", "url", "clothes"), [
    ("MNIST_data", "", False), ("data/fashion", "", True), ("data", None, False),
    ("old-fashioned/MNIST_data", "", False), ("data/Fashion-MNIST/", "", True),
    ("data", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", True),
    ("data", "https://storage.googleapis.com/cvdf-datasets/mnist/", False)])
def test_clothes_are_given_to_who_asks_for_them(tmp_path, folder, url, clothes) -> None:
    labels = read_data_sets(str(tmp_path / folder), source_url=url, validation_size=0).train.labels
    expected = fg.datasets.load_mnist_arrays("fashion_mnist" if clothes else "mnist").train_labels
    np.testing.assert_array_equal(labels, expected)
    assert (tmp_path / folder).is_dir()


def test_other_images_are_not_replaced_by_digits(tmp_path) -> None:
    with pytest.raises(DatasetError, match="nothing is downloaded"):
        read_data_sets(tmp_path, source_url="http://example.org/kmnist/")


def test_other_images_are_read_where_their_files_lie(tmp_path, write_idx) -> None:
    write_idx(tmp_path / "KMNIST")
    read = read_data_sets(str(tmp_path / "KMNIST"), source_url="http://codh.rois.ac.jp/kmnist/",
                          validation_size=0, dtype="uint8", reshape=False)
    np.testing.assert_array_equal(read.train.images[..., 0], ARRAYS["train-images-idx3-ubyte"])


def test_digits_elsewhere_do_not_replace_other_images(tmp_path, write_idx, monkeypatch) -> None:
    monkeypatch.setenv("FLOWGRAPH_DATA", str(write_idx(tmp_path / "data")))
    with pytest.raises(DatasetError, match="nothing is downloaded"):
        read_data_sets(tmp_path / "mine", source_url="http://example.org/kmnist/")


def numbered(count: int, **options) -> DataSet:
    """Images that are numbers; each label is its image."""
    images = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    return DataSet(images, np.arange(count), dtype="uint8", **options)


def test_epochs_follow_each_other_in_batches_that_reach_over() -> None:
    """The expected order is drawn here with the same generator."""
    fg.set_random_seed(7)
    data = numbered(10)
    random = np.random.RandomState(7)
    first = np.arange(10)
    random.shuffle(first)
    again = np.arange(10)
    random.shuffle(again)
    second = first[again]
    got, completed = [], []
    for _ in range(5):
        images, labels = data.next_batch(4)
        np.testing.assert_array_equal(images[:, 0], labels)
        got += list(labels)
        completed.append(data.epochs_completed)
    assert got == [*first, *second] and completed == [0, 0, 1, 1, 1]
    assert sorted(data.next_batch(10)[1]) == list(range(10)) and data.epochs_completed == 2


def test_without_shuffling_the_order_stays() -> None:
    data = numbered(3)
    assert [list(data.next_batch(2, shuffle=False)[1]) for _ in range(3)] == [[0, 1], [2, 0],
                                                                             [1, 2]]


@pytest.mark.parametrize(("size", "completed"), [(4, 0), (6, 1), (8, 1), (11, 2)])
def test_a_batch_may_be_larger_than_the_set(size, completed) -> None:
    data = numbered(4)
    images, labels = data.next_batch(size)
    np.testing.assert_array_equal(images[:, 0], labels)
    assert len(labels) == size and data.epochs_completed == completed
    epochs = [*labels, *data.next_batch(12 - size)[1]] if size < 12 else labels
    assert [sorted(epochs[i:i + 4]) for i in range(0, 12, 4)] == [list(range(4))] * 3


def test_the_validation_set_that_stands_in_gives_the_batches_of_the_full_one(tmp_path) -> None:
    assert len(read_data_sets(tmp_path).validation.next_batch(1000)[0]) == 1000


def test_an_empty_set_has_no_batches(tmp_path) -> None:
    with pytest.raises(ValueError, match="no images"):
        read_data_sets(tmp_path, validation_size=0).validation.next_batch(1)


@pytest.mark.parametrize(("graph_seed", "seed"), [(5, None), (None, 5), (5, 6)])
def test_a_seed_makes_the_batches_the_same(graph_seed, seed) -> None:
    orders = []
    for _ in range(2):
        with fg.Graph().as_default():
            if graph_seed is not None:
                fg.set_random_seed(graph_seed)
            orders.append(list(numbered(20, seed=seed).next_batch(20)[1]))
    assert orders[0] == orders[1] != list(range(20))


@pytest.mark.parametrize("one_hot", [False, True])
def test_made_up_images_for_tests(one_hot) -> None:
    images, labels = read_data_sets("nowhere", fake_data=True, one_hot=one_hot).train.next_batch(
        3, fake_data=True)
    assert np.shape(images) == (3, 784) and labels == [[1] + [0] * 9 if one_hot else 0] * 3


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda: numbered(2).__class__(np.zeros([2, 2, 2, 1]), [1]), AssertionError, "labels.shape"),
    (lambda: DataSet(np.zeros([2, 2, 2, 3]), [1, 2]), AssertionError, "reshape=False"),
    (lambda: DataSet(np.zeros([1, 2, 2, 1]), [1], dtype=fg.int32), TypeError, "uint8 or float32"),
    (lambda: read_data_sets("/dev/null", validation_size=-1), ValueError, "between 0 and 60000"),
], ids=["lengths", "colours", "dtype", "size"])
def test_wrong_use_is_refused(act, error, words) -> None:
    with pytest.raises(error, match=words):
        act()


def test_files_are_extracted_by_themselves(tmp_path, write_idx, capsys) -> None:
    write_idx(tmp_path)
    with (tmp_path / "t10k-images-idx3-ubyte.gz").open("rb") as file:
        images = extract_images(file)
    with fg.gfile.Open(str(tmp_path / "t10k-labels-idx1-ubyte.gz"), "rb") as file:
        labels = extract_labels(file, one_hot=True)
    np.testing.assert_array_equal(images[..., 0], ARRAYS["t10k-images-idx3-ubyte"])
    np.testing.assert_array_equal(labels, dense_to_one_hot(ARRAYS["t10k-labels-idx1-ubyte"], 10))
    assert "Extracting" in capsys.readouterr().out


@pytest.mark.parametrize(("content", "error", "words"), [
    (gzip.compress(idx_bytes(ARRAYS["t10k-labels-idx1-ubyte"])), ValueError, "magic number 2049"),
    (gzip.compress(idx_bytes(ARRAYS["t10k-images-idx3-ubyte"])[:-9]), DatasetError, "truncated"),
    (gzip.compress(b"\0\0\x08\x03\0\0"), DatasetError, "truncated inside its header"),
    (gzip.compress(b""), ValueError, "magic number 0"),
    (b"plain", DatasetError, "not gzipped"),
], ids=["labels", "short", "header", "empty", "plain"])
def test_damaged_files_are_refused_by_extract_images(tmp_path, content, error, words) -> None:
    (tmp_path / "file.gz").write_bytes(content)
    with (tmp_path / "file.gz").open("rb") as file, pytest.raises(error, match=words):
        extract_images(file)
