"""Runs on a GPU that is not there: what kernels have checked is told as on the host, in time."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import left_checks
from flowgraph.program import placement
from tests.gpu.no_gpu import DeviceArray
from tests.gpu.simulated import gpus


@pytest.fixture(autouse=True)
def everything_on_the_gpu(monkeypatch):
    monkeypatch.setattr(placement, "SMALL", -1)
    with fg.Graph().as_default(), gpus(2):
        yield


def rows(indices):
    return fg.gather(fg.Variable(fg.ones([4, 3])), indices)


def session(**options):
    sess = fg.Session(**options)
    sess.run(fg.global_variables_initializer())
    return sess


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_a_failed_check_raises_at_the_fetch_and_names_the_op_and_the_line(runner) -> None:
    indices = fg.placeholder(fg.int32, [2])
    picked = rows(indices) * 2.0
    with session(runner=runner) as sess:
        sess.run(picked, {indices: [0, 3]})
        with pytest.raises(fg.errors.InvalidArgumentError) as raised:
            sess.run(picked, {indices: [0, 4]})
        assert "indices from 0 to 4 are not in [0, 4)" in str(raised.value)
        assert raised.value.op.type == "GatherV2"
        assert f"({__file__.rpartition('/')[2]}:" in str(raised.value)
        assert "earlier run" not in str(raised.value)
        assert sess.run(picked, {indices: [0, 3]}).shape == (2, 3)  # nothing is left of it


def test_the_new_state_is_not_kept_when_a_check_fails() -> None:
    indices, count = fg.placeholder(fg.int32, [2]), fg.Variable(fg.zeros([5]))
    picked, counted = rows(indices), count.assign_add(fg.ones([5]))
    with session() as sess:
        with pytest.raises(fg.errors.InvalidArgumentError):
            sess.run([picked, counted], {indices: [0, -1]})
        assert sess.run(count).tolist() == [0] * 5


def test_the_first_of_several_failed_checks_is_told() -> None:
    x, y = (fg.placeholder(fg.int32, [2], name=name) for name in "xy")
    quotients = [x // y, y // x]
    with session() as sess:
        with pytest.raises(fg.errors.InvalidArgumentError, match="division by zero") as raised:
            sess.run(quotients, {x: [0, 1], y: [0, 1]})
        assert raised.value.op is quotients[0].op


def test_a_run_that_fetches_nothing_is_told_by_the_next_one_that_does() -> None:
    x, kept = fg.placeholder(fg.int32, [2]), fg.Variable([1, 1])
    change = fg.assign(kept, 4 // x).op
    with session() as sess:
        gpu = sess._settings.gpus["gpu:0"]
        sess.run(change, {x: [1, 0]})
        before = gpu.waits
        sess.run(change, {x: [1, 2]})
        assert gpu.waits == before
        with pytest.raises(fg.errors.InvalidArgumentError, match="It was in an earlier run"):
            sess.run(kept)
        assert sess.run(kept).tolist() == [4, 2]


def test_who_is_told_of_an_earlier_run_has_changed_nothing_and_can_go_on() -> None:
    x, count = fg.placeholder(fg.int32, [2]), fg.Variable(fg.zeros([5]))
    change = fg.assign(fg.Variable([1, 1]), 4 // x).op
    counted = count.assign_add(fg.ones([5]))
    with session() as sess:
        sess.run(change, {x: [1, 0]})
        with pytest.raises(fg.errors.InvalidArgumentError, match="It was in an earlier run"):
            sess.run(counted)
        assert sess.run(counted).tolist() == [1] * 5


def test_a_thread_hears_of_its_own_runs_and_of_those_of_threads_that_have_ended() -> None:
    x = fg.placeholder(fg.int32, [2])
    wrong, innocent = (4 // x).op, fg.ones([5]) * 2.0
    started, may_end = threading.Event(), threading.Event()
    with session() as sess:
        def other() -> None:
            sess.run(wrong, {x: [1, 0]})
            started.set()
            assert may_end.wait(10)

        thread = threading.Thread(target=other)
        thread.start()
        assert started.wait(10)
        assert sess.run(innocent).tolist() == [2] * 5
        may_end.set()
        thread.join()
        with pytest.raises(fg.errors.InvalidArgumentError, match="It was in an earlier run"):
            sess.run(innocent)


def test_close_warns_of_what_no_run_has_told() -> None:
    x = fg.placeholder(fg.int32, [2])
    sess = session()
    sess.run((4 // x).op, {x: [1, 0]})
    with pytest.warns(RuntimeWarning, match=r"(?s)division by zero.* It was in an earlier run"):
        sess.close()
    sess.close()


def test_what_runs_leave_is_looked_at_before_it_grows_without_end(monkeypatch) -> None:
    monkeypatch.setattr(left_checks, "MOST", 5)
    indices = fg.placeholder(fg.int32, [2])
    change = fg.assign(fg.Variable(fg.zeros([2, 3])), rows(indices)).op
    with session() as sess:
        gpu = sess._settings.gpus["gpu:0"]
        for _ in range(20):
            sess.run(change, {indices: [0, 1]})
            assert len(gpu.left) <= 5


def test_arrays_that_errors_would_tell_of_are_not_kept_without_end(monkeypatch) -> None:
    monkeypatch.setattr(left_checks, "MOST_BYTES", 3000)
    indices = fg.placeholder(fg.int32, [100])
    change = fg.assign(fg.Variable(fg.zeros([100, 3])), rows(indices)).op
    with session() as sess:
        gpu = sess._settings.gpus["gpu:0"]
        for _ in range(20):
            sess.run(change, {indices: [0] * 100})
            assert 0 < gpu.left.nbytes <= 3400


def test_another_error_leaves_no_checks_behind_and_does_not_hide_them() -> None:
    indices, sizes = fg.placeholder(fg.int32, [2]), fg.placeholder(fg.int32, [2])
    picked = rows(indices)
    with fg.control_dependencies([picked]):
        shaped = fg.reshape(fg.identity(picked), sizes)
    with session() as sess:
        with pytest.raises(fg.errors.InvalidArgumentError, match="reshape") as raised:
            sess.run([picked, shaped], {indices: [0, 1], sizes: [5, 5]})
        assert raised.value.op.type == "Reshape"
        with pytest.raises(fg.errors.InvalidArgumentError, match="indices from 0 to 7"):
            sess.run([picked, shaped], {indices: [0, 7], sizes: [5, 5]})
        assert sess.run(picked, {indices: [0, 1]}).shape == (2, 3)


def test_checks_in_loops_and_branches_are_told_too() -> None:
    x = fg.placeholder(fg.int32, [20])
    total = fg.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a // x), [0, fg.ones_like(x)])[1]
    with session() as sess:
        assert sess.run(total, {x: np.ones(20)}).tolist() == [1] * 20
        with pytest.raises(fg.errors.InvalidArgumentError, match=r"FloorDiv .*division by zero"):
            sess.run(total, {x: np.arange(20)})


def test_checks_of_a_gpu_from_which_nothing_is_fetched_are_looked_at_before_state_is_kept() -> None:
    indices = fg.placeholder(fg.int32, [2])
    with fg.device("/gpu:1"):
        kept = fg.Variable(fg.zeros([2, 3]))
        change = fg.assign(kept, rows(indices))
    with fg.device("/gpu:0"):
        other = fg.ones([50]) * fg.cast(indices[0], fg.float32)
    with session() as sess:
        with pytest.raises(fg.errors.InvalidArgumentError, match="indices from 1 to 9"):
            sess.run([other, change.op], {indices: [1, 9]})
        assert sess.run(kept).tolist() == [[0] * 3] * 2


def test_the_caller_waits_for_runs_that_read_his_arrays() -> None:
    x = fg.placeholder(fg.float32, [4])
    v = fg.Variable(fg.zeros([4]))
    step = v.assign(x * 2.0).op
    with session() as sess:
        gpu = sess._settings.gpus["gpu:0"]
        sess.run(step, {x: np.ones(4)})
        assert gpu.handed == 0
        sess.run(step, {x: DeviceArray(np.ones(4, np.float32))})
        assert gpu.handed == 1 and gpu.awaited == 1
