"""Statistics of arrays of every kind, none of which warns."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.ops.tensor_list import TensorList
from flowgraph.profiling import statistics

NAN, INF = np.nan, np.inf
BIG = np.finfo(np.float64).max

# name, array, (min, max, mean, std), (nans, infs, zeros), text
ROWS = [
    ("floats", np.array([1.0, 3.0]), (1, 3, 2, 1), (0, 0, 0),
     "min 1  max 3  mean 2  std 1  [1, 3]"),
    ("a scalar", np.float32(2.5), (2.5, 2.5, 2.5, 0), (0, 0, 0), "2.5"),
    ("a scalar NaN", np.float32(NAN), (None,) * 4, (1, 0, 0), "nan"),
    ("NaN and infinity", np.array([NAN, INF, -INF, 0, 4.0]), (0, 4, 2, 2), (1, 2, 1),
     "min 0  max 4  mean 2  std 2  1 NaN  2 infinite  1 zero  [nan, inf, -inf, 0, 4]"),
    ("all NaN", np.full(3, NAN, np.float32), (None,) * 4, (3, 0, 0), "all NaN  [nan, nan, nan]"),
    ("empty", np.zeros((0, 3), np.float32), (None,) * 4, (0, 0, 0), "[]"),
    ("large", np.array([BIG, BIG]), None, (0, 0, 0), None),
    ("half", np.full(2000, 60000, np.float16), (60000, 60000, 60000, 0), (0, 0, 0), None),
    ("integers", np.array([0, 2, -2], np.int64), (-2, 2, 0, np.sqrt(8 / 3)), (0, 0, 1), None),
    ("unsigned", np.array([0, 255], np.uint8), (0, 255, 127.5, 127.5), (0, 0, 1), None),
    ("largest integers", np.array([2**63 - 1, -2**63]), (-2.0**63, 2.0**63, 0, 2.0**63),
     (0, 0, 0), None),
    ("bools", np.array([True, False, True, True]), (0, 1, 0.75, np.sqrt(3) / 4), (0, 0, 1),
     "min 0  max 1  mean 0.75  std 0.433  1 zero  [True, False, True, True]"),
    ("complex", np.array([3 + 4j, 0]), (0, 5, 2.5, 2.5), (0, 0, 1), None),
    ("complex NaN", np.array([complex(NAN, 1), 1j]), (1, 1, 1, 0), (1, 0, 0), None),
    ("strings", np.array([b"a", b"", b"c" * 40], object), (None,) * 4, (0, 0, 1),
     "1 zero  [b'a', b'', b'cccccccccccccccccc...']"),
    ("many", np.arange(10), (0, 9, 4.5, np.sqrt(8.25)), (0, 0, 1),
     "min 0  max 9  mean 4.5  std 2.872  1 zero  [0, 1, 2, 3, 4, 5, ...]"),
    ("a list", TensorList({0: np.zeros(2), 1: np.ones(2)}, 2), (None,) * 4, (0, 0, 0),
     "a list of 2 tensors"),
    ("nothing", None, (None,) * 4, (0, 0, 0), "nothing"),
]


@pytest.mark.parametrize("array, numbers, counts, text", [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_statistics(array, numbers, counts, text) -> None:
    found = statistics(array)
    assert (found.nans, found.infs, found.zeros) == counts
    if numbers is not None:
        for value, expected in zip((found.min, found.max, found.mean, found.std), numbers,
                                   strict=True):
            assert (value is None) == (expected is None)
            assert expected is None or value == pytest.approx(expected)
    if text is not None:
        assert str(found) == text


def test_the_mean_of_the_largest_numbers_is_told_as_it_is() -> None:
    found = statistics(np.array([1e200, 3e200]))
    assert (found.mean, found.std) == (2e200, 1e200)
