"""What any test runs on the host is held against what CuPy has."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY
from tests.gpu import no_gpu, shadow
from tests.gpu.no_gpu import NotInCuPy

load_every_op()


@pytest.fixture(autouse=True)
def nothing_tried(monkeypatch):
    monkeypatch.setattr(shadow, "tried", shadow.Tried())
    monkeypatch.setattr(no_gpu, "called", set())


def with_kernel(monkeypatch, kernel):
    monkeypatch.setattr(type(REGISTRY["Cumsum"]), "kernel", kernel)
    return fg.cumsum(fg.placeholder_with_default([[1.0, 2.0]], [1, 2]), axis=1)


@pytest.mark.parametrize(("kernel", "words"), [
    (lambda self, xp, x, axis, **words: xp.sum(x, axis=1, keepdims=True, initial=0) + x, "initial"),
    (lambda self, xp, x, axis, **words: getattr(xp, "einsum" + "_path")("ij", x), "einsum_path"),
    (lambda self, xp, x, axis, **words: x.cumsum(*[1], where=True), "where"),
    (lambda self, xp, x, axis, **words: xp.add(x, np.ones(2)), "array of NumPy"),
    (lambda self, xp, x, axis, **words: xp.add.at(x.astype(complex), 0, 1), "has no complex128"),
], ids=["keyword", "name", "method", "mixed", "dtype"])
def test_a_test_fails_whose_kernel_asks_for_what_cupy_has_not(monkeypatch, kernel, words) -> None:
    y = with_kernel(monkeypatch, kernel)
    with pytest.raises((NotInCuPy, TypeError, ValueError, AttributeError)) as caught:
        fg.Session(passes=[]).run(y)
    assert isinstance(caught.value, NotInCuPy) and words in str(caught.value)
    assert "by the kernel of Cumsum" in caught.value.__notes__[0]


def test_results_are_the_hosts_and_each_call_is_tried_once(monkeypatch) -> None:
    asked = []

    def kernel(self, xp, x, axis, **words):
        asked.append(xp)
        if xp is not np:
            x += 1
        return xp.cumsum(x, 1)

    y = with_kernel(monkeypatch, kernel)
    for _ in range(2):
        with fg.Session(passes=[], runner="interpreter") as sess:
            np.testing.assert_array_equal(sess.run(y + 0), [[1, 3]])
    assert [xp is np for xp in asked] == [False, True, True]
    assert ("cumsum", 2, ()) in no_gpu.called
    assert "different calls of the array module" in shadow.told()


def test_errors_of_the_host_are_told_as_ever() -> None:
    x = fg.placeholder(fg.int32, [2])
    with pytest.raises(fg.errors.InvalidArgumentError, match="zero"):
        fg.Session().run(fg.floordiv(x, x), {x: [0, 1]})
