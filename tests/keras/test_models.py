"""Models: which layers they have, in which order."""

from __future__ import annotations

import flowgraph as fg


def test_layers_come_in_the_order_of_keras() -> None:
    """By their distance from the outputs, which is also the order of the weights."""
    layers = fg.keras.layers
    x = fg.keras.Input((8, 8, 3), name="x")
    first = layers.Conv2D(4, 3, padding="same", name="first")(x)
    shortcut = layers.Conv2D(4, 1, name="shortcut")(x)
    second = layers.Conv2D(4, 3, padding="same", name="second")(
        layers.Activation("relu", name="relu")(layers.BatchNormalization(name="norm")(first)))
    joined = layers.add([second, shortcut], name="add")
    model = fg.keras.Model(x, [
        layers.Dense(2, name="a")(layers.GlobalAveragePooling2D(name="pool")(joined)),
        layers.Dense(3, name="b")(layers.Flatten(name="flat")(shortcut))])
    assert [layer.name for layer in model.layers] == [
        "x", "first", "norm", "relu", "second", "shortcut", "add", "pool", "flat", "a", "b"]
    shared, p, q = layers.Dense(3, name="shared"), fg.keras.Input((3,)), fg.keras.Input((3,))
    both = layers.subtract([shared(shared(p)), layers.Activation("tanh", name="t")(shared(q))],
                           name="s")
    assert [layer.name for layer in fg.keras.Model([p, q], both).layers][1::2] == ["shared", "t"]


def test_keras_says_the_version_that_tensorflow_has() -> None:
    assert fg.keras.__version__ == "2.2.4-tf"
