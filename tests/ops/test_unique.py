"""Many integers are told apart by another way than few: the results are the same."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import scratch
from flowgraph.ops.unique import Unique


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("size", [999, 1000, 5000])
@pytest.mark.parametrize("wide", [False, True])
def test_distinct_integers_in_the_order_of_their_first_occurrence(size, dtype, wide):
    info = np.iinfo(dtype)
    low, high = (info.min, info.max) if wide else (max(info.min, -40), 60)
    x = np.random.default_rng(size).integers(low, high, size, dtype, endpoint=True)
    x[1], x[3] = low, high
    distinct = list(dict.fromkeys(x.tolist()))
    y, idx, count = fg.Session().run(fg.unique_with_counts(fg.constant(x)))
    assert y.dtype == dtype
    assert y.tolist() == distinct
    assert y[idx].tolist() == x.tolist()
    assert count.tolist() == [int((x == value).sum()) for value in distinct]
    for index in (fg.int32, fg.int64):
        alone, places = fg.Session().run(fg.unique(fg.constant(x), index))
        assert (alone.dtype, places.dtype) == (dtype, index.as_numpy_dtype)
        assert (alone.tolist(), places.tolist()) == (y.tolist(), idx.tolist())


@pytest.mark.parametrize("x", [np.array([2 ** 64 - 2, 2 ** 64 - 1, 2 ** 64 - 2], "uint64"),
                               np.array([2 ** 63, 2 ** 63 - 3, 2 ** 63], "uint64"),
                               np.array([-2 ** 63, 5 - 2 ** 63, -2 ** 63]),
                               np.array([70_000, -3, 70_000], "int32"),
                               np.array([2 ** 40, 2 ** 40 + 9, 2 ** 40]),
                               np.array([-128, 127, -128], "int8"), np.array([7, 7, 7], "uint16")])
def test_integers_near_the_ends_of_their_dtype(x):
    y, idx = fg.Session().run(fg.unique(fg.constant(x)))
    assert y.dtype == x.dtype
    assert y.tolist() == list(dict.fromkeys(x.tolist()))
    assert y[idx].tolist() == x.tolist()


def test_ids_of_other_runs_take_the_same_memory(monkeypatch):
    monkeypatch.setattr(scratch, "_kept", {})
    for largest in (70_000, 90_000, 131_071, 80_000):
        Unique().kernel(np, np.array([0, largest] * 1500))
    assert [len(pieces) for pieces in scratch._kept.values()] == [1]
