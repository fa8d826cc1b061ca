"""Convolutions with fewer products: which they are, and that the numbers stay the same."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.conv_blocks import conv_blocks
from flowgraph.program.passes.winograd import winograd
from flowgraph.program.pipeline import PASSES
from tests.plan.plans import run_everywhere, source_of
from tests.program.programs import program_of

N, C, MADE = 2, 32, 40


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch, request) -> None:
    monkeypatch.setattr("flowgraph.program.passes.conv_blocks.SMALLEST", 1)
    if "small" not in request.node.name:
        monkeypatch.setattr("flowgraph.ops.conv_rows._LEAST", 1)
        monkeypatch.setattr("flowgraph.ops.conv_rows._CHANNELS", 32)
        monkeypatch.setattr("flowgraph.ops.conv_rows._POOLED", 32)


def _numbers(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def _layer(x, w, b=None, *, relu=True, pool=None):
    y = fg.nn.conv2d(x, w, 1, "SAME")
    y = y if b is None else fg.nn.bias_add(y, b)
    y = fg.nn.relu(y) if relu else y
    return y if pool is None else fg.nn.max_pool2d(y, pool, pool, "VALID")


def _inputs(dtype=np.float64, shape=(N, 8, 6, C), made=MADE):
    return (fg.placeholder(dtype, shape, name="x"),
            fg.Variable(_numbers(3, 3, shape[-1], made, dtype=dtype, seed=1)),
            fg.Variable(_numbers(made, dtype=dtype, seed=2)))


def _agree(fetches, feed, tolerance) -> None:
    expected, *others = run_everywhere(fetches, feed)
    for other in others:
        for a, b in zip(expected, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=0, atol=tolerance * max(1.0, np.abs(a).max()))


@pytest.mark.parametrize("dtype,tolerance", [(np.float64, 1e-13), (np.float32, 1e-5)])
@pytest.mark.parametrize("shape,options", [
    ((N, 8, 6, C), {"relu": False}), ((3, 4, 8, C), {}), ((5, 12, 2, 33), {"pool": 2}),
    ((N, 8, 6, C), {"pool": 2, "relu": False}), ((1, 16, 16, C), {})])
@pytest.mark.parametrize("biased", [True, False])
def test_the_numbers_are_those_of_the_single_operations(shape, options, biased, dtype,
                                                        tolerance) -> None:
    x, w, b = _inputs(dtype, shape)
    taken = [x, w, b] if biased else [x, w]
    y = _layer(*taken, **options)
    z = _layer(y, fg.constant(_numbers(3, 3, MADE, C, dtype=dtype, seed=3)))
    loss = fg.reduce_sum(z * fg.constant(_numbers(*z.shape.as_list(), dtype=dtype, seed=4)))
    fetches = [y, *fg.gradients(loss, taken)]
    given = _numbers(*shape, dtype=dtype)
    assert "winograd=True" in source_of(y, {x: given})
    assert "winograd=True" in source_of(fetches, {x: given})
    _agree([y], {x: given}, tolerance)
    _agree(fetches, {x: given}, tolerance)


@pytest.mark.parametrize("wanted", ["x", "w"])
def test_one_gradient_of_a_convolution_alone(wanted) -> None:
    x, w, _ = _inputs()
    dy = fg.placeholder(fg.float64, [N, 8, 6, MADE], name="dy")
    fetches = fg.gradients(_layer(x, w, relu=False), [{"x": x, "w": w}[wanted]], dy)
    _agree(fetches, {x: _numbers(N, 8, 6, C), dy: _numbers(N, 8, 6, MADE, seed=3)}, 1e-13)


def test_gradients_of_gradients() -> None:
    x, w, b = _inputs(shape=(N, 4, 4, C), made=32)
    y = _layer(x, w, b, pool=2)
    first = fg.gradients(fg.reduce_sum(y ** 3), [w, x])
    second = fg.gradients(fg.reduce_sum(first[0] ** 2) + fg.reduce_sum(first[1] ** 2), [w, b, x])
    _agree([*first, *second], {x: _numbers(N, 4, 4, C)}, 1e-12)


# ---- which ---------------------------------------------------------------------------------------


def _marked(fetches, feeds) -> list[str]:
    program = winograd(conv_blocks(program_of(fetches, feeds)))
    return [repr(instr.attrs["group"]) for instr in program.instrs
            if instr.attrs.get("winograd")]


def test_forwards_it_is_done_where_nobody_asks_what_is_above_zero() -> None:
    x, w, b = _inputs(np.float32)
    assert _marked(_layer(x, w, b), [x]) == ["Conv2D BiasAdd Relu"]
    assert _marked(_layer(x, w, b, pool=2), [x]) == ["Conv2D BiasAdd Relu MaxPool"]
    y = _layer(x, w, relu=False)
    assert _marked(y, [x]) == ["Conv2D"]
    assert not _marked(fg.greater(y, 0), [x])
    normal = fg.nn.fused_batch_norm(y, fg.ones([MADE]), fg.zeros([MADE]))[0]
    assert _marked(fg.nn.relu(normal), [x]) == ["Conv2D"]
    assert _marked(fg.gradients(fg.nn.relu(normal), [w]), [x]) == ["Conv2D"]


def test_backwards_it_is_always_done() -> None:
    x, w, b = _inputs()
    assert _marked(fg.gradients(_layer(x, w, b), [w, b]), [x]) == [
        "ReluGrad Conv2DBackpropFilter BiasAddGrad"]
    y = _layer(x, w, b, pool=2)
    assert _marked([y, *fg.gradients(y, [w, x])], [x]) == [
        "MaxPoolGrad ReluGrad Conv2DBackpropInput Conv2DBackpropFilter"]
    assert _marked(fg.gradients(_layer(x, w, relu=False), [x]), [x]) == ["Conv2DBackpropInput"]


@pytest.mark.parametrize("shape,window,options", [
    ((64, 8, 8, 32), (5, 5, 32, 32), {}),
    ((64, 8, 8, 32), (3, 3, 32, 32), {"strides": 2}),
    ((64, 8, 8, 32), (3, 3, 32, 32), {"dilations": 2}),
    ((64, 8, 8, 32), (3, 3, 32, 32), {"padding": "VALID"}),
    ((64, 8, 8, 16), (3, 3, 16, 32), {}),
    ((64, 8, 8, 32), (3, 3, 32, 16), {}),
    ((64, 7, 8, 32), (3, 3, 32, 32), {}),
    ((64, 8, 7, 32), (3, 3, 32, 32), {}),
    ((64, 32, 8, 8), (3, 3, 32, 32), {"data_format": "NCHW"}),
    ((0, 8, 8, 32), (3, 3, 32, 32), {}),
])
def test_others_stay_as_they_are(shape, window, options) -> None:
    x = fg.placeholder(fg.float32, shape)
    options = {"strides": 1, "padding": "SAME", **options}
    assert not _marked(fg.nn.conv2d(x, fg.zeros(window), **options), [x])


def test_results_that_are_larger_than_the_images_stay_as_they_are() -> None:
    x = fg.placeholder(fg.float32, [64, 2, 2, 32])
    y = fg.nn.conv2d_transpose(x, fg.ones([3, 3, 32, 32]), [64, 4, 4, 32], 1, "VALID")
    assert not _marked(y, [x])
    assert fg.Session().run(y, {x: np.ones((64, 2, 2, 32))})[0, 1, 1, 0] == 4 * 32


def test_small_ones_stay_as_they_are() -> None:
    x, w, _ = _inputs()
    assert not _marked(_layer(x, w), [x])


def test_it_can_be_switched_off() -> None:
    x, w, b = _inputs()
    source = source_of(_layer(x, w, b), {x: np.ones(x.shape)},
                       passes=[name for name in PASSES if name != "winograd"])
    assert "winograd" not in source and "ConvBlock" in source


# ---- special numbers, zeros and equal ones -------------------------------------------------------


@pytest.mark.parametrize("place", ["x", "w", "b", "dy"])
@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("pool", [2, None])
def test_special_numbers(place, special, pool) -> None:
    arrays = {"x": _numbers(N, 8, 6, C), "w": _numbers(3, 3, C, MADE, seed=1),
              "b": _numbers(MADE, seed=2),
              "dy": _numbers(N, *(4, 3) if pool else (8, 6), MADE, seed=3)}
    arrays[place].reshape(-1)[1] = special
    inputs = {name: fg.placeholder(fg.float64, array.shape, name=name)
              for name, array in arrays.items()}
    y = _layer(inputs["x"], inputs["w"], inputs["b"], pool=pool)
    fetches = [y, *fg.gradients(y, [inputs[n] for n in "xwb"], inputs["dy"])]
    feed = {inputs[name]: array for name, array in arrays.items()}
    expected = fg.Session(passes=[]).run(fetches, feed)
    for a, b in zip(expected, fg.Session().run(fetches, feed), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10, atol=1e-10)


def test_numbers_whose_products_are_too_large() -> None:
    x, w, _ = _inputs()
    given = _numbers(N, 8, 6, C)
    given[0, 0, 0, 0] = 1e308
    y = _layer(x, w, relu=False)
    with fg.Session() as session, fg.Session(passes=[]) as plain:
        for one in (session, plain):
            one.run(fg.global_variables_initializer())
        np.testing.assert_allclose(session.run(y, {x: given}), plain.run(y, {x: given}), rtol=1e-9)


@pytest.mark.parametrize("pool", [2, None])
@pytest.mark.parametrize("background", [0.0, 0.25])
def test_where_images_are_dark_or_even_gradients_go_where_they_went(pool, background) -> None:
    given = _numbers(N, 16, 16, C, dtype=np.float32)
    given[:, :11, :9] = background
    x = fg.placeholder(fg.float32, given.shape, name="x")
    # Sixteenths, so that sums over an even area are exact in whatever order BLAS adds: equal
    # numbers are equal to the last bit, and all plans agree on which of them is the first.
    w = fg.constant(np.round(_numbers(3, 3, C, MADE, dtype=np.float32, seed=1) * 16) / 16)
    b = fg.constant(np.zeros(MADE, np.float32))
    y = _layer(x, w, b, pool=pool)
    fetches = fg.gradients(y, [x, w, b], fg.constant(
        _numbers(*y.shape.as_list(), dtype=np.float32, seed=3)))
    _agree(fetches, {x: given}, 1e-5)


def test_the_gradient_goes_to_the_first_of_equal_maxima() -> None:
    numbers = np.random.default_rng(0)
    x = fg.placeholder(fg.float32, [N, 8, 8, C], name="x")
    w = fg.constant(numbers.integers(-2, 3, (3, 3, C, MADE)).astype(np.float32))
    y = _layer(x, w, fg.constant(np.zeros(MADE, np.float32)), pool=2)
    fetches = [y, *fg.gradients(y, [x])]
    _agree(fetches, {x: numbers.integers(0, 2, (N, 8, 8, C)).astype(np.float32)}, 1e-5)


# ---- what runs -----------------------------------------------------------------------------------


def test_batches_of_any_size() -> None:
    x, w, b = _inputs(np.float32, (None, 8, 6, C))
    y = _layer(x, w, b)
    fetches = [y, *fg.gradients(y, [w, b])]
    with fg.Session() as session, fg.Session(passes=[]) as plain:
        for one in (session, plain):
            one.run(fg.global_variables_initializer())
        for n in (0, 3, 1):
            given = _numbers(n, 8, 6, C, dtype=np.float32)
            for a, c in zip(plain.run(fetches, {x: given}), session.run(fetches, {x: given}),
                            strict=True):
                np.testing.assert_allclose(c, a, rtol=0, atol=1e-3)


def test_a_profile_tells_of_the_members() -> None:
    x, w, _ = _inputs(np.float32)
    y = _layer(x, w, relu=False)
    fetches = [y, *fg.gradients(y, [x], fg.ones(y.shape))]
    feed = {x: _numbers(N, 8, 6, C, dtype=np.float32)}
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        with fg.profile() as profile:
            session.run(fetches, feed)
        assert "Conv2D " in str(profile) and "Conv2DBackpropInput" in str(profile)
        recording = session.record(fetches, feed, values=True)
    assert {"Conv2D", "Conv2DBackpropInput"} <= {step.type for step in recording.steps}
