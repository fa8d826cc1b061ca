"""fit, evaluate and predict with all kinds of data against keras: data/fit_numbers.json."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.keras.fit_questions import CLASSES, WEIGHTS, X, questions

keras = fg.keras
EXPECTED = json.loads((Path(__file__).parent / "data" / "fit_numbers.json").read_text())
ASKED = questions(fg, keras, keras.optimizers.SGD)


@pytest.fixture(autouse=True)
def session():
    """A graph and a session of its own."""
    with fg.Graph().as_default(), fg.Session() as session:
        yield session


def model():
    made = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(3,))])
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def dataset():
    return fg.data.Dataset.from_tensor_slices((X, CLASSES)).batch(5)


@pytest.mark.parametrize("question", ASKED)
def test_trainings_have_the_numbers_of_keras(question: str) -> None:
    found = ASKED[question]()
    assert set(found) == set(EXPECTED[question])
    for name, value in found.items():
        np.testing.assert_allclose(value, EXPECTED[question][name], rtol=2e-4, atol=5e-6)


class Moments(keras.callbacks.Callback):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __getattribute__(self, name):
        if name.startswith("on_") and not name.startswith("on_batch"):
            self.seen.append(name[3:])
        return super().__getattribute__(name)


_TESTED = ["test_begin", "test_batch_begin", "test_batch_end", "test_end"]
_PREDICTED = [name.replace("test", "predict") for name in _TESTED]


@pytest.mark.parametrize(("act", "moments"), [
    (lambda m, hooks: m.evaluate(X, CLASSES, callbacks=hooks), _TESTED),
    (lambda m, hooks: m.evaluate(dataset(), steps=1, callbacks=hooks), _TESTED),
    (lambda m, hooks: m.evaluate_generator(iter([(X, CLASSES)]), 1, callbacks=hooks), _TESTED),
    (lambda m, hooks: m.predict(X, callbacks=hooks), _PREDICTED),
    (lambda m, hooks: m.predict(dataset(), steps=1, callbacks=hooks), _PREDICTED),
    (lambda m, hooks: m.fit(X, CLASSES, verbose=0, callbacks=hooks, validation_data=(X, CLASSES)),
     ["train_begin", "epoch_begin", "train_batch_begin", "train_batch_end", *_TESTED, "epoch_end",
      "train_end"]),
    (lambda m, hooks: m.fit(dataset().take(1), verbose=0, callbacks=hooks,
                            validation_data=dataset().take(1)),
     ["train_begin", "epoch_begin", "train_batch_begin", "train_batch_end", *_TESTED, "epoch_end",
      "train_end"]),
], ids=["evaluate", "evaluate dataset", "evaluate_generator", "predict", "predict dataset", "fit",
        "fit dataset"])
def test_callbacks_are_told_of_each_moment(act, moments) -> None:
    hook, made = Moments(), model()
    act(made, [hook])
    assert hook.seen == moments
    assert hook.model is made


@pytest.mark.parametrize(("act", "words"), [
    (lambda: model().fit(dataset(), CLASSES), r"Let each batch be \(x, y\)"),
    (lambda: model().fit(dataset(), batch_size=5), "batch_size="),
    (lambda: model().fit(dataset(), validation_split=0.5), "Pass validation_data="),
    (lambda: model().evaluate(dataset(), sample_weight=WEIGHTS), r"\(x, y, sample_weight\)"),
    (lambda: model().predict(iter([X]), batch_size=5), "Leave it out"),
    (lambda: model().fit({"nothing": X}, CLASSES), "needs an array for 'dense_input'"),
    (lambda: model().fit(X, CLASSES, sample_weight=[WEIGHTS]), "one array"),
    (lambda: model().fit(X, CLASSES, sample_weight=WEIGHTS[:3]), "3 weights for"),
    (lambda: model().fit(iter([X]), steps_per_epoch=1), r"yield \(x, y\)"),
    (lambda: model().fit(fg.constant(X), steps_per_epoch=1), r"yield \(x, y\)"),
    (lambda: model().evaluate(iter([(X, CLASSES, WEIGHTS, X)]), steps=1), "tuple of 4"),
    (lambda: compiled({"nothing": "mse"}), "names the output 'nothing'"),
    (lambda: compiled(["mse", "mae", "mse"]), "loss has 3 items"),
    (lambda: compiled({}), "no loss"),
])
def test_what_does_not_go_together_is_refused(act, words) -> None:
    with pytest.raises(ValueError, match=words):
        act()


def compiled(loss) -> None:
    x = keras.Input((3,))
    made = keras.Model(x, [keras.layers.Dense(1)(x), keras.layers.Dense(1)(x)])
    made.compile("sgd", loss)
    made.evaluate(X, [X[:, :1], X[:, :1]])


def test_an_output_without_a_loss_is_not_trained() -> None:
    x = keras.Input((3,))
    made = keras.Model(x, [keras.layers.Dense(1, name="a")(x), keras.layers.Dense(1, name="b")(x)])
    made.compile("sgd", {"a": "mse"})
    before = made.get_weights()
    made.fit(X, {"a": X[:, :1]}, verbose=0)
    after = made.get_weights()
    assert [np.array_equal(p, q) for p, q in zip(before, after, strict=True)] == [
        False, False, True, True]


def test_a_sequence_validates_training_on_arrays() -> None:
    class Half(keras.utils.Sequence):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[10 * index:10 * index + 10], CLASSES[10 * index:10 * index + 10]

    made = model()
    history = made.fit(X, CLASSES, verbose=0, validation_data=Half()).history
    assert history["val_loss"] == pytest.approx([made.evaluate(X, CLASSES)[0]], rel=1e-5)


def test_errors_name_the_class_of_the_model() -> None:
    with pytest.raises(ValueError, match=r"tf\.keras\.Sequential\.fit \("):
        model().fit(X, CLASSES[:5])


def test_how_often_to_validate_may_be_a_number_of_numpy() -> None:
    history = model().fit(X, CLASSES, epochs=4, verbose=0, validation_data=(X, CLASSES),
                          validation_freq=np.int64(2)).history
    assert len(history["val_loss"]) == 2


def test_the_graph_does_not_grow_with_the_epochs_of_a_dataset() -> None:
    x = np.random.RandomState(0).rand(8, 3).astype(np.float32)
    model = fg.keras.Sequential([fg.keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    data, other = (fg.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(4) for _ in range(2))
    model.fit(data, epochs=2, verbose=0, validation_data=other)
    size = len(fg.get_default_graph().get_operations())
    model.fit(data, epochs=5, verbose=0, validation_data=other)
    model.evaluate(other)
    assert len(fg.get_default_graph().get_operations()) == size


def test_a_dataset_may_be_validated_on_in_the_middle_of_it() -> None:
    x = np.arange(12, dtype=np.float32).reshape(12, 1)
    model = fg.keras.Sequential([fg.keras.layers.Dense(1, input_shape=(1,), use_bias=False)])
    model.compile("sgd", "mse")
    data = fg.data.Dataset.from_tensor_slices((x, x)).batch(3)
    seen = []
    train = model.train_on_batch
    model.train_on_batch = lambda x, y, *rest, **options: (  # type: ignore[method-assign]
        seen.extend(x[:, 0].tolist()), train(x, y, *rest, **options))[1]
    model.fit(data, epochs=2, steps_per_epoch=2, verbose=0, validation_data=data,
              validation_steps=1)
    assert seen == list(range(12))
