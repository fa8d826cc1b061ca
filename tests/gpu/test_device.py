"""On a GPU that is there: the oracle's numbers, training, memory. Skipped where there is none."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu
from flowgraph.program import placement
from tests.gpu.test_kernels import RESULTS, check_all
from tests.gpu.test_sessions import PROGRAMS, classifier
from tests.test_cases import assert_same, run

pytestmark = pytest.mark.skipif(not gpu.found(), reason="there is no GPU that CuPy can use: "
                                "`flowgraph doctor` says what is missing")
HOST = {"config": fg.ConfigProto(device_count={"GPU": 0}, allow_soft_placement=True)}
STEPS = 10_000


@pytest.fixture(autouse=True)
def small_things_too(monkeypatch) -> None:
    monkeypatch.setattr(placement, "SMALL", -1)


@pytest.mark.parametrize("table", RESULTS)
def test_sessions_give_the_oracles_numbers(table: str) -> None:
    def check(case) -> None:
        outputs, results = run(case, {})
        assert_same(case, outputs, results, "on the GPU")
    check_all(check, RESULTS[table])


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_training_gives_the_same_numbers_as_on_the_host(program) -> None:
    found = []
    for options in (HOST, {"config": fg.ConfigProto(allow_soft_placement=True)}):
        with fg.Graph().as_default():
            fg.set_random_seed(3)
            fetches, feeds = program()
            with fg.Session(**options) as sess:
                sess.run(fg.global_variables_initializer())
                found.append([sess.run(fetches, feeds) for _ in range(4)])
    for on_host, on_gpu in zip(*found, strict=True):
        for number, result in zip(on_host, on_gpu, strict=True):
            if number is not None:
                np.testing.assert_allclose(result, number, 1e-3, 1e-4)


@pytest.mark.slow
def test_memory_does_not_grow() -> None:
    fetches, feeds = classifier()
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        used = []
        for step in range(STEPS):
            sess.run(fetches, feeds)
            if step in (100, STEPS - 1):
                used.append(sess._settings.gpus["gpu:0"].memory()[0])
    assert used[1] <= used[0]


def test_results_stay_on_the_gpu_and_may_be_fed_again() -> None:
    x = fg.placeholder(fg.float32, [None, 30])
    with fg.Session() as sess:
        y = sess.run(x * 2, {x: np.ones((100, 30))}, to_host=False)
        assert type(y).__module__.startswith("cupy")
        assert sess.run(fg.reduce_sum(x), {x: y}) == 6000


def test_out_of_memory_leaves_the_session_usable() -> None:
    x = fg.placeholder(fg.float32, [None, None])
    with fg.Session() as sess:
        rows = fg.zeros([fg.shape(x)[0], 1 << 40])
        with pytest.raises(fg.errors.ResourceExhaustedError, match="out of memory on gpu:0"):
            sess.run(rows + x, {x: np.ones((1000, 1))})
        assert sess.run(fg.reduce_sum(x), {x: np.ones((100, 10))}) == 1000
