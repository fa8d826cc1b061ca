"""numpy_input_fn and pandas_input_fn: batches as TensorFlow gives them."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

A = np.arange(5)


def drawn(input_fn, most=20):
    """The batches of an input function, as nested lists."""
    with fg.Graph().as_default():
        tensors = input_fn()
        got = []
        with fg.train.MonitoredSession() as sess:
            while len(got) < most:
                got.append(sess.run(tensors))
    return got


def test_epochs_are_joined_and_only_the_last_batch_is_smaller():
    got = drawn(fg.estimator.inputs.numpy_input_fn(A, batch_size=3, num_epochs=2, shuffle=False))
    assert [list(batch) for batch in got] == [[0, 1, 2], [3, 4, 0], [1, 2, 3], [4]]


def test_without_epochs_it_never_ends():
    got = drawn(fg.estimator.inputs.numpy_input_fn(A, batch_size=3, num_epochs=None,
                                                   shuffle=False))
    assert len(got) == 20 and all(len(batch) == 3 for batch in got)


def test_shuffled_examples_stay_with_their_labels_and_come_once_an_epoch():
    got = drawn(fg.estimator.inputs.numpy_input_fn(
        {"a": A, "b": A * 2}, {"y": A * 10}, batch_size=2, shuffle=True))
    rows = [row for features, labels in got
            for row in zip(features["a"], features["b"], labels["y"])]
    assert sorted(rows) == [(i, 2 * i, 10 * i) for i in range(5)]


def test_static_shapes_know_what_is_sure():
    with fg.Graph().as_default():
        x, y = fg.estimator.inputs.numpy_input_fn(np.ones([5, 3]), np.ones(5), 2, shuffle=False)()
        assert (x.shape.as_list(), y.shape.as_list()) == ([None, 3], [None])
        x = fg.estimator.inputs.numpy_input_fn(np.ones([5, 3]), None, 2, None, shuffle=False)()
        assert x.shape.as_list() == [2, 3]


MISTAKES = [
    (lambda: fg.estimator.inputs.numpy_input_fn(A), ValueError, "shuffle must be provided"),
    (lambda: fg.estimator.inputs.numpy_input_fn([1], shuffle=True)(), TypeError, "dict or array"),
    (lambda: fg.estimator.inputs.numpy_input_fn({}, shuffle=True)(), ValueError, "empty dict"),
    (lambda: fg.estimator.inputs.numpy_input_fn({"a": A}, A[:2], shuffle=True)(), ValueError,
     "mismatched"),
    (lambda: fg.estimator.inputs.numpy_input_fn({"a": A}, {"a": A}, shuffle=True)(), ValueError,
     "duplicate keys"),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told(number):
    make, kind, words = MISTAKES[number]
    with fg.Graph().as_default(), pytest.raises(kind, match=words):
        make()


def test_rows_of_a_data_frame():
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame({"a": [1, 2, 3], "b": ["u", "v", "w"]}, index=[7, 8, 9])
    y = pandas.Series([10, 20, 30], index=[7, 8, 9])
    got = drawn(fg.estimator.inputs.pandas_input_fn(x, y, batch_size=2, shuffle=False))
    assert [list(features["b"]) for features, _ in got] == [[b"u", b"v"], [b"w"]]
    assert [list(labels) for _, labels in got] == [[10, 20], [30]]
    with pytest.raises(ValueError, match="Index"):
        fg.estimator.inputs.pandas_input_fn(x, y.reset_index(drop=True), shuffle=False)
