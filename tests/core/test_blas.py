"""BLAS threads: one while it is held, those that are free in a run, the user's number after."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from flowgraph.core import blas

LIBRARY = blas.find()
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="NumPy's BLAS has no threads to set here")


@pytest.fixture
def library():
    before = LIBRARY.get_threads()
    LIBRARY.set_threads(2)
    yield LIBRARY
    LIBRARY.set_threads(before)


def test_it_is_held_to_one_thread_and_given_back(library) -> None:
    with blas.held_to_one_thread:
        assert library.get_threads() == 1
        with blas.held_to_one_thread:
            assert library.get_threads() == 1
        assert library.get_threads() == 1
    assert library.get_threads() == 2


def test_it_is_given_back_after_an_error(library) -> None:
    with pytest.raises(ZeroDivisionError), blas.held_to_one_thread:
        raise ZeroDivisionError
    assert library.get_threads() == 2


@pytest.mark.parametrize("made", [False, True])
def test_an_interrupt_while_it_is_asked_leaves_no_one_holding_it(library, monkeypatch,
                                                                 made) -> None:
    threads = blas._Threads()
    real = threads._wanted

    def interrupted() -> int:
        if made:
            library.set_threads(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(threads, "_wanted", interrupted)
    with pytest.raises(KeyboardInterrupt), blas._Held(threads, 0, 1):
        pytest.fail("it was let in")
    threads._wanted = real
    assert (threads._runs, threads._held) == (0, 0)
    library.set_threads(2)
    with blas._Held(threads, 0, 1):
        assert library.get_threads() == 1
    assert library.get_threads() == 2


def test_the_last_of_several_threads_gives_it_back(library) -> None:
    inside, may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with blas.held_to_one_thread:
            inside.set()
            may_leave.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    inside.wait(60)
    with blas.held_to_one_thread:
        pass
    assert library.get_threads() == 1
    may_leave.set()
    other.join()
    assert library.get_threads() == 2


@pytest.mark.parametrize("free,threads", [(2.0, 2), (1.8, 2), (1.5, 1), (0.0, 1),
                                          (8.0, 2)])
def test_a_run_gets_the_cores_that_are_free(library, monkeypatch, free, threads) -> None:
    monkeypatch.setattr(blas, "free_cores", lambda: free)
    with blas.held_to_free_cores:
        assert library.get_threads() == threads
        with blas.held_to_one_thread:
            assert library.get_threads() == 1
        assert library.get_threads() == threads
        with blas.held_to_free_cores:  # two runs at once share the cores
            assert library.get_threads() == 1
    assert library.get_threads() == 2


def test_threads_that_the_user_forbade_are_not_taken(library, monkeypatch) -> None:
    monkeypatch.setattr(blas, "free_cores", lambda: 2.0)
    library.set_threads(1)
    with blas.held_to_free_cores:
        assert library.get_threads() == 1
    assert library.get_threads() == 1


def test_a_timeout_of_the_users_is_left_alone(library, monkeypatch) -> None:
    monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", "20")
    assert not blas.let_sleep(library)


def test_products_are_right_when_threads_were_told_to_sleep(library, monkeypatch) -> None:
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    a, b = np.random.default_rng(0).normal(size=(2, 300, 300))
    for threads in (2, 3, 2):
        library.set_threads(threads)
        blas.let_sleep(library)
        np.testing.assert_allclose(a @ b, np.einsum("ij,jk->ik", a, b), rtol=1e-9, atol=1e-9)
        assert library.get_threads() == threads
    assert "OPENBLAS_THREAD_TIMEOUT" not in os.environ
