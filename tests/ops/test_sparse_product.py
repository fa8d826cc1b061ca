"""Products of sparse and dense matrices: the same with orders that are new, and with kept ones."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops import sparse_product
from flowgraph.ops.sparse_matmul import SparseTensorDenseMatMul

PRODUCT = SparseTensorDenseMatMul()


def drawn(entries: int, rows: int, columns: int, width: int, dtype="float64", busy: bool = False):
    """(indices with repeats, values, dense matrix) of whole numbers."""
    random = np.random.default_rng(entries)
    places = np.stack([random.integers(0, rows, entries), random.integers(0, columns, entries)], 1)
    if busy:  # most entries in one row
        places[entries // 10:, 0] = rows // 2
    return (places.astype(np.int64), random.integers(-9, 9, entries).astype(dtype),
            random.integers(-9, 9, (columns, width)).astype(dtype))


def dense(places, values, rows, columns):
    matrix = np.zeros((rows, columns), values.dtype)
    np.add.at(matrix, tuple(places.T), values)
    return matrix


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(sparse_product, "_kept", [])


@pytest.mark.parametrize("adjoint_a", [False, True])
@pytest.mark.parametrize("adjoint_b", [False, True])
@pytest.mark.parametrize(("sizes", "busy"), [((3000, 50, 40, 8), False), ((3000, 50, 40, 8), True),
                                             ((9000, 900, 800, 40), True),
                                             ((1500, 1, 1, 2), False)])
@pytest.mark.parametrize("dtype", ["float64", "int32", "complex64"])
def test_every_matrix_is_multiplied_as_a_dense_one(sizes, busy, adjoint_a, adjoint_b, dtype):
    entries, rows, columns, width = sizes
    places, values, b = drawn(entries, rows, columns, width, dtype, busy)
    matrix = dense(places, values, rows, columns)
    if adjoint_a:
        matrix = matrix.T.conj()
        b = drawn(entries, columns, rows, width, dtype)[2]
    given = b.T.conj() if adjoint_b else b
    for _ in range(2):  # the second time by the order that is kept
        got = PRODUCT.kernel(np, places, values, (rows, columns), given, adjoint_a=adjoint_a,
                             adjoint_b=adjoint_b)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, matrix @ b)
    assert len(sparse_product._kept) == 1


def test_an_order_is_for_its_own_indices_only():
    places, values, b = drawn(3000, 50, 40, 8)
    other = places[::-1].copy()
    other[0] = 49, 39
    for each in (places, other, places, other):
        np.testing.assert_array_equal(PRODUCT.kernel(np, each, values, (50, 40), b),
                                      dense(each, values, 50, 40) @ b)
    assert len(sparse_product._kept) == 2
    other[1] = 0, 0  # the caller's array, not the copy that was kept
    np.testing.assert_array_equal(PRODUCT.kernel(np, other, values, (50, 40), b),
                                  dense(other, values, 50, 40) @ b)
    with pytest.raises(InvalidArgumentError, match="out of bounds"):
        PRODUCT.kernel(np, places, values, (40, 40), b)


def test_no_more_than_some_memory_is_kept(monkeypatch):
    monkeypatch.setattr(sparse_product, "_MOST", 250_000)
    for entries in (3000, 3001, 3002, 3003):
        places, values, b = drawn(entries, 50, 40, 8)
        PRODUCT.kernel(np, places, values, (50, 40), b)
    assert [len(one.indices) for one in sparse_product._kept] == [3003, 3002]
    monkeypatch.setattr(sparse_product, "_MOST", 1000)
    places, values, b = drawn(3004, 50, 40, 8)
    np.testing.assert_array_equal(PRODUCT.kernel(np, places, values, (50, 40), b),
                                  dense(places, values, 50, 40) @ b)
    assert sparse_product._kept == []


def test_a_matrix_too_large_to_keep_leaves_the_others(monkeypatch):
    monkeypatch.setattr(sparse_product, "_MOST", 250_000)
    for entries in (3000, 9000):
        places, values, b = drawn(entries, 50, 40, 8)
        PRODUCT.kernel(np, places, values, (50, 40), b)
    assert [len(one.indices) for one in sparse_product._kept] == [3000]


def test_other_indices_in_every_run_are_not_compared_to_all_that_are_kept(monkeypatch):
    compared = []
    equal = np.array_equal
    monkeypatch.setattr(np, "array_equal", lambda *both: compared.append(both) or equal(*both))
    random = np.random.default_rng(0)
    for _ in range(sparse_product._MANY + 6):
        places = random.integers(0, 40, (300, 2))
        assert sparse_product.known_order(places, (40, 40), False) is None
        order = sparse_product.new_order(places, (40, 40), False)
    assert len(sparse_product._kept) == sparse_product._MANY
    assert len(compared) == 0
    assert sparse_product.known_order(places.copy(), (40, 40), False) is order
    assert len(compared) == 1


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_own_row(odd):
    places, values, b = drawn(3000, 50, 40, 8, "float32")
    values[5] = odd
    with np.errstate(invalid="ignore"):
        got = PRODUCT.kernel(np, places, values, (50, 40), b)
    assert not np.isfinite(got[places[5, 0]]).all()
    others = np.arange(50) != places[5, 0]
    values[5] = 0
    np.testing.assert_array_equal(got[others], (dense(places, values, 50, 40) @ b)[others])


def test_a_session_multiplies_by_what_it_is_fed():
    with fg.Graph().as_default():
        matrix = fg.sparse_placeholder(fg.float32, [50, 40])
        given = fg.placeholder(fg.float32, [40, 8])
        y = fg.sparse_tensor_dense_matmul(matrix, given)
        session = fg.Session()
        for entries in (3000, 3001, 3000):
            places, values, b = drawn(entries, 50, 40, 8, "float32")
            got = session.run(y, {matrix: (places, values, (50, 40)), given: b})
            np.testing.assert_array_equal(got, dense(places, values, 50, 40) @ b)
