"""Losses, metrics, optimizers and a training of keras; shared with data/make_numbers.py."""

from __future__ import annotations

from typing import Any

import numpy as np

_random = np.random.RandomState(0)
TRUE, GUESS = _random.rand(4, 3).astype(np.float32), _random.rand(4, 3).astype(np.float32)
SHARES = GUESS / GUESS.sum(1, keepdims=True)
BITS = (TRUE > 0.5).astype(np.float32)
CLASSES = np.array([0, 2, 1, 1])
ONE_HOT = np.eye(3, dtype=np.float32)[CLASSES]
WEIGHTS = np.array([1.0, 2.0, 0.0, 0.5], np.float32)
ARGUMENTS = {
    **dict.fromkeys(("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error",
                     "mean_squared_logarithmic_error", "logcosh", "poisson",
                     "kullback_leibler_divergence"), (TRUE, GUESS)),
    **dict.fromkeys(("hinge", "squared_hinge", "binary_crossentropy"), (BITS, GUESS)),
    **dict.fromkeys(("categorical_hinge", "categorical_crossentropy"), (ONE_HOT, SHARES)),
    "sparse_categorical_crossentropy": (CLASSES, SHARES),
}
CLASSES_OF_LOSSES = {
    "MeanSquaredError": (TRUE, GUESS), "BinaryCrossentropy": (BITS, GUESS),
    "CategoricalCrossentropy": (ONE_HOT, SHARES), "Huber": (TRUE * 5, GUESS),
    "SparseCategoricalCrossentropy": (CLASSES, SHARES), "Hinge": (BITS, GUESS)}
METRICS = {"binary_accuracy": (BITS, GUESS), "categorical_accuracy": (ONE_HOT, SHARES),
           "sparse_categorical_accuracy": (CLASSES, SHARES)}
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd, momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd, nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd, decay": ("SGD", {"learning_rate": 0.1, "decay": 0.5}),
    "sgd, clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
    "sgd, clipvalue": ("SGD", {"learning_rate": 0.1, "clipvalue": 0.1}),
    "adam": ("Adam", {"learning_rate": 0.1}),
    "adam, amsgrad": ("Adam", {"learning_rate": 0.1, "amsgrad": True}),
    "adamax": ("Adamax", {"learning_rate": 0.1}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.1}),
    "rmsprop, momentum": ("RMSprop", {"learning_rate": 0.1, "momentum": 0.9}),
    "rmsprop, centered": ("RMSprop", {"learning_rate": 0.1, "centered": True}),
    "rmsprop, both": ("RMSprop", {"learning_rate": 0.1, "centered": True, "momentum": 0.5}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
}


def questions(tf: Any, keras: Any, optimizers: Any) -> dict[str, Any]:
    """From the name of a question to a function that answers with an array."""
    def value(build: Any) -> Any:
        with tf.Graph().as_default(), tf.Session() as session:
            return session.run(build())

    asked: dict[str, Any] = {}
    for name, pair in ARGUMENTS.items():
        asked[name] = lambda name=name, pair=pair: value(
            lambda: getattr(keras.losses, name)(*map(tf.constant, pair)))
    asked["logits, smoothed"] = lambda: value(lambda: keras.losses.categorical_crossentropy(
        tf.constant(ONE_HOT), tf.constant(GUESS), from_logits=True, label_smoothing=0.1))
    asked["log-odds, smoothed"] = lambda: value(lambda: keras.losses.binary_crossentropy(
        tf.constant(BITS), tf.constant(GUESS), from_logits=True, label_smoothing=0.1))
    asked["classes of rank 2"] = lambda: value(
        lambda: keras.losses.sparse_categorical_crossentropy(
            tf.constant(CLASSES.reshape(2, 2)), tf.constant(SHARES.reshape(2, 2, 3))))
    for name, pair in CLASSES_OF_LOSSES.items():
        asked[f"{name}, weighed"] = lambda name=name, pair=pair: value(
            lambda: getattr(keras.losses, name)()(*map(tf.constant, pair),
                                                  sample_weight=tf.constant(WEIGHTS)))
        # TensorFlow 1.15's Huber means over the batch alone; later ones over the last axis first.
        ways = ("none", "sum", "sum_over_batch_size") if name != "Huber" else ()
        for way in ways:
            asked[f"{name}, {way}"] = lambda name=name, pair=pair, way=way: value(
                lambda: getattr(keras.losses, name)(reduction=way)(*map(tf.constant, pair)))
    for name, pair in METRICS.items():
        asked[name] = lambda name=name, pair=pair: value(
            lambda: getattr(keras.metrics, name)(*map(tf.constant, pair)))
    asked["top k"] = lambda: value(lambda: keras.metrics.top_k_categorical_accuracy(
        tf.constant(ONE_HOT), tf.constant(SHARES), k=2))
    for name in ("MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"):
        asked[name] = lambda name=name: value(
            lambda: getattr(keras.constraints, name)()(tf.constant(TRUE * 5 - 1)))
    asked["l1_l2"] = lambda: value(
        lambda: keras.regularizers.l1_l2(0.1, 0.2)(tf.constant(TRUE)))
    for name, (kind, options) in OPTIMIZERS.items():
        asked[name] = lambda kind=kind, options=options: _steps(
            tf, getattr(optimizers, kind)(**options))
    for part in ("history", "weights", "evaluation", "prediction"):
        asked[f"training: {part}"] = lambda part=part: _trained(tf, keras, optimizers)[part]
    return asked


def _steps(tf: Any, optimizer: Any) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.Variable([1.0, -2.0, 3.0], use_resource=True)
        step = optimizer.get_updates(tf.reduce_sum(w ** 3) / 3, [w])
        session.run(tf.global_variables_initializer())
        found = []
        for _ in range(4):
            session.run(step)
            found.append(session.run(w))
        return np.array(found)


def _trained(tf: Any, keras: Any, optimizers: Any) -> dict[str, Any]:
    layers = keras.layers
    x = np.random.RandomState(1).rand(40, 3).astype(np.float32)
    y = (x.sum(1) > 1.5).astype(int)
    with tf.Graph().as_default():
        model = keras.Sequential([
            layers.Dense(4, activation="tanh", input_shape=(3,), kernel_initializer="ones"),
            layers.BatchNormalization(),
            layers.Dense(2, activation="softmax", kernel_initializer=keras.initializers.Constant(
                [[0.1, 0.2], [0.3, -0.1], [0.2, 0.5], [0.0, 0.1]]),
                kernel_regularizer=keras.regularizers.l2(0.01))])
        model.compile(optimizers.SGD(0.1, momentum=0.5), "sparse_categorical_crossentropy",
                      metrics=["accuracy"])
        history = model.fit(x, y, batch_size=7, epochs=3, shuffle=False, verbose=0,
                            validation_data=(x[:10], y[:10]), class_weight={0: 1.0, 1: 2.0})
        return {"history": np.array([history.history[key] for key in sorted(history.history)]),
                "weights": np.concatenate([a.ravel() for a in model.get_weights()]),
                "evaluation": np.array(model.evaluate(x, y, verbose=0)),
                "prediction": model.predict(x)}
