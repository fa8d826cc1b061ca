"""Many integers are told apart by another way than few: the results are the same."""

import numpy as np
import pytest

import flowgraph as fg


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
