"""The interface: hints, arguments that do not fit, assertions, names, operators of operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg
from tests.linear_operators.kinds import definite, heavy, numbers

L = fg.linalg
SQUARE = [[2.0, 1.0], [0.0, 1.0]]
WIDE = [[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]]


def full(matrix: Any = SQUARE, **hints: Any) -> Any:
    return L.LinearOperatorFullMatrix(matrix, **hints)


def hints_of(operator: Any) -> tuple[Any, ...]:
    return (operator.is_non_singular, operator.is_self_adjoint, operator.is_positive_definite,
            operator.is_square)


# ---- hints ---------------------------------------------------------------------------------------


def test_a_positive_definite_operator_is_non_singular_and_square() -> None:
    assert hints_of(full(is_positive_definite=True)) == (True, None, True, True)


def test_a_self_adjoint_operator_is_square_though_its_shape_is_unknown() -> None:
    assert full(fg.placeholder(fg.float32)).is_square is None
    assert full(fg.placeholder(fg.float32), is_self_adjoint=True).is_square is True


def test_a_real_diagonal_is_self_adjoint() -> None:
    assert L.LinearOperatorDiag([1.0]).is_self_adjoint is True
    assert L.LinearOperatorDiag([1j]).is_self_adjoint is None
    assert L.LinearOperatorCirculant([1.0, 2.0]).is_self_adjoint is True


def test_a_block_diagonal_is_what_all_its_blocks_are() -> None:
    one, two = full(is_self_adjoint=True, is_non_singular=True), L.LinearOperatorIdentity(2)
    assert hints_of(L.LinearOperatorBlockDiag([one, two])) == (True, True, None, True)


def test_an_inverse_is_what_the_operator_is() -> None:
    assert hints_of(full(is_self_adjoint=True, is_positive_definite=True).inverse()) == (
        True, True, True, True)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: full(is_positive_definite=True, is_non_singular=False), "is_non_singular=False"),
    (lambda: full(is_non_singular=True, is_square=False), "is_square=False"),
    (lambda: full(is_self_adjoint=True, is_square=False), "is_square=False"),
    (lambda: full(is_square=False).is_square, "is_square=False"),
    (lambda: L.LinearOperatorDiag([1.0], is_self_adjoint=False), "is_self_adjoint=False"),
    (lambda: L.LinearOperatorDiag([1.0], is_square=False), "is_square=False"),
    (lambda: L.LinearOperatorDiag(1.0), "at least 1 dimension"),
    (lambda: full([1.0]), "at least 2 dimensions"),
    (lambda: L.LinearOperatorLowerTriangular([1.0]), "at least 2 dimensions"),
    (lambda: L.LinearOperatorIdentity(2, is_square=False), "is_square=False"),
    (lambda: L.LinearOperatorIdentity(-1), "negative"),
    (lambda: L.LinearOperatorIdentity([2]), "scalar"),
    (lambda: L.LinearOperatorIdentity(2, batch_shape=[-2]), "negative"),
    (lambda: L.LinearOperatorIdentity(2, batch_shape=3), "1-D"),
    (lambda: L.LinearOperatorScaledIdentity(2, 1.0, is_square=False), "is_square"),
    (lambda: L.LinearOperatorZeros(2, is_non_singular=True), "is_non_singular=True"),
    (lambda: L.LinearOperatorZeros(2, is_self_adjoint=False), "is_self_adjoint=False"),
    (lambda: L.LinearOperatorZeros(2, 3), "num_columns 3"),
    (lambda: L.LinearOperatorHouseholder([1.0], is_positive_definite=True), "positive_definite"),
    (lambda: L.LinearOperatorToeplitz([1.0], [1.0, 2.0]), "one length"),
    (lambda: L.LinearOperatorCirculant2D([1.0]), "at least 2 dimensions"),
    (lambda: L.LinearOperatorCirculant([1.0], is_self_adjoint=False), "is_self_adjoint=False"),
    (lambda: L.LinearOperatorComposition([]), "at least one"),
    (lambda: L.LinearOperatorComposition([full(np.ones((2, 3))), full(np.ones((2, 3)))]).shape,
     "not compatible"),
    (lambda: L.LinearOperatorComposition([L.LinearOperatorIdentity(2)], is_non_singular=False),
     "is_non_singular=False"),
    (lambda: L.LinearOperatorBlockDiag([full(np.ones((2, 3)))]), "square"),
    (lambda: L.LinearOperatorAdjoint(full(is_non_singular=True), is_non_singular=False),
     "is_non_singular=False"),
    (lambda: L.LinearOperatorInversion(full(np.ones((2, 3)))), "is_square"),
    (lambda: L.LinearOperatorLowRankUpdate(full(), [[1.0]]), "u has the size 1"),
    (lambda: L.LinearOperatorLowRankUpdate(full(), SQUARE, [1.0]), "diag_update"),
    (lambda: L.LinearOperatorLowRankUpdate(full(), SQUARE, is_diag_update_positive=False),
     "is_diag_update_positive=False"),
    (lambda: L.LinearOperator(fg.float32, graph_parents=["a"]), "graph_parents"),
    (lambda: full().matmul(np.ones((3, 1), np.float32)), "does not fit"),
    (lambda: full().matmul([1.0, 2.0]), "rank 2"),
    (lambda: full().matvec(1.0), "rank 1"),
    (lambda: full().solve(np.ones((3, 1), np.float32)), "does not fit"),
    (lambda: full().matmul(full(np.ones((3, 3), np.float32))), "inner sizes"),
    (lambda: full(np.ones((2, 3))).inverse(), "not square"),
    (lambda: full(is_non_singular=False).inverse(), "singular"),
    (lambda: full().cholesky(), "is_self_adjoint=True"),
], ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "")
def test_what_cannot_be_is_a_value_error(make: Any, words: str) -> None:
    with fg.Graph().as_default(), pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(("make", "words"), [
    (lambda: full([[1]]), "tf.cast"),
    (lambda: full().matmul(np.ones((2, 1))), "float64"),
    (lambda: L.LinearOperatorIdentity(2.0), "integer"),
    (lambda: L.LinearOperatorIdentity(2, batch_shape=[1.0]), "integers"),
    (lambda: L.LinearOperatorKronecker([full(), L.LinearOperatorDiag([1j])]), "one dtype"),
], ids=["matrix", "argument", "num_rows", "batch_shape", "operators"])
def test_another_dtype_is_a_type_error(make: Any, words: str) -> None:
    with fg.Graph().as_default(), pytest.raises(TypeError, match=words):
        make()


@pytest.mark.parametrize("make", [
    lambda: full(WIDE).determinant(), lambda: full(WIDE).solvevec([1.0, 2.0]),
    lambda: full(WIDE).solve(SQUARE), lambda: L.LinearOperatorZeros(2).solve(SQUARE),
    lambda: full().assert_positive_definite(),
], ids=["determinant", "solvevec", "solve", "zeros", "definite"])
def test_what_an_operator_cannot_do_is_not_implemented(make: Any) -> None:
    with fg.Graph().as_default(), pytest.raises(NotImplementedError):
        make()


# ---- assertions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "method"), [
    (lambda: L.LinearOperatorDiag([1.0, 0.0]), "assert_non_singular"),
    (lambda: L.LinearOperatorDiag([1.0, -1.0]), "assert_positive_definite"),
    (lambda: L.LinearOperatorDiag([1.0, 1j]), "assert_self_adjoint"),
    (lambda: L.LinearOperatorScaledIdentity(2, 0.0), "assert_non_singular"),
    (lambda: L.LinearOperatorScaledIdentity(2, -1.0), "assert_positive_definite"),
    (lambda: full(), "assert_self_adjoint"),
    (lambda: full([[1.0, 1.0], [1.0, 1.0]]), "assert_non_singular"),
    (lambda: full([[1.0, 2.0], [2.0, 1.0]], is_self_adjoint=True), "assert_positive_definite"),
    (lambda: L.LinearOperatorLowerTriangular([[0.0, 1.0], [1.0, 1.0]]), "assert_non_singular"),
    (lambda: L.LinearOperatorCirculant([1.0, 0.0]), "assert_non_singular"),
    (lambda: L.LinearOperatorCirculant([1.0, 1j]), "assert_self_adjoint"),
    (lambda: L.LinearOperatorCirculant([1.0, 1j]), "assert_hermitian_spectrum"),
    (lambda: L.LinearOperatorToeplitz([1.0, 2.0], [1.0, 3.0]), "assert_self_adjoint"),
    (lambda: L.LinearOperatorHouseholder([1.0]), "assert_positive_definite"),
    (lambda: L.LinearOperatorZeros(2), "assert_non_singular"),
    (lambda: L.LinearOperatorKronecker([full(), full([[0.0]])]), "assert_non_singular"),
    (lambda: L.LinearOperatorBlockDiag([full(), full([[0.0]])]), "assert_non_singular"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_an_assertion_raises_where_it_does_not_hold(make: Any, method: str) -> None:
    with fg.Graph().as_default(), pytest.raises(fg.errors.InvalidArgumentError):
        fg.Session().run(getattr(make(), method)())


def test_assertions_pass_where_they_hold() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        matrix = full(definite(3), is_self_adjoint=True, is_positive_definite=True)
        for operator in (matrix, L.LinearOperatorDiag([1.0]), L.LinearOperatorIdentity(2),
                         L.LinearOperatorCirculant([2.0, 1.0]),
                         L.LinearOperatorBlockDiag([matrix, matrix])):
            session.run([operator.assert_non_singular(), operator.assert_positive_definite(),
                         operator.assert_self_adjoint()])
        session.run(L.LinearOperatorCirculant([2.0, 1.0]).assert_hermitian_spectrum())


def test_proper_shapes_are_checked_when_run() -> None:
    x = fg.placeholder(fg.float32, [None, 1])
    y = L.LinearOperatorIdentity(fg.placeholder_with_default(2, []),
                                 assert_proper_shapes=True).matmul(x)
    with fg.Session() as session:
        assert session.run(y, {x: [[1], [2]]}).tolist() == [[1], [2]]
        with pytest.raises(fg.errors.InvalidArgumentError, match="not compatible"):
            session.run(y, {x: [[1]]})


# ---- operators of operators ----------------------------------------------------------------------

DENSE = {"full": heavy(3, 3), "other": heavy(3, 3), "diag": numbers(3) + 4, "tril": heavy(3, 3),
         "scaled": np.float64(3), "spectrum": np.array([5.0, 6.5, 6.5])}


def operand(name: str) -> Any:
    value = DENSE.get(name)
    return {"full": L.LinearOperatorFullMatrix, "other": L.LinearOperatorFullMatrix,
            "diag": L.LinearOperatorDiag, "tril": L.LinearOperatorLowerTriangular,
            "scaled": lambda x: L.LinearOperatorScaledIdentity(3, x),
            "identity": lambda x: L.LinearOperatorIdentity(3, dtype=fg.float64),
            "zeros": lambda x: L.LinearOperatorZeros(3, dtype=fg.float64),
            "spectrum": lambda x: L.LinearOperatorCirculant(x, fg.float64),
            "inverse": lambda x: L.LinearOperatorFullMatrix(DENSE["full"]).inverse(),
            }[name](value)


@pytest.mark.parametrize(("a", "b", "kind"), [
    ("full", "other", "LinearOperatorComposition"),
    ("identity", "full", "LinearOperatorFullMatrix"),
    ("full", "identity", "LinearOperatorFullMatrix"), ("full", "zeros", "LinearOperatorZeros"),
    ("zeros", "diag", "LinearOperatorZeros"), ("diag", "diag", "LinearOperatorDiag"),
    ("diag", "scaled", "LinearOperatorDiag"), ("scaled", "diag", "LinearOperatorDiag"),
    ("diag", "tril", "LinearOperatorLowerTriangular"),
    ("tril", "diag", "LinearOperatorLowerTriangular"),
    ("spectrum", "spectrum", "LinearOperatorCirculant"),
    ("inverse", "other", "LinearOperatorComposition")])
def test_products_of_operators(a: str, b: str, kind: str) -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        left, right = operand(a), operand(b)
        product = left @ right
        assert type(product).__name__ == kind
        found = session.run([op.to_dense() for op in (product, left, right)])
    np.testing.assert_allclose(found[0], found[1] @ found[2], atol=1e-12)


@pytest.mark.parametrize(("a", "b", "kind"), [
    ("full", "other", "LinearOperatorComposition"),
    ("identity", "full", "LinearOperatorFullMatrix"),
    ("diag", "diag", "LinearOperatorDiag"), ("diag", "scaled", "LinearOperatorDiag"),
    ("scaled", "diag", "LinearOperatorDiag"), ("diag", "tril", "LinearOperatorLowerTriangular"),
    ("spectrum", "spectrum", "LinearOperatorCirculant"),
    ("inverse", "other", "LinearOperatorComposition")])
def test_solutions_of_operators(a: str, b: str, kind: str) -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        left, right = operand(a), operand(b)
        solution = left.solve(right)
        assert type(solution).__name__ == kind
        found = session.run([op.to_dense() for op in (solution, left, right)])
    np.testing.assert_allclose(found[0], np.linalg.solve(found[1], found[2]), atol=1e-12)


def test_cholesky_factors_of_each_kind() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        matrix = full(definite(2), is_self_adjoint=True, is_positive_definite=True)
        diagonal = L.LinearOperatorDiag(fg.constant([4.0, 9.0], fg.float64),
                                        is_positive_definite=True)
        for operator in (matrix, diagonal, L.LinearOperatorBlockDiag([matrix, diagonal]),
                         L.LinearOperatorKronecker([matrix, diagonal]),
                         L.LinearOperatorIdentity(2),
                         L.LinearOperatorScaledIdentity(2, 4.0, is_positive_definite=True)):
            factor, dense = session.run([operator.cholesky().to_dense(), operator.to_dense()])
            np.testing.assert_allclose(factor @ factor.T, dense, rtol=1e-6)
            assert not np.triu(factor, 1).any()


def test_one_matrix_solves_a_batch_without_being_repeated() -> None:
    with fg.Graph().as_default() as graph:
        y = full().solve(np.ones((5, 2, 3), np.float32))
        assert y.shape == (5, 2, 3)
        assert [op.inputs[0].shape for op in graph.get_operations()
                if op.type == "MatrixSolve"] == [(2, 2)]


def test_nodes_are_named_by_operator_and_method() -> None:
    with fg.Graph().as_default():
        operator = L.LinearOperatorDiag([1.0, 2.0], name="scale")
        assert operator.diag.name == "scale/diag:0"
        assert operator.matvec([1.0, 2.0]).name == "scale/matvec/mul:0"
        assert L.LinearOperatorComposition([operator, operator]).name == "scale_o_scale"
        assert L.LinearOperatorBlockDiag([operator, operator]).name == "scale_ds_scale"
        assert L.LinearOperatorKronecker([operator, operator]).name == "scale_x_scale"
        assert operator.inverse().name == "LinearOperatorDiag"
        assert full().inverse().name == "LinearOperatorFullMatrix_inv"


def test_a_kind_of_ones_own_needs_shape_and_matmul() -> None:
    with pytest.raises(NotImplementedError, match="_shape"):
        L.LinearOperator(fg.float32).matvec([1.0])
