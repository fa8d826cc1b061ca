"""Convolution layers of all kinds: shapes, values, data formats, names, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg

L = fg.layers


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def outputs(layer: Any, value: Any) -> Any:
    """The outputs for `value`, with weights that are not all alike."""
    y = layer(fg.constant(value))
    with fg.Session() as session:
        for i, variable in enumerate(layer.weights):
            size = int(np.prod(variable.shape.as_list()))
            wave = np.sin(np.arange(size) * 0.7 + i).reshape(variable.shape.as_list())
            variable.load(wave, session)
        return session.run(y), y


def channels_first(x: Any) -> Any:
    return np.moveaxis(x, -1, 1)


LAYERS = [
    ("Conv1D", {"kernel_size": 3}, 1), ("Conv1D", {"kernel_size": 2, "padding": "causal"}, 1),
    ("Conv2D", {"kernel_size": (3, 2), "strides": 2, "padding": "same"}, 2),
    ("Conv2D", {"kernel_size": 2, "dilation_rate": (2, 1), "activation": "relu"}, 2),
    ("Conv3D", {"kernel_size": 2, "strides": (1, 2, 2)}, 3),
    ("Conv2DTranspose", {"kernel_size": 3, "strides": 2, "padding": "same"}, 2),
    ("Conv2DTranspose", {"kernel_size": (4, 2), "strides": (3, 2)}, 2),
    ("Conv3DTranspose", {"kernel_size": 2, "strides": 2, "use_bias": False}, 3),
    ("SeparableConv1D", {"kernel_size": 3, "padding": "same", "depth_multiplier": 2}, 1),
    ("SeparableConv1D", {"kernel_size": 3, "padding": "causal", "dilation_rate": 2}, 1),
    ("SeparableConv2D", {"kernel_size": 2, "strides": 2}, 2),
]


@pytest.mark.parametrize(("name", "arguments", "rank"), LAYERS)
def test_channels_first_gives_what_channels_last_gives(name, arguments, rank) -> None:
    x = np.random.RandomState(0).randn(2, *(6, 5, 4)[:rank], 3)
    last, y = outputs(getattr(L, name)(4, **arguments), x)
    first, z = outputs(getattr(L, name)(4, data_format="channels_first", **arguments),
                       channels_first(x))
    np.testing.assert_allclose(first, channels_first(last), rtol=1e-10, atol=1e-12)
    assert y.shape.as_list() == list(last.shape)
    assert z.shape.as_list() == list(first.shape)


@pytest.mark.parametrize(("name", "arguments", "rank"), LAYERS)
def test_the_output_shape_is_told_before_the_layer_is_called(name, arguments, rank) -> None:
    layer = getattr(L, name)(4, **arguments)
    shape = [2, *(6, 5, 4)[:rank], 3]
    told = layer.compute_output_shape(shape)
    unknown = layer.compute_output_shape([None] * (rank + 1) + [3])
    assert unknown.as_list() == [None] * (rank + 1) + [4]
    assert layer(fg.ones(shape)).shape.as_list() == told.as_list()
    free = layer(fg.placeholder(fg.float32, [None] * (rank + 1) + [3]))
    assert free.shape.as_list() == [None] * (rank + 1) + [4]


def test_conv2d_sums_windows_by_its_kernel() -> None:
    x = np.random.RandomState(1).randn(1, 4, 4, 2)
    layer = L.Conv2D(3, 2, strides=2)
    got, _ = outputs(layer, x)
    kernel = np.sin(np.arange(24) * 0.7).reshape(2, 2, 2, 3)
    bias = np.sin(np.arange(3) * 0.7 + 1)
    tiles = x.reshape(1, 2, 2, 2, 2, 2)
    np.testing.assert_allclose(got, np.einsum("bhiwjc,ijcf->bhwf", tiles, kernel) + bias,
                               rtol=1e-6)


def test_transposed_layers_compute_unknown_sizes_in_the_run() -> None:
    x = fg.placeholder(fg.float32, [None, None, None, 3])
    y = L.conv2d_transpose(x, 4, 3, strides=2)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        assert session.run(y, {x: np.ones((2, 5, 4, 3))}).shape == (2, 11, 9, 4)


@pytest.mark.parametrize(("name", "function", "rank", "nodes"), [
    ("conv1d", L.conv1d, 1, ["kernel", "bias", "conv1d", "BiasAdd"]),
    ("conv2d", L.conv2d, 2, ["kernel", "bias", "Conv2D", "BiasAdd"]),
    ("conv3d", L.conv3d, 3, ["kernel", "bias", "Conv3D", "BiasAdd"]),
    ("conv2d_transpose", L.conv2d_transpose, 2, ["kernel", "conv2d_transpose", "stack"]),
    ("conv3d_transpose", L.conv3d_transpose, 3, ["kernel", "conv3d_transpose", "stack"]),
    ("separable_conv1d", L.separable_conv1d, 1, ["depthwise_kernel", "separable_conv2d/depthwise",
                                                 "separable_conv2d", "Squeeze"]),
    ("separable_conv2d", L.separable_conv2d, 2, ["pointwise_kernel", "separable_conv2d"]),
])
def test_nodes_have_tensorflows_names(graph, name, function, rank, nodes) -> None:
    function(fg.ones([2, *(4, 4, 4)[:rank], 3]), 2, 2)
    for node in nodes:
        graph.get_operation_by_name(f"{name}/{node}")
    function(fg.ones([2, *(4, 4, 4)[:rank], 3]), 2, 2)
    graph.get_operation_by_name(f"{name}_1/{nodes[-1]}")


@pytest.mark.parametrize(("arguments", "words"), [
    ({"padding": "wide"}, '"valid" or "same"'), ({"padding": "causal"}, '"valid" or "same"'),
    ({"data_format": "NHWC"}, "channels_first"), ({"kernel_size": (1, 2, 3)}, "2 integers"),
    ({"kernel_size": (1.5, 2)}, "2 integers"), ({"strides": "ab"}, "`strides`"),
    ({"strides": 2, "dilation_rate": 2}, "strides > 1 not supported"),
])
def test_wrong_arguments_are_told(arguments, words) -> None:
    with pytest.raises(ValueError, match=words):
        L.conv2d(fg.ones([1, 8, 8, 3]), 2, **{"kernel_size": 3, **arguments})


def test_wrong_inputs_are_told() -> None:
    with pytest.raises(ValueError, match="expected ndim=4, found ndim=3"):
        L.conv2d(fg.ones([8, 8, 3]), 2, 3)
    with pytest.raises(ValueError, match="channel dimension"):
        L.conv2d(fg.placeholder(fg.float32, [1, 8, 8, None]), 2, 3)
    layer = L.Conv2D(2, 3)
    layer(fg.ones([1, 8, 8, 3]))
    with pytest.raises(ValueError, match="expected axis -1 to have size 3, found 4"):
        layer(fg.ones([1, 8, 8, 4]))
