"""Dense, Dropout, Flatten: names, values, reuse, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def started() -> fg.Session:
    session = fg.Session()
    session.run([fg.global_variables_initializer()])
    return session


def test_dense_makes_the_nodes_that_tensorflow_makes(graph: fg.Graph) -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    y = fg.layers.dense(x, 2, activation=fg.nn.relu, kernel_regularizer=fg.nn.l2_loss)
    fg.layers.dense(y, 1)
    names = [op.name for op in graph.get_operations() if "Initializer" not in op.name
             and not op.name.endswith(("/read", "/Assign"))]
    assert names == [
        "x", "dense/kernel", "dense/kernel/Regularizer/L2Loss", "dense/bias", "dense/MatMul",
        "dense/BiasAdd", "dense/Relu", "dense_1/kernel", "dense_1/bias", "dense_1/MatMul",
        "dense_1/BiasAdd"]
    assert [v.name for v in fg.trainable_variables()] == [
        "dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "dense_1/bias:0"]
    assert [loss.name for loss in fg.losses.get_regularization_losses()] == [
        "dense/kernel/Regularizer/L2Loss:0"]


@pytest.mark.parametrize(("shape", "static"), [
    ([4, 3], [None, 3]), ([2, 4, 3], [None, None, 3]), ([2, 5, 4, 3], [2, 5, 4, 3])])
def test_dense_multiplies_the_last_axis(shape: Any, static: Any) -> None:
    x = fg.placeholder(fg.float64, static)
    layer = fg.layers.Dense(2, activation="tanh", bias_initializer=fg.ones_initializer())
    y = layer(x)
    assert y.shape.as_list() == [*static[:-1], 2]
    assert layer.dtype == "float64"
    value = np.random.RandomState(0).randn(*shape)
    with started() as session:
        got, kernel = session.run([y, layer.kernel], {x: value})
    np.testing.assert_allclose(got, np.tanh(value @ kernel + 1.0), rtol=1e-12)


def test_dense_reuses_by_name_and_refuses_to_make_a_name_twice() -> None:
    x = fg.ones([1, 3])
    fg.layers.dense(x, 2, name="a")
    fg.layers.dense(x, 2, name="a", reuse=True)
    with fg.variable_scope("s", reuse=fg.AUTO_REUSE):
        fg.layers.dense(x, 2, name="a")
        fg.layers.dense(x, 2, name="a")
    assert [v.name for v in fg.global_variables()] == ["a/kernel:0", "a/bias:0", "s/a/kernel:0",
                                                       "s/a/bias:0"]
    with pytest.raises(ValueError, match="a/kernel already exists"):
        fg.layers.dense(x, 2, name="a")
    with pytest.raises(ValueError, match="specified shape"):
        fg.layers.dense(fg.ones([1, 4]), 2, name="a", reuse=True)


def test_constraints_and_regularizers_reach_the_variables() -> None:
    layer = fg.layers.Dense(1, kernel_constraint=fg.abs, bias_regularizer=fg.reduce_sum,
                            activity_regularizer=fg.reduce_sum)
    layer(fg.ones([4, 3]))
    assert layer.kernel.constraint is fg.abs
    assert [loss.name for loss in layer.losses] == [
        "dense/bias/Regularizer/Sum:0", "dense/ActivityRegularizer/truediv:0"]


@pytest.mark.parametrize(("shape", "dtype", "kind", "words"), [
    ([3], fg.float32, ValueError, "min_ndim=2"),
    ([2, None], fg.float32, ValueError, "last dimension"),
    (None, fg.float32, ValueError, "rank is undefined"),
    ([2, 3], fg.int32, TypeError, "(?s)non-floating point dtype int32.*Write tf.cast.*dtype-error"),
])
def test_dense_refuses_inputs_it_cannot_multiply(shape, dtype, kind, words) -> None:
    with pytest.raises(kind, match=words):
        fg.layers.dense(fg.placeholder(dtype, shape), 2)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"activation": "reluu"}, "no activation called 'reluu'"),
    ({"kernel_initializer": "nil"}, "no initializer called 'nil'"),
    ({"bias_regularizer": "l3"}, "no regularizer called 'l3'"),
    ({"kernel_constraint": "small"}, "no constraint called 'small'"),
])
def test_a_wrong_name_is_told_with_the_names_there_are(arguments, words) -> None:
    with pytest.raises(ValueError, match=words):
        fg.layers.dense(fg.ones([1, 3]), 2, **arguments)


def test_layers_tell_their_output_shape_and_their_arguments() -> None:
    layer = fg.layers.Dense(4, use_bias=False)
    assert layer.compute_output_shape([None, 2, 3]).as_list() == [None, 2, 4]
    twin = fg.layers.Dense.from_config({**layer.get_config(), "name": "twin"})
    assert (twin.units, twin.use_bias, twin.name) == (4, False, "twin")
    with pytest.raises(ValueError, match="innermost dimension"):
        layer.compute_output_shape([2, None])
    with pytest.raises(NotImplementedError):
        fg.layers.Layer().compute_output_shape([1])


def test_a_dtype_given_to_dense_is_that_of_its_variables_and_outputs() -> None:
    layer = fg.layers.Dense(2, dtype=fg.float64)
    assert (layer(fg.ones([1, 3])).dtype, layer.kernel.dtype.base_dtype) == (fg.float64, fg.float64)


def test_a_sparse_input_is_multiplied_too() -> None:
    x = fg.SparseTensor([[0, 1], [2, 0]], [2.0, 3.0], [3, 4])
    layer = fg.layers.Dense(2, use_bias=False)
    y = layer(x)
    with started() as session:
        got, kernel = session.run([y, layer.kernel])
    np.testing.assert_allclose(got, [2 * kernel[1], [0, 0], 3 * kernel[0]], rtol=1e-6)


W = np.array([[3.0, -0.3], [4.0, 0.4]])


@pytest.mark.parametrize(("name", "wanted"), [
    ("l1", 0.077), ("l2", 0.2525), ("l1_l2", 0.3295)])
def test_regularizers_have_names(name, wanted) -> None:
    layer = fg.layers.Dense(2, kernel_initializer=fg.constant_initializer(W),
                            kernel_regularizer=name)
    layer(fg.ones([1, 2], fg.float64))
    with started() as session:
        np.testing.assert_allclose(session.run(fg.losses.get_regularization_loss()), wanted)


@pytest.mark.parametrize(("name", "wanted"), [
    ("max_norm", W * [0.4, 1.0]), ("min_max_norm", W * [0.2, 1.0]),
    ("non_neg", np.maximum(W, 0)), ("unit_norm", W / [5.0, 0.5])])
def test_constraints_have_names(name, wanted) -> None:
    layer = fg.layers.Dense(2, kernel_constraint=name)
    layer(fg.ones([1, 2], fg.float64))
    got = fg.Session().run(layer.kernel.constraint(fg.constant(W)))
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


# ---- dropout -------------------------------------------------------------------------------------


def test_dropout_does_nothing_unless_it_trains(graph: fg.Graph) -> None:
    x = fg.constant([1.0, 2.0], name="x")
    assert fg.layers.dropout(x).name == "dropout/Identity:0"
    assert fg.layers.dropout(x, training=None).name == "dropout_1/Identity:0"
    assert fg.Session().run(fg.layers.dropout(x)).tolist() == [1.0, 2.0]


def test_dropout_asks_a_training_tensor_in_the_run() -> None:
    training = fg.placeholder_with_default(False, [])
    y = fg.layers.dropout(fg.ones([1000]), 0.25, seed=1, training=training)
    with fg.Session() as session:
        assert session.run(y).tolist() == [1.0] * 1000
        kept = session.run(y, {training: True})
    assert set(kept.round(4)) == {0.0, np.float32(1 / 0.75).round(4)}
    assert 650 < np.count_nonzero(kept) < 850


def test_dropout_shares_decisions_along_an_axis_of_its_noise_shape() -> None:
    x = fg.placeholder(fg.float32, [None, 50])
    y = fg.layers.dropout(x, 0.5, noise_shape=[1, None], seed=3, training=True)
    got = fg.Session().run(y, {x: np.ones((4, 50))})
    assert (got == got[0]).all()
    assert 0 < np.count_nonzero(got[0]) < 50


@pytest.mark.parametrize(("training", "kind"), [("yes", TypeError), (2, TypeError)])
def test_training_is_a_bool(training, kind) -> None:
    with pytest.raises(kind, match="`pred` must be a Tensor"):
        fg.layers.dropout(fg.ones([2]), training=training)


def test_dropout_refuses_a_rate_above_one() -> None:
    with pytest.raises(ValueError, match=r"range \[0, 1\)"):
        fg.layers.dropout(fg.ones([2]), 1.5, training=True)


# ---- flatten -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("static", "shape", "wanted"), [
    ([None, 3, 4], [2, 3, 4], [None, 12]), ([None, 3, None], [2, 3, 4], [None, None]),
    ([2, None, 4], [2, 3, 4], [2, None]), ([None], [5], [None, 1]), (None, [2, 3], [None, None]),
    ([2, 0, 3], [2, 0, 3], [2, 0]),
])
def test_flatten_keeps_the_batch(static, shape, wanted) -> None:
    x = fg.placeholder(fg.float32, static)
    y = fg.layers.flatten(x)
    assert y.shape.as_list() == wanted
    value = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    got = fg.Session().run(y, {x: value})
    np.testing.assert_array_equal(got, value.reshape(shape[0], int(np.prod(shape[1:]))))


def test_flatten_moves_first_channels_to_the_end() -> None:
    value = np.arange(24.0).reshape(2, 3, 2, 2)
    got = fg.Session().run(fg.layers.flatten(value, data_format="channels_first"))
    np.testing.assert_array_equal(got, value.transpose(0, 2, 3, 1).reshape(2, 12))


def test_flatten_refuses_scalars_and_unknown_formats() -> None:
    with pytest.raises(ValueError, match="not a scalar"):
        fg.layers.flatten(1.0)
    with pytest.raises(ValueError, match="channels_first"):
        fg.layers.flatten(fg.ones([2, 2]), data_format="NHWC")
