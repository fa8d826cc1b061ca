"""Where CuPy computes otherwise than NumPy, kernels give NumPy's numbers and errors still."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.program import placement
from flowgraph.program.c_expressions import expression_of
from flowgraph.program.ir import Instr, Value
from flowgraph.program.kernel_groups import KernelGroup
from tests.gpu import no_gpu
from tests.gpu.groups import in_kernel
from tests.gpu.no_gpu import cupy
from tests.gpu.on_device import on_device
from tests.gpu.simulated import gpus
from tests.gpu.waits import watched


class Origin:
    """A graph operation, as far as texts ask for it."""

    name, frame = "member", "model.py:1"


FLOATS = ["float16", "float32", "float64"]
WHOLE = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
DIVIDED = [5, -5, 1, -1, 0, -0.0, 7.5, 1e8, 16777215, 1e30, np.inf, -np.inf, np.nan, 65504]
BY = [np.inf, -np.inf, 0.1, -0.1, 3, -3, 0.7, 1e-5, 1, np.nan, 0]
# All that fits somewhere and not elsewhere.
CAST = [-1, -1.9, 0.9, -129, -300, 300, 40_000, -40_000, 70_000, 3e9, -1e9, 9.2e18, 1e30, -1e30,
        1.9e19, np.inf, -np.inf, np.nan, 65504, 0]


def numbers(values, dtype: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.array(values).astype(dtype)


def pairs(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Each of some numbers with each other that it may be divided by."""
    if dtype in FLOATS:
        all_pairs = itertools.product(numbers(DIVIDED, dtype), numbers(BY, dtype))
    else:
        limits = np.iinfo(dtype)
        some = {*range(-9, 10), limits.max, limits.max - 1, limits.min, limits.min + 1,
                limits.max // 3, 10**17 + 3, -10**17 - 3, 123}
        fit = [n for n in some if limits.min <= n <= limits.max]
        all_pairs = ((x, y) for x, y in itertools.product(fit, fit) if y)
    x, y = zip(*all_pairs, strict=True)
    return np.array(x, dtype), np.array(y, dtype)


def casts(source: str, target: str) -> np.ndarray:
    """Floats to cast, so many that NumPy takes them in one way."""
    x = np.tile(numbers(CAST, source), 40)
    # What is too large for uint32 NumPy's own loops make different numbers of.
    return x if target != "uint32" else x[abs(x.astype(float)) < 1 << 32]


def ways(build, *arrays) -> list[np.ndarray]:
    """What an op gives on the host, by its kernel on the device, and by a kernel of its own."""
    found = []
    for there in (False, True):
        with fg.Graph().as_default() as graph, fg.Session(
                graph=graph, runner="interpreter", passes=[]) as sess:
            y = build(*map(fg.constant, arrays))
            if there:
                with on_device():
                    found.append(sess.run(y))
            else:
                found.append(sess.run(y))
    with fg.Graph().as_default():
        op = build(*[fg.placeholder(fg.as_dtype(a.dtype), a.shape) for a in arrays]).op
        inputs = [Value(f"x{i}", t.spec, device="gpu:0") for i, t in enumerate(op.inputs)]
        out = Value("y", op.outputs[0].spec, device="gpu:0")
        instr = Instr(op.op_def, tuple(inputs), (out,), op.attrs, (Origin(),), device="gpu:0")
        if expression_of(instr) is not None:
            found += in_kernel(KernelGroup((instr,), (out,)),
                               dict(zip(inputs, arrays, strict=True)))
    return found


def assert_all_equal(found: list[np.ndarray]) -> None:
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0], strict=True)
        if found[0].dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(other[other == 0]),
                                          np.signbit(found[0][found[0] == 0]))


@pytest.mark.parametrize("dtype", FLOATS + WHOLE)
@pytest.mark.parametrize("op", [fg.floormod, fg.truncatemod], ids=["floormod", "truncatemod"])
def test_remainders_are_the_hosts_to_the_last_bit(op, dtype: str) -> None:
    x, y = pairs(dtype)
    assert_all_equal(ways(op, x, y))


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("target", WHOLE)
def test_casts_of_what_does_not_fit_are_the_hosts(source: str, target: str) -> None:
    found = ways(lambda x: fg.cast(x, target), casts(source, target))
    assert len(found) == 3
    assert_all_equal(found)


@pytest.mark.parametrize(("start", "stop"), [(0.0, 1.0), (5.0, -3.5), (2.0, 2.0), (1e-45, 3e-45),
                                             (-1e30, 1e30)])
@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_evenly_spaced_numbers_are_the_hosts_and_wait_for_nothing(
        dtype, count, start, stop) -> None:
    ends = np.array([start, stop], dtype)
    with watched() as watch:
        found = ways(lambda ends: fg.linspace(ends[0], ends[1], count), ends)
    assert_all_equal(found)
    assert not watch.waits


SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
BROKEN = np.array([[1.0, 2.0], [2.0, 1.0]])
FAILING = {
    "MatrixInverse": (lambda: fg.matrix_inverse(SINGULAR), "not invertible"),
    "MatrixInverse/stack": (lambda: fg.matrix_inverse([np.eye(2), SINGULAR]), "not invertible"),
    "MatrixSolve": (lambda: fg.matrix_solve(SINGULAR, np.ones((2, 1))), "not invertible"),
    "MatrixSolveLs": (lambda: fg.matrix_solve_ls(SINGULAR, np.ones((2, 1))), "not full rank"),
    "Cholesky": (lambda: fg.cholesky(BROKEN), "not positive definite"),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_a_matrix_lacks_is_told_and_waited_for(name: str, monkeypatch) -> None:
    build, words = FAILING[name]
    monkeypatch.setattr(placement, "SMALL", -1)
    with fg.Graph().as_default():
        y = build()
        with gpus(), watched() as watch, fg.Session(runner="interpreter", passes=[]) as sess, \
                pytest.raises(fg.errors.InvalidArgumentError, match=words):
            sess.run(y)
    op = name.partition("/")[0]
    assert watch.waits[op]
    assert REGISTRY[op].waits_for_gpu


def test_the_stand_in_is_quiet_about_matrices_as_cupy_is() -> None:
    matrix = no_gpu.DeviceArray(SINGULAR)
    assert np.isnan(cupy.linalg.inv(matrix).host).all()
