"""What a run takes, as the plan tells it and as Python measures it."""

from __future__ import annotations

import gc
import io
import threading
import tracemalloc

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import scratch
from flowgraph.core.pool import at_most, cores
from flowgraph.plan import tile_runs
from flowgraph.plan.memory import memory
from tests.plan.plans import plan_of


def _perceptron():
    x = fg.placeholder(fg.float32, [None, 784])
    labels = fg.placeholder(fg.int64, [None])
    hidden = fg.layers.dense(x, 256, fg.nn.relu)
    logits = fg.layers.dense(fg.layers.dense(hidden, 256, fg.nn.relu), 10)
    loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits))
    return ([fg.train.AdamOptimizer().minimize(loss), loss],
            {x: np.ones((512, 784), np.float32), labels: np.zeros(512, np.int64)})


def _chain():
    x = fg.placeholder(fg.float32, [1000, 1000])
    y = fg.tanh(x * 2.0) + 1.0
    z = fg.matmul(y, y)
    return fg.reduce_sum(fg.sin(z) * y), {x: np.ones((1000, 1000), np.float32)}


def _fetched():
    x = fg.placeholder(fg.float32, [500, 1000])
    y = fg.tanh(x)
    return [fg.reverse(y, [1]), fg.transpose(y), y], {x: np.ones((500, 1000), np.float32)}


def _unrolled():
    x = fg.placeholder(fg.float32, [64, 4, 64])
    outputs, _ = fg.nn.static_rnn(fg.nn.rnn_cell.LSTMCell(256), fg.unstack(x, axis=1),
                                  dtype=fg.float32)
    loss = fg.reduce_mean(fg.square(fg.stack(outputs)))
    return ([fg.train.AdamOptimizer().minimize(loss), loss],
            {x: np.ones((64, 4, 64), np.float32)})


def _images():
    x = fg.placeholder(fg.float32, [64, 32, 32, 3])
    y = fg.layers.max_pooling2d(
        fg.layers.conv2d(x, 32, 3, padding="same", activation=fg.nn.relu), 2, 2)
    y = fg.layers.max_pooling2d(
        fg.layers.conv2d(y, 32, 3, padding="same", activation=fg.nn.relu), 2, 2)
    loss = fg.reduce_mean(fg.square(y))
    return ([fg.train.AdamOptimizer().minimize(loss), loss],
            {x: np.ones((64, 32, 32, 3), np.float32)})


def _updated():
    x = fg.placeholder(fg.float32, [1_000_000])
    v = fg.Variable(np.ones(1_000_000, np.float32))
    return fg.assign_add(v, fg.tanh(x * v) * 0.5 - fg.exp(-x)).op, {
        x: np.ones(1_000_000, np.float32)}


# Scratch memory of blocks of convolution is an estimate.
@pytest.mark.parametrize("make, near", [
    (_perceptron, 0.1), (_chain, 0.1), (_fetched, 0.1), (_unrolled, 0.1), (_images, 0.3),
    (_updated, 0.1)])
def test_what_the_plan_tells_is_what_a_steady_run_takes(make, near) -> None:
    with at_most(1):  # a second thread takes memory if it begins before the first one is done
        _compare(make, near)


@pytest.mark.skipif(cores() < 2, reason="one core: there is no other thread")
def test_each_thread_has_memory_of_its_own(monkeypatch) -> None:
    take, both = tile_runs._take_bank, threading.Barrier(2)

    def taken(tiles):
        bank = take(tiles)
        both.wait(60)
        return bank

    monkeypatch.setattr(tile_runs, "_take_bank", taken)
    with at_most(2):
        _compare(_chain, 0.1)


def _compare(make, near) -> None:
    fetches, given = make()
    init = fg.global_variables_initializer()
    first = fg.Session()
    first.run(init)
    for _ in range(3):  # what is made once for all sessions is there
        first.run(fetches, given)
    told = first.explain(fetches, given, file=io.StringIO()).memory
    first.close()
    scratch._kept.clear()
    tile_runs._banks.clear()
    gc.collect()
    tracemalloc.start()
    try:
        session = fg.Session()
        session.run(init)
        session._arenas.clear()
        scratch._kept.clear()  # that of random numbers
        for _ in range(3):
            session.run(fetches, given)
        gc.collect()
        tracemalloc.reset_peak()
        session.run(fetches, given)
        measured = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    expected = told.peak + told.variables + told.spare + told.constants
    assert abs(measured - expected) < near * measured + 400_000
    assert told.unknown == 0


def test_a_result_without_a_buffer_counts_while_it_is_alive() -> None:
    x = fg.placeholder(fg.float32, [4, 5])
    y = fg.reverse(fg.reverse(fg.cumsum(x), [0]) + 1.0, [1])
    told = memory(plan_of(y, {x: np.ones((4, 5))}, passes=[]))
    assert (told.buffers, told.scratch, told.unknown) == (0, 0, 0)
    assert 80 <= told.values <= 240
    assert told.peak == told.values


def test_results_whose_sizes_only_the_run_tells_are_counted_apart() -> None:
    x = fg.placeholder(fg.float32, [10])
    kept, _ = fg.unique(x)
    told = memory(plan_of(kept, {x: np.ones(10)}))
    assert told.unknown == 1
    text = str(fg.Session().explain(kept, {x: np.ones(10)}, file=io.StringIO()))
    assert "# Memory of a run: at most 40 bytes, and 1 result of unknown size" in text


def test_explain_tells_what_stays_between_runs() -> None:
    w = fg.Variable(np.ones((200, 200), np.float32))
    step = fg.assign_add(w, fg.constant(np.ones((200, 200), np.float32) * 2.0))
    text = str(fg.Session().explain(step.op, file=io.StringIO()))
    assert ("# Memory that stays: variables 160 KB, their next values 160 KB, constants 160 KB"
            in text)
