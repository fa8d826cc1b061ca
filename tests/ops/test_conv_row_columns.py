"""Convolutions by the rows of their windows give what those by whole windows give."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from flowgraph.ops import conv_images_last, conv_row_columns, conv_tiles, convolve, row_columns
from flowgraph.ops.conv_row_columns import Layer
from flowgraph.ops.padding import Windows

NONE, SAME, VALID = (1, 1), "SAME", "VALID"


class Block(NamedTuple):
    """A block of convolution: images [3, *sizes, channels], filter [*window, channels, made]."""

    sizes: tuple[int, int]
    channels: int
    window: tuple[int, int]
    made: int
    padding: str = SAME
    strides: tuple[int, int] = NONE
    dilations: tuple[int, int] = NONE
    pool: tuple[int, int] = NONE
    relu: bool = False
    explicit: tuple[tuple[int, int], ...] = ()
    dtype: str = "float32"


BLOCKS = [
    Block((6, 8), 5, (3, 3), 4),
    Block((6, 8), 5, (3, 3), 4, relu=True, dtype="float64"),
    Block((6, 8), 5, (3, 3), 4, pool=(2, 2), relu=True),
    Block((9, 8), 1, (5, 3), 1, pool=(3, 2)),
    Block((9, 8), 2, (2, 1), 3, VALID, pool=(1, 2)),
    Block((7, 9), 3, (1, 4), 6, VALID, relu=True),
    Block((7, 9), 3, (3, 2), 6, strides=(2, 1)),
    Block((11, 9), 3, (5, 5), 2, strides=(3, 2), pool=(2, 1), relu=True),
    Block((11, 9), 3, (3, 3), 2, dilations=(2, 3), pool=(1, 3)),
    Block((11, 9), 3, (2, 2), 2, VALID, strides=(2, 2), dilations=(3, 1)),
    Block((5, 5), 3, (3, 3), 4, "EXPLICIT", explicit=((3, 0), (1, 4))),
    Block((1, 6), 4, (1, 3), 4, VALID),
    Block((2, 2), 4, (5, 5), 4),
]


def numbers(shape: tuple[int, ...], dtype: str, seed: int) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def both(monkeypatch: pytest.MonkeyPatch, function: Any) -> list[Any]:
    """What a function gives by whole windows, and by their rows."""
    monkeypatch.setattr(conv_images_last, "pays", lambda *_: False)
    results = []
    for by_rows in (False, True):
        monkeypatch.setattr(conv_row_columns, "pays", lambda *_, by_rows=by_rows: by_rows)
        with np.errstate(all="ignore"):
            results.append(function())
    return results


def assert_same(results: list[Any]) -> None:
    for expected, found in zip(*results, strict=True):
        if expected is None or expected.dtype == bool:
            np.testing.assert_array_equal(found, expected)
        else:
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("odd", [None, np.nan, np.inf], ids=str)
@pytest.mark.parametrize("block", BLOCKS, ids=[str(i) for i in range(len(BLOCKS))])
def test_blocks(block: Block, odd: float | None, monkeypatch) -> None:
    windows = Windows(block.window, block.strides, block.dilations, block.padding, block.explicit)
    layer = Layer(windows, block.pool, block.relu)
    x = numbers((3, *block.sizes, block.channels), block.dtype, 0)
    w = numbers((*block.window, block.channels, block.made), block.dtype, 1)
    bias = numbers((block.made,), block.dtype, 2)
    if odd is not None:
        x[1, 0, 1, 0], bias[0] = odd, -odd
    hits = block.pool != NONE

    def run() -> tuple[Any, ...]:
        y, where = conv_tiles.forwards(np, x, w, bias, layer, hits)
        dy = numbers(y.shape, block.dtype, 3)
        if odd is not None:
            dy[2, 0, 0, 0] = odd
        kept = y if block.relu and not hits else None
        return y, where, *conv_tiles.backwards(np, x, w, dy, layer, kept, where)

    assert_same(both(monkeypatch, run))


@pytest.mark.parametrize("pool", [(1, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("relu", [False, True])
def test_few_channels_with_the_images_last(pool, relu, monkeypatch) -> None:
    layer = Layer(Windows((7, 5), NONE, NONE, SAME), pool, relu)
    x, w = numbers((16, 8, 10, 3), "float32", 0), numbers((7, 5, 3, 4), "float32", 1)
    bias, results = numbers((4,), "float32", 2), []
    assert conv_images_last.pays(np, x, w, layer)
    assert conv_images_last.pays(np, x, w[:5], layer) == (pool != NONE)
    for _ in range(2):
        y, where = conv_tiles.forwards(np, x, w, bias, layer, pool != NONE)
        dy = numbers(y.shape, "float32", 3)
        kept = y if relu and pool == NONE else None
        results.append((y, *conv_tiles.backwards(np, x, w, dy, layer, kept, where)))
        monkeypatch.setattr(conv_images_last, "pays", lambda *_: False)
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("images", [1, 2, 5])
def test_some_of_the_gradients_into_given_memory(images: int, monkeypatch) -> None:
    monkeypatch.setattr(conv_row_columns, "_CACHE", 1 << 12)  # tiles of one image and of two
    layer = Layer(Windows((3, 3), NONE, NONE, SAME), NONE, False)
    x, w = numbers((images, 6, 8, 5), "float32", 0), numbers((3, 3, 5, 4), "float32", 1)
    dy = numbers((images, 6, 8, 4), "float32", 2)
    expected, found = both(monkeypatch, lambda: conv_tiles.backwards(np, x, w, dy, layer))
    assert_same([expected, found])
    out = tuple(np.empty_like(part) for part in expected)
    for wanted in [(True, False, False), (False, True, False), (False, False, True)]:
        got = conv_tiles.backwards(np, x, w, dy, layer, None, None, wanted, out)
        for is_wanted, part, whole, given in zip(wanted, got, found, out, strict=True):
            assert (part is None) != is_wanted
            if is_wanted:
                assert np.shares_memory(part, given)
                np.testing.assert_allclose(part, whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("sizes", "window", "strides"), [
    ((9,), (3,), (1,)), ((9,), (4,), (2,)), ((1, 9), (1, 3), (1, 1)), ((9, 1), (3, 1), (2, 1)),
    ((3, 9), (3, 3), (1, 1)), ((4, 5, 6), (2, 3, 3), (1, 1, 1)), ((4, 5, 6), (3, 1, 2), (2, 1, 2)),
])
@pytest.mark.parametrize("made", [4, 40])
@pytest.mark.parametrize("padding", [SAME, VALID])
def test_any_number_of_axes(sizes, window, strides, padding, made, monkeypatch) -> None:
    windows = Windows(window, strides, (1,) * len(sizes), padding)
    x, w = numbers((2, *sizes, 3), "float32", 0), numbers((*window, 3, made), "float32", 1)
    dy = numbers((2, *windows.place(sizes)[0], made), "float32", 2)
    assert_same(both(monkeypatch, lambda: (
        convolve.correlate(np, x, w, windows), convolve.filter_adjoint(np, x, dy, windows),
        convolve.input_adjoint(np, x.shape, w, dy, windows))))


def test_no_results_are_made_of_no_filters(monkeypatch) -> None:
    windows = Windows((3, 3), NONE, NONE, SAME)
    x, w = np.ones((2, 4, 4, 3), np.float32), np.ones((3, 3, 3, 0), np.float32)
    monkeypatch.setattr(conv_row_columns, "pays", lambda *_: True)
    assert convolve.correlate(np, x, w, windows).shape == (2, 4, 4, 0)


@pytest.mark.parametrize("rows", [0, 1, 511, 512, 1100])
def test_a_product_in_pieces(rows: int) -> None:
    a, b = numbers((rows, 9), "float32", 0), numbers((9, 8), "float32", 1)
    for matrix in (a, np.asfortranarray(a)):
        out = np.empty((rows, 8), np.float32)
        row_columns.dot(np, matrix, b, out)
        np.testing.assert_allclose(out, a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("made", [3, 40])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)], ids=str)
def test_the_gradient_of_images_of_few_channels_alone(made, strides, monkeypatch) -> None:
    windows = Windows((5, 3), strides, NONE, SAME)
    x, w = np.empty((3, 9, 8, 2), np.float32), numbers((5, 3, 2, made), "float32", 1)
    dy = numbers((3, *windows.place((9, 8))[0], made), "float32", 2)
    results = []
    for least in (1 << 14, 0):
        monkeypatch.setattr(convolve, "_LEAST", least)
        results.append((convolve.input_adjoint(np, x.shape, w, dy, windows),))
    assert_same(results)
