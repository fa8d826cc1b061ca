"""`tf.keras.backend`: every name is there; settings, phases and what differs from `tf`."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

backend = fg.keras.backend


def test_every_listed_name_is_there() -> None:
    rooms = [backend, fg.keras, *(getattr(fg.keras, name) for name in (
        "activations", "callbacks", "constraints", "datasets", "initializers", "layers", "losses",
        "metrics", "models", "optimizers", "regularizers", "utils"))]
    for room in rooms:
        for name in dir(room):
            assert getattr(room, name) is not None or name == "__cached__"


def test_the_learning_phase_may_be_set_for_all() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        backend.set_learning_phase(1)
        assert backend.learning_phase() is True
        assert (session.run(fg.keras.layers.Dropout(0.5, seed=1)(fg.ones([50]))) == 0).any()
        with pytest.raises(ValueError, match="0 or 1"):
            backend.set_learning_phase(2)


def test_in_train_phase_chooses() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        x = backend.in_train_phase(fg.constant(1.0), fg.constant(2.0))
        y = backend.in_test_phase(fg.constant(1.0), lambda: fg.constant(2.0))
        assert session.run([x, y]) == [2.0, 1.0]
        assert session.run([x, y], {backend.learning_phase(): True}) == [1.0, 2.0]


@pytest.mark.parametrize(("build", "expected"), [
    (lambda x: backend.argmax(x), [2, 2]),
    (lambda x: backend.argmin(x), [0, 0]),
    (lambda x: backend.concatenate([x, x]), [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]]),
    (lambda x: backend.expand_dims(x)[0], [[0], [1], [2]]),
    (lambda x: backend.sum(x, axis=1), [3, 12]),
    (lambda x: backend.mean(x > 2), 0.5),
    (lambda x: backend.var(x, axis=1), [2 / 3, 2 / 3]),
    (lambda x: backend.clip(x, 1, None), [[1, 1, 2], [3, 4, 5]]),
    (lambda x: backend.dot(x, fg.ones([3, 1])), [[3], [12]]),
    (lambda x: backend.batch_flatten(fg.reshape(x, [2, 3, 1])), [[0, 1, 2], [3, 4, 5]]),
    (lambda x: backend.relu(x - 1, max_value=2.0), [[0, 0, 1], [2, 2, 2]]),
    (lambda x: backend.hard_sigmoid(x), [[0.5, 0.7, 0.9], [1, 1, 1]]),
    (lambda x: backend.repeat_elements(x, 2, 0)[:, 0], [0, 0, 3, 3]),
], ids=["argmax", "argmin", "concatenate", "expand_dims", "sum", "mean of bools", "var", "clip",
        "dot", "batch_flatten", "relu", "hard_sigmoid", "repeat_elements"])
def test_numbers(build, expected) -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        value = session.run(build(fg.reshape(fg.range(6.0), [2, 3])))
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_settings() -> None:
    assert (backend.floatx(), backend.image_data_format()) == ("float32", "channels_last")
    with pytest.raises(ValueError, match="floatx"):
        backend.set_floatx("int8")
    with pytest.raises(ValueError, match="data_format"):
        backend.set_image_data_format("channels_first")


def test_static_facts() -> None:
    with fg.Graph().as_default():
        x = fg.keras.Input((3,))
        assert backend.int_shape(x) == (None, 3) and backend.ndim(x) == 2
        assert backend.is_keras_tensor(x) and not backend.is_keras_tensor(fg.ones([1]))
        assert [backend.get_uid("a"), backend.get_uid("a")] == [1, 2]


def test_its_session_runs_elsewhere_what_has_no_device() -> None:
    with fg.device("/gpu:99"):
        x = fg.constant(2.0)
    assert backend.get_session().run(x) == 2.0


def test_a_function_computes_layers_of_a_model() -> None:
    keras, K = fg.keras, fg.keras.backend
    model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,)), keras.layers.Dropout(0.5)])
    x = np.ones((200, 3))
    look = K.function([model.input, K.learning_phase()], [model.layers[0].output, model.output])
    first, used = look([x, 0])
    np.testing.assert_array_equal(first, used)
    assert (look([x, 1])[1] == 0).any()
    count = K.variable(0.0)
    K.function([], [], updates=[(count, count + 1.0)])([])
    assert K.get_value(count) == 1.0


@pytest.mark.parametrize("act", [
    lambda K: K.function([], [], givens=1), lambda K: K.function([K.placeholder([1])], [])([])])
def test_functions_refuse_what_they_do_not_take(act) -> None:
    with pytest.raises(ValueError, match=r"givens|takes 1 arrays"):
        act(fg.keras.backend)
