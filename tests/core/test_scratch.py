"""Memory for the tiles of a kernel."""

from __future__ import annotations

import numpy as np

from flowgraph.core import scratch as module
from flowgraph.core.scratch import Scratch


def test_arrays_of_one_block_do_not_overlap() -> None:
    with Scratch(np) as scratch:
        a, b = scratch.empty((100, 3), np.float32), scratch.empty((100, 3), np.float32)
        a[...], b[...] = 1, 2
        assert (a == 1).all() and (b == 2).all()


def test_arrays_begin_at_lines_of_the_cache() -> None:
    with Scratch(np) as scratch:
        for shape, dtype in (((5,), np.float64), ((3, 7), bool), ((), np.float32)):
            array = scratch.empty(shape, dtype)
            assert array.ctypes.data % 64 == 0 and array.shape == shape and array.dtype == dtype


def test_memory_is_used_again_once_the_block_is_left() -> None:
    places = []
    for _ in range(2):
        with Scratch(np) as scratch:
            places.append(scratch.empty((12345,), np.float32).ctypes.data)
    assert places[0] == places[1]


def test_no_more_is_kept_than_the_limit(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 1 << 20)
    monkeypatch.setattr(module, "_kept", {})
    with Scratch(np) as scratch:
        scratch.empty((1 << 21,), np.uint8)
    assert not module._kept
