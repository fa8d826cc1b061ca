"""Callbacks that save, log and change the learning rate."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

keras, callbacks = fg.keras, fg.keras.callbacks
X = np.random.RandomState(0).randn(40, 3).astype(np.float32)
Y = X.sum(1, keepdims=True)


@pytest.fixture(autouse=True)
def session():
    """A graph and a session of its own."""
    with fg.Graph().as_default(), fg.Session() as session:
        yield session


def line(rate=0.1):
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def fit(model, *hooks, **options):
    return model.fit(X, Y, verbose=0, callbacks=list(hooks), **{"epochs": 3} | options)


@pytest.mark.parametrize("name", ["w-{epoch:02d}.npz", "deep/w-{epoch}.h5", "plain-{epoch}"])
def test_weights_are_saved_after_each_epoch(tmp_path, name) -> None:
    model = line()
    kept = []
    note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(
        model.get_weights()))
    fit(model, callbacks.ModelCheckpoint(str(tmp_path / name)), note)
    for epoch in range(3):
        model.load_weights(str(tmp_path / name.format(epoch=epoch + 1)))
        np.testing.assert_array_equal(model.get_weights()[0], kept[epoch][0])


def values(monitor, numbers, **options):
    """Which of a row of epochs a ModelCheckpoint saves."""
    saved = []

    class Model:
        def save_weights(self, path):
            saved.append(int(path))

    keep = callbacks.ModelCheckpoint("{epoch}", monitor, **options)
    keep.set_model(Model())
    for epoch, number in enumerate(numbers):
        keep.on_epoch_end(epoch, {monitor: number})
    return saved


@pytest.mark.parametrize(("monitor", "numbers", "options", "saved"), [
    ("val_loss", [3, 4, 2, 2], {"save_best_only": True}, [1, 3]),
    ("val_acc", [3, 4, 2, 5], {"save_best_only": True}, [1, 2, 4]),
    ("score", [3, 4, 2, 5], {"save_best_only": True, "mode": "max"}, [1, 2, 4]),
    ("val_loss", [3, 4, 2, 2, 1], {"period": 2}, [2, 4]),
    ("val_loss", [3, 4], {}, [1, 2]),
])
def test_the_best_epochs_are_saved(monitor, numbers, options, saved) -> None:
    assert values(monitor, numbers, **options) == saved


def test_what_is_saved_is_said(capsys, caplog) -> None:
    values("val_loss", [3, 4, 2], save_best_only=True, verbose=1)
    out = capsys.readouterr().out
    assert "Epoch 00001: val_loss improved from inf to 3.00000, saving model to 1" in out
    assert "Epoch 00002: val_loss did not improve from 3.00000" in out
    keep = callbacks.ModelCheckpoint("x", save_best_only=True)
    keep.on_epoch_end(0, {"loss": 1})
    assert "only with val_loss available" in caplog.text


def test_weights_are_saved_after_samples(tmp_path) -> None:
    fit(line(), callbacks.ModelCheckpoint(str(tmp_path / "w.npz"), save_freq=20), epochs=1,
        batch_size=10)
    assert (tmp_path / "w.npz").exists()


def test_training_goes_on_from_a_checkpoint(tmp_path) -> None:
    keep = callbacks.ModelCheckpoint(str(tmp_path / "w.npz"), load_weights_on_restart=True)
    model = line()
    fit(model, keep)
    kept = model.get_weights()
    other = line(0.0)
    fit(other, keep)
    np.testing.assert_array_equal(other.get_weights()[0], kept[0])


def test_rates_follow_a_schedule(capsys) -> None:
    model = line()
    rates = fit(model, callbacks.LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1), verbose=1)
                ).history["lr"]
    np.testing.assert_allclose(rates, [0.5, 0.25, 0.5 / 3])
    assert "LearningRateScheduler reducing learning rate to 0.25." in capsys.readouterr().out
    assert keras.backend.get_value(model.optimizer.lr) == pytest.approx(0.5 / 3)


def test_the_rate_set_is_the_rate_used() -> None:
    model = line(1.0)
    model.set_weights([np.zeros((3, 1)), np.zeros(1)])
    keras.backend.set_value(model.optimizer.lr, 0.0)
    fit(model)
    assert not model.get_weights()[0].any()
    model.optimizer.lr = 0.1
    fit(model, epochs=1)
    assert model.get_weights()[0].any()


def test_a_plateau_lowers_the_rate(capsys) -> None:
    lower = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_delta=100.0, verbose=1,
                                        min_lr=0.03)
    rates = fit(line(), lower, epochs=9).history["lr"]
    np.testing.assert_allclose(rates, [0.1] * 3 + [0.05] * 2 + [0.03] * 4, rtol=1e-6)
    assert "reducing learning rate to 0.05" in capsys.readouterr().out


def test_training_ends_where_the_loss_is_no_number(capsys) -> None:
    history = line(1e30).fit(X, Y, epochs=50, verbose=0, batch_size=10,
                             callbacks=[callbacks.TerminateOnNaN()])
    assert len(history.epoch) < 5 and "Invalid loss" in capsys.readouterr().out


def test_losses_are_written_as_csv(tmp_path) -> None:
    path = tmp_path / "log.csv"
    history = fit(line(), callbacks.CSVLogger(str(path)), validation_data=(X, Y)).history
    fit(line(), callbacks.CSVLogger(str(path), append=True), validation_data=(X, Y), epochs=1)
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss" and len(lines) == 5
    assert float(lines[3].split(",")[1]) == pytest.approx(history["loss"][2])


@pytest.mark.parametrize(("options", "tags", "histograms"), [
    ({}, {"epoch_loss", "epoch_val_loss"}, 0),
    ({"histogram_freq": 2, "write_graph": False}, {"epoch_loss", "epoch_val_loss"}, 4),
    ({"update_freq": "batch"}, {"epoch_loss", "epoch_val_loss", "batch_loss"}, 0)])
def test_event_files_have_losses_weights_and_the_graph(tmp_path, options, tags, histograms) -> None:
    fit(line(), callbacks.TensorBoard(str(tmp_path), **options), validation_data=(X, Y))
    path, = tmp_path.iterdir()
    events = list(fg.train.summary_iterator(str(path)))
    values = [value for event in events for value in event.summary.value]
    assert {value.tag for value in values if value.HasField("simple_value")} == tags
    assert sum(value.HasField("histo") for value in values) == histograms
    assert any(event.graph_def for event in events) == options.get("write_graph", True)


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda: callbacks.ModelCheckpoint("x", often=1), TypeError, "often"),
    (lambda: callbacks.ModelCheckpoint("x", save_freq="batch"), ValueError, "save_freq"),
    (lambda: callbacks.ReduceLROnPlateau(factor=2.0), ValueError, "factor"),
    (lambda: callbacks.ReduceLROnPlateau(patients=2), TypeError, "patients"),
    (lambda: fit(line(), callbacks.LearningRateScheduler(lambda epoch: "high")), ValueError,
     "should be float"),
], ids=["option", "frequency", "factor", "word", "schedule"])
def test_wrong_use_is_refused(act, error, words) -> None:
    with pytest.raises(error, match=words):
        act()


def test_an_optimizer_without_rate_is_told() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile(fg.train.AdamOptimizer(0.1), "mse")
    with pytest.raises(ValueError, match="lr"):
        fit(model, callbacks.LearningRateScheduler(lambda epoch: 0.1))
