"""Every layer against what keras answered: data/expected.json."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.keras.rows import ROWS, answers

EXPECTED = json.loads((Path(__file__).parent / "data" / "expected.json").read_text())
layers = fg.keras.layers


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_layer_answers_as_keras_does(row) -> None:
    found, expected = answers(row, fg, fg.keras), EXPECTED[row.name]
    for (shape, numbers), (right_shape, right_numbers) in zip(
            found.pop("numbers"), expected.pop("numbers"), strict=True):
        assert shape == right_shape
        np.testing.assert_allclose(numbers, right_numbers, rtol=1e-3, atol=3e-5)
    assert found == expected


def test_layers_are_numbered_from_the_second_on() -> None:
    with fg.Graph().as_default():
        assert [layers.Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]


def test_a_name_scope_goes_into_the_names_of_variables() -> None:
    with fg.Graph().as_default(), fg.name_scope("net"):
        layer = layers.Dense(1)
        layer(fg.ones([1, 2]))
        assert layer.kernel.name == "net/dense/kernel:0"


def test_layers_of_one_name_have_variables_of_their_own() -> None:
    with fg.Graph().as_default():
        first, second = layers.Dense(1, name="fc"), layers.Dense(1, name="fc")
        first(fg.ones([1, 2]))
        second(fg.ones([1, 2]))
        assert (first.kernel.name, second.kernel.name) == ("fc/kernel:0", "fc_1/kernel:0")


def test_the_learning_phase_turns_dropout_on() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        y = layers.Dropout(0.5, seed=1)(fg.ones([100]))
        phase = fg.keras.backend.learning_phase()
        assert (session.run(y) == 1).all()
        assert (session.run(y, {phase: True}) == 0).any()


def test_a_layer_inside_trains_when_the_outer_one_does() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dropout(0.5, seed=1)

        def call(self, inputs, training=None):
            return self.inner(inputs)

    with fg.Graph().as_default(), fg.Session() as session:
        assert (session.run(Outer()(fg.ones([100]), training=True)) == 0).any()


def test_layers_among_the_attributes_are_found() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.parts = [layers.Dense(2), layers.BatchNormalization()]
            self.extra = fg.Variable(1.0, name="extra")

        def call(self, inputs):
            for part in self.parts:
                inputs = part(inputs)
            return inputs * self.extra

    with fg.Graph().as_default():
        outer = Outer()
        outer(fg.ones([1, 2]))
        assert len(outer.trainable_weights) == 5 and len(outer.non_trainable_weights) == 2
        outer.trainable = False
        assert not outer.trainable_weights and len(outer.non_trainable_weights) == 7


def test_a_mask_goes_from_an_embedding_to_a_recurrent_layer() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        words = fg.constant([[1, 2, 0, 0], [1, 2, 3, 4]])
        rows = layers.Embedding(5, 3, mask_zero=True)(words)
        lstm = layers.LSTM(4, return_sequences=True)
        y = lstm(layers.Dropout(0.5)(rows))
        session.run(fg.global_variables_initializer())
        value = session.run(y)
    np.testing.assert_array_equal(value[0, 1], value[0, 3])
    assert (value[1, 1] != value[1, 3]).any()


def test_a_stateful_layer_goes_on_where_it_stopped() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        layer = layers.GRU(2, stateful=True)
        y = layer(fg.ones([1, 3, 2]))
        session.run(fg.global_variables_initializer())
        first, _ = session.run([y, layer.updates])
        second = session.run(y)
        assert (first != second).any()
        layer.reset_states()
        np.testing.assert_allclose(session.run(y), first)


def test_stacked_cells_and_cells_of_ones_own() -> None:
    class Counter:
        state_size = 1

        def call(self, inputs, states):
            new = states[0] + 1.0
            return new, [new]

    with fg.Graph().as_default(), fg.Session() as session:
        counted = layers.RNN(Counter())(fg.ones([2, 6, 3]))
        stacked = layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)])(fg.ones([2, 6, 3]))
        assert stacked.shape.as_list() == [2, 4]
        np.testing.assert_array_equal(session.run(counted), [[6.0], [6.0]])


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: layers.Dense(2, nonsense=1), TypeError, "nonsense"),
    (lambda: layers.Permute((1, 3)), ValueError, "dims"),
    (lambda: layers.Reshape((5,))(fg.ones([2, 3])), ValueError, "number of elements"),
    (lambda: layers.Add()([fg.ones([2])]), ValueError, "at least 2"),
    (lambda: layers.RNN(3), ValueError, "state_size"),
    (lambda: layers.Bidirectional(layers.Dense(2)), ValueError, "recurrent"),
    (lambda: layers.Input(), ValueError, "shape"),
    (lambda: layers.LSTM(2, unroll=True)(fg.placeholder(fg.float32, [1, None, 2])), ValueError,
     "unroll"),
    (lambda: layers.UpSampling2D(interpolation="cubic"), ValueError, "interpolation"),
    (lambda: layers.GRU(2, stateful=True)(fg.placeholder(fg.float32, [None, 3, 2])), ValueError,
     "batch size"),
], ids=["option", "permute", "reshape", "add", "cell", "both ways", "input", "unroll", "upsample",
        "stateful"])
def test_wrong_use_is_refused(build, error, words: str) -> None:
    with fg.Graph().as_default(), pytest.raises(error, match=words):
        build()
