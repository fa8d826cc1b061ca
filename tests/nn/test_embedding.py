"""Embeddings: rows from tables in one piece and in several, combined and with gradients."""

import numpy as np
import pytest

import flowgraph as fg

TABLE = np.arange(21.0).reshape(7, 3)
IDS = np.array([[0, 6], [2, 2]])
PLACES = [[0, 0], [0, 1], [2, 0]]


def run(fetches):
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        return session.run(fetches)


def parts(strategy, count=3):
    if strategy == "mod":
        return [fg.constant(TABLE[i::count]) for i in range(count)]
    return [fg.constant(rows) for rows in np.array_split(TABLE, count)]


def sparse(values, dtype=fg.int64):
    return fg.SparseTensor(PLACES, fg.constant(values, dtype), [3, 4])


def test_rows_of_one_table_are_named_as_in_tensorflow_1():
    rows = fg.nn.embedding_lookup(fg.constant(TABLE), IDS)
    assert rows.name == "embedding_lookup/Identity:0"
    assert rows.op.inputs[0].op.name == "embedding_lookup"
    np.testing.assert_array_equal(run(rows), TABLE[IDS])


@pytest.mark.parametrize("strategy", ["mod", "div"])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_rows_of_parts_are_those_of_the_whole(strategy, count):
    rows = fg.nn.embedding_lookup(parts(strategy, count), IDS, strategy)
    assert rows.shape.as_list() == [2, 2, 3]
    np.testing.assert_array_equal(run(rows), TABLE[IDS])


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_parts_of_unknown_length_are_counted_in_the_run(strategy):
    unknown = [fg.placeholder_with_default(part, [None, None]) for part in parts(strategy)]
    rows = fg.nn.embedding_lookup(unknown, fg.constant([6, 0]), strategy)
    np.testing.assert_array_equal(run(rows), TABLE[[6, 0]])


def test_a_partitioned_variable_is_a_table_in_parts():
    table = fg.get_variable("table", [7, 3], fg.float64, partitioner=fg.fixed_size_partitioner(2),
                            initializer=lambda shape, dtype, partition_info: fg.constant(
                                TABLE[partition_info.var_offset[0]:][:shape[0]]))
    rows = fg.nn.embedding_lookup(table, [5], "div")
    np.testing.assert_array_equal(run(rows), TABLE[[5]])


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_the_gradient_of_each_part_is_sparse(strategy):
    tables = parts(strategy)
    rows = fg.nn.embedding_lookup(tables, IDS, strategy)
    gradients = fg.gradients(fg.reduce_sum(rows * rows), tables)
    assert all(isinstance(gradient, fg.IndexedSlices) for gradient in gradients)
    whole = fg.constant(TABLE)
    gathered = fg.gather(whole, IDS)
    expected = fg.convert_to_tensor(fg.gradients(fg.reduce_sum(gathered * gathered), whole)[0])
    dense = [fg.convert_to_tensor(gradient) for gradient in gradients]
    *found, expected = run([*dense, expected])
    wanted = [expected[i::3] for i in range(3)] if strategy == "mod" else np.array_split(expected,
                                                                                        3)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("tables", [[fg.constant], [fg.constant] * 2])
def test_long_rows_are_scaled_down_to_max_norm(tables):
    tables = [make(TABLE[i::len(tables)]) for i, make in enumerate(tables)]
    rows = run(fg.nn.embedding_lookup(tables, [0, 6], max_norm=5.0))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [np.sqrt(5.0), 5.0])


@pytest.mark.parametrize(("combiner", "divisor"), [
    ("sum", 1.0), ("mean", 2.0), ("sqrtn", np.sqrt(2.0))])
def test_embeddings_of_a_row_are_combined(combiner, divisor):
    rows = fg.nn.embedding_lookup_sparse(fg.constant(TABLE), sparse([1, 3, 6]), None,
                                         combiner=combiner)
    np.testing.assert_allclose(run(rows), [(TABLE[1] + TABLE[3]) / divisor, TABLE[0] * 0, TABLE[6]])


@pytest.mark.parametrize(("combiner", "divisor"), [
    ("sum", 1.0), ("mean", 2.5), ("sqrtn", np.sqrt(4.25)), (None, 2.5)])
def test_embeddings_are_weighted(combiner, divisor):
    weights = sparse([2.0, 0.5, 1.0], fg.float32)
    rows = fg.nn.embedding_lookup_sparse(parts("mod"), sparse([1, 3, 6]), weights,
                                         combiner=combiner)
    np.testing.assert_allclose(
        run(rows), [(TABLE[1] * 2 + TABLE[3] / 2) / divisor, TABLE[0] * 0, TABLE[6]])


@pytest.mark.parametrize(("default_id", "empty"), [(None, TABLE[0] * 0), (4, TABLE[4])])
def test_the_safe_lookup_leaves_out_negative_ids_and_fills_empty_rows(default_id, empty):
    rows = fg.nn.safe_embedding_lookup_sparse(parts("div"), sparse([1, -1, 6]),
                                              default_id=default_id)
    assert rows.shape.as_list()[1:] == [3]
    np.testing.assert_array_equal(run(rows), [TABLE[1], empty, TABLE[6]])


def test_the_safe_lookup_leaves_out_weights_of_zero_but_for_sums():
    weights = sparse([2.0, 0.0, -1.0], fg.float64)
    mean, total = (fg.nn.safe_embedding_lookup_sparse(fg.constant(TABLE), sparse([1, 3, 6]),
                                                      weights, combiner=combiner)
                   for combiner in ("mean", "sum"))
    mean, total = run([mean, total])
    np.testing.assert_array_equal(mean, [TABLE[1], TABLE[0] * 0, TABLE[0] * 0])
    np.testing.assert_array_equal(total, [TABLE[1] * 2, TABLE[0] * 0, -TABLE[6]])


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: fg.nn.embedding_lookup(None, [1]), ValueError, "must be specified"),
    (lambda: fg.nn.embedding_lookup([], [1]), ValueError, "at least one"),
    (lambda: fg.nn.embedding_lookup([TABLE, TABLE], [1], "by"), ValueError, "partition strategy"),
    (lambda: fg.nn.embedding_lookup([TABLE, TABLE[:, :2]], [1]), ValueError, "one shape"),
    (lambda: fg.nn.embedding_lookup_sparse(TABLE, [1], None), TypeError, "SparseTensor"),
    (lambda: fg.nn.embedding_lookup_sparse(TABLE, sparse([1, 2, 3]), [1.0]), TypeError,
     "SparseTensor"),
    (lambda: fg.nn.embedding_lookup_sparse(TABLE, sparse([1, 2, 3]), None, combiner="max"),
     ValueError, "combiner"),
    (lambda: fg.nn.safe_embedding_lookup_sparse(None, sparse([1, 2, 3])), ValueError, "Missing"),
])
def test_wrong_uses_say_what_is_wrong(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_an_id_out_of_range_is_an_error_in_the_run():
    with pytest.raises(fg.errors.InvalidArgumentError, match=r"\[0, 7\)"):
        run(fg.nn.embedding_lookup(TABLE, [7]))
