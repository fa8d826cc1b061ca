"""Models trained on Datasets, tensors and sequences; losses of saturated probabilities."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

keras = fg.keras
X = np.random.RandomState(0).randn(60, 3).astype(np.float32)
Y = X.sum(1, keepdims=True)


@pytest.fixture(autouse=True)
def session():
    """A graph and a session of its own."""
    with fg.Graph().as_default(), fg.Session() as session:
        yield session


def line():
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def dataset():
    return fg.data.Dataset.from_tensor_slices((X, Y)).batch(20)


class Parts(keras.utils.Sequence):
    """Three batches; counts the epochs."""

    epochs = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[20 * index:20 * index + 20], Y[20 * index:20 * index + 20]

    def on_epoch_end(self):
        self.epochs += 1


def tensors():
    return dataset().repeat().make_one_shot_iterator().get_next()


@pytest.mark.parametrize(("source", "options"), [
    (lambda: (dataset(), None), {}),
    (lambda: (dataset().repeat(), None), {"steps_per_epoch": 3}),
    (lambda: (dataset().repeat().make_one_shot_iterator(), None), {"steps_per_epoch": 3}),
    (tensors, {"steps_per_epoch": 3}),
    (lambda: (Parts(), None), {}),
    (lambda: ((batch for _ in range(99) for batch in Parts()), None), {"steps_per_epoch": 3}),
    (lambda: (X, Y), {"batch_size": 20, "shuffle": False}),
], ids=["dataset", "endless dataset", "iterator", "tensors", "sequence", "generator", "arrays"])
def test_the_same_batches_train_the_same(source, options) -> None:
    model = line()
    model.set_weights([np.zeros((3, 1)), np.zeros(1)])
    losses = model.fit(*source(), epochs=4, verbose=0, **options).history["loss"]
    expected, w, b = [], np.zeros((3, 1)), 0.0
    for _ in range(4):
        lost = []
        for x, y in Parts():
            error = x @ w + b - y
            lost.append((error ** 2).mean())
            w, b = w - 0.1 * 2 * x.T @ error / 20, b - 0.1 * 2 * error.mean()
        expected.append(np.mean(lost))
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


def test_a_sequence_is_told_of_the_end_of_epochs() -> None:
    parts = Parts()
    line().fit(parts, epochs=2, verbose=0)
    assert parts.epochs == 2


def test_datasets_validate_evaluate_and_predict() -> None:
    model = line()
    history = model.fit(X, Y, epochs=1, verbose=0, validation_data=(X, Y)).history
    other = model.fit(dataset(), epochs=1, verbose=0, validation_data=dataset()).history
    assert set(history) == set(other) == {"loss", "val_loss"}
    assert model.evaluate(dataset()) == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    np.testing.assert_allclose(model.predict(dataset()), model.predict(X), rtol=1e-5)
    assert model.predict(dataset().repeat(), steps=2).shape == (40, 1)


def weighted():
    """The validation loss of the weights below, without the training."""
    return np.concatenate([np.ones(20), np.zeros(40)]).astype(np.float32)


@pytest.mark.parametrize("data", [
    lambda: (X, Y, weighted()), lambda: [X, Y, weighted()],
    lambda: fg.data.Dataset.from_tensor_slices((X, Y, weighted())).batch(60),
    lambda: fg.data.Dataset.from_tensor_slices((X, Y, weighted())).batch(60).repeat()
    .make_one_shot_iterator().get_next()], ids=["arrays", "list", "dataset", "tensors"])
def test_rows_of_the_validation_have_weights(data) -> None:
    model = line()
    history = model.fit_generator(Parts(), epochs=1, verbose=0, validation_data=data(),
                                  validation_steps=1).history
    w, b = model.get_weights()
    expected = (weighted() * ((X @ w + b - Y)[:, 0] ** 2)).mean()
    assert history["val_loss"] == pytest.approx([expected], rel=1e-4)


@pytest.mark.parametrize("act", [
    lambda model: model.fit(*tensors()), lambda model: model.evaluate(*tensors()),
    lambda model: model.fit(iter(Parts())), lambda model: model.predict(fg.constant(X))])
def test_without_an_end_the_number_of_steps_is_asked_for(act) -> None:
    with pytest.raises(ValueError, match="Say how many batches"):
        act(line())


def test_a_column_may_be_given_as_a_list_of_numbers() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=1)])
    model.compile("sgd", "mse")
    model.fit([1, 2, 3], [1, 2, 3], epochs=1, verbose=0)
    assert model.predict(np.array([5.0, 4.0])).shape == (2, 1)


@pytest.mark.parametrize(("units", "activation", "classes"), [
    (1, "sigmoid", [[0], [1]]), (2, "softmax", [0, 1])])
def test_classes_are_predicted(units, activation, classes) -> None:
    model = keras.Sequential([keras.layers.Dense(units, activation, input_dim=1)])
    model.set_weights([np.linspace(-2, 2, units + 1)[None, 1:], np.zeros(units)])
    x = np.array([[-3.0], [3.0]])
    assert model.predict_classes(x).tolist() == classes
    np.testing.assert_array_equal(model.predict_proba(x), model.predict(x))


@pytest.mark.parametrize(("activation", "units", "loss", "target"), [
    ("softmax", 3, "categorical_crossentropy", [[0.0, 0.0, 1.0]]),
    ("softmax", 3, "sparse_categorical_crossentropy", [2]),
    ("sigmoid", 1, "binary_crossentropy", [[0.0]])])
def test_a_saturated_probability_still_has_a_gradient(activation, units, loss, target) -> None:
    """As in TensorFlow 1.15 the loss is that of the logits, here 200."""
    model = keras.Sequential([keras.layers.Dense(units, activation, input_dim=1)])
    weights = np.array([[200.0, 0.0, 0.0][:units]])
    model.set_weights([weights, np.zeros(units)])
    model.compile(keras.optimizers.SGD(1.0), loss)
    x, y = np.ones((1, 1)), np.array(target)
    assert model.train_on_batch(x, y) == pytest.approx(200.0)
    assert model.get_weights()[0][0, 0] == pytest.approx(199.0)
