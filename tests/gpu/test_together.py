"""Sessions on a GPU that is not there, as programs use them: what comes together there works."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program import placement
from tests.gpu.no_gpu import DeviceArray
from tests.gpu.simulated import gpus

ON_HOST = {"config": fg.ConfigProto(device_count={"GPU": 0}, allow_soft_placement=True)}


@pytest.fixture(autouse=True)
def everything_on_the_gpu(monkeypatch):
    monkeypatch.setattr(placement, "SMALL", -1)
    with fg.Graph().as_default(), gpus(2):
        yield


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_sessions_have_variables_of_their_own_and_feed_each_other() -> None:
    v, x = fg.Variable([1.0, 2.0]), fg.placeholder(fg.float32, [2])
    one, other = fg.Session(), fg.Session()
    for sess in (one, other):
        sess.run(v.initializer)
    one.run(v.assign_add([1.0, 1.0]))
    assert one.run(v).tolist() == [2, 3] and other.run(v).tolist() == [1, 2]
    left = one.run(v * 1.5, to_host=False)
    one.close()
    assert other.run(x * 2.0, {x: left}).tolist() == [6, 9]
    assert left.host.tolist() == [3, 4.5], "what stays on the GPU survives its session"


def test_gradients_of_loops_and_branches_are_the_hosts() -> None:
    x, w = fg.placeholder(fg.float32, [4]), fg.Variable(random(4))
    y = fg.while_loop(lambda i, a: i < 6, lambda i, a: (
        i + 1, fg.cond(i % 2 > 0, lambda: a * w * w + 1.0, lambda: a + 2.0)), (0, x))[1]
    fetches = [y, *fg.gradients(fg.reduce_sum(y), [x, w])]
    found = []
    for options in ({}, ON_HOST):
        with fg.Session(**options) as sess:
            sess.run(w.initializer)
            found.append([sess.run(fetches, {x: np.ones(4)}) for _ in range(4)][-1])
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(here, there, 1e-4)


def test_queues_and_python_stand_between_operations_of_a_gpu() -> None:
    queue, x = fg.FIFOQueue(3, [fg.float32], [[4]]), fg.placeholder(fg.float32, [4])
    fill = queue.enqueue(fg.exp(x))
    turned = fg.py_func(lambda a: a[::-1].copy(), [queue.dequeue() * 2.0], fg.float32)
    turned.set_shape([4])
    root = fg.sqrt(turned)
    with fg.Session() as sess:
        for _ in range(5):
            sess.run(fill, {x: np.arange(4.0)})
            np.testing.assert_allclose(sess.run(root), np.sqrt(2 * np.exp([3, 2, 1, 0])), 1e-5)


def test_a_checkpoint_is_restored_into_steady_runs_and_by_sessions_of_the_host(tmp_path) -> None:
    v = fg.Variable(random(20, 20), name="v")
    step, saver = v.assign_add(fg.ones([20, 20])).op, fg.train.Saver()
    path = str(tmp_path / "model")
    with fg.Session() as sess:
        sess.run(v.initializer)
        for _ in range(5):
            sess.run(step)
        saver.save(sess, path)
        saved = sess.run(v)
        for _ in range(4):
            sess.run(step)
        saver.restore(sess, path)
        np.testing.assert_array_equal(sess.run(v), saved)
        for _ in range(5):
            sess.run(step)
        np.testing.assert_allclose(sess.run(v), saved + 5, 1e-6)
    with fg.Session(**ON_HOST) as sess:
        saver.restore(sess, path)
        np.testing.assert_array_equal(sess.run(v), saved)


def test_threads_share_a_session_whose_runs_are_graphs() -> None:
    x, v = fg.placeholder(fg.float32, [16, 16]), fg.Variable(fg.zeros([16, 16]))
    product, step = fg.matmul(x, x) * 2.0, v.assign_add(x).op
    wrong: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for i in range(20):
                fed = random(16, 16, seed=seed + i)
                np.testing.assert_allclose(sess.run(product, {x: fed}), fed @ fed * 2, 1e-3, 1e-4)
                sess.run(step, {x: np.ones((16, 16))})
        except BaseException as error:
            wrong.append(error)

    with fg.Session() as sess:
        sess.run(v.initializer)
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert (sess.run(v) == 80).all()


def test_a_model_on_two_gpus_learns_as_on_the_host() -> None:
    x = fg.placeholder(fg.float32, [8, 8])
    with fg.device("/gpu:0"):
        hidden = fg.tanh(fg.matmul(x, fg.Variable(random(8, 8, seed=1) * 0.1)))
    with fg.device("/gpu:1"):
        loss = fg.reduce_mean(fg.square(fg.matmul(hidden, fg.Variable(random(8, 8) * 0.1)) - 1.0))
    train = fg.train.AdamOptimizer(0.05).minimize(loss, colocate_gradients_with_ops=True)
    found = []
    for options in ({}, ON_HOST):
        with fg.Session(**options) as sess:
            sess.run(fg.global_variables_initializer())
            found.append([sess.run([loss, train], {x: random(8, 8)})[0] for _ in range(6)])
    np.testing.assert_allclose(*found, 1e-4)


def test_failed_checks_between_steady_runs_change_nothing() -> None:
    indices, table = fg.placeholder(fg.int32, [2]), fg.Variable(fg.ones([4, 3]))
    picked = fg.gather(table.assign_add(fg.ones([4, 3])), indices)
    with fg.Session() as sess:
        sess.run(table.initializer)
        for _ in range(3):
            sess.run(picked, {indices: [0, 1]})
            with pytest.raises(fg.errors.InvalidArgumentError):
                sess.run(picked, {indices: [0, 9]})
        assert (sess.run(table) == 4).all()


def test_a_callable_takes_views_of_arrays_on_the_gpu_as_they_lie() -> None:
    x = fg.placeholder(fg.float32, [4, 4])
    with fg.Session() as sess:
        call = sess.make_callable(fg.matmul(x, x) + fg.transpose(x), [x], to_host=False)
        whole = DeviceArray(random(8, 8))
        for i in range(8):  # in place at first; then it lies otherwise
            fed = whole[::2, ::2] if i < 5 else whole[:4, :4]
            np.testing.assert_allclose(call(fed).host, fed.host @ fed.host + fed.host.T, 1e-4)


def test_one_array_is_fed_twice_and_results_are_fed_back() -> None:
    x, y = (fg.placeholder(fg.float32, [6, 6]) for _ in range(2))
    z = fg.matmul(x, y) - fg.sin(x)
    with fg.Session() as sess:
        fed, expected = DeviceArray(random(6, 6) / 3), random(6, 6) / 3
        for _ in range(4):
            np.testing.assert_allclose(sess.run(z, {x: fed, y: fed}),
                                       fed.host @ fed.host - np.sin(fed.host), 1e-4, 1e-5)
        for _ in range(4):
            fed = sess.run(z, {x: fed, y: fed}, to_host=False)
            expected = expected @ expected - np.sin(expected)
        np.testing.assert_allclose(fed.host, expected, 1e-4, 1e-5)


def test_a_partial_run_goes_on_on_the_gpu() -> None:
    x, y = (fg.placeholder(fg.float32, [4]) for _ in range(2))
    first = fg.exp(x)
    second = first * y
    with fg.Session() as sess:
        run = sess.partial_run_setup([first, second], [x, y])
        made = sess.partial_run(run, first, {x: np.ones(4)})
        np.testing.assert_allclose(sess.partial_run(run, second, {y: np.full(4, 2.0)}), 2 * made)
