"""Convolutions of single pixels as products of matrices give what those by windows give."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.ops import conv_images_last, conv_pixels, conv_tiles
from flowgraph.ops.conv_row_columns import Layer
from flowgraph.ops.padding import Windows

SHAPES = [  # of the images, and how many channels come out
    ((3, 5, 7, 4), 6),
    ((16, 9, 9, 3), 16),
    ((2, 50, 41, 8), 8),  # several tiles, the last run shorter than the others
    ((4, 64, 64, 32), 33),  # on all cores
    ((5, 6, 6, 3), 700),  # a pixel is longer than a run
    ((7, 11, 2), 1),
    ((2, 3, 4, 5, 6), 2),
]


def windows(axes: int, padding: str = "SAME",
            explicit: tuple[tuple[int, int], ...] = ()) -> Windows:
    return Windows(*(((1,) * axes,) * 3), padding, explicit)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("shape,made", SHAPES)
def test_results_and_gradients_are_those_by_windows(monkeypatch, shape, made, relu, dtype) -> None:
    random = np.random.default_rng(0)
    axes = len(shape) - 2
    x, w, bias, dy = (random.standard_normal(sizes).astype(dtype) for sizes in (
        shape, (*(1,) * axes, shape[-1], made), (made,), (*shape[:-1], made)))
    layer = Layer(windows(axes), (1,) * axes, relu)
    monkeypatch.setattr(conv_images_last, "pays", lambda *_: False)
    found = []
    for is_quick in (False, True):
        if not is_quick:
            monkeypatch.setattr(conv_pixels, "fits", lambda *_: False)
        y, _ = conv_tiles.forwards(np, x, w, bias, layer)
        plain, _ = conv_tiles.forwards(np, x, w, None, layer, out=(np.full_like(y, np.nan), None))
        kept = y if relu else None
        found.append([y, plain, *conv_tiles.backwards(np, x, w, dy, layer, kept)])
        for wanted in ((True, False, False), (False, True, False), (False, False, True)):
            alone = conv_tiles.backwards(np, x, w, dy, layer, kept, wanted=wanted)
            assert [made is not None for made in alone] == list(wanted)
            found[-1] += [made for made in alone if made is not None]
        monkeypatch.undo()
    for expected, quick in zip(*found, strict=True):
        assert quick.shape == expected.shape and quick.dtype == expected.dtype
        np.testing.assert_allclose(quick, expected, rtol=1e-5, atol=1e-5 * abs(expected).max())


def test_gradients_are_written_into_given_memory() -> None:
    x, w = np.ones((2, 3, 3, 4)), np.ones((1, 1, 4, 5))
    out = np.full_like(x, np.nan), np.full_like(w, np.nan), np.full(5, np.nan)
    made = conv_tiles.backwards(np, x, w, np.ones((2, 3, 3, 5)), Layer(windows(2), (1, 1), False),
                                out=out)
    assert made[0] is out[0] and made[2] is out[2] and np.shares_memory(made[1], out[1])
    assert (out[0] == 5).all() and (out[1] == 18).all() and (out[2] == 18).all()


def test_only_single_pixels_are_products() -> None:
    assert conv_pixels.fits(np, windows(2))
    assert conv_pixels.fits(np, windows(1, "EXPLICIT", ((0, 0),)))
    assert not conv_pixels.fits(np, windows(2, "EXPLICIT", ((0, 1), (0, 0))))
    assert not conv_pixels.fits(np, Windows((1, 1), (1, 2), (1, 1), "SAME"))
    assert not conv_pixels.fits(np, Windows((1, 2), (1, 1), (1, 1), "SAME"))
