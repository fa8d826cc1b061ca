"""Sums of rows by id give the same at all sizes, however they are added."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.row_sums import summed_rows
from flowgraph.ops.segment import combined_rows

FEW, PRODUCT, TURNS, LONG = (40, 30, 5), (900, 20, 4), (900, 800, 5), (3000, 4, 600)
SIZES = {"one_by_one": FEW, "product": PRODUCT, "turns": TURNS, "more_than_fit_in_a_turn": LONG,
         "vector": (900, 20, 1), "all_alone": (900, 100_000, 4), "few_repeated": (900, 2500, 5),
         "few_of_most": (900, 9000, 50), "more_repeated": (900, 2500, 200)}


def drawn(rows: int, count: int, width: int, dtype) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(rows + count)
    return (random.integers(-50, 50, (rows, width)).astype(dtype),
            random.integers(-1, count, rows).astype(np.int32))


def added_in_turn(rows: np.ndarray, ids: np.ndarray, count: int) -> np.ndarray:
    result = np.zeros((count, *rows.shape[1:]), rows.dtype)
    for row, at in zip(rows, ids, strict=True):
        if at >= 0:
            result[at] += row
    return result


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "complex64"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ordered", [False, True])
def test_whole_numbers_are_added_exactly(size, dtype, ordered):
    rows, ids = drawn(*SIZES[size], dtype)
    ids = np.sort(ids) if ordered else ids
    count = SIZES[size][1]
    got = summed_rows(np, rows, ids, count)
    assert got.dtype == rows.dtype
    np.testing.assert_array_equal(got, added_in_turn(rows, ids, count))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_in_its_own_sum(size, odd):
    rows, ids = drawn(*SIZES[size], "float32")
    rows[7, -1], ids[7] = odd, 1
    with np.errstate(invalid="ignore"):  # as runs have it
        got = summed_rows(np, rows, ids, SIZES[size][1])
    np.testing.assert_array_equal(got, added_in_turn(rows, ids, SIZES[size][1]))


def test_a_cube_and_a_matrix_without_columns_keep_their_shape():
    rows, ids = drawn(900, 20, 6, "float32")
    cube = summed_rows(np, rows.reshape(900, 2, 3), ids, 20)
    np.testing.assert_array_equal(cube, added_in_turn(rows, ids, 20).reshape(20, 2, 3))
    assert summed_rows(np, rows[:, :0], ids, 20).shape == (20, 0)


@pytest.mark.parametrize("again", [2, 7])
def test_one_id_that_is_repeated_among_ids_that_are_not(again):
    rows, _ = drawn(900, 0, 150, "float32")
    ids = np.random.default_rng(again).permutation(900)
    ids[np.arange(0, 200)] = np.arange(200) // again
    got = summed_rows(np, rows.reshape(900, 50, 3), ids, 901)
    np.testing.assert_array_equal(got, added_in_turn(rows.reshape(900, 50, 3), ids, 901))


@pytest.mark.parametrize("adjoint_a", [False, True])
@pytest.mark.parametrize("adjoint_b", [False, True])
@pytest.mark.parametrize("edges", [20, 2000])
def test_a_large_sparse_product_equals_the_dense_one(adjoint_a, adjoint_b, edges):
    random = np.random.default_rng(edges)
    indices = random.integers(0, (50, 70), (edges, 2))
    values = (random.integers(-9, 9, edges) + 1j * random.integers(-9, 9, edges)).astype("c8")
    dense = np.zeros((50, 70), "c8")
    np.add.at(dense, tuple(indices.T), values)
    b = random.integers(-9, 9, (50 if adjoint_a else 70, 8)).astype("c8") * (1 + 2j)
    got = fg.Session().run(fg.sparse_tensor_dense_matmul(
        fg.SparseTensor(indices, values, [50, 70]), b.conj().T if adjoint_b else b,
        adjoint_a=adjoint_a, adjoint_b=adjoint_b))
    np.testing.assert_array_equal(got, (dense.conj().T if adjoint_a else dense) @ b)


@pytest.mark.parametrize("name", ["maximum", "minimum", "multiply"])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize(("count", "sizes"), [(800, (900, 5)), (4, (600, 30)), (20, (40, 3)),
                                              (5, (900, 2, 3)), (7, (3000,))])
def test_rows_are_combined_as_one_after_the_other(name, dtype, count, sizes):
    random = np.random.default_rng(count)
    rows = random.integers(1 if name == "multiply" else -50, 2 if name == "multiply" else 50,
                           sizes).astype(dtype)
    ids = random.integers(-1, count, sizes[0])
    combine = getattr(np, name)
    expected = np.full((count, *sizes[1:]), -7, dtype)
    for at in range(count):
        if (ids == at).any():
            expected[at] = combine.reduce(rows[ids == at], axis=0)
    np.testing.assert_array_equal(combined_rows(np, combine, -7, rows, ids, count), expected)


def test_many_rows_of_no_id_leave_what_is_neutral():
    rows = np.ones((900, 5), np.float32)
    got = combined_rows(np, np.maximum, 3, rows, np.full(900, -1), 2)
    np.testing.assert_array_equal(got, np.full((2, 5), 3, np.float32))


def test_a_nan_among_many_rows_stays_with_its_id():
    rows, ids = drawn(900, 20, 5, np.float32)
    rows[17], ids[17] = np.nan, 3
    got = combined_rows(np, np.maximum, 0, rows, ids, 20)
    assert np.isnan(got[3]).all()
    assert not np.isnan(np.delete(got, 3, axis=0)).any()
