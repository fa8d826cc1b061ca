"""What the source of a loop calls: rows of lists, ranges of counters, memory that is used again."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.core import dtypes as dt
from flowgraph.ops.tensor_list import TensorList
from flowgraph.plan import rounds

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def test_rows_of_a_list_made_of_rows_are_these() -> None:
    items = TensorList.of_rows(ROWS)
    assert rounds.rows_of(items, range(4), dt.float32) is ROWS
    assert rounds.rows_of(items, range(3, -1, -1), dt.float32) is ROWS


@pytest.mark.parametrize("indices, dtype", [
    (range(5), dt.float32), (range(-1, 3), dt.float32), (range(4), dt.float64)])
def test_rows_that_there_are_not_are_none(indices, dtype) -> None:
    assert rounds.rows_of(TensorList.of_rows(ROWS), indices, dtype) is None


def test_items_of_their_own_are_found_by_index() -> None:
    items = TensorList({0: ROWS[0], 2: ROWS[2]}, 3)
    assert rounds.rows_of(items, range(3), dt.float32) is None  # 1 is missing
    found = rounds.rows_of(items, range(0, 3, 2), dt.float32)
    np.testing.assert_array_equal(found[2], ROWS[2])


def test_items_read_before_are_not_read_again() -> None:
    items = TensorList.of_rows(ROWS)
    items.read.add(2)
    assert rounds.rows_of(items, range(4), dt.float32, True) is None
    assert rounds.rows_of(items, range(2), dt.float32, True) is ROWS


@pytest.mark.parametrize("size, indices, grows, shape", [
    (4, range(4), False, (4, 2)), (4, range(2), False, (4, 2)), (0, range(3), True, (3, 2)),
    (4, range(5), False, None), (4, range(-1, 2), False, None)])
def test_rows_to_write_are_as_many_as_the_list_has(size, indices, grows, shape) -> None:
    made = rounds.rows_to_write(TensorList(size=size), indices, (2,), dt.float32, grows)
    assert (None if made is None else made.shape) == shape


def test_a_list_with_items_is_written_in_the_general_way() -> None:
    items = TensorList({0: ROWS[0]}, 4)
    assert rounds.rows_to_write(items, range(1, 4), (3,), dt.float32, False) is None


def test_rows_that_are_not_written_are_missing_items() -> None:
    items = rounds.written(np.zeros((4, 3), np.float32), range(1, 3), TensorList(size=4))
    assert sorted(items.items()) == [1, 2]
    assert items.length() == 4


def test_setting_an_item_leaves_the_rows_as_they_are() -> None:
    before = TensorList.of_rows(ROWS.copy())
    after = before.with_item(1, np.ones(3, np.float32))
    np.testing.assert_array_equal(before.items()[1], ROWS[1])
    np.testing.assert_array_equal(after.items()[1], 1.0)
    assert after.rows is None


@pytest.mark.parametrize("steps, fits", [
    (range(10), True), (range(2**31 - 1), True), (range(2**31), False),
    (range(5, -2**31 - 1, -1), False), (range(0, 2**31 - 1, 5), False)])
def test_a_counter_must_not_overflow(steps, fits) -> None:
    assert rounds.fit(np.int32, steps) is fits


@pytest.mark.parametrize("steps", [range(0, 10, 3), range(9, -1, -2), range(3, 3)])
def test_what_a_counter_is_in_each_round_and_after_them(steps) -> None:
    found = rounds.numbers(steps, np.int32)
    assert found.tolist() == list(steps)
    assert rounds.after(steps) == (list(steps)[-1] + steps.step if steps else steps.start)


def test_memory_is_used_again_when_no_array_lies_in_it(monkeypatch) -> None:
    monkeypatch.setattr(rounds, "_kept", [])  # pieces of other tests would fit as well
    first = rounds.empty((300, 301), np.float32)
    place = first.ctypes.data
    other = rounds.empty((300, 301), np.float32)
    assert other.ctypes.data != place
    part = first[3:5]
    del first
    assert rounds.empty((300, 301), np.float32).ctypes.data != place  # `part` lies in it
    del part
    assert rounds.empty((300, 301), np.float32).ctypes.data == place


def test_memory_that_is_kept_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(rounds, "_KEPT_BYTES", 1 << 20)
    monkeypatch.setattr(rounds, "_kept", [])
    held = [rounds.empty((1 << 17,), np.float32) for _ in range(6)]
    assert sum(memory.nbytes for memory in rounds._kept) <= 1 << 20
    assert len({array.ctypes.data for array in held}) == 6


def test_a_sum_of_items() -> None:
    items = {}
    rounds.add_item(items, 1, ROWS[0])
    rounds.add_item(items, np.int32(1), ROWS[1])
    np.testing.assert_array_equal(items[1], ROWS[0] + ROWS[1])
