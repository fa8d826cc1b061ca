"""Feeds, results and variables in the memory of a GPU: no copies but those that must be."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
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
