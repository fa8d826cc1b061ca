"""Feature columns: numbers and names as TensorFlow's tf.compat.v1.feature_column gives them."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph import feature_column as fc

OCC = fc.categorical_column_with_hash_bucket("occ", 10)
AGE = fc.numeric_column("age")
BUCKETS = fc.bucketized_column(AGE, [18, 30.5, 60])
IDENTITY = fc.categorical_column_with_identity("id", 4, default_value=3)
LIST = fc.categorical_column_with_vocabulary_list("iv", [5, 7, 9], default_value=2)
MULTI = fc.categorical_column_with_vocabulary_list("multi", ["a", "b", "c"])


def sparse(values):
    return fg.SparseTensor(np.array([[0, 0], [0, 1], [1, 0], [3, 0], [3, 1]]), values,
                           np.array([4, 2]))


def features():
    return {"age": np.array([20.0, 40.0, 18.0, np.nan]), "occ": np.array(["a", "b", "", "zz"]),
            "sex": np.array(["m", "x", "f", ""]), "oov": np.array(["m", "x", "f", "yy"]),
            "num": np.array([1, -1, 500, 7]), "iv": np.array([5, 9, 6, 7]),
            "id": np.array([0, 3, 9, -1]), "file": np.array(["aa", "cc", "dd", "e"]),
            "multi": sparse(np.array(["a", "b", "q", "c", "c"])),
            "wts": sparse(np.array([0.5, 2.0, 1.0, -1.0, 3.0], np.float32))}


def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("aa\nbb\ncc\n")
    return str(path)


# The categories of each of the four examples and how often they occur, from TensorFlow.
CATEGORIES = [
    (OCC, [{9: 1}, {2: 1}, {}, {2: 1}]),
    (fc.categorical_column_with_vocabulary_list("sex", ["m", "f"]), [{0: 1}, {}, {1: 1}, {}]),
    (fc.categorical_column_with_vocabulary_list("oov", ["m", "f"], num_oov_buckets=3),
     [{0: 1}, {4: 1}, {1: 1}, {3: 1}]),
    (fc.categorical_column_with_hash_bucket("num", 7, dtype=fg.int64),
     [{5: 1}, {}, {0: 1}, {2: 1}]),
    (LIST, [{0: 1}, {2: 1}, {2: 1}, {1: 1}]),
    (IDENTITY, [{0: 1}, {3: 1}, {3: 1}, {}]),
    (lambda path: fc.categorical_column_with_vocabulary_file("file", path, num_oov_buckets=2),
     [{0: 1}, {2: 1}, {3: 1}, {4: 1}]),
    (lambda path: fc.categorical_column_with_vocabulary_file("file", path, 2, default_value=1),
     [{0: 1}, {1: 1}, {1: 1}, {1: 1}]),
    (fc.crossed_column(["occ", BUCKETS], 20), [{5: 1}, {9: 1}, {19: 1}, {19: 1}]),
    (fc.crossed_column([IDENTITY, "sex", fc.crossed_column(["file", LIST], 9)], 50,
                       hash_key=123), [{30: 1}, {48: 1}, {18: 1}, {}]),
    (fc.crossed_column(["multi", "occ"], 30), [{0: 1, 25: 1}, {7: 1}, {}, {18: 2}]),
    (MULTI, [{0: 1, 1: 1}, {}, {}, {2: 2}]),
    (fc.weighted_categorical_column(MULTI, "wts"), [{0: 0.5, 1: 2}, {}, {}, {2: 2}]),
]


def run(build, values=None):
    """What `build` gives, and the names of its variables."""
    with fg.Graph().as_default(), fg.Session() as sess:
        result = build()
        sess.run([fg.global_variables_initializer(), fg.tables_initializer()])
        for variable in fg.global_variables():
            if values is not None:
                variable.load(values(variable.shape.as_list()), sess)
        return sess.run(result), sorted(v.op.name for v in fg.global_variables())


def made(column, tmp_path):
    return column(words(tmp_path)) if callable(column) else column


@pytest.mark.parametrize("number", range(len(CATEGORIES)))
def test_categories_are_those_of_tensorflow(number, tmp_path):
    column, expected = CATEGORIES[number]
    column = made(column, tmp_path)
    counts, _ = run(lambda: fc.input_layer(features(), [fc.indicator_column(column)]))
    assert [{int(i): row[i] for i in np.nonzero(row)[0]} for row in counts] == expected


@pytest.mark.parametrize("number", range(len(CATEGORIES)))
@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_embeddings_and_linear_weights_are_combined(number, combiner, tmp_path):
    column, expected = CATEGORIES[number]
    column = made(column, tmp_path)
    table = np.arange(column.num_buckets * 2, dtype=np.float32).reshape(-1, 2)
    # Ids of the same example are added up before; -1.0 and 3.0 are the weights of one example,
    # of which the first is left out, but for "sum".
    norms = {"sum": lambda w: 1, "mean": sum, "sqrtn": lambda w: np.sqrt(sum(x * x for x in w))}
    weights = [[weight for count in row.values() for weight in (
        [1] * int(count) if "wts" not in column.name else [count])] for row in expected]
    if "wts" in column.name and combiner != "sum":
        expected = [*expected[:3], {2: 3.0}]
        weights[3] = [3.0]
    rows = [sum((table[i] * count for i, count in row.items()), np.zeros(2)) /
            (norms[combiner](w) if row else 1) for row, w in zip(expected, weights)]
    got, names = run(lambda: fc.input_layer(features(), [fc.embedding_column(
        column, 2, combiner=combiner)]), lambda shape: table)
    np.testing.assert_allclose(got, rows, rtol=1e-6)
    assert names == [f"input_layer/{column.name}_embedding/embedding_weights"]
    got, names = run(lambda: fc.linear_model(features(), [column], 2, combiner),
                     lambda shape: table if len(shape) == 2 else np.ones(2))
    np.testing.assert_allclose(got, np.array(rows) + 1, rtol=1e-6)
    assert set(names) == {"linear_model/bias_weights", f"linear_model/{column.name}/weights"}


def test_dense_columns_stand_in_the_order_of_their_names():
    outputs, variables = {}, {}
    got, _ = run(lambda: fc.input_layer(
        features(), [fc.indicator_column(IDENTITY), AGE, BUCKETS], cols_to_vars=variables,
        cols_to_output_tensors=outputs))
    np.testing.assert_array_equal(got, [
        [20, 0, 1, 0, 0, 1, 0, 0, 0], [40, 0, 0, 1, 0, 0, 0, 0, 1], [18, 0, 1, 0, 0, 0, 0, 0, 1],
        [np.nan, 0, 0, 0, 1, 0, 0, 0, 0]])
    assert set(outputs) == set(variables) == {AGE, BUCKETS, fc.indicator_column(IDENTITY)}


def test_columns_of_one_embedding_share_it():
    columns = fc.shared_embedding_columns(
        [fc.categorical_column_with_identity(key, 3) for key in ("b", "a")], 2)
    table = np.array([[0, 1], [2, 3], [4, 5]])
    got, names = run(lambda: fc.input_layer({"a": [[0], [1]], "b": [[2], [-1]]}, columns),
                     lambda shape: table)
    np.testing.assert_array_equal(got, [[0, 1, 4, 5], [2, 3, 0, 0]])
    assert names == ["input_layer/a_b_shared_embedding/embedding_weights"]


def test_a_second_layer_has_a_name_of_its_own():
    _, names = run(lambda: [fc.linear_model(features(), [AGE]), fc.linear_model(features(), [AGE])])
    assert names == ["linear_model/age/weights", "linear_model/bias_weights",
                     "linear_model_1/age/weights", "linear_model_1/bias_weights"]


def test_examples_are_parsed_by_what_columns_read():
    spec = fc.make_parse_example_spec([
        AGE, BUCKETS, OCC, fc.weighted_categorical_column(MULTI, "wts"),
        fc.crossed_column(["occ", "sex"], 5)])
    assert spec == {"age": fg.FixedLenFeature((1,), fg.float32), "occ": fg.VarLenFeature(fg.string),
                    "multi": fg.VarLenFeature(fg.string), "wts": fg.VarLenFeature(fg.float32),
                    "sex": fg.VarLenFeature(fg.string)}


def test_an_embedding_starts_from_a_checkpoint(tmp_path):
    with fg.Graph().as_default(), fg.Session() as sess:
        fg.get_variable("old", initializer=[[1.0], [2.0]])
        sess.run(fg.global_variables_initializer())
        path = fg.train.Saver().save(sess, str(tmp_path / "old"))
    column = fc.embedding_column(fc.categorical_column_with_identity("a", 2), 1,
                                 ckpt_to_load_from=path, tensor_name_in_ckpt="old")
    got, _ = run(lambda: fc.input_layer({"a": [[1], [0]]}, [column]))
    np.testing.assert_array_equal(got, [[2], [1]])


MISTAKES = [
    (lambda: fc.input_layer({"a": [1.0]}, [AGE]), ValueError, "age is not in features"),
    (lambda: fc.input_layer({"occ": ["a"]}, [OCC]), ValueError, "embedding_column or indicator"),
    (lambda: fc.input_layer({"age": 1.0}, [AGE]), ValueError, "cannot have rank 0"),
    (lambda: fc.input_layer({"age": [1.0]}, []), ValueError, "must not be empty"),
    (lambda: fc.input_layer({"age": [1.0]}, [AGE, AGE]), ValueError, "Duplicate feature column"),
    (lambda: fc.input_layer({"age": [1.0]}, ["age"]), ValueError, "must be a FeatureColumn"),
    (lambda: fc.linear_model({"occ": [1.5]}, [OCC]), ValueError, "must be string or integer"),
    (lambda: fc.linear_model({"occ": [1]}, [OCC]), ValueError, "must be compatible"),
    (lambda: fc.input_layer({"age": [1.0], "b": [1.0, 2.0]}, [AGE, fc.numeric_column("b")]),
     ValueError, "must be same"),
    (lambda: fc.numeric_column(3), ValueError, "key must be a string"),
    (lambda: fc.numeric_column("a", shape=(0,)), ValueError, "greater than 0"),
    (lambda: fc.numeric_column("a", shape=1.5), TypeError, "must be integer"),
    (lambda: fc.numeric_column("a", dtype=fg.string), ValueError, "convertible to float"),
    (lambda: fc.numeric_column("a", shape=2, default_value=[1.0]), ValueError, "equal to given"),
    (lambda: fc.numeric_column("a", normalizer_fn=3), TypeError, "callable"),
    (lambda: fc.bucketized_column(AGE, [2, 1]), ValueError, "sorted list"),
    (lambda: fc.bucketized_column(OCC, [1]), ValueError, "numeric_column"),
    (lambda: fc.categorical_column_with_hash_bucket("a", 0), ValueError, "at least 1"),
    (lambda: fc.categorical_column_with_vocabulary_list("a", []), ValueError, "non-empty"),
    (lambda: fc.categorical_column_with_vocabulary_list("a", ["x", "x"]), ValueError, "Duplicate"),
    (lambda: fc.categorical_column_with_vocabulary_list("a", ["x"], default_value=0,
                                                        num_oov_buckets=1), ValueError, "both"),
    (lambda: fc.categorical_column_with_vocabulary_file("a", "/nowhere"), ValueError, "not exist"),
    (lambda: fc.categorical_column_with_identity("a", 0), ValueError, "< 1"),
    (lambda: fc.categorical_column_with_identity("a", 2, default_value=2), ValueError, "in range"),
    (lambda: fc.indicator_column(AGE), ValueError, "CategoricalColumn"),
    (lambda: fc.embedding_column(OCC, 0), ValueError, "Invalid dimension"),
    (lambda: fc.embedding_column(OCC, 1, initializer=3), ValueError, "callable"),
    (lambda: fc.shared_embedding_columns([OCC, IDENTITY], 2), ValueError, "same type"),
    (lambda: fc.crossed_column(["a"], 5), ValueError, "length > 1"),
    (lambda: fc.crossed_column(["a", OCC], 5), ValueError, "not supported for crossing"),
    (lambda: fc.crossed_column(["a", AGE], 5), ValueError, "Unsupported key type"),
    (lambda: fc.weighted_categorical_column(OCC, "w", fg.string), ValueError, "convertible"),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told(number):
    make, kind, words_of_it = MISTAKES[number]
    with fg.Graph().as_default(), pytest.raises(kind, match=words_of_it):
        make()
