"""Blocks of memory that graphs are lent: the same for a recording as for its rehearsal."""

from __future__ import annotations

import pytest

from flowgraph.core.lent_memory import LentMemory


@pytest.fixture
def lent():
    taken: list[int] = []
    memory = LentMemory(lambda size: taken.append(size) or size)
    memory.taken = taken
    return memory


def work(memory, sizes):
    """Lends arrays of which two are there at a time; the addresses, as it were."""
    blocks, alive = [], []
    for size in sizes:
        alive = [*alive[-1:], memory.loan(size)]
        blocks.append(alive[-1].block)
    return blocks


def recorded(memory, sizes):
    memory.record(True)
    try:
        return work(memory, sizes)
    finally:
        memory.record(False)


def test_a_recording_is_lent_what_its_rehearsal_was(lent) -> None:
    sizes = [1000, 5000, 700, 5000, 300, 1000, 4000]
    lent.rehearse()
    before = work(lent, sizes)
    taken = list(lent.taken)
    assert recorded(lent, sizes) == before
    assert lent.taken == taken
    assert all(size % 512 == 0 for size in taken) and len(taken) < len(sizes)
    assert lent.rehearsed == frozenset(before)


@pytest.mark.parametrize("other", [[1000, 5000, 700, 100], [1000, 9000], [1000, 5000, 5000]])
def test_a_recording_that_asks_for_something_else_gets_nothing(lent, other) -> None:
    lent.rehearse()
    work(lent, [1000, 5000, 700])
    taken = list(lent.taken)
    with pytest.raises(MemoryError, match="not needed when it was rehearsed"):
        recorded(lent, other)
    assert lent.taken == taken


def test_what_is_lent_is_not_lent_again(lent) -> None:
    first = lent.loan(1000)
    second = lent.loan(1000)
    assert first.block is not second.block
    block = first.block
    del first
    assert lent.loan(900).block is block


def test_a_block_is_not_much_too_large(lent) -> None:
    lent.loan(1 << 20)
    lent.loan(1 << 10)
    assert lent.taken == [1 << 20, 1 << 10]


def test_blocks_that_no_graph_knows_are_given_back(lent) -> None:
    lent.rehearse()
    blocks = work(lent, [1000, 1000, 1000])
    lent.trim([blocks[0]])
    assert lent.loan(1000).block is blocks[0]
    held = lent.loan(1000)
    lent.loan(1000)
    assert held.block is not blocks[1]
