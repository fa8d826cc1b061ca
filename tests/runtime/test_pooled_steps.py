"""Steps that are shared out to the pool: several sessions at once, errors, interrupts, forks."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import blas, pool
from tests.runtime.test_threads import in_threads

many_cores = pytest.mark.skipif(pool.cores() < 2, reason="one core: there is no other thread")


@pytest.fixture
def network():
    """(start a session, its training step and loss, feeds): its blocks run on the pool."""
    numbers = np.random.default_rng(0)
    x = fg.placeholder(fg.float32, [None, 16, 16, 3], name="x")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    w = fg.Variable(numbers.normal(0, 0.3, (3, 3, 3, 16)).astype(np.float32), name="w")
    v = fg.Variable(numbers.normal(0, 0.1, (1024, 10)).astype(np.float32), name="v")
    y = fg.nn.max_pool(fg.nn.relu(fg.nn.conv2d(x, w, 1, "SAME")), 2, 2, "SAME")
    loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=fg.matmul(fg.reshape(y, [-1, 1024]), v)))
    fetches = [fg.train.AdamOptimizer(0.01).minimize(loss), loss]
    init = fg.global_variables_initializer()
    given = {x: numbers.normal(size=(32, 16, 16, 3)).astype(np.float32),
             labels: numbers.integers(0, 10, 32)}

    def start(**options):
        session = fg.Session(graph=x.graph, **options)
        session.run(init)
        return session

    return start, fetches, given


def losses(session, fetches, given, count=5):
    return [float(session.run(fetches, given)[1]) for _ in range(count)]


def is_quiet() -> bool:
    """Whether no one holds the BLAS library to fewer threads."""
    return (blas._threads._runs, blas._threads._held) == (0, 0)


def test_sessions_side_by_side_give_what_one_gives(network) -> None:
    start, fetches, given = network
    expected = losses(start(), fetches, given)
    found = in_threads(lambda i: losses(start(), fetches, given), 4)
    assert found == [expected] * 4
    assert is_quiet()


def test_threads_of_one_session_get_their_own_results(network) -> None:
    start, (_, loss), given = network
    x, labels = given
    session = start()
    feeds = [{x: given[x][:n], labels: given[labels][:n]} for n in (8, 16, 32)]
    expected = [float(start().run(loss, feed)) for feed in feeds]

    def work(i):
        for k in range(6):
            number = (i + k) % 3
            np.testing.assert_allclose(session.run(loss, feeds[number]), expected[number],
                                       rtol=1e-6)

    in_threads(work, 4)
    assert is_quiet()


def test_a_job_that_fails_leaves_variables_pool_and_library_as_they_were(network,
                                                                         monkeypatch) -> None:
    start, fetches, given = network
    session, other = start(), start()
    expected = losses(other, fetches, given)
    found = losses(session, fetches, given, 2)
    from flowgraph.ops import conv_tiles
    real = conv_tiles.Scratch.empty
    calls = iter(range(100))

    def failing(self, shape, dtype):
        if next(calls) == 3:
            raise MemoryError
        return real(self, shape, dtype)

    monkeypatch.setattr(conv_tiles.Scratch, "empty", failing)
    with pytest.raises(MemoryError):
        session.run(fetches, given)
    monkeypatch.undo()
    assert is_quiet()
    assert found + losses(session, fetches, given, 3) == expected


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no such signals here")
def test_an_interrupt_leaves_the_session_usable(network, control_c) -> None:
    start, fetches, given = network
    session, loss = start(), fetches[1]
    expected = float(session.run(loss, given))
    main = threading.main_thread().ident
    for _ in range(5):
        timer = threading.Timer(0.002, lambda: signal.pthread_kill(main, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            for _ in range(100_000):
                session.run(loss, given)
        timer.join()
        assert float(session.run(loss, given)) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_goes_on_with_sessions_of_its_own_and_of_its_parent(network) -> None:
    start, fetches, given = network
    session = start()
    expected = losses(start(), fetches, given)
    found = losses(session, fetches, given, 2)
    child = os.fork()
    if not child:
        same = False
        try:
            same = (losses(start(), fetches, given) == expected
                    and found + losses(session, fetches, given, 3) == expected)
        finally:
            os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert found + losses(session, fetches, given, 3) == expected


@many_cores
def test_a_session_of_one_thread_gives_the_pool_no_jobs(network, monkeypatch) -> None:
    start, fetches, given = network
    session = start(config=fg.ConfigProto(intra_op_parallelism_threads=1,
                                          inter_op_parallelism_threads=1))
    asked = []
    monkeypatch.setattr(pool, "_helpers", lambda wanted: asked.append(wanted) or 0)
    losses(session, fetches, given, 3)
    assert not any(wanted > 0 for wanted in asked)
    losses(start(), fetches, given, 3)
    assert any(wanted > 0 for wanted in asked)


def test_a_closed_session_holds_no_arrays(network) -> None:
    start, fetches, given = network
    session = start()
    losses(session, fetches, given, 2)
    session.close()
    assert session._arenas.spare_bytes == 0
    assert not session._state.values
    assert not session._state._spare
