"""Pooling layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("kind", "reduce"), [("max", np.max), ("average", np.mean)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pooling_reduces_each_window(rank, kind, reduce, data_format) -> None:
    value = np.random.RandomState(rank).randn(2, *(4, 6, 2)[:rank], 3)
    x = value if data_format == "channels_last" else np.moveaxis(value, -1, 1)
    pool = getattr(fg.layers, f"{kind}_pooling{rank}d")
    y = pool(x, 2, 2, data_format=data_format)
    tiles = value.reshape(2, *[n for size in (4, 6, 2)[:rank] for n in (size // 2, 2)], 3)
    wanted = reduce(tiles, axis=tuple(range(2, 2 * rank + 1, 2)))
    got = fg.Session().run(y)
    assert y.shape.as_list() == list(got.shape)
    got = got if data_format == "channels_last" else np.moveaxis(got, 1, -1)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_strides_default_to_the_window_and_shapes_are_told() -> None:
    layer = fg.layers.MaxPooling2D((3, 2), None, padding="SAME")
    assert layer.compute_output_shape([None, 8, 7, 5]).as_list() == [None, 3, 4, 5]
    assert layer(fg.ones([1, 8, 7, 5])).shape.as_list() == [1, 3, 4, 5]
    assert layer(fg.ones([1, 8, 7, 5])).name == "max_pooling2d/MaxPool_1:0"
    assert fg.layers.average_pooling1d(fg.ones([1, 4, 1]), 2, 2, name="p").name == "p/Squeeze:0"


def test_wrong_pools_are_told() -> None:
    with pytest.raises(ValueError, match="ndim=4"):
        fg.layers.max_pooling2d(fg.ones([1, 8, 3]), 2, 2)
    with pytest.raises(ValueError, match="`pool_size`"):
        fg.layers.max_pooling3d(fg.ones([1, 8, 8, 8, 3]), (2, 2), 2)
