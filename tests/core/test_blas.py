"""BLAS threads: one while it is held, the user's number before and after."""

from __future__ import annotations

import threading

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


def test_the_last_of_several_threads_gives_it_back(library) -> None:
    inside, may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with blas.held_to_one_thread:
            inside.set()
            may_leave.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    inside.wait(10)
    with blas.held_to_one_thread:
        pass
    assert library.get_threads() == 1
    may_leave.set()
    other.join()
    assert library.get_threads() == 2
