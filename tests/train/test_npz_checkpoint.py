"""`tf.train.save_npz` and `load_npz`, and `.npz` files as checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import DataLossError, FailedPreconditionError, InvalidArgumentError


@pytest.fixture
def saved(tmp_path):
    """(path, variables) of a file with three variables; they have other values now."""
    w = fg.get_variable("scope/w", initializer=np.float32([[1, 2], [3, 4]]))
    n = fg.Variable(3, name="n")
    t = fg.Variable([b"a\0", b""], name="t")
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        path = fg.train.save_npz(tmp_path / "model", sess)
    assert path == str(tmp_path / "model.npz")
    return path, [w, n, t]


def test_values_come_back(saved) -> None:
    path, variables = saved
    graph = fg.get_default_graph()
    graph.finalize()  # nothing is added
    with fg.Session() as sess:
        fg.train.load_npz(path, sess)
        w, n, t = sess.run(variables)
    assert (w.tolist(), n, t.tolist()) == ([[1, 2], [3, 4]], 3, [b"a\0", b""])


def test_parts_are_saved_only_together(tmp_path) -> None:
    with fg.variable_scope("s", partitioner=fg.fixed_size_partitioner(2)):
        whole = fg.get_variable("v", [4], initializer=fg.ones_initializer())
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        with pytest.raises(ValueError, match="parts of 's/v' that hold 2 of its 4 elements"):
            fg.train.save_npz(tmp_path / "part", sess, list(whole)[:1])
        path = fg.train.save_npz(tmp_path / "all", sess, [whole])
    assert np.load(path)["s/v"].tolist() == [1, 1, 1, 1]


def test_chosen_variables_under_other_names(saved) -> None:
    path, (w, _, _) = saved
    other = fg.Variable(np.zeros([2, 2], np.float32), name="other")
    with fg.Session() as sess:
        fg.train.load_npz(path, sess, {"scope/w": other}, strict=False)
        assert sess.run(other).tolist() == [[1, 2], [3, 4]]
        with pytest.raises(FailedPreconditionError):
            sess.run(w)
        with pytest.raises(InvalidArgumentError, match="strict=False"):
            fg.train.load_npz(path, sess, {"scope/w": other})


def test_one_error_lists_everything_and_nothing_is_changed(saved) -> None:
    path, _ = saved
    with fg.Graph().as_default(), fg.Session() as sess:
        variables = [fg.Variable(np.zeros(3, np.float32), name="scope/w"),
                     fg.Variable(1.5, name="n"), fg.Variable(0, name="missing")]
        sess.run(fg.global_variables_initializer())
        with pytest.raises(InvalidArgumentError) as caught:
            fg.train.load_npz(path, sess)
        assert [float(np.sum(value)) for value in sess.run(variables)] == [0, 1.5, 0]
    for line in ("scope/w  has shape (2, 2) in the file, not (3,)",
                 "n        is int32 in the file, not float32", "missing  is not in the file",
                 "t        is in the file, but no variable"):
        assert line in str(caught.value)


def test_partitioned_variables_are_whole_in_the_file(tmp_path) -> None:
    v = fg.get_variable("v", [5, 2], partitioner=fg.fixed_size_partitioner(2))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        path, before = fg.train.save_npz(tmp_path / "p", sess), sess.run(fg.convert_to_tensor(v))
    np.testing.assert_array_equal(np.load(path)["v"], before)
    with fg.Session() as sess:
        fg.train.load_npz(path, sess)
        np.testing.assert_array_equal(sess.run(fg.convert_to_tensor(v)), before)


def test_savers_and_readers_take_the_file_for_a_checkpoint(saved) -> None:
    path, variables = saved
    assert fg.train.list_variables(path) == [("n", []), ("scope/w", [2, 2]), ("t", [2])]
    assert fg.train.load_variable(path, "n") == 3
    reader = fg.train.load_checkpoint(path)
    assert reader.get_variable_to_dtype_map()["t"] == fg.string
    assert b"scope/w (DT_FLOAT) [2,2]" in reader.debug_string()
    with fg.Session() as sess:
        fg.train.Saver().restore(sess, path)
        assert sess.run(variables[1]) == 3


def test_wrong_uses(saved, tmp_path) -> None:
    path, _ = saved
    with fg.Session() as sess:
        with pytest.raises(FailedPreconditionError, match="uninitialized"):
            fg.train.save_npz(tmp_path / "x", sess)
        with pytest.raises(TypeError, match="a Session is needed, got None"):
            fg.train.save_npz(tmp_path / "x", None)
        with pytest.raises(TypeError, match="names_to_saveables must be a dict mapping"):
            fg.train.save_npz(tmp_path / "x", sess, [3])
        with open(path, "r+b") as file:
            file.truncate(50)
        with pytest.raises(DataLossError, match="is damaged"):
            fg.train.load_npz(path, sess)
    assert not (tmp_path / "x.npz").exists()
