"""Memory between runs: kept for the next one, but not without limit."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.runtime.arenas import SPARE_BYTES, ArenaPool


def test_a_pool_gives_back_what_it_was_given() -> None:
    pool = ArenaPool()
    assert pool.take("plan") is None
    pool.give("plan", "arena", 10)
    assert pool.spare_bytes == 10
    assert pool.take("plan") == "arena"
    assert pool.take("plan") is None
    assert pool.spare_bytes == 0


def test_a_pool_drops_those_not_used_for_longest() -> None:
    pool = ArenaPool(limit=25)
    for owner in ("a", "b", "c"):
        pool.give(owner, f"arena of {owner}", 10)
    assert pool.spare_bytes == 20
    assert [pool.take(owner) for owner in ("a", "b", "c")] == [None, "arena of b", "arena of c"]


def test_a_pool_keeps_the_last_arena_even_beyond_its_limit() -> None:
    pool = ArenaPool(limit=25)
    pool.give("small", "s", 10)
    pool.give("large", "l", 100)
    assert pool.take("small") is None
    assert pool.take("large") == "l"


def test_a_session_that_has_seen_many_batch_sizes_keeps_a_bounded_amount() -> None:
    x = fg.placeholder(fg.float32, [None, 4096])
    y = fg.reduce_sum(fg.sin(fg.exp(x) + 1.0))
    sess = fg.Session(passes=["buffer_reuse"])  # groups of tiles would need no memory
    for batch in range(200, 232):
        assert np.isfinite(sess.run(y, {x: np.zeros((batch, 4096), np.float32)}))
    assert 0 < sess._arenas.spare_bytes <= SPARE_BYTES
    sess.close()
    assert sess._arenas.spare_bytes == 0
