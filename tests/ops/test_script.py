"""What py_func hands over and takes back."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg


def test_py_func_gets_scalars_arrays_and_bytes() -> None:
    seen = []
    done = fg.py_func(lambda *args: seen.extend(args),
                      [fg.constant(1.5), fg.constant([1, 2]), fg.constant("a"),
                       fg.constant(["b"])], [])
    with fg.Session() as session:
        assert session.run(done) is None
    assert type(seen[0]) is np.float32 and seen[0] == 1.5
    assert seen[1].tolist() == [1, 2] and seen[1].dtype == np.int32
    assert seen[2] == b"a"
    assert seen[3].tolist() == [b"b"]


def test_py_func_may_change_and_keep_its_argument() -> None:
    kept = []

    def change(a):
        a += 1
        kept.append(a)
        return a

    x = fg.constant([1.0, 2.0])
    y = fg.py_func(change, [x], fg.float32)
    with fg.Session() as session:
        before, after = session.run([x, y])
        after += 100
        assert before.tolist() == [1, 2]
        assert session.run(y).tolist() == [2, 3]
    assert [a.tolist() for a in kept] == [[2, 3], [2, 3]]


def test_stateful_py_func_runs_once_per_run_and_node() -> None:
    calls = []

    def count():
        calls.append(1)
        return np.int64(len(calls))

    first, second = fg.py_func(count, [], fg.int64), fg.py_func(count, [], fg.int64)
    with fg.Session() as session:
        session.run([first, first + 0, second])
    assert len(calls) == 2


def test_py_funcs_exception_is_also_of_the_users_own_class() -> None:
    error = ZeroDivisionError("mine")

    def fail():
        raise error

    with fg.Session() as session, pytest.raises(ZeroDivisionError) as caught:
        session.run(fg.py_func(fail, [], fg.float32))
    assert isinstance(caught.value, fg.errors.UnknownError)
    assert caught.value.args == error.args


def test_py_func_has_no_gradient() -> None:
    x = fg.constant(1.0)
    assert fg.gradients(fg.py_func(lambda a: a, [x], fg.float32), x) == [None]
