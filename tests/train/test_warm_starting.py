"""tf.train.warm_start: which variables start from a checkpoint, and vocabularies that changed."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as tf

EMBEDDING = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """(a checkpoint, the vocabulary it was made with, another one)"""
    folder = tmp_path_factory.mktemp("warm")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("emb", initializer=EMBEDDING)
        tf.get_variable("dense/k", initializer=EMBEDDING.T)
        tf.get_variable("dense/b", initializer=[1.0, 2.0])
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(folder / "model"))
    (folder / "old").write_text("a\nb\nc\nd\n")
    (folder / "new").write_text("c\nx\na\ny\nd\n")
    return path, str(folder / "old"), str(folder / "new")


def variable(name, shape, **options):
    return tf.get_variable(name, shape, initializer=tf.constant_initializer(-1.0), **options)


def values():
    """The values of all variables after their initialization, by name."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return {v.op.name: sess.run(v).tolist() for v in tf.global_variables()}


def model():
    variable("emb", [4, 3])
    variable("dense/b", [2])
    variable("dense/k", [3, 4], trainable=False)


CHOICES = {
    "trainable ones": (".*", {"emb", "dense/b"}),
    "a pattern": ("dense", {"dense/b"}),
    "patterns of global ones": (["dense/k", "emb"], {"dense/k", "emb"}),
    "none": (None, set()),
}


@pytest.mark.parametrize("name", CHOICES)
def test_which_variables(name, saved) -> None:
    model()
    chosen, started = CHOICES[name]
    tf.train.warm_start(saved[0], chosen)
    assert {name for name, value in values().items() if np.min(value) >= 0} == started


def test_a_list_of_variables(saved) -> None:
    model()
    tf.train.warm_start(saved[0], [tf.get_default_graph().get_collection("variables")[1]])
    assert values()["dense/b"] == [1.0, 2.0] and values()["emb"][0][0] == -1.0


def test_other_names_in_the_checkpoint(saved) -> None:
    variable("embedding", [4, 3])
    tf.train.warm_start(saved[0], var_name_to_prev_var_name={"embedding": "emb"})
    assert values()["embedding"] == EMBEDDING.tolist()


def test_parts_of_a_partitioned_variable(saved) -> None:
    variable("emb", [4, 3], partitioner=tf.fixed_size_partitioner(2))
    tf.train.warm_start(saved[0])
    assert values() == {"emb/part_0": EMBEDDING[:2].tolist(), "emb/part_1": EMBEDDING[2:].tolist()}


def info(saved, size=5, more=0, **options):
    _, old, new = saved
    return tf.train.VocabInfo(new, size, more, old, **options)


OF_WORDS = np.array([EMBEDDING[2], [0] * 3, EMBEDDING[0], [0] * 3, EMBEDDING[3]])


@pytest.mark.parametrize("parts", [1, 3])
def test_rows_follow_their_words(parts, saved) -> None:
    variable("emb", [7, 3], partitioner=tf.fixed_size_partitioner(parts))
    ones = tf.ones_initializer()
    tf.train.warm_start(saved[0], None, {"emb": info(saved, 5, 2, backup_initializer=ones)})
    expected = np.where(OF_WORDS.any(1, keepdims=True), OF_WORDS, 1.0)
    got = np.concatenate([np.reshape(part, [-1, 3]) for part in values().values()])
    assert got.tolist() == [*expected.tolist(), [1.0] * 3, [1.0] * 3]


def test_columns_follow_their_words(saved) -> None:
    variable("dense/k", [3, 6])
    tf.train.warm_start(saved[0], None, {"dense/k": info(saved, 5, 1, axis=1)})
    assert values()["dense/k"] == np.hstack([OF_WORDS.T, np.zeros((3, 1))]).tolist()


def test_only_the_first_words_of_both_vocabularies(saved) -> None:
    variable("emb", [3, 3])
    tf.train.warm_start(saved[0], None, {"emb": info(saved, 3, old_vocab_size=2)})
    assert values()["emb"] == [[0.0] * 3, [0.0] * 3, EMBEDDING[0].tolist()]


WRONG = {
    "a name that is not there": lambda s: {"var_name_to_prev_var_name": {"x": "emb"}},
    "a vocabulary for nothing": lambda s: {"var_name_to_vocab_info": {"x": info(s)}},
    "too many rows": lambda s: {"var_name_to_vocab_info": {"emb": info(s, 2)}},
    "other columns": lambda s: {"var_name_to_vocab_info": {"emb": info(s, 2, axis=1)}},
    "no vocabulary": lambda s: {"var_name_to_vocab_info": {"emb": info(s, 0)}},
    "no list": lambda s: {"vars_to_warm_start": 3},
    "a list of both": lambda s: {"vars_to_warm_start": ["emb", 3]},
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_uses(name, saved) -> None:
    model()
    with pytest.raises(ValueError):
        tf.train.warm_start(saved[0], **WRONG[name](saved))


def test_a_variable_of_another_shape_is_refused(saved) -> None:
    variable("emb", [5, 3])
    with pytest.raises(ValueError, match="shape"):
        tf.train.warm_start(saved[0])


def test_words_are_rows_or_columns() -> None:
    with pytest.raises(ValueError, match="axis"):
        tf.train.VocabInfo("new", 1, 0, "old", axis=2)
