"""Batch normalization: statistics, updates, the fused op, renorm, virtual batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def updates() -> list[Any]:
    return fg.get_collection(fg.GraphKeys.UPDATE_OPS)


def normal(x: Any, axes: Any, epsilon: float = 1e-3) -> Any:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def value_of(*shape: int) -> Any:
    return np.random.RandomState(0).randn(*shape) * 2 + 1


@pytest.mark.parametrize(("shape", "axis", "arguments"), [
    ((8, 3), -1, {}), ((4, 3, 5), 1, {}), ((4, 3, 5), [1, 2], {}), ((4, 3, 2, 5), -1, {}),
    ((4, 3, 2, 5), 1, {}), ((4, 3, 2, 5), 3, {"fused": False}),
    ((4, 3, 2, 5), 1, {"fused": False}), ((8, 3), 1, {"scale": False, "center": False}),
    ((4, 3, 2, 5), 3, {"scale": False, "center": False}), ((4, 3, 2, 5), 2, {}),
])
def test_training_normalises_by_the_batch(shape, axis, arguments) -> None:
    x = value_of(*shape)
    y = fg.layers.batch_normalization(x, axis=axis, training=True, **arguments)
    kept = {a % len(shape) for a in (axis if isinstance(axis, list) else [axis])}
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        got = session.run(y)
    assert y.shape.as_list() == list(shape)
    np.testing.assert_allclose(got, normal(x, tuple(set(range(len(shape))) - kept)), rtol=1e-5)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("as_tensor", [True, False])
def test_updates_move_the_averages_and_inference_uses_them(fused, as_tensor) -> None:
    value = value_of(6, 2, 2, 3)
    training: Any = fg.placeholder_with_default(True, []) if as_tensor else True
    layer = fg.layers.BatchNormalization(momentum=0.9, fused=fused)
    y = layer(fg.constant(value), training=training)
    z = layer(fg.constant(value), training=False)
    count = 24
    mean, variance = value.mean((0, 1, 2)), value.var((0, 1, 2))
    if fused:
        variance = variance * count / (count - 1)  # the fused op gives the unbiased one
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run(updates())
        session.run([y])
        got_mean, got_variance = session.run([layer.moving_mean, layer.moving_variance])
        np.testing.assert_allclose(got_mean, 0.1 * mean, rtol=1e-6)
        np.testing.assert_allclose(got_variance, 0.9 + 0.1 * variance, rtol=1e-6)
        wanted = (value - got_mean) / np.sqrt(got_variance + 1e-3)
        np.testing.assert_allclose(session.run(z), wanted, rtol=1e-6)
        if as_tensor:
            np.testing.assert_allclose(session.run(y, {training: False}), wanted, rtol=1e-6)
            session.run(updates(), {training: False})
            np.testing.assert_array_equal(session.run(layer.moving_mean), got_mean)


def test_names_and_collections_are_tensorflows(graph: fg.Graph) -> None:
    fg.layers.batch_normalization(fg.ones([4, 3]), training=True, name="bn",
                                  gamma_regularizer=fg.nn.l2_loss)
    assert [v.name for v in fg.trainable_variables()] == ["bn/gamma:0", "bn/beta:0"]
    assert [v.name for v in fg.global_variables()] == [
        "bn/gamma:0", "bn/beta:0", "bn/moving_mean:0", "bn/moving_variance:0"]
    assert [op.name for op in updates()] == ["bn/AssignMovingAvg", "bn/AssignMovingAvg_1"]
    assert len(fg.losses.get_regularization_losses()) == 1
    for name in "bn/batchnorm/mul", "bn/moments/mean", "bn/AssignMovingAvg/decay":
        graph.get_operation_by_name(name)


def test_nothing_is_updated_in_inference_or_when_frozen() -> None:
    fg.layers.batch_normalization(fg.ones([4, 3]))
    trained = fg.trainable_variables()
    fg.layers.batch_normalization(fg.ones([4, 3]), training=True, trainable=False)
    assert updates() == []
    assert fg.trainable_variables() == trained


def test_half_floats_have_statistics_of_float32() -> None:
    layer = fg.layers.BatchNormalization()
    y = layer(fg.ones([4, 3], fg.float16), training=True)
    assert (y.dtype, layer.moving_mean.dtype.base_dtype) == (fg.float16, fg.float32)


def test_virtual_batches_are_normalised_one_by_one() -> None:
    x = value_of(8, 3)
    y = fg.layers.batch_normalization(x, training=True, virtual_batch_size=4)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        got = session.run(y)
    # As in TensorFlow, element i and element i + 2 are of one virtual batch: [4, -1, ...].
    wanted = normal(x.reshape(4, 2, 3), 0).reshape(8, 3)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
    assert y.shape.as_list() == [8, 3]


def test_an_adjustment_scales_and_shifts_in_training() -> None:
    x = value_of(8, 3)
    training = fg.placeholder_with_default(True, [])

    def adjustment(shape: Any) -> Any:
        return 2.0 * fg.ones(shape[-1:], fg.float64), fg.ones(shape[-1:], fg.float64)

    y = fg.layers.batch_normalization(x, training=training, adjustment=adjustment)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        np.testing.assert_allclose(session.run(y), normal(x, 0) * 2 + 1, rtol=1e-5)
        np.testing.assert_allclose(session.run(y, {training: False}), x / np.sqrt(1.001), rtol=1e-6)


@pytest.mark.parametrize("as_tensor", [True, False])
def test_renorm_corrects_towards_the_moving_statistics(as_tensor) -> None:
    x = value_of(8, 3)
    training: Any = fg.placeholder_with_default(True, []) if as_tensor else True
    limits = {"rmin": 0.5, "rmax": 1.5, "dmax": 0.25}
    layer = fg.layers.BatchNormalization(renorm=True, renorm_clipping=limits, renorm_momentum=0.8)
    y = layer(fg.constant(x), training=training)
    mean, stddev = x.mean(0), np.sqrt(x.var(0) + 1e-3)
    wanted = normal(x, 0) * np.clip(stddev, 0.5, 1.5) + np.clip(mean, -0.25, 0.25)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        np.testing.assert_allclose(session.run(y), wanted, rtol=1e-6)
        session.run(updates())
        got = session.run([layer.renorm_mean, layer.renorm_stddev, layer.moving_mean])
        np.testing.assert_allclose(got[0], 0.2 * mean, rtol=1e-6)
        np.testing.assert_allclose(got[1], 0.8 + 0.2 * stddev, rtol=1e-6)
        np.testing.assert_allclose(got[2], 0.01 * mean, rtol=1e-6)
        if as_tensor:
            session.run(updates(), {training: False})
            np.testing.assert_array_equal(session.run(layer.renorm_mean), got[0])


@pytest.mark.parametrize(("shape", "arguments", "kind", "words"), [
    ([2, 3], {"axis": 2}, ValueError, "Invalid axis"),
    ([2, 3], {"axis": 1.0}, TypeError, "int or list"),
    ([2, 3], {"axis": [1, -1]}, ValueError, "Duplicate axis"),
    (None, {}, ValueError, "undefined rank"), ([], {}, ValueError, "undefined rank"),
    ([2, None], {}, ValueError, "undefined `axis` dimension"),
    ([2, 3], {"renorm": True, "renorm_clipping": {"x": 1}}, ValueError, "renorm_clipping"),
    ([2, 3], {"virtual_batch_size": 0}, ValueError, "positive integer"),
    ([2, 3], {"virtual_batch_size": 1, "axis": 0}, ValueError, "axis cannot include 0"),
    ([2, 3], {"virtual_batch_size": 1, "adjustment": len}, ValueError, "adjustment cannot"),
    ([2, 3], {"training": "yes"}, TypeError, "`pred`"),
])
def test_wrong_arguments_are_told(shape, arguments, kind, words) -> None:
    with pytest.raises(kind, match=words):
        fg.layers.batch_normalization(fg.placeholder(fg.float32, shape), **arguments)
