"""What layers tell of their calls."""

from __future__ import annotations

import copy

import pytest

import flowgraph as fg


@pytest.fixture(autouse=True)
def graph():
    """A graph of its own."""
    with fg.Graph().as_default() as graph:
        yield graph


def x(rows=None, columns=3):
    return fg.placeholder(fg.float32, [rows, columns])


@pytest.mark.parametrize("made", [
    lambda: fg.layers.Dense(2), lambda: fg.keras.layers.Dense(2),
    lambda: fg.layers.Layer(name="same")], ids=["tf.layers", "tf.keras", "base"])
def test_properties_mean_the_first_call(made) -> None:
    layer, first, second = made(), x(), x()
    outputs = [layer(first), layer(second)]
    assert layer.input is first and layer.output is outputs[0]
    assert [layer.get_input_at(i) for i in (0, 1)] == [first, second]
    assert [layer.get_output_at(i) for i in (0, 1)] == outputs
    assert layer.input_shape == layer.get_input_shape_at(1) == (None, 3)
    assert layer.output_shape == layer.get_output_shape_at(1) == tuple(outputs[0].shape.as_list())


def test_several_inputs_have_a_list_of_shapes() -> None:
    a, b = fg.keras.Input((3,)), fg.keras.Input((3,))
    layer = fg.keras.layers.Add()
    layer([a, b])
    assert layer.input == [a, b]
    assert layer.input_shape == [(None, 3), (None, 3)] and layer.output_shape == (None, 3)


def test_a_shape_that_differs_between_calls_is_refused() -> None:
    layer = fg.layers.Dense(2)
    layer(x(5))
    layer(x(6))
    assert layer.get_output_shape_at(1) == (6, 2)
    with pytest.raises(AttributeError, match=r"called 2 times(.|\n)*get_output_shape_at"):
        _ = layer.output_shape
    assert not hasattr(layer, "input_shape")


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda layer: layer.output, AttributeError, "never been called"),
    (lambda layer: layer.input_shape, AttributeError, "never been called"),
    (lambda layer: layer.get_output_at(0), RuntimeError, "never been called"),
    (lambda layer: (layer(x()), layer.get_input_at(1)), ValueError, "numbered from 0 to 0"),
])
def test_calls_that_were_not_are_told(act, error, words) -> None:
    with pytest.raises(error, match=words):
        act(fg.layers.Dense(2))


def test_a_copy_has_calls_of_its_own() -> None:
    layer = fg.layers.Dense(2)
    y = layer(x())
    other = copy.deepcopy(layer)
    other(x())
    assert other.output is y and layer.output is y
    with pytest.raises(ValueError, match="from 0 to 0"):
        layer.get_output_at(1)


def test_a_model_tells_its_own_shapes() -> None:
    model = fg.keras.Sequential([fg.keras.layers.Dense(4, input_shape=(3,)),
                                 fg.keras.layers.Dense(2)])
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))
    assert model.layers[1].input is model.layers[0].output
    assert model.get_layer(index=0).input_shape == (None, 3)
