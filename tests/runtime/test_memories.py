"""Feeds, results and variables in the memory of a GPU: no copies but those that must be."""

from __future__ import annotations

import gc
import io

import numpy as np
import pytest

import flowgraph as fg
from tests.gpu import no_gpu
from tests.gpu.no_gpu import DeviceArray
from tests.gpu.simulated import gpus

ROWS = np.arange(60, dtype=np.float32).reshape(2, 30)


@pytest.fixture
def sess():
    with gpus(), fg.Session() as session:
        yield session


def gpu_of(sess):
    return sess._settings.gpus["gpu:0"]


def test_what_is_fed_from_the_gpu_is_not_copied(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    assert sess.run(fg.reduce_sum(x * 2), {x: DeviceArray(ROWS)}) == 2 * ROWS.sum()
    assert gpu_of(sess).uploads == 0


def test_another_dtype_is_cast_on_the_gpu(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    assert sess.run(fg.reduce_sum(x), {x: DeviceArray(ROWS.astype(np.int64))}) == ROWS.sum()
    assert gpu_of(sess).uploads == 0


def test_the_host_gets_what_is_fed_from_the_gpu(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    with fg.device("/cpu:0"):
        y = x + 1
    text = fg.as_string(fg.cast(x, fg.int32))
    found, said = sess.run([y, text], {x: DeviceArray(ROWS)})
    np.testing.assert_array_equal(found, ROWS + 1)
    assert said[1, 29] == b"59"


@pytest.mark.parametrize("dtype, value", [
    (fg.string, DeviceArray(ROWS)), (fg.float32, DeviceArray(ROWS * 1j))])
def test_what_cannot_be_fed_from_the_gpu(sess, dtype, value) -> None:
    x = fg.placeholder(dtype, [None, 30], name="x")
    with pytest.raises(TypeError, match=r"Cannot feed an array of .* in the memory of a GPU for "
                                        "Tensor 'x:0'"):
        sess.run(fg.identity(x), {x: value})


def test_a_session_without_a_gpu_says_so() -> None:
    x = fg.placeholder(fg.float32, [None, 30], name="x")
    with pytest.raises(TypeError, match=r"'x:0'.* in the memory of a GPU, and this session has "
                                        "none"):
        fg.Session().run(fg.identity(x), {x: DeviceArray(ROWS)})


def test_results_may_stay_on_the_gpu(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    y, names = x * 2, fg.constant("a")
    run = sess.make_callable({"y": y, "names": names}, [x], to_host=False)
    for found in (sess.run({"y": y, "names": names}, {x: ROWS}, to_host=False), run(ROWS)):
        assert isinstance(found["y"], DeviceArray)
        assert found["names"] == b"a"
    assert gpu_of(sess).waits == 0
    again = sess.run(fg.reduce_sum(x), {x: found["y"]})
    assert again == 2 * ROWS.sum()


def test_what_was_handed_out_does_not_change_with_the_variable(sess) -> None:
    v = fg.Variable(ROWS)
    change = v.assign_add(np.ones_like(ROWS))
    sess.run(v.initializer)
    before = sess.run(v, to_host=False)
    fed = DeviceArray(ROWS.copy())
    x = fg.placeholder(fg.float32, [2, 30])
    sess.run(change)
    np.testing.assert_array_equal(before.host, ROWS)
    sess.run(v.assign(x), {x: fed})
    fed.host[:] = 0
    np.testing.assert_array_equal(sess.run(v), ROWS)


def test_a_variable_moves_to_where_it_is_used_and_is_read_where_it_is(sess) -> None:
    v = fg.Variable(ROWS)
    with fg.device("/gpu:0"):
        on_gpu = v * 2
    with fg.device("/cpu:0"):
        on_host = v * 3
    sess.run(v.initializer)
    values = sess._state.values
    for fetch, kind, factor in ((on_gpu, DeviceArray, 2), (v, DeviceArray, 1),
                                (on_host, DeviceArray, 3), (on_gpu, DeviceArray, 2)):
        np.testing.assert_array_equal(sess.run(fetch), factor * ROWS)
        assert isinstance(values["Variable"], kind)
    assert gpu_of(sess).uploads == 1  # the initial value


class Tensor:
    """An array of another library, in the memory of a GPU; `wrong` is raised when it is asked."""

    def __init__(self, host, wrong=None):
        self.host, self.wrong, self.streams = host, wrong, []

    @property
    def __cuda_array_interface__(self):
        raise RuntimeError("Can't get __cuda_array_interface__ on Variable that requires grad")

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, stream=None):
        if self.wrong is not None:
            raise self.wrong
        self.streams.append(stream)
        return self.host.__dlpack__()


def test_arrays_of_other_libraries_are_fed_through_dlpack_without_a_copy(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    fed = Tensor(ROWS.copy())
    assert sess.run(fg.reduce_sum(x * 2), {x: fed}) == 2 * ROWS.sum()
    assert fed.streams == [0]  # the session's own, which the library waits for
    assert gpu_of(sess).uploads == 0
    adopted = gpu_of(sess).adopt(fed)
    fed.host[...] = 7
    assert (adopted.host == 7).all()


def test_what_a_library_does_not_give_says_why(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30], name="x")
    with pytest.raises(TypeError, match=r"this Tensor in the memory of a GPU for Tensor 'x:0' .*: "
                                        "use tensor.detach"):
        sess.run(fg.identity(x), {x: Tensor(ROWS, BufferError("use tensor.detach()"))})


def test_an_array_of_another_gpu_is_waited_for_and_cast_where_it_is() -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    with fg.device("/gpu:0"):
        y = fg.reduce_sum(x)
    for array in (ROWS, ROWS.astype(np.int64)):
        with gpus(3), fg.Session() as session:
            for number in (1, 2):
                no_gpu.current.append(number)
                fed = DeviceArray(array)
                no_gpu.current.pop()
                assert session.run(y, {x: fed}) == ROWS.sum()
            first = gpu_of(session)
            assert first.followed == ["gpu:1", "gpu:2"]
            assert first.uploads == 2
    with gpus(1), fg.Session() as session:  # it has another GPU than the one that the array is on
        assert session.run(y, {x: fed}) == ROWS.sum()


def test_page_locked_memory_may_be_changed_when_a_run_returns(sess) -> None:
    x = fg.placeholder(fg.float32, [2, 30])
    v = fg.Variable(fg.zeros([2, 30]))
    step = v.assign(fg.tanh(x) + fg.reduce_sum(fg.exp(x)) * fg.reduce_max(fg.tanh(x))).op
    sess.run(v.initializer)
    fed = ROWS / 60
    no_gpu.page_locked.add(id(fed))
    try:
        for _ in range(6):  # three kernel by kernel, three as graphs
            sess.run(step, {x: fed})
    finally:
        no_gpu.page_locked.clear()
    assert sess.explain(step, {x: fed}, io.StringIO()).why_no_graph == ""


def test_callers_and_the_session_wait_for_each_other(sess) -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    found = sess.run(x * 2, {x: ROWS}, to_host=False)
    assert (gpu_of(sess).awaited, gpu_of(sess).handed) == (0, 1)
    sess.run(x * 2, {x: found})
    # The caller's stream waits for the run too, which reads its array.
    assert (gpu_of(sess).awaited, gpu_of(sess).handed) == (1, 2)


def test_constants_are_copied_once_for_all_plans_of_a_session() -> None:
    with gpus(), fg.Session() as session:
        x = fg.placeholder(fg.float32, [None, 30])
        y = fg.reduce_sum(fg.matmul(fg.tanh(fg.matmul(x, ROWS.T @ ROWS)), ROWS.T))
        for rows in (4, 5, 4, 4, 4, 5):  # two plans, and one for a graph
            session.run(y, {x: np.ones((rows, 30))})
        gpu = gpu_of(session)
        assert len(gpu._constants) == 2
        assert gpu.uploads == 2 + (6 - 1)  # what is fed; a graph has memory for it
        session.close()
        gc.collect()
        assert not gpu._constants


def test_a_variable_for_which_there_is_no_memory_is_named() -> None:
    with gpus(memory=10_000), fg.Session() as session:
        v = fg.get_variable("v", [60, 60])
        y = v.assign_add(fg.tanh(v) * 2)
        session._state.values["v"] = np.ones((60, 60), np.float32)  # as after a restore
        with pytest.raises(fg.errors.ResourceExhaustedError, match=r"the variable 'v' .*: out of "
                           "memory on gpu:0: 14.85 KB asked for, 0 bytes of 10 KB in use"):
            session.run(y)
        constant = fg.constant(np.arange(3600, dtype=np.float32).reshape(60, 60), name="table")
        with pytest.raises(fg.errors.ResourceExhaustedError, match=r"test_memories.py:\d+.*out of "
                           "memory on gpu:0: 14.4 KB of a constant asked for"):
            session.run(constant * fg.placeholder(fg.float32, [60], name="x"), {"x:0": np.ones(60)})
