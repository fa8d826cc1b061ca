"""Memory between runs: kept for the next one, but not without limit."""

from __future__ import annotations

import gc

import numpy as np

import flowgraph as fg
from flowgraph.runtime.arenas import SPARE_BYTES, ArenaPool
from flowgraph.runtime.executable import MOST_PLANS


class Owner:
    """Who has arenas, as a runner does."""


def test_a_pool_gives_back_what_it_was_given() -> None:
    pool, plan = ArenaPool(), Owner()
    assert pool.take(plan) is None
    pool.give(plan, "arena", 10)
    assert pool.spare_bytes == 10
    assert pool.take(plan) == "arena"
    assert pool.take(plan) is None
    assert pool.spare_bytes == 0


def test_a_pool_drops_those_not_used_for_longest() -> None:
    pool, owners = ArenaPool(limit=25), [Owner(), Owner(), Owner()]
    for i, owner in enumerate(owners):
        pool.give(owner, f"arena {i}", 10)
    assert pool.spare_bytes == 20
    assert [pool.take(owner) for owner in owners] == [None, "arena 1", "arena 2"]


def test_a_pool_keeps_the_last_arena_even_beyond_its_limit() -> None:
    pool, small, large = ArenaPool(limit=25), Owner(), Owner()
    pool.give(small, "s", 10)
    pool.give(large, "l", 100)
    assert pool.take(small) is None
    assert pool.take(large) == "l"


def test_what_a_plan_that_is_gone_has_left_is_dropped() -> None:
    pool, kept = ArenaPool(), Owner()
    gone = Owner()
    for owner in (kept, gone, gone):
        pool.give(owner, "arena", 10)
    del gone, owner
    assert pool.take(kept) == "arena"
    assert pool.spare_bytes == 0


def test_plans_that_a_session_has_dropped_leave_no_arenas() -> None:
    x = fg.placeholder(fg.float32, [None, 1024])
    y = fg.reduce_sum(fg.sin(fg.exp(x) + 1.0))
    sess = fg.Session(passes=["buffer_reuse"])
    for batch in range(20, 120):
        sess.run(y, {x: np.zeros((batch, 1024), np.float32)})
    gc.collect()
    sess.run(y, {x: np.zeros((batch, 1024), np.float32)})
    assert len(sess._arenas._spare) <= MOST_PLANS


def test_a_session_that_has_seen_many_batch_sizes_keeps_a_bounded_amount() -> None:
    x = fg.placeholder(fg.float32, [None, 4096])
    y = fg.reduce_sum(fg.sin(fg.exp(x) + 1.0))
    sess = fg.Session(passes=["buffer_reuse"])  # groups of tiles would need no memory
    for batch in range(200, 232):
        assert np.isfinite(sess.run(y, {x: np.zeros((batch, 4096), np.float32)}))
    assert 0 < sess._arenas.spare_bytes <= SPARE_BYTES
    sess.close()
    assert sess._arenas.spare_bytes == 0
