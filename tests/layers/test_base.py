"""Layer: scopes, names, variables, collections."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import flowgraph as fg


class Affine(fg.layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight("w", [input_shape[-1].value], regularizer=fg.nn.l2_loss)
        self.count = self.add_variable("count", [], trainable=False)
        self.built = True

    def call(self, inputs: Any) -> Any:
        self.add_update(fg.assign(self.count, fg.reduce_sum(inputs)))
        self.add_update(fg.assign(self.count, 1.0))
        self.add_loss(fg.reduce_mean(inputs), inputs=inputs)
        return inputs * self.w


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def names(things: Any) -> list[str]:
    return [thing.name for thing in things]


def test_a_layer_is_built_once_and_named_after_its_class() -> None:
    layer = Affine()
    assert (layer.name, layer.dtype, layer.built) == ("affine_1", None, False)
    y, z = layer(fg.ones([2, 3])), layer(fg.ones([2, 3]))
    assert names([y, z]) == ["affine/mul:0", "affine/mul_1:0"]
    assert names(layer.weights) == ["affine/w:0", "affine/count:0"]
    assert (layer.scope_name, layer.dtype, layer.count_params()) == ("affine", "float32", 4)
    assert names(Affine()(fg.ones([2, 3])).op.inputs)[1] == "affine_1/w/read:0"


def test_scopes_prefix_variables_and_ops() -> None:
    with fg.variable_scope("s"):
        assert Affine()(fg.ones([1, 2])).name == "s/affine/mul:0"
    with fg.name_scope("n"):
        assert Affine()(fg.ones([1, 2])).name == "n/affine/mul:0"
    assert names(fg.trainable_variables()) == ["s/affine/w:0", "affine/w:0"]


def test_reuse_finds_the_variables_of_another_layer() -> None:
    first, second = Affine(name="a"), Affine(name="a", _reuse=True)
    first(fg.ones([1, 2]))
    assert second(fg.ones([1, 2])).name == "a_1/mul:0"
    assert second.weights == first.weights
    assert len(fg.get_collection(fg.GraphKeys.REGULARIZATION_LOSSES)) == 3
    with pytest.raises(ValueError, match="a/w already exists"):
        Affine(name="a", _scope="a")(fg.ones([1, 2]))
    assert Affine(name="a")(fg.ones([1, 2])).name == "a_3/mul:0"
    assert Affine(name="a", _reuse=fg.AUTO_REUSE)(fg.ones([1, 2])) is not None
    with pytest.raises(ValueError, match="does not exist"):
        Affine(name="b", _reuse=True)(fg.ones([1, 2]))


def test_losses_and_updates_say_whether_they_depend_on_the_inputs() -> None:
    layer, x = Affine(), fg.ones([1, 2])
    layer(x)
    assert names(layer.get_losses_for(None)) == ["affine/w/Regularizer/L2Loss:0"]
    assert names(layer.get_losses_for(x)) == ["affine/Mean:0"]
    assert names(layer.get_updates_for(x)) == ["affine/Assign"]
    assert names(layer.get_updates_for(None)) == ["affine/Assign_1"]
    assert layer.get_losses_for(fg.ones([1, 2])) == []
    assert names(fg.get_collection(fg.GraphKeys.UPDATE_OPS)) == ["affine/Assign", "affine/Assign_1"]


def test_a_layer_that_is_not_trainable_has_no_trainable_weights_and_no_updates() -> None:
    layer = Affine(trainable=False)
    layer(fg.ones([1, 2]))
    assert (layer.trainable_weights, len(layer.non_trainable_weights), layer.updates) == ([], 2, [])
    assert fg.trainable_variables() == fg.get_collection(fg.GraphKeys.UPDATE_OPS) == []


def test_a_custom_getter_may_decide_that_a_weight_is_not_trained() -> None:
    def frozen(getter: Any, *args: Any, **kwargs: Any) -> Any:
        return getter(*args, **{**kwargs, "trainable": False})
    layer = Affine()
    with fg.variable_scope("s", custom_getter=frozen):
        layer(fg.ones([1, 2]))
    assert (layer.trainable_weights, len(layer.non_trainable_weights)) == ([], 2)


def test_call_gets_the_scope_when_it_asks_and_training_only_then() -> None:
    class Scoped(fg.layers.Layer):
        def call(self, inputs: Any, scope: Any = None) -> Any:
            self.seen = scope.name
            return fg.identity(inputs)
    layer = Scoped(name="here")
    layer(1.0, training=True)
    assert layer.seen == "here"


def test_activity_regularizer_is_divided_by_the_batch() -> None:
    layer = fg.layers.Layer(name="act", activity_regularizer=fg.reduce_sum)
    layer(fg.ones([4, 3]))
    loss, = fg.get_collection(fg.GraphKeys.REGULARIZATION_LOSSES)
    assert loss.name == "act/ActivityRegularizer/truediv:0"
    assert fg.Session().run(loss) == 3.0


def test_weights_are_read_and_set_in_the_default_session() -> None:
    layer = Affine()
    layer(fg.ones([1, 2]))
    with fg.Session():
        layer.set_weights([np.array([1.0, 2.0]), np.array(3.0)])
        assert [value.tolist() for value in layer.get_weights()] == [[1.0, 2.0], 3.0]
        with pytest.raises(ValueError, match="2 weights, got 1"):
            layer.set_weights([np.zeros(2)])
        with pytest.raises(ValueError, match=r"shape \(2,\), the array \(3,\)"):
            layer.set_weights([np.zeros(3), np.zeros(())])
    with pytest.raises(ValueError, match="needs a default session"):
        layer.get_weights()


def test_a_copy_shares_the_variables() -> None:
    layer = Affine()
    layer(fg.ones([1, 2]))
    twin = copy.deepcopy(layer)
    assert twin is not layer
    assert twin.weights == layer.weights
    assert twin(fg.ones([1, 2])).name == "affine/mul_1:0"


def test_bad_inputs_are_refused_with_the_specs_words() -> None:
    layer = Affine(name="a")
    layer.input_spec = fg.layers.InputSpec(ndim=2, axes={-1: 3})
    with pytest.raises(ValueError, match=r"layer 'a' .*expected ndim=2, found ndim=1"):
        layer(fg.ones([3]))
    with pytest.raises(ValueError, match="expected axis -1 to have size 3, found 2"):
        layer(fg.ones([1, 2]))
    with pytest.raises(ValueError, match="rank is undefined"):
        layer(fg.placeholder(fg.float32))
    with pytest.raises(ValueError, match="expects 1 inputs, but received 2"):
        layer([fg.ones([1, 3]), fg.ones([1, 3])])
    with pytest.raises(TypeError, match="InputSpec"):
        layer.input_spec = 3


def test_a_layer_given_the_state_of_an_lstm_says_which_part_to_take() -> None:
    _, state = fg.nn.dynamic_rnn(fg.nn.rnn_cell.LSTMCell(4), fg.ones([2, 3, 5]), dtype=fg.float32)
    with pytest.raises(ValueError, match=r"LSTMStateTuple of 2 tensors.* \.c or \.h\."):
        fg.layers.dense(state, 1)


def test_mistakes_of_layer_writers_are_told() -> None:
    class Nothing(fg.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return None
    with pytest.raises(ValueError, match="must return a tensor"):
        Nothing()(1.0)
    with pytest.raises(TypeError, match="no argument 'wrong'"):
        fg.layers.Layer(wrong=1)
    with pytest.raises(ValueError, match="ON_READ"):
        fg.layers.Layer().add_weight("w", [], trainable=True,
                                     synchronization=fg.VariableSynchronization.ON_READ)
    with pytest.raises(ValueError, match="no scope name yet"):
        assert fg.layers.Layer().scope_name
    with pytest.raises(ValueError, match="not built yet"):
        Affine().count_params()


@pytest.mark.parametrize(("spec", "shape", "text"), [
    ({"min_ndim": 2}, [3], "min_ndim=2"), ({"max_ndim": 1}, [3, 3], "max_ndim=1"),
    ({"dtype": fg.float64}, [3], "dtype=float64"), ({"shape": (None, 2)}, [1, 3], "shape="),
])
def test_each_part_of_a_spec_is_checked(spec: Any, shape: Any, text: str) -> None:
    layer = fg.layers.Layer()
    layer.input_spec = fg.layers.InputSpec(**spec)
    with pytest.raises(ValueError, match=text):
        layer(fg.ones(shape))


def test_input_specs_check_their_axes() -> None:
    with pytest.raises(ValueError, match="Axis 2 is greater"):
        fg.layers.InputSpec(ndim=2, axes={2: 1})
    with pytest.raises(TypeError, match="integers"):
        fg.layers.InputSpec(axes={"x": 1})
    config = fg.layers.InputSpec(shape=(None, 2)).get_config()
    assert repr(fg.layers.InputSpec.from_config(config)) == "InputSpec(shape=(None, 2), ndim=2)"
