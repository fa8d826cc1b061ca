"""Layers and what they are called with, for the tests; shared with data/make_expected.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """A layer made by `make(keras)`, called by `call(layer, inputs)` with arrays of `shapes`."""

    name: str
    make: Callable[[Any], Any]
    shapes: tuple[Any, ...]
    call: Callable[[Any, Any], Any] = lambda layer, x: layer(x)


INDICES = np.array([[1, 2, 0], [3, 0, 0]], np.int32)


def _rows() -> list[Row]:
    rows = [
        Row("dense", lambda k: k.layers.Dense(4, activation="relu"), ((3, 5),)),
        Row("dense of rank 3", lambda k: k.layers.Dense(
            4, kernel_regularizer=k.regularizers.l2(0.1), name="fc"), ((2, 3, 5),)),
        Row("dense called twice", lambda k: k.layers.Dense(5), ((3, 5),),
            lambda layer, x: layer(layer(x))),
        Row("causal", lambda k: k.layers.Conv1D(4, 3, padding="causal", dilation_rate=2),
            ((2, 6, 3),)),
        Row("batch normalization", lambda k: k.layers.BatchNormalization(), ((4, 3),)),
        Row("batch normalization, training", lambda k: k.layers.BatchNormalization(), ((4, 3),),
            lambda layer, x: layer(x, training=True)),
        Row("fused batch normalization, training", lambda k: k.layers.BatchNormalization(),
            ((2, 3, 3, 2),), lambda layer, x: layer(x, training=True)),
        Row("layer normalization", lambda k: k.layers.LayerNormalization(), ((4, 3),)),
        Row("layer normalization of two axes",
            lambda k: k.layers.LayerNormalization(axis=[1, 2]), ((2, 3, 4),)),
        Row("repeat", lambda k: k.layers.RepeatVector(3), ((2, 4),)),
        Row("prelu of shared axes", lambda k: k.layers.PReLU(shared_axes=[1, 2]), ((2, 3, 3, 4),)),
        Row("upsampling 2d", lambda k: k.layers.UpSampling2D((2, 3)), ((1, 2, 2, 2),)),
        Row("upsampling 3d", lambda k: k.layers.UpSampling3D(2), ((1, 2, 1, 2, 2),)),
        Row("padding 2d", lambda k: k.layers.ZeroPadding2D((1, 2)), ((1, 2, 2, 2),)),
        Row("padding 2d of pairs", lambda k: k.layers.ZeroPadding2D(((1, 2), (0, 1))),
            ((1, 2, 2, 2),)),
        Row("padding 3d", lambda k: k.layers.ZeroPadding3D(1), ((1, 1, 2, 1, 1),)),
        Row("cropping 2d", lambda k: k.layers.Cropping2D(((1, 0), (0, 1))), ((2, 3, 3, 2),)),
        Row("cropping 3d", lambda k: k.layers.Cropping3D(), ((2, 3, 3, 3, 2),)),
        Row("add of ranks", lambda k: k.layers.Add(), ((2, 3), (2, 4, 3))),
        Row("dot, normalised", lambda k: k.layers.Dot(1, normalize=True), ((2, 4), (2, 4))),
        Row("dot of 3 and 2", lambda k: k.layers.Dot((2, 1)), ((2, 3, 4), (2, 4))),
        Row("dot of 3 and 2, first axis", lambda k: k.layers.Dot((1, 1)), ((2, 4, 3), (2, 4))),
        Row("dot of 2 and 3", lambda k: k.layers.Dot((1, 2)), ((2, 4), (2, 3, 4))),
        Row("embedding", lambda k: k.layers.Embedding(5, 4), (INDICES,)),
        Row("gru, reset after", lambda k: k.layers.GRU(4, reset_after=True), ((2, 5, 3),)),
    ]
    for padding in ("valid", "same"):
        rows += [Row(f"{name}, {padding}", make, shapes) for name, make, shapes in (
            ("conv1d", lambda k, p=padding: k.layers.Conv1D(4, 3, padding=p), ((2, 6, 3),)),
            ("conv2d", lambda k, p=padding: k.layers.Conv2D(
                4, (3, 2), strides=2, padding=p, activation="tanh"), ((2, 6, 6, 3),)),
            ("conv3d", lambda k, p=padding: k.layers.Conv3D(2, 2, padding=p), ((1, 3, 3, 3, 2),)),
            ("transposed 2d", lambda k, p=padding: k.layers.Conv2DTranspose(
                2, 3, strides=2, padding=p), ((1, 3, 3, 3),)),
            ("transposed 3d", lambda k, p=padding: k.layers.Conv3DTranspose(
                1, 3, strides=2, padding=p), ((1, 2, 2, 2, 3),)),
            ("separable 2d", lambda k, p=padding: k.layers.SeparableConv2D(
                4, 3, padding=p, depth_multiplier=2), ((1, 4, 4, 3),)),
            ("separable 1d", lambda k, p=padding: k.layers.SeparableConv1D(4, 3, padding=p),
             ((2, 5, 3),)),
            ("depthwise", lambda k, p=padding: k.layers.DepthwiseConv2D(
                3, padding=p, depth_multiplier=2, strides=2), ((1, 5, 5, 3),)))]
        for kind in ("MaxPooling", "AveragePooling"):
            for rank in (1, 2, 3):
                rows.append(Row(f"{kind}{rank}D, {padding}", lambda k, c=f"{kind}{rank}D",
                                p=padding: getattr(k.layers, c)(padding=p),
                                ((1, *[5, 3, 3][:rank], 2),)))
    for kind in ("GlobalMaxPooling", "GlobalAveragePooling"):
        for rank in (1, 2, 3):
            rows.append(Row(f"{kind}{rank}D", lambda k, c=f"{kind}{rank}D": getattr(k.layers, c)(),
                            ((2, *[4, 3, 2][:rank], 3),)))
    of_series: dict[str, Callable[[Any], Any]] = {
        "flatten": lambda k: k.layers.Flatten(),
        "reshape": lambda k: k.layers.Reshape((5, -1)),
        "permute": lambda k: k.layers.Permute((2, 1)),
        "softmax": lambda k: k.layers.Activation("softmax"),
        "hard sigmoid": lambda k: k.layers.Activation("hard_sigmoid"),
        "dropout": lambda k: k.layers.Dropout(0.5),
        "leaky relu": lambda k: k.layers.LeakyReLU(),
        "elu": lambda k: k.layers.ELU(0.5),
        "relu": lambda k: k.layers.ReLU(1.0, 0.1, 0.2),
        "sloping relu": lambda k: k.layers.ReLU(negative_slope=0.1),
        "softmax of axis 1": lambda k: k.layers.Softmax(axis=1),
        "thresholded relu": lambda k: k.layers.ThresholdedReLU(0.2),
        "prelu": lambda k: k.layers.PReLU(),
        "upsampling 1d": lambda k: k.layers.UpSampling1D(3),
        "padding 1d": lambda k: k.layers.ZeroPadding1D((1, 2)),
        "cropping 1d": lambda k: k.layers.Cropping1D(1),
        "noise": lambda k: k.layers.GaussianNoise(1.0),
        "gaussian dropout": lambda k: k.layers.GaussianDropout(0.3),
        "alpha dropout": lambda k: k.layers.AlphaDropout(0.3),
        "spatial dropout": lambda k: k.layers.SpatialDropout1D(0.3),
        "lambda": lambda k: k.layers.Lambda(lambda x: x * 2),
        "masking": lambda k: k.layers.Masking(),
        "activity": lambda k: k.layers.ActivityRegularization(0.1, 0.2),
        "every step": lambda k: k.layers.TimeDistributed(k.layers.Dense(4)),
    }
    rows += [Row(name, make, ((2, 4, 5),)) for name, make in of_series.items()]
    for kind in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Subtract"):
        rows.append(Row(kind, lambda k, c=kind: getattr(k.layers, c)(), ((2, 3), (2, 3))))
    for axes in (1, 2, (1, 2), (2, 1)):
        rows.append(Row(f"dot of {axes}", lambda k, a=axes: k.layers.Dot(a),
                        ((2, 3, 3), (2, 3, 3))))
    for kind in ("SimpleRNN", "GRU", "LSTM"):
        def make(k: Any, kind: str = kind, **options: Any) -> Any:
            return getattr(k.layers, kind)(4, **options)
        rows += [
            Row(kind, make, ((2, 5, 3),)),
            Row(f"{kind}, all", lambda k, m=make: m(
                k, return_sequences=True, return_state=True, go_backwards=True), ((2, 5, 3),)),
            Row(f"{kind}, unrolled", lambda k, m=make: m(k, unroll=True, return_sequences=True),
                ((2, 3, 3),)),
            Row(f"{kind}, no bias", lambda k, m=make: m(k, use_bias=False), ((2, 5, 3),)),
            Row(f"{kind}, masked", lambda k, m=make: m(k, return_sequences=True), ((2, 3, 3),),
                lambda layer, x: layer(x, mask=x[:, :, 0] > 0)),
            Row(f"{kind}, initial state", make, ((2, 5, 3),), lambda layer, x: layer(
                x, initial_state=[x[:, 0, :1] * [[1.0, 2.0, 3.0, 4.0]]]
                * (2 if "lstm" in layer.name else 1))),
            *(Row(f"{kind}, both ways, {mode}", lambda k, m=make, mode=mode: k.layers.Bidirectional(
                m(k, return_sequences=True), merge_mode=mode), ((2, 3, 3),))
              for mode in (("concat", "sum", "ave", "mul", None) if kind == "SimpleRNN"
                           else ("concat",)))]
    return rows


ROWS = _rows()


def inputs_of(row: Row, tf: Any) -> Any:
    """The inputs of a row as constants: one, or a list."""
    made = [tf.constant(shape if isinstance(shape, np.ndarray) else
                        np.random.RandomState(i + 3).randn(*shape).astype(np.float32))
            for i, shape in enumerate(row.shapes)]
    return made[0] if len(made) == 1 else made


def answers(row: Row, tf: Any, keras: Any) -> dict[str, Any]:
    """What is compared: outputs and gradients as numbers, the variables by their names."""
    with tf.Graph().as_default():
        layer = row.make(keras)
        outputs = row.call(layer, inputs_of(row, tf))
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        gradients = [tf.convert_to_tensor(g) for g in tf.gradients(
            outputs[0], layer.trainable_weights) if g is not None] if layer.weights else []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for i, variable in enumerate(layer.weights):
                start = np.random.RandomState(i).rand(*variable.shape.as_list()) * 0.5
                variable.load(start.astype(np.float32), session)
            numbers = session.run(outputs + gradients)
        return {
            "numbers": [[list(value.shape), summary(value)] for value in numbers],
            "shapes": [output.shape.as_list() for output in outputs],
            "weights": [variable.name for variable in layer.weights],
            "trainable": [variable.name for variable in tf.trainable_variables()],
            "losses": len(layer.losses),
            "collected": len(tf.get_collection("update_ops"))
            + len(tf.get_collection("regularization_losses")),
        }


def summary(value: Any) -> list[float]:
    """A few numbers that tell an array: some entries, the sum, a sum with changing weights."""
    flat = np.asarray(value, np.float64).ravel()
    return [round(float(x), 5) for x in (*flat[:4], *flat[-2:], flat.sum(),
                                         (flat * np.cos(np.arange(flat.size))).sum())]
