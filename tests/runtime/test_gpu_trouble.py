"""Failures of CUDA, on a GPU that is not there: which run they came up in, and which op it was."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.program import placement
from flowgraph.runtime import gpu_trouble
from tests.gpu.simulated import SimulatedGpu, gpus

load_every_op()


class CUDARuntimeError(RuntimeError):
    """As CuPy raises it."""


@pytest.fixture(autouse=True)
def an_erf_that_fails_later(monkeypatch):
    """Erf breaks the GPU; it shows when something waits for it, or is launched after that."""
    broken = []

    def check(self, *args):
        if broken:
            raise CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access was "
                                   "encountered")

    def failing(before):
        def call(self, *args, **keywords):
            check(self)
            return before(self, *args, **keywords)
        return call

    def erf(self, xp, x, **keywords):
        broken.append(1)
        return x

    for name in ("wait", "_download", "_upload"):
        monkeypatch.setattr(SimulatedGpu, name, failing(getattr(SimulatedGpu, name)))
    monkeypatch.setattr(type(REGISTRY["Erf"]), "kernel", erf)
    monkeypatch.setattr(type(REGISTRY["Cumsum"]), "kernel", lambda self, xp, x, *args, **words: (
        check(self), x)[1])
    monkeypatch.setattr(placement, "SMALL", -1)
    with fg.Graph().as_default(), gpus():
        yield


def erfs():
    x = fg.placeholder(fg.float32, [4], name="x")
    failing = fg.erf(x, name="failing")
    return x, fg.stop_gradient(failing, name="after")


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_a_failure_names_the_run_and_says_how_to_find_the_operation(runner) -> None:
    x, y = erfs()
    with fg.Session(runner=runner, passes=[]) as sess, pytest.raises(
            fg.errors.InternalError) as caught:
        sess.run(y, {x: np.ones(4)})
    text = caught.value.message
    assert text.startswith("CUDARuntimeError: cudaErrorIllegalAddress: an illegal memory access "
                           "was encountered, on a GPU, in the run that fetches 'after'")
    assert "FLOWGRAPH_WAIT_FOR_GPU=1" in text and caught.value.op is None
    assert isinstance(caught.value.__cause__, CUDARuntimeError)


def test_where_it_was_noticed_is_told_but_not_blamed() -> None:
    x, y = erfs()
    z = fg.cumsum(y, name="innocent")
    v = fg.Variable(fg.zeros([4]), name="v")
    with fg.Session(passes=[]) as sess:
        sess.run(v.initializer)
        with pytest.raises(fg.errors.InternalError) as caught:
            sess.run(v.assign(z).op, {x: np.ones(4)})
    assert "in the run that writes 'v'\n  noticed at  Cumsum 'innocent' (test_gpu_trouble.py:" in (
        caught.value.message)


@pytest.mark.parametrize("passes", [None, []], ids=["passes", "alone"])
def test_a_session_that_waits_after_each_operation_names_the_one(monkeypatch, passes) -> None:
    monkeypatch.setenv(gpu_trouble.VARIABLE, "1")
    x, y = erfs()
    z = fg.cumsum(y, name="innocent")
    with fg.Session(passes=passes) as sess, pytest.raises(fg.errors.InternalError) as caught:
        sess.run(z, {x: np.ones(4)})
    if passes is not None:
        assert caught.value.message.startswith("Erf 'failing' (test_gpu_trouble.py:")
        assert caught.value.op.name == "failing"
    assert "x = " in caught.value.message


def test_runs_that_wait_are_right_and_no_graphs(monkeypatch) -> None:
    monkeypatch.setenv(gpu_trouble.VARIABLE, "1")
    x = fg.placeholder(fg.float32, [2], name="x")
    y = fg.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, fg.sin(v)), (0, fg.sqrt(x)))[1]
    with fg.Session() as sess:
        for _ in range(5):
            found = sess.run(fg.exp(y), {x: [1.0, 4.0]})
        gpu = sess._settings.gpus["gpu:0"]
        assert gpu.waits > 5 * 4
    expected = np.sqrt(np.float32([1, 4]))
    for _ in range(3):
        expected = np.sin(expected)
    np.testing.assert_allclose(found, np.exp(expected), 1e-6)


def test_it_is_a_failure_of_memory_if_it_says_so() -> None:
    assert not gpu_trouble.is_trouble(CUDARuntimeError("cudaErrorMemoryAllocation: out of memory"))
    assert not gpu_trouble.is_trouble(RuntimeError("the user's"))
