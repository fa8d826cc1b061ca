"""The file "checkpoint", and what tells of checkpoints without a graph."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf

FILES = Path(__file__).parent.parent / "io" / "files"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the checkpoints m-1 and m-2."""
    with tf.Graph().as_default(), tf.Session() as sess:
        sess.run(tf.Variable([1.0, 2.0], name="a").initializer)
        sess.run(tf.Variable(3, name="scope/b").initializer)
        saver = tf.train.Saver()
        for step in (1, 2):
            saver.save(sess, str(tmp_path / "m"), step)
    return tmp_path


# ---- the file ------------------------------------------------------------------------------------


def test_the_text_is_that_of_tensorflow(folder) -> None:
    assert (folder / "checkpoint").read_text() == (
        f'model_checkpoint_path: "{folder}/m-2"\n'
        f'all_model_checkpoint_paths: "{folder}/m-1"\n'
        f'all_model_checkpoint_paths: "{folder}/m-2"\n')


def test_times_are_written_and_read(tmp_path) -> None:
    tf.train.update_checkpoint_state(str(tmp_path), "m-2", ["m-1", "m-2"], "latest",
                                     [1.5e9, 1.5e9 + 0.25], 3.0)
    state = tf.train.get_checkpoint_state(tmp_path, "latest")
    assert list(state.all_model_checkpoint_timestamps) == [1.5e9, 1.5e9 + 0.25]
    assert state.last_preserved_timestamp == 3.0
    assert state.model_checkpoint_path == str(tmp_path / "m-2")
    with pytest.raises(ValueError, match="timestamps"):
        tf.train.update_checkpoint_state(str(tmp_path), "m-2", ["m-1", "m-2"], None, [1.0])


def test_a_checkpoint_cannot_be_called_like_the_file(tmp_path) -> None:
    with pytest.raises(RuntimeError, match="conflicts"):
        tf.train.update_checkpoint_state(str(tmp_path), str(tmp_path / "checkpoint"))


def test_paths_are_relative_to_a_relative_folder() -> None:
    state = tf.train.generate_checkpoint_state_proto("logs", "logs/m-2", ["logs/m-1", "/other/m"])
    assert state.model_checkpoint_path == "m-2"
    assert list(state.all_model_checkpoint_paths) == ["m-1", "/other/m", "m-2"]


@pytest.mark.parametrize("content", [b"nonsense", b'model_checkpoint_path: "a', b"\xff\xfe",
                                     b'other_field: "a"'])
def test_a_file_that_cannot_be_read_is_ignored_aloud(tmp_path, content, caplog) -> None:
    (tmp_path / "checkpoint").write_bytes(content)
    assert tf.train.get_checkpoint_state(tmp_path) is None
    assert "Checkpoint ignored" in caplog.text and str(tmp_path) in caplog.text


def test_a_file_that_names_no_checkpoint_is_an_error(tmp_path) -> None:
    (tmp_path / "checkpoint").write_text('all_model_checkpoint_paths: "a"\n')
    with pytest.raises(ValueError, match="names no model_checkpoint_path"):
        tf.train.get_checkpoint_state(tmp_path)


def test_the_latest_checkpoint(folder, caplog) -> None:
    assert tf.train.latest_checkpoint(folder) == str(folder / "m-2")
    assert tf.train.latest_checkpoint(folder, "other") is None
    (folder / "m-2.index").unlink()
    assert tf.train.latest_checkpoint(folder) is None
    assert "Couldn't match files" in caplog.text


def test_checkpoints_are_there_have_times_and_are_removed(folder) -> None:
    one, two = str(folder / "m-1"), str(folder / "m-2")
    os.utime(one + ".index", (5, 5))
    assert tf.train.checkpoint_exists(one) and not tf.train.checkpoint_exists(one + "0")
    assert tf.train.get_checkpoint_mtimes([one, "/no/such"]) == [5.0]
    (folder / "m-1.meta").write_text("")
    tf.train.remove_checkpoint(one)
    assert not [name for name in os.listdir(folder) if name.startswith("m-1")]
    assert tf.train.checkpoint_exists(two)


def test_names_with_the_letters_of_patterns(tmp_path) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        a = tf.Variable(1.0, name="a")
        sess.run(a.initializer)
        saver = tf.train.Saver(max_to_keep=1)
        for step in (1, 2):
            path = saver.save(sess, str(tmp_path / 'a [*]\u00e9"?\\'), step)
        assert tf.train.latest_checkpoint(tmp_path) == path
        assert len(os.listdir(tmp_path)) == 4
        saver.restore(sess, path)


# ---- looking into checkpoints --------------------------------------------------------------------


def test_a_reader_tells_names_shapes_dtypes_and_values(folder) -> None:
    reader = tf.train.load_checkpoint(folder)
    assert reader.get_variable_to_shape_map() == {"a": [2], "scope/b": []}
    assert reader.get_variable_to_dtype_map() == {"a": tf.float32, "scope/b": tf.int32}
    assert reader.has_tensor("a") and not reader.has_tensor("b")
    assert reader.get_tensor("a").tolist() == [1, 2]
    assert type(reader.get_tensor("scope/b")) is np.int32
    assert reader.debug_string() == b"a (DT_FLOAT) [2]\nscope/b (DT_INT32) []\n"
    assert tf.train.list_variables(str(folder / "m-1")) == [("a", [2]), ("scope/b", [])]
    assert tf.train.load_variable(folder, "scope/b:0") == 3


def test_parts_are_told_as_tensorflow_tells_them() -> None:
    reader = tf.train.NewCheckpointReader(str(FILES / "tf_whole"))
    assert reader.get_variable_to_shape_map()["table"] == [5, 2]
    text = reader.debug_string()
    assert text.startswith(b"\x00table\x00\x01\x01\x02\x80\x83\x80\x82 (DT_FLOAT) [3,2]\n")
    assert b"half (DT_HALF) [2]\n" in text and b"\ntable" not in text
    assert b"flags (DT_BOOL) [3]\nhalf" in text and b"words (DT_STRING) [3]\n" in text


def test_what_is_not_there(tmp_path) -> None:
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file"):
        tf.train.load_checkpoint(tmp_path)
    with pytest.raises(tf.errors.NotFoundError, match="no/such"):
        tf.train.load_checkpoint("/no/such")
    with pytest.raises(tf.errors.NotFoundError, match="Key nope"):
        tf.train.load_variable(FILES / "tf_whole", "nope")


def test_new_checkpoints_are_waited_for(folder, monkeypatch) -> None:
    slept = []
    monkeypatch.setattr("flowgraph.train.checkpoint_reader.time.sleep", slept.append)
    found = tf.train.checkpoints_iterator(folder, timeout=0, min_interval_secs=100)
    assert next(found) == str(folder / "m-2") and slept == []
    tf.train.update_checkpoint_state(str(folder), str(folder / "m-1"))
    assert next(found) == str(folder / "m-1") and 90 < slept[0] <= 100
    assert list(found) == []
    answers = [False, True]
    waits = tf.train.checkpoints_iterator(folder, timeout=0, timeout_fn=lambda: answers.pop(0))
    assert list(waits) == [str(folder / "m-1")] and answers == []


# ---- starting from a checkpoint ------------------------------------------------------------------


@pytest.mark.parametrize("by", ["variable", "name", "scope", "root"])
def test_variables_start_from_a_checkpoint(folder, by) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        with tf.variable_scope("new"):
            b = tf.get_variable("b", [], tf.int32)
            if by == "root":
                with tf.variable_scope("scope"):
                    c = tf.get_variable("b", [], tf.int32)
        if by == "root":
            with pytest.raises(ValueError, match=r"Tensor b \(b in /\) is not found"):
                tf.train.init_from_checkpoint(folder, {"/": "new/"})
            tf.train.init_from_checkpoint(folder, {"scope/": "new/scope/"})
            sess.run(c.initializer)
            assert sess.run(c) == 3
            return
        tf.train.init_from_checkpoint(str(folder / "m-1"), {
            "variable": {"scope/b": b}, "name": {"scope/b": "new/b"},
            "scope": {"scope/": "new/"}}[by])
        sess.run(tf.global_variables_initializer())
        assert sess.run(b) == 3


@pytest.mark.parametrize("by", ["name", "parts", "whole"])
def test_parts_start_from_a_checkpoint(by) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        table = tf.get_variable("mine", [5, 2], partitioner=tf.fixed_size_partitioner(3))
        tf.train.init_from_checkpoint(FILES / "tf_whole", {"table": {
            "name": "mine", "parts": list(table), "whole": table}[by]})
        sess.run(tf.global_variables_initializer())
        assert sess.run(table.as_tensor()).reshape(-1).tolist() == list(range(10))


def test_mistakes_in_assignment_maps(folder) -> None:
    with tf.Graph().as_default():
        a = tf.get_variable("a", [3])
        with pytest.raises(ValueError, match="Tensor nope is not found"):
            tf.train.init_from_checkpoint(folder, {"nope": a})
        with pytest.raises(ValueError, match=r"a:0.*\(3,\).*doesn't match.*\[2\]"):
            tf.train.init_from_checkpoint(folder, {"a": a})
        with pytest.raises(ValueError, match="no variable 'nope'"):
            tf.train.init_from_checkpoint(folder, {"a": "nope"})
        with pytest.raises(TypeError, match="variables"):
            tf.train.init_from_checkpoint(folder, {"a": 3})
