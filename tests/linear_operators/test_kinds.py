"""Every kind of operator does what its dense matrix does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg
from tests.linear_operators.kinds import KINDS, OBLONG, Kind, adjoint, numbers

BY_NAME = {"argvalues": KINDS, "ids": [kind.name for kind in KINDS]}
ALL = {"argvalues": [*KINDS, *OBLONG],
       "ids": [*(kind.name for kind in KINDS), *(f"oblong_{kind.name}" for kind in OBLONG)]}


def results(kind: Kind, compute: Any, fed: bool = False) -> Any:
    """What the tensors of `compute(operator)` are, with known shapes or with fed ones."""
    feeds: dict[Any, Any] = {}

    def tensor(array: Any) -> Any:
        if not fed:
            return fg.constant(array)
        feeds[fg.placeholder(fg.as_dtype(array.dtype), [None] * array.ndim)] = array
        return list(feeds)[-1]

    with fg.Graph().as_default(), fg.Session() as session:
        return session.run(compute(kind.make(tensor)), feeds)


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-9)


def columns(kind: Kind, axis: int, *batch: int) -> Any:
    return numbers(*batch, kind.dense.shape[axis], 2, dtype=kind.dense.dtype.name)


@pytest.mark.parametrize("fed", [False, True], ids=["known", "fed"])
@pytest.mark.parametrize("kind", **ALL)
def test_it_multiplies_as_its_matrix(kind: Kind, fed: bool) -> None:
    x, y, a = columns(kind, -1), columns(kind, -2, 2), kind.dense
    found = results(kind, lambda op: {
        "plain": op.matmul(x), "arg": op.matmul(adjoint(x), adjoint_arg=True), "@": op @ x,
        "adjoint": op.matmul(y, adjoint=True), "vector": op.matvec(x[:, 0]),
        "both": op.matmul(adjoint(y), adjoint=True, adjoint_arg=True),
        "vectors": op.matvec(y[..., 0], adjoint=True)}, fed)
    for name in ("plain", "arg", "@"):
        close(found[name], a @ x)
    for name in ("adjoint", "both"):
        close(found[name], adjoint(a) @ y)
    close(found["vector"], a @ x[:, 0])
    close(found["vectors"], (adjoint(a) @ y[..., :1])[..., 0])


@pytest.mark.parametrize("fed", [False, True], ids=["known", "fed"])
@pytest.mark.parametrize("kind", **BY_NAME)
def test_it_solves_as_its_matrix(kind: Kind, fed: bool) -> None:
    y, many, a = columns(kind, -2), columns(kind, -2, 4, 2), kind.dense
    found = results(kind, lambda op: [
        op.solve(y), op.solve(many), op.solve(adjoint(many), adjoint_arg=True),
        op.solve(many, adjoint=True), op.solvevec(many[..., 0]), op.inverse().to_dense()], fed)
    close(found[0], np.linalg.solve(a, np.broadcast_to(y, (*a.shape[:-2], *y.shape))))
    for got in found[1:3]:
        close(got, np.linalg.inv(a) @ many)
    close(found[3], np.linalg.inv(adjoint(a)) @ many)
    close(found[4], (np.linalg.inv(a) @ many[..., :1])[..., 0])
    close(found[5], np.linalg.inv(a))


@pytest.mark.parametrize("fed", [False, True], ids=["known", "fed"])
@pytest.mark.parametrize("kind", **ALL)
def test_its_parts_are_those_of_its_matrix(kind: Kind, fed: bool) -> None:
    x, a = numbers(*kind.dense.shape, dtype=kind.dense.dtype.name), kind.dense
    found = results(kind, lambda op: {
        "dense": op.to_dense(), "diagonal": op.diag_part(), "trace": op.trace(),
        "sum": op.add_to_tensor(x), "shape": op.shape_tensor(), "batch": op.batch_shape_tensor(),
        "rank": op.tensor_rank_tensor(), "rows": op.range_dimension_tensor(),
        "columns": op.domain_dimension_tensor(), "adjoint": op.H.to_dense(),
        "twice": op.adjoint().adjoint().to_dense()}, fed)
    close(found["dense"], a)
    close(found["diagonal"], np.diagonal(a, 0, -2, -1))
    close(found["trace"], np.trace(a, 0, -2, -1))
    close(found["sum"], a + x)
    close(found["adjoint"], adjoint(a))
    close(found["twice"], a)
    assert found["shape"].tolist() == list(a.shape)
    assert found["batch"].tolist() == list(a.shape[:-2])
    assert (found["rank"], found["rows"], found["columns"]) == (a.ndim, *a.shape[-2:])


@pytest.mark.parametrize("kind", **ALL)
def test_its_static_shape_is_that_of_its_matrix(kind: Kind) -> None:
    with fg.Graph().as_default():
        op = kind.make(fg.constant)
        assert op.shape == kind.dense.shape
        assert op.batch_shape == kind.dense.shape[:-2]
        assert op.tensor_rank == kind.dense.ndim
        assert (op.range_dimension, op.domain_dimension) == kind.dense.shape[-2:]
        assert op.is_square == (kind.dense.shape[-2] == kind.dense.shape[-1])
        assert op.dtype.as_numpy_dtype == kind.dense.dtype
        assert op.to_dense().shape == kind.dense.shape


@pytest.mark.parametrize("kind", **BY_NAME)
def test_its_determinant_is_that_of_its_matrix(kind: Kind) -> None:
    found = results(kind, lambda op: [op.determinant(), op.log_abs_determinant()])
    close(found[0], np.linalg.det(kind.dense))
    close(found[1], np.linalg.slogdet(kind.dense)[1])


# a Cholesky decomposition reads one triangle, so that "full_definite" does not follow every move
REAL = [kind for kind in KINDS if kind.tensors and kind.dense.dtype == np.float64
        and kind.name not in ("circulant", "full_definite")]


@pytest.mark.parametrize("kind", REAL, ids=[kind.name for kind in REAL])
def test_gradients_go_through_it_to_its_tensors(kind: Kind) -> None:
    weights = np.cos(np.arange(kind.dense.shape[-1]))
    tensors: list[Any] = []
    values: list[Any] = []

    def tensor(array: Any) -> Any:
        tensors.append(fg.placeholder(fg.float64, array.shape))
        values.append(array)
        return tensors[-1]

    with fg.Graph().as_default(), fg.Session() as session:
        op = kind.make(tensor)
        y = (fg.reduce_sum(op.solvevec(weights) ** 2) + fg.reduce_sum(op.matvec(weights) ** 2)
             + fg.reduce_sum(op.log_abs_determinant()))
        slopes = [fg.zeros_like(x) if dx is None else dx
                  for x, dx in zip(tensors, fg.gradients(y, tensors), strict=True)]
        found = session.run(slopes, dict(zip(tensors, values, strict=True)))
        directions = [numbers(*value.shape) for value in values]

        def moved(step: float) -> Any:
            return session.run(y, {x: value + step * direction for x, value, direction
                                   in zip(tensors, values, directions, strict=True)})

        slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
    expected = sum((dx * direction).sum() for dx, direction in zip(found, directions, strict=True))
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-6)
