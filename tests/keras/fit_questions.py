"""Calls of fit, evaluate and predict of all kinds; shared with data/make_fit_numbers.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_random = np.random.RandomState(0)
X = _random.rand(20, 3).astype(np.float32)
CLASSES = (X.sum(1) > 1.5).astype(np.int64)
ONE_HOT = np.eye(2, dtype=np.float32)[CLASSES]
SUMS = X.sum(1, keepdims=True)
WEIGHTS = _random.rand(20).astype(np.float32)
COSTS = {0: 1.0, 1: 3.0}
KERNEL = np.linspace(-1, 1, 6).reshape(3, 2).astype(np.float32)
ROWS = {"shuffle": False, "batch_size": 5}


def questions(tf: Any, keras: Any, sgd: Any) -> dict[str, Any]:
    """From the name of a question to a function that answers: a dict from names to numbers.

    Args:
        tf: TensorFlow's API.
        keras: its keras.
        sgd: the class of the optimizer.
    """
    def model(loss: str = "sparse_categorical_crossentropy") -> Any:
        made = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(3,))])
        made.compile(sgd(0.1), loss, metrics=["accuracy"])
        made.set_weights([KERNEL, np.zeros(2)])
        return made

    def dataset(*columns: Any) -> Any:
        return tf.data.Dataset.from_tensor_slices(columns or (X, CLASSES)).batch(5)

    def generator(*columns: Any) -> Iterator[Any]:
        while True:
            for i in range(0, 20, 5):
                yield tuple(column[i:i + 5] for column in columns or (X, CLASSES))

    def fit(*data: Any, loss: str = "sparse_categorical_crossentropy", **options: Any) -> Any:
        return model(loss).fit(*data, **{"epochs": 2, "verbose": 0, **options}).history

    def evaluated(*data: Any, **options: Any) -> Any:
        return {"found": model().evaluate(*data, verbose=0, **options)}

    def predicted(*data: Any, **options: Any) -> Any:
        return {"found": model().predict(*data, **options).ravel()}

    def named(x: Any, y: Any, **compiled: Any) -> Any:
        a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
        both = keras.layers.add([a, b])
        sums = keras.layers.Dense(1, kernel_initializer="ones", name="o")(both)
        other = keras.layers.Dense(1, kernel_initializer="zeros", name="p")(both)
        made = keras.Model([a, b], [sums, other])
        made.compile(sgd(0.01), **compiled)
        history = made.fit(x, y, verbose=0, **({"shuffle": False} if y is not None else {}))
        return {**history.history, "names": len(made.metrics_names)}

    arrays = (X, CLASSES)
    inputs, targets = {"b": X, "a": X[::-1]}, {"p": SUMS * 2, "o": SUMS}
    losses = {"p": "mae", "o": "mse"}
    return {
        "validation by a dataset": lambda: fit(*arrays, **ROWS, validation_data=dataset()),
        "validation by a part of a dataset": lambda: fit(
            *arrays, **ROWS, validation_data=dataset().repeat(), validation_steps=2),
        "validation by arrays with weights": lambda: fit(
            *arrays, **ROWS, validation_data=(*arrays, WEIGHTS)),
        "validation each other epoch": lambda: fit(
            *arrays, **ROWS, epochs=4, validation_data=arrays, validation_freq=2),
        "validation after some epochs": lambda: fit(
            *arrays, **ROWS, epochs=4, validation_data=arrays, validation_freq=[1, 4]),
        "split with weights": lambda: fit(
            *arrays, **ROWS, validation_split=0.3, sample_weight=WEIGHTS),
        "split with costs": lambda: fit(*arrays, **ROWS, validation_split=0.3, class_weight=COSTS),
        "split with costs, one-hot": lambda: fit(
            X, ONE_HOT, **ROWS, loss="categorical_crossentropy", validation_split=0.25,
            class_weight=COSTS),
        "costs and weights": lambda: fit(
            *arrays, **ROWS, class_weight=COSTS, sample_weight=WEIGHTS),
        "costs, generator": lambda: fit(generator(), steps_per_epoch=4, class_weight=COSTS),
        "weights, generator": lambda: fit(generator(*arrays, WEIGHTS), steps_per_epoch=4),
        "weights, dataset": lambda: fit(dataset(*arrays, WEIGHTS)),
        "steps over arrays": lambda: fit(*arrays, steps_per_epoch=2),
        "dataset and dataset": lambda: fit(
            dataset().repeat(), steps_per_epoch=3, validation_data=dataset().repeat(),
            validation_steps=1),
        "evaluate a dataset": lambda: evaluated(dataset(), steps=3),
        "evaluate weighed": lambda: evaluated(*arrays, sample_weight=WEIGHTS),
        "evaluate a generator": lambda: evaluated(generator(), steps=2),
        "evaluate arrays in steps": lambda: evaluated(*arrays, steps=2),
        "predict a dataset": lambda: predicted(dataset()),
        "predict a generator": lambda: predicted(generator(), steps=2),
        "names of inputs and outputs": lambda: named(
            inputs, targets, loss=losses, loss_weights={"p": 0.5, "o": 1.0}, metrics={"o": "mae"}),
        "metrics in lists": lambda: named(
            inputs, targets, loss=["mse", "mae"], metrics=[["mae"], ["mse", "mae"]]),
        "names in a dataset": lambda: named(dataset(inputs, targets), None, loss=losses),
    }
