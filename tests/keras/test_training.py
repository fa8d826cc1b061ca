"""Losses, metrics, optimizers and training against keras: data/numbers.json; and models."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.keras.questions import questions

EXPECTED = json.loads((Path(__file__).parent / "data" / "numbers.json").read_text())
ASKED = questions(fg, fg.keras, fg.keras.optimizers)
keras = fg.keras
X = np.random.RandomState(0).randn(60, 3).astype(np.float32)
Y = X.sum(1)


@pytest.mark.parametrize("question", ASKED)
def test_keras_numbers(question: str) -> None:
    np.testing.assert_allclose(ASKED[question](), EXPECTED[question], rtol=2e-4, atol=5e-6)


def line(**options):
    """A model of one layer, compiled."""
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile("adam", "mse", **options)
    return model


def test_a_functional_model_is_called_with_other_inputs() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        x = keras.Input((3,))
        y = keras.layers.add([keras.layers.Dense(2)(x), keras.layers.Dense(2)(x)])
        model = keras.Model(inputs=x, outputs=y)
        data = fg.constant(X)
        again = model(data)
        session.run(fg.global_variables_initializer())
        np.testing.assert_allclose(session.run(again), session.run(y, {x: X}), rtol=1e-6)
        assert len(model.weights) == 4 and model.get_layer("dense_1") is model.layers[2]


def test_two_inputs_and_two_outputs() -> None:
    with fg.Graph().as_default():
        a, b = keras.Input((3,)), keras.Input((1,))
        joined = keras.layers.concatenate([a, b])
        model = keras.Model([a, b], [keras.layers.Dense(1)(joined), keras.layers.Dense(2)(joined)])
        model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 0.5])
        targets = [Y, np.ones([60, 2])]
        history = model.fit([X, X[:, :1]], targets, epochs=3, verbose=0).history["loss"]
        assert history[-1] < history[0]
        assert [p.shape for p in model.predict([X, X[:, :1]])] == [(60, 1), (60, 2)]


def test_a_class_of_ones_own_learns() -> None:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = keras.layers.Dense(8, activation="relu")
            self.last = keras.layers.Dense(1)

        def call(self, inputs):
            return self.last(self.hidden(inputs))

    with fg.Graph().as_default():
        net = Net()
        net.compile(fg.train.AdamOptimizer(0.05), "mse", metrics=["mae"])
        history = net.fit(X, Y, epochs=10, verbose=0).history
        assert history["loss"][-1] < history["loss"][0] / 2
        assert len(net.trainable_weights) == 4
        assert net.metrics_names == ["loss", "mean_absolute_error"]


@pytest.mark.parametrize(("name", "save_format", "file"), [
    ("weights.npz", None, "weights.npz"), ("weights", None, "weights.index"),
    ("weights.h5", None, "weights.h5"), ("weights", "h5", "weights"),
    ("weights", "tf", "weights.index"), ("weights.hdf5", "HDF5", "weights.hdf5")])
def test_weights_go_to_files_and_back(tmp_path, name, save_format, file) -> None:
    with fg.Graph().as_default():
        model = line()
        model.fit(X, Y, verbose=0)
        kept = model.get_weights()
        model.save_weights(str(tmp_path / name), save_format=save_format)
        assert (tmp_path / file).is_file()
        model.set_weights([np.zeros_like(a) for a in kept])
        model.load_weights(str(tmp_path / name))
        for a, b in zip(model.get_weights(), kept, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_checkpoint_named_as_hdf5_is_read(tmp_path) -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        model = line()
        kept = model.get_weights()
        fg.train.Saver(model.weights).save(session, str(tmp_path / "model.h5"))
        model.set_weights([np.zeros_like(a) for a in kept])
        model.load_weights(str(tmp_path / "model.h5"))
        np.testing.assert_array_equal(model.get_weights()[0], kept[0])


@pytest.mark.parametrize(("name", "content"), [
    ("a.h5", b"PK\3\4 and more"), ("a", b"PK\3\4 and more"), ("a.h5", b"<html>"), ("a.npz", b""),
    ("a.npz", {"other": np.zeros(3)}), ("a.npz", {"0": np.array([None])})],
    ids=["cut", "cut without ending", "page", "empty", "other names", "objects"])
def test_files_that_hold_no_weights_are_told(tmp_path, name, content) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with fg.Graph().as_default(), fg.Session(), pytest.raises(ValueError, match="no weights"):
        line().load_weights(str(path))


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda model, path: model.load_weights(path), ValueError, "is an HDF5 file"),
    (lambda model, path: model.save_weights(path, overwrite=False), ValueError, "there already"),
    (lambda model, path: model.load_weights(path, by_name=True), ValueError, "by_name"),
    (lambda model, path: model.save_weights(path, save_format="tf"), ValueError, "Omit"),
    (lambda model, path: model.save_weights(path, save_format="zip"), ValueError, "Unknown format"),
    (lambda model, path: model.load_weights("none.h5"), fg.errors.NotFoundError, "is not there"),
], ids=["other format", "overwritten", "by name", "as checkpoint", "unknown format", "missing"])
def test_weights_that_cannot_be_kept_or_read_are_told(tmp_path, act, error, words) -> None:
    (tmp_path / "old.h5").write_bytes(b"\x89HDF\r\n")
    with fg.Graph().as_default(), fg.Session(), pytest.raises(error, match=words):
        act(line(), str(tmp_path / "old.h5"))


def test_a_file_named_as_hdf5_is_told_of_once(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr("flowgraph.keras.weight_files._told", set())
    with fg.Graph().as_default(), fg.Session():
        model = line()
        for name in ("a", "b.hdf5"):
            model.save_weights(str(tmp_path / name), save_format="h5")
    assert [record.message.count("NumPy's npz format") for record in caplog.records] == [1]


def test_early_stopping_keeps_the_best(capsys) -> None:
    with fg.Graph().as_default():
        model = line()
        stop = keras.callbacks.EarlyStopping("loss", min_delta=100.0, patience=2,
                                             restore_best_weights=True)
        seen = []
        tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
        history = model.fit(X, Y, epochs=20, callbacks=[stop, tell])
        assert history.epoch == seen == [0, 1, 2]
        out = capsys.readouterr().out
        assert "Train on 60 samples" in out and "Epoch 3/20" in out


def test_validation_and_accuracy_names() -> None:
    with fg.Graph().as_default():
        model = keras.Sequential()
        model.add(keras.layers.Dense(1, activation="sigmoid", input_dim=3))
        model.compile("rmsprop", "binary_crossentropy", metrics=["acc"])
        history = model.fit(X, Y > 0, validation_split=0.25, epochs=2, verbose=0).history
        assert set(history) == {"loss", "acc", "val_loss", "val_acc"}


def test_losses_of_layers_count_in_training() -> None:
    with fg.Graph().as_default():
        model = keras.Sequential([keras.layers.Dense(
            1, input_shape=(3,), kernel_initializer="ones", kernel_regularizer="l2")])
        model.compile("sgd", "mse")
        assert abs(model.evaluate(X, Y) - 0.03) < 1e-5


def test_batches_of_a_generator() -> None:
    def batches(with_targets=True):
        while True:
            yield (X[:10], Y[:10]) if with_targets else X[:10]

    with fg.Graph().as_default():
        model = line(metrics=["mae"])
        history = model.fit_generator(batches(), steps_per_epoch=5, epochs=3, verbose=0,
                                      validation_data=(X, Y)).history
        assert history["loss"][-1] < history["loss"][0]
        assert set(history) == {"loss", "mean_absolute_error", "val_loss",
                                "val_mean_absolute_error"}
        np.testing.assert_allclose(model.evaluate_generator(batches(), 2),
                                   model.evaluate(X[:10], Y[:10]), rtol=1e-5)
        assert model.predict_generator(batches(False), 3).shape == (30, 1)


def test_names_of_several_outputs() -> None:
    with fg.Graph().as_default():
        x = keras.Input((3,))
        model = keras.Model(x, [keras.layers.Dense(1, name="a", kernel_initializer="ones")(x),
                                keras.layers.Dense(2, name="b", kernel_initializer="ones")(x)])
        model.compile("sgd", "mse", loss_weights=[1.0, 0.5], metrics=["mae"])
        ones = np.ones((6, 3))
        np.testing.assert_allclose(  # 9 + 4 / 2, 9, 4, 3, 2
            model.evaluate(ones, [np.zeros(6), np.ones((6, 2))]), [11.0, 9.0, 4.0, 3.0, 2.0])
        assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_mean_absolute_error",
                                       "b_mean_absolute_error"]
        assert model.output_shape == [(None, 1), (None, 2)]


def test_build_names_variables_by_layers_alone() -> None:
    with fg.Graph().as_default():
        model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])
        model.build((None, 3))
        assert [v.name for v in model.weights] == [
            "dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "dense_1/bias:0"]


def test_summary(capsys) -> None:
    with fg.Graph().as_default():
        line().summary()
    out = capsys.readouterr().out
    assert "dense (Dense)" in out and "Total params: 4" in out and "(None, 1)" in out


def test_the_session_of_keras() -> None:
    with fg.Graph().as_default():
        made = keras.backend.variable([1.0, 2.0])
        np.testing.assert_array_equal(keras.backend.get_value(made), [1.0, 2.0])
        session = fg.Session()
        keras.backend.set_session(session)
        assert keras.backend.get_session() is session
        keras.backend.set_value(made, [3.0, 4.0])
        np.testing.assert_array_equal(session.run(made), [3.0, 4.0])


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda: keras.Sequential().fit(X, Y), RuntimeError, "compile"),
    (lambda: line().fit(fg.constant(X), Y), ValueError, "steps_per_epoch"),
    (lambda: line().fit(X, Y[:5]), ValueError, "same number"),
    (lambda: line().fit(X[:, :2], Y), ValueError, "expected dense_input to have shape"),
    (lambda: line().fit(X, Y, nonsense=1), TypeError, "nonsense"),
    (lambda: keras.Sequential([3]), TypeError, "Layer"),
    (lambda: keras.losses.get("nonsense"), ValueError, "nonsense"),
    (lambda: keras.optimizers.get("nonsense"), ValueError, "nonsense"),
    (lambda: keras.optimizers.Adam(nonsense=1), TypeError, "nonsense"),
    (lambda: keras.metrics.get("nonsense"), ValueError, "nonsense"),
    (lambda: keras.Sequential().pop(), TypeError, "no layers"),
    (lambda: line().save("model.h5"), NotImplementedError, "save_weights"),
], ids=["not compiled", "tensor", "lengths", "sizes", "option", "no layer", "loss", "optimizer",
        "optimizer's option", "metric", "pop", "save"])
def test_wrong_use_is_refused(act, error, words: str) -> None:
    with fg.Graph().as_default(), pytest.raises(error, match=words):
        act()


def test_a_generator_that_ends_too_early_ends_the_training(caplog) -> None:
    with fg.Graph().as_default(), fg.Session():
        model = line()
        history = model.fit_generator(iter([(X[:8], Y[:8])] * 3), steps_per_epoch=2, epochs=5,
                                      verbose=0)
        assert len(history.history["loss"]) == 2
        assert "ended after 1 of 2 batches" in caplog.text
        assert len(model.predict_generator(iter([X[:8]]), steps=2)) == 8
        with pytest.raises(ValueError, match="yields no batch"):
            model.evaluate_generator(iter([]), steps=1)
        with pytest.raises(ValueError, match="yields no batch"):
            model.predict_generator(iter([]), steps=1)


def test_each_session_gets_first_values() -> None:
    """Also one that has the memory address of a session that is gone."""
    with fg.Graph().as_default():
        model = line()
        for _ in range(20):
            with fg.Session():
                assert model.predict(X[:2]).shape == (2, 1)


def test_training_is_told_to_the_layers_of_the_same_thread_only() -> None:
    """A layer whose call waits for another thread's, which is told nothing of `training`."""
    found = {}

    class Inner(keras.layers.Layer):
        def call(self, inputs, training=None):
            found[threading.current_thread().name] = training
            return inputs

    class Outer(keras.layers.Layer):
        def call(self, inputs, training=None):
            thread = threading.Thread(target=in_a_graph, name="other")
            thread.start()
            thread.join()
            return Inner()(inputs)

    def in_a_graph() -> None:
        with fg.Graph().as_default():
            Inner()(fg.constant(1.0))

    with fg.Graph().as_default():
        Outer()(fg.constant(1.0), training=True)
    assert found == {"other": None, threading.current_thread().name: True}
