"""`tf.keras.datasets`: what programs load, from keras's files or from what comes with flowgraph."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.datasets import places

keras = fg.keras


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder; keras's folder in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    folder = tmp_path / ".keras" / "datasets"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_images_come_with_flowgraph(name) -> None:
    (x, y), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    assert [a.shape for a in (x, y, x_test, y_test)] == [(4000, 28, 28), (4000,), (1000, 28, 28),
                                                         (1000,)]
    assert {a.dtype for a in (x, y, x_test, y_test)} == {np.dtype(np.uint8)}


def test_boston_is_in_the_order_of_keras() -> None:
    (x, y), (x_test, y_test) = keras.datasets.boston_housing.load_data()
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == ((404, 13), (404,), (102, 13), (102,))
    np.testing.assert_array_equal(x[0], [1.23247, 0, 8.14, 0, 0.538, 6.142, 91.7, 3.9769, 4, 307,
                                         21, 396.9, 18.72])
    np.testing.assert_array_equal(y[:3], [15.2, 42.3, 50.0])
    np.testing.assert_array_equal(y_test[:2], [7.2, 18.8])


def test_files_of_keras_are_read(home) -> None:
    x, y = np.zeros((3, 28, 28), np.uint8), np.arange(3, dtype=np.uint8)
    np.savez(home / "mnist.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
    (found, _), (found_test, _) = keras.datasets.mnist.load_data()
    assert (len(found), len(found_test)) == (3, 2)
    np.savez(home / "boston_housing.npz", x=np.zeros((10, 13)), y=np.arange(10.0))
    assert keras.datasets.boston_housing.load_data(test_split=0.5)[0][0].shape == (5, 13)
    lists = np.empty(4, object)
    lists[:] = [[1], [2, 3], [4], [5]]
    np.savez(home / "imdb.npz", x_train=lists, y_train=[0, 1, 0, 1], x_test=lists, y_test=[0] * 4)
    assert len(keras.datasets.imdb.load_data(nb_words=6)[1][0]) == 4
    (home / "imdb_word_index.json").write_text('{"film": 1}')
    assert keras.datasets.imdb.get_word_index() == {"film": 1}


@pytest.mark.parametrize(("name", "options", "file"), [
    ("cifar10", {}, "cifar-10-batches-py"), ("cifar100", {}, "cifar-100-python"),
    ("imdb", {}, "imdb.npz"), ("reuters", {}, "reuters.npz"),
    ("boston_housing", {"path": "mine.npz"}, "mine.npz")])
def test_a_set_without_its_file_says_which_to_put_where(name, options, file) -> None:
    with pytest.raises(fg.errors.DatasetError) as caught:
        getattr(keras.datasets, name).load_data(**options)
    for words in (file, str(places.keras_folder()), "Nothing is downloaded"):
        assert words in str(caught.value)


@pytest.mark.parametrize(("name", "options", "error"), [
    ("imdb", {"words": 3}, TypeError), ("reuters", {"words": 3}, TypeError),
    ("cifar100", {"label_mode": "all"}, ValueError),
    ("boston_housing", {"test_split": 1}, ValueError)])
def test_wrong_use_is_refused(name, options, error) -> None:
    with pytest.raises(error):
        getattr(keras.datasets, name).load_data(**options)


@pytest.mark.parametrize("name", ["boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb",
                                  "mnist", "reuters"])
def test_each_set_is_a_module(name) -> None:
    module = import_module(f"flowgraph.keras.datasets.{name}")
    assert getattr(keras.datasets, name) is module and callable(module.load_data)
