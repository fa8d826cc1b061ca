"""On a GPU that is there: the oracle's numbers, training, memory. Skipped where there is none."""

from __future__ import annotations

import io

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu
from flowgraph.program import placement
from tests.gpu.test_graphs import why_not
from tests.gpu.test_kernels import RESULTS, check_all
from tests.gpu.test_manners import FAILING, FLOATS, WHOLE, casts, pairs
from tests.gpu.test_sessions import PROGRAMS
from tests.gpu.test_steady_steps import mlp
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


def on_both(build, *arrays) -> list:
    """What is built gives, on the host and on the GPU."""
    found = []
    for options in (HOST, {}):
        with fg.Graph().as_default():
            feeds = [fg.placeholder(fg.as_dtype(a.dtype), a.shape) for a in arrays]
            with fg.Session(**options) as sess:
                found.append(sess.run(build(*feeds), dict(zip(feeds, arrays, strict=True))))
    return found


@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE])
def test_remainders_are_the_hosts_fused_or_not(dtype: str) -> None:
    def build(x, y):
        return [fg.floormod(x, y), fg.truncatemod(x, y), fg.floormod(x + 0, y) - fg.floormod(y, y)]

    for on_host, on_gpu in zip(*on_both(build, *pairs(dtype)), strict=True):
        np.testing.assert_array_equal(on_gpu, on_host)


@pytest.mark.parametrize("target", WHOLE)
@pytest.mark.parametrize("source", FLOATS)
def test_casts_of_what_does_not_fit_are_the_hosts_fused_or_not(source: str, target: str) -> None:
    x = casts(source, target)
    on_host, on_gpu = on_both(lambda x: [fg.cast(x, target), fg.cast(x * 1, target) + 1], x)
    np.testing.assert_array_equal(on_gpu, on_host)


@pytest.mark.parametrize("name", FAILING)
def test_what_a_matrix_lacks_is_told(name: str) -> None:
    build, words = FAILING[name]
    with fg.Graph().as_default():
        y = build()
        with fg.Session(passes=[]) as sess, pytest.raises(
                fg.errors.InvalidArgumentError, match=words):
            sess.run(y)


@pytest.mark.slow
def test_memory_does_not_grow() -> None:
    import cupy
    loss, train, feeds = mlp()
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        used, free = [], []
        for step in range(STEPS):
            sess.run([loss, train], feeds)
            if step in (100, STEPS - 1):
                used.append(sess._settings.gpus["gpu:0"].memory()[0])
                free.append(cupy.cuda.Device(0).mem_info[0])
        assert why_not(sess, [loss, train], feeds) == ""
    assert used[1] <= used[0]
    assert free[1] >= free[0] - (1 << 20)


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
        total = fg.reduce_sum(fg.matmul(fg.exp(fg.tanh(x)), x, transpose_a=True)) + fg.reduce_max(x)
        fed = {x: np.ones((100, 10))}
        expected = [sess.run(total, fed) for _ in range(4)]
        assert sess.explain(total, fed, io.StringIO()).why_no_graph == ""
        with pytest.raises(fg.errors.ResourceExhaustedError, match="out of memory on gpu:0"):
            sess.run(rows + x, {x: np.ones((1000, 1))})
        assert sess.run(fg.reduce_sum(x), {x: np.ones((100, 10))}) == 1000
        np.testing.assert_allclose([sess.run(total, fed) for _ in range(2)], expected[:2], 1e-4)
