"""The memory of CUDA graphs, on a GPU that is not there: bounded, counted, and given up in need.

What is freed is filled with NaN here, and given to the next array; a graph that writes what was
given back to the device is caught.
"""

from __future__ import annotations

import gc
import io
import weakref

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu_graphs
from flowgraph.runtime import steady
from flowgraph.runtime.graph_memory import place_of
from tests.gpu.no_gpu import DeviceArray
from tests.gpu.simulated import SimulatedGraphs, gpus
from tests.gpu.test_graphs import launches, mlp, random, results_of, scaled, why_not

SIDE = 130
BYTES = SIDE * SIDE * 4
WEIGHTS = random((SIDE, SIDE)) / 12


@pytest.fixture(autouse=True)
def no_graphs_yet(monkeypatch):
    monkeypatch.setattr(SimulatedGraphs, "made", [])


def gpu_of(sess):
    return sess._settings.gpus["gpu:0"]


def products(count=20):
    x = fg.placeholder(fg.float32, [None, SIDE], name="x")
    w = fg.constant(WEIGHTS)
    y = x
    for _ in range(count):
        y = fg.matmul(y, w)
    return x, y


def expected_of(fed, count=20):
    for _ in range(count):
        fed = fed @ WEIGHTS
    return fed


def test_the_run_that_records_keeps_no_more_than_others() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products()
        pool, peaks = gpu_of(sess).pool, []
        for i in range(6):
            pool.peak = pool.used
            sess.run(y, {x: random((SIDE, SIDE), i)})
            peaks.append(pool.peak)
        assert why_not(sess, y, {x: random((SIDE, SIDE))}) == ""
        assert peaks[0] < 7 * BYTES
        # Its own two arrays at a time, the graph's, what is fed and what is fetched.
        assert max(peaks[2:]) < 12 * BYTES


def test_all_graphs_of_a_session_share_their_memory_and_few_are_kept() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(6)
        pool, used = gpu_of(sess).pool, []
        for rows in range(10, 0, -1):
            for i in range(11 if rows < 9 else 4):
                fed = random((rows * 10, SIDE), i)
                np.testing.assert_allclose(sess.run(y, {x: fed}), expected_of(fed, 6), 1e-3, 1e-4)
            used.append(pool.used)
        graphs, = [made() for made in SimulatedGraphs.made]
        assert graphs.recordings == 10
        assert len([ref for ref in graphs._users if ref() is not None]) == gpu_graphs.MOST_USERS
        gpu_of(sess).free()
        assert max(used[5:]) < 22 * BYTES
        assert gpu_of(sess).memory()[0] == pool.used  # with all that graphs have


def test_graphs_that_take_turns_keep_out_of_each_others_results() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(5)
        for i in range(30):
            fed = random((10 * (i % 5 + 1), SIDE), i)
            np.testing.assert_allclose(sess.run(y, {x: fed}), expected_of(fed, 5), 1e-3, 1e-4)
        assert launches()


def test_graphs_are_given_up_before_memory_is_short() -> None:
    with fg.Graph().as_default(), gpus(memory=17 * BYTES), fg.Session() as sess:
        x, y = products(6)
        fed = random((2 * SIDE, SIDE))
        for _ in range(4):
            sess.run(y, {x: fed})
        assert why_not(sess, y, {x: fed}) == ""
        many = random((7 * SIDE, SIDE))
        pool = gpu_of(sess).pool
        assert pool.used + 2 * many.nbytes > 17 * BYTES
        for _ in range(2):
            np.testing.assert_allclose(sess.run(y, {x: many}), expected_of(many, 6), 1e-3, 1e-4)
        sess.run(y, {x: fed})
        assert "its memory was needed; it is tried again after 100 runs" in why_not(
            sess, y, {x: fed})


def test_a_recording_without_memory_leaves_the_run_as_it_was(monkeypatch) -> None:
    monkeypatch.setattr(steady, "FIRST_PAUSE", 3)
    with fg.Graph().as_default(), gpus(memory=10 * BYTES), fg.Session() as sess:
        x, y = products(6)
        fed = random((2 * SIDE, SIDE))
        for _ in range(4):
            np.testing.assert_allclose(sess.run(y, {x: fed}), expected_of(fed, 6), 1e-3, 1e-4)
        reason = why_not(sess, y, {x: fed})
        assert "has failed with OutOfMemoryError: Out of memory allocating" in reason
        assert reason.endswith("; it is tried again after 3 runs")
        gpu_of(sess).pool.limit *= 10
        for _ in range(4):
            np.testing.assert_allclose(sess.run(y, {x: fed}), expected_of(fed, 6), 1e-3, 1e-4)
        assert launches() == 1
        assert gpu_of(sess).pool.used < 12 * BYTES


def test_a_recording_takes_no_memory_and_says_who_asked_for_it(monkeypatch) -> None:
    monkeypatch.setattr(SimulatedGraphs, "_rehearse", lambda self, work: None)
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(6)
        fed = random((SIDE, SIDE))
        for _ in range(4):
            np.testing.assert_allclose(sess.run(y, {x: fed}), expected_of(fed, 6), 1e-3, 1e-4)
        assert "recording MatMul 'MatMul' (test_graph_memory.py:" in why_not(sess, y, {x: fed})
        assert "that were not needed when it was rehearsed" in why_not(sess, y, {x: fed})


def test_memory_goes_back_when_a_session_is_closed() -> None:
    with fg.Graph().as_default(), gpus():
        (loss, train), feeds = mlp()
        sess = fg.Session()
        sess.run(fg.global_variables_initializer())
        for i in range(5):
            sess.run([loss, train], feeds(i))
        assert launches() == 2
        sess.close()
        assert gpu_of(sess).pool.total == gpu_of(sess).pool.used == 0


def test_training_goes_on_when_graphs_are_given_up_in_between() -> None:
    def give_up(sess, i):
        if i % 3 == 0 and sess._settings.gpus:
            gpu_of(sess).forget_graphs()
            gpu_of(sess).free()

    expected = results_of(mlp, 0, 8, give_up)
    found = results_of(mlp, 1, 8, give_up)
    for one, other in zip([*found[0], found[1]], [*expected[0], expected[1]], strict=True):
        for a, b in zip(one, other, strict=True):
            if a is not None:
                np.testing.assert_allclose(a, b, 2e-4, 1e-5)


@pytest.mark.parametrize("device", [0, 1])
def test_what_is_fed_from_a_gpu_goes_into_a_graph(device) -> None:
    from tests.gpu import no_gpu

    def on_gpu(array):
        no_gpu.current.append(device)
        try:
            return DeviceArray(np.asarray(array, np.float32))
        finally:
            no_gpu.current.pop()

    with fg.Graph().as_default(), gpus(2), fg.Session() as sess:
        fetches, feeds = scaled()
        sess.run(fg.global_variables_initializer())
        before = sess.run(fg.global_variables()[0])
        for i in range(9):
            fed = feeds(i)
            x, scale = fed
            before = before + np.tanh(fed[x]) * np.float32(fed[scale] * 2) + np.exp(fed[x])
            if i % 3 == 1:
                fed = {x: on_gpu(fed[x]), scale: on_gpu(fed[scale])}
            elif i % 3 == 2:
                fed = {**fed, scale: on_gpu(fed[scale])}
            np.testing.assert_allclose(sess.run(fetches, fed)[0], before, 2e-4, 1e-5)
        assert launches() >= 5
        assert ("gpu:1" in gpu_of(sess).followed) == (device == 1)


def copies(monkeypatch) -> list[tuple[int, ...]]:
    """The shapes of what is copied within the GPU's memory into that of graphs."""
    found: list[tuple[int, ...]] = []
    before = gpu_graphs.Graphs.fill

    def fill(self, array, value):
        if isinstance(value, DeviceArray):
            found.append(array.shape)
        before(self, array, value)

    monkeypatch.setattr(gpu_graphs.Graphs, "fill", fill)
    return found


def explained(sess, fetches, feeds) -> str:
    return next(line for line in str(sess.explain(fetches, feeds, io.StringIO())).splitlines()
                if line.startswith("# Steady"))


@pytest.mark.parametrize("to_host", [True, False])
def test_what_is_fed_in_one_place_is_not_copied(monkeypatch, to_host) -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(4)
        fed, found = DeviceArray(random((10, SIDE))), copies(monkeypatch)
        for i in range(12):
            fed.host[...] = random((10, SIDE), i)  # as the caller's own kernels do
            result = sess.run(y, {x: fed}, to_host=to_host)
            np.testing.assert_allclose(result if to_host else result.host,
                                       expected_of(fed.host, 4), 1e-3, 1e-4)
        assert launches() == 9 and found == []
        assert explained(sess, y, {x: fed}) == (
            "# Steady runs are one CUDA graph, which reads 'x' where it is fed")


def test_what_is_fed_from_other_places_is_copied_and_not_written(monkeypatch) -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(4)
        found = copies(monkeypatch)
        steady_one = DeviceArray(random((10, SIDE)))
        for _ in range(6):
            sess.run(y, {x: steady_one})
        assert launches() == 3 and found == []
        before = steady_one.host.copy()
        others = [DeviceArray(random((10, SIDE), i)) for i in range(6)]
        for other in others:  # the first of these runs records a graph that copies
            np.testing.assert_allclose(sess.run(y, {x: other}), expected_of(other.host, 4), 1e-3,
                                       1e-4)
        np.testing.assert_array_equal(steady_one.host, before)
        assert launches() == 3 + 5
        assert found and set(found) == {(10, SIDE)}
        on_host = random((10, SIDE), 9)
        np.testing.assert_allclose(sess.run(y, {x: on_host}), expected_of(on_host, 4), 1e-3, 1e-4)
        assert launches() == 9
        assert explained(sess, y, {x: on_host}) == "# Steady runs are one CUDA graph"


def test_the_hosts_arrays_may_follow_those_of_the_gpu() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(4)
        fed = DeviceArray(random((10, SIDE)))
        for i in range(9):
            value = fed if i < 5 else random((10, SIDE), i)
            np.testing.assert_allclose(
                sess.run(y, {x: value}), expected_of(getattr(value, "host", value), 4), 1e-3, 1e-4)
        assert launches() >= 4


def test_a_variable_that_is_given_what_is_fed_in_place_does_not_change_with_it() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        x, y = products(4)
        w = fg.Variable(fg.zeros([10, SIDE]))
        step = [w.assign(x + 1.0), y, fg.reshape(x, [SIDE, 10])]
        sess.run(w.initializer)
        fed = DeviceArray(random((10, SIDE)))
        for i in range(6):
            fed.host[...] = i
            kept, _, same = sess.run(step, {x: fed}, to_host=False)
            fed.host[...] = -1
            assert (sess.run(w) == i + 1).all()
            assert (kept.host == i + 1).all() and (same.host == i).all()
        assert "reads 'x' where it is fed" in explained(sess, step, {x: fed})


def test_a_session_lets_go_of_what_was_fed_in_place() -> None:
    with fg.Graph().as_default(), gpus():
        sess = fg.Session()
        x, y = products(4)
        fed = DeviceArray(random((10, SIDE)))
        for _ in range(5):
            sess.run(y, {x: fed})
        gone = weakref.ref(fed)
        del fed
        sess.close()
        del sess
        gc.collect()
        assert gone() is None


@pytest.mark.parametrize("value", [np.ones(2), np.float32(1), np.array("text", object)],
                         ids=["array", "number", "text"])
def test_what_the_host_has_is_at_no_place_of_a_gpu(value) -> None:
    assert place_of(value) is None
    fed = DeviceArray(random((4, 4)))
    assert place_of(fed) == place_of(fed[:]) != place_of(fed[::2])
