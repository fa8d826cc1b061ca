"""Blocks of convolution: which instructions join, and that the numbers stay the same."""

from __future__ import annotations

import io

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.conv_blocks import conv_blocks
from flowgraph.program.pipeline import PASSES
from tests.plan.plans import run_everywhere, source_of
from tests.program.programs import program_of


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch, request) -> None:
    if "small" not in request.node.name:
        monkeypatch.setattr("flowgraph.program.passes.conv_blocks.SMALLEST", 1)


def _layer(x, w, b, *, bias="bias_add", relu=True, pool=(2, 2), strides=1, padding="SAME",
           dilations=1):
    y = fg.nn.conv2d(x, w, strides, padding, dilations=dilations)
    if bias == "bias_add":
        y = fg.nn.bias_add(y, b)
    elif bias == "add":
        y = b + y
    y = fg.nn.relu(y) if relu else y
    return y if pool is None else fg.nn.max_pool2d(y, pool, pool, "VALID")


def _numbers(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def _train(x, w, b, given, **options):
    """Loss and gradients of two layers, the first as `options` say."""
    y = _layer(x, w, b, **options)
    channels = y.shape[-1].value
    w2 = fg.constant(_numbers(3, 3, channels, 5, dtype=given.dtype, seed=1))
    z = _layer(y, w2, fg.constant(_numbers(5, dtype=given.dtype, seed=2)), pool=None)
    loss = fg.reduce_sum(z * fg.constant(_numbers(*z.shape.as_list(), dtype=given.dtype, seed=3)))
    return [loss, y, *fg.gradients(loss, [x, w, b])] if options.get("bias") != "none" else [
        loss, y, *fg.gradients(loss, [x, w])]


CASES = [
    ((5, 8, 8, 3), (3, 3, 3, 4), {}),
    ((5, 8, 8, 20), (3, 3, 20, 4), {"relu": False}),
    ((3, 12, 12, 1), (5, 5, 1, 6), {"padding": "VALID"}),
    ((3, 9, 9, 8), (3, 3, 8, 6), {"pool": (3, 3)}),
    ((3, 9, 8, 8), (3, 3, 8, 6), {"pool": (1, 2), "bias": "add"}),
    ((3, 9, 9, 8), (3, 3, 8, 6), {"pool": (2, 2)}),
    ((3, 9, 8, 20), (3, 3, 20, 6), {"pool": None}),
    ((3, 9, 8, 20), (3, 3, 20, 6), {"pool": None, "relu": False}),
    ((2, 6, 7, 4), (1, 1, 4, 5), {"pool": None, "bias": "none"}),
    ((2, 6, 6, 4), (1, 1, 4, 5), {"bias": "none"}),
    ((2, 11, 9, 4), (3, 3, 4, 5), {"strides": 2, "pool": None}),
    ((2, 16, 12, 4), (3, 3, 4, 5), {"strides": 2, "pool": (2, 2), "bias": "add"}),
    ((2, 11, 9, 20), (3, 3, 20, 5), {"dilations": 2, "pool": None}),
    ((2, 12, 9, 4), (3, 2, 4, 5), {"dilations": (2, 1), "pool": (2, 3)}),
    ((2, 40, 40, 1), (3, 3, 1, 5), {"pool": None}),
    ((2, 5, 40, 2), (1, 7, 2, 40), {"pool": None, "padding": "VALID"}),
    ((1, 4, 4, 2), (3, 3, 2, 40), {"pool": (4, 4)}),
    ((37, 12, 12, 1), (5, 5, 1, 6), {}),  # the images of a tile as the last axis
    ((70, 10, 10, 6), (5, 5, 6, 16), {"padding": "VALID", "relu": False}),
    ((16, 9, 8, 3), (3, 3, 3, 4), {"pool": None, "strides": 2, "bias": "add"}),
    ((33, 9, 8, 3), (3, 2, 3, 4), {"pool": (3, 1), "dilations": (1, 2)}),
]


@pytest.mark.parametrize("shape,window,options", CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_numbers_are_those_of_the_single_operations(shape, window, options, dtype) -> None:
    given = _numbers(*shape, dtype=dtype)
    x = fg.placeholder(dtype, [None, *shape[1:]], name="x")
    x.set_shape(shape)
    w = fg.Variable(_numbers(*window, dtype=dtype, seed=4))
    b = fg.Variable(_numbers(window[-1], dtype=dtype, seed=5))
    fetches = _train(x, w, b, given, **options)
    assert "ConvBlock" in source_of(fetches, {x: given})
    first, *others = run_everywhere(fetches, {x: given})
    tolerance = 1e-10 if dtype is np.float64 else 2e-3
    for other in others:
        for expected, found in zip(first, other, strict=True):
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def _types(fetches, feeds) -> list[str]:
    return [repr(instr.attrs["group"]) if "group" in instr.attrs else instr.op_def.type
            for instr in conv_blocks(program_of(fetches, feeds)).instrs]


def _inputs():
    return (fg.placeholder(fg.float32, [4, 8, 8, 3], name="x"), fg.zeros([3, 3, 3, 4]),
            fg.placeholder(fg.float32, [4], name="b"))


def test_a_block_is_convolution_bias_relu_and_pooling() -> None:
    x, w, b = _inputs()
    assert _types(_layer(x, w, b), [x, b])[-1] == "Conv2D BiasAdd Relu MaxPool"


def test_a_small_convolution_stays_as_it_is() -> None:
    x, w, b = _inputs()
    assert _types(_layer(x, w, b), [x, b])[-4:] == ["Conv2D", "BiasAdd", "Relu", "MaxPool"]


def test_inference_does_not_ask_where_the_maxima_are() -> None:
    x, w, b = _inputs()
    (block,) = [instr for instr in conv_blocks(program_of(_layer(x, w, b), [x, b])).instrs
                if "group" in instr.attrs]
    assert len(block.outputs) == 1


@pytest.mark.parametrize("what", ["relu", "bias"])
def test_what_is_fetched_is_not_inside(what) -> None:
    x, w, b = _inputs()
    biased = fg.nn.bias_add(fg.nn.conv2d(x, w, 1, "SAME"), b)
    activated = fg.nn.relu(biased)
    pooled = fg.nn.max_pool2d(activated, 2, 2, "SAME")
    inner = activated if what == "relu" else biased
    types = _types([pooled, inner], [x, b])
    assert types[-2:] == (["Conv2D BiasAdd Relu", "MaxPool"] if what == "relu"
                          else ["Relu", "MaxPool"])
    assert "Conv2D BiasAdd" in types or what == "relu"


def test_backwards_all_of_one_gradient_is_a_block() -> None:
    x, w, b = _inputs()
    w = fg.placeholder(fg.float32, [3, 3, 3, 4], name="w")
    types = _types(fg.gradients(_layer(x, w, b), [x, w, b]), [x, w, b])
    assert types[-1] == ("MaxPoolGrad ReluGrad Conv2DBackpropInput Conv2DBackpropFilter "
                         "BiasAddGrad")


def test_a_pooling_whose_gradient_is_fetched_stays_outside() -> None:
    x, w, b = _inputs()
    w = fg.placeholder(fg.float32, [3, 3, 3, 4], name="w")
    activated = fg.nn.relu(fg.nn.bias_add(fg.nn.conv2d(x, w, 1, "SAME"), b))
    pooled = fg.nn.max_pool2d(activated, 2, 2, "SAME")
    types = _types(fg.gradients(pooled, [activated, w]), [x, w, b])
    assert "MaxPool" in types and "MaxPoolGrad" in types
    assert types[-1] == "ReluGrad Conv2DBackpropFilter" or "Conv2DBackpropFilter" in types


def test_gradients_of_gradients() -> None:
    x = fg.placeholder(fg.float64, [3, 8, 8, 2], name="x")
    w = fg.Variable(_numbers(3, 3, 2, 4, seed=4))
    b = fg.Variable(_numbers(4, seed=5))
    y = _layer(x, w, b)
    first = fg.gradients(fg.reduce_sum(y ** 3), [w, x])
    second = fg.gradients(fg.reduce_sum(first[0] ** 2) + fg.reduce_sum(first[1] ** 2), [w, b, x])
    expected, *others = run_everywhere([*first, *second], {x: _numbers(3, 8, 8, 2)})
    for other in others:
        for a, c in zip(expected, other, strict=True):
            np.testing.assert_allclose(c, a, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("place", ["x", "w", "b", "dy"])
@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("pool,relu", [((2, 2), True), ((2, 2), False), (None, True)])
@pytest.mark.parametrize("n", [3, 17])
def test_special_numbers(place, special, pool, relu, n) -> None:
    arrays = {"x": _numbers(n, 8, 8, 4), "w": _numbers(3, 3, 4, 4, seed=1),
              "b": _numbers(4, seed=2), "dy": _numbers(n, *(4, 4) if pool else (8, 8), 4, seed=3)}
    arrays[place].reshape(-1)[1] = special
    inputs = {name: fg.placeholder(fg.float64, array.shape, name=name)
              for name, array in arrays.items()}
    y = _layer(inputs["x"], inputs["w"], inputs["b"], pool=pool, relu=relu)
    fetches = [y, *fg.gradients(y, [inputs[n] for n in "xwb"], inputs["dy"])]
    feed = {inputs[name]: array for name, array in arrays.items()}
    expected = fg.Session(passes=[]).run(fetches, feed)
    found = fg.Session().run(fetches, feed)
    for a, c in zip(expected, found, strict=True):
        np.testing.assert_allclose(c, a, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("n", [2, 20])
def test_the_gradient_goes_to_the_first_of_equal_maxima(relu, n) -> None:
    x = fg.placeholder(fg.float64, [n, 4, 4, 1], name="x")
    w, b = fg.constant(np.ones((1, 1, 1, 1))), fg.placeholder(fg.float64, [1], name="b")
    given = np.random.default_rng(0).integers(-1, 2, (n, 4, 4, 1)).astype(np.float64)
    dx = fg.gradients(_layer(x, w, b, relu=relu), [x])[0]
    for bias in (0.0, 0.5, -2.0, np.inf):
        feed = {x: given, b: [bias]}
        np.testing.assert_array_equal(fg.Session().run(dx, feed),
                                      fg.Session(passes=[]).run(dx, feed))


def test_an_empty_batch() -> None:
    x = fg.placeholder(fg.float32, [None, 8, 8, 3], name="x")
    w, b = fg.Variable(_numbers(3, 3, 3, 4, dtype=np.float32)), fg.Variable(np.zeros(4, np.float32))
    y = _layer(x, w, b)
    fetches = [y, *fg.gradients(y, [w, b])]
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for n in (0, 3, 1):
            made, dw, db = session.run(fetches, {x: np.ones((n, 8, 8, 3), np.float32)})
            assert made.shape == (n, 4, 4, 4) and dw.shape == (3, 3, 3, 4) and db.shape == (4,)
            assert n or not dw.any()


def test_it_can_be_switched_off() -> None:
    x, w, b = _inputs()
    source = source_of(_layer(x, w, b), {x: np.ones((4, 8, 8, 3)), b: np.ones(4)},
                       passes=[name for name in PASSES if name != "conv_blocks"])
    assert "ConvBlock" not in source


def test_a_profile_tells_of_the_members() -> None:
    x = fg.placeholder(fg.float32, [4, 8, 8, 3], name="x")
    w, b = fg.Variable(_numbers(3, 3, 3, 4, dtype=np.float32)), fg.Variable(np.zeros(4, np.float32))
    train = fg.train.GradientDescentOptimizer(0.1).minimize(fg.reduce_sum(_layer(x, w, b)))
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        with fg.profile() as profile:
            session.run(train, {x: np.ones((4, 8, 8, 3))})
        text = str(profile)
        assert "MaxPoolGrad" in text and "Conv2DBackpropFilter" in text
        assert "ConvBlock(np, (x, " in session.explain(train, {x: np.ones((4, 8, 8, 3))},
                                                       file=io.StringIO()).source
