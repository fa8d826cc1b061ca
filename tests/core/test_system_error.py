"""Paths of files that are elsewhere are told, wherever a program names one."""

from pathlib import Path

import pytest

import flowgraph as tf
from flowgraph.core.system_error import local_path

ELSEWHERE = "s3://bucket/log"


def save(path):
    tf.Variable(1.0, name="v")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, path)


def run(op):
    with tf.Session() as session:
        session.run(op)


@pytest.mark.parametrize("use", [
    tf.summary.FileWriter, tf.gfile.Exists, tf.gfile.MakeDirs, tf.gfile.ListDirectory,
    tf.gfile.Glob, tf.gfile.GFile, tf.python_io.TFRecordWriter, tf.train.latest_checkpoint,
    tf.train.NewCheckpointReader, save,
    lambda path: list(tf.python_io.tf_record_iterator(path)),
    lambda path: tf.train.write_graph(tf.Graph(), path, "graph.pbtxt"),
    lambda path: run(tf.write_file(path, "text")),
    lambda path: run(tf.data.TFRecordDataset(path).make_one_shot_iterator().get_next())],
    ids=["FileWriter", "Exists", "MakeDirs", "ListDirectory", "Glob", "GFile", "TFRecordWriter",
         "latest_checkpoint", "NewCheckpointReader", "save", "tf_record_iterator", "write_graph",
         "write_file", "TFRecordDataset"])
def test_a_store_elsewhere_is_refused_and_no_folder_of_its_name_made(
        tmp_path, monkeypatch, use) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tf.errors.UnimplementedError, match="scheme 's3' not implemented"):
        use(ELSEWHERE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("path", "expected"), [
    ("file:///a/b", "/a/b"), (b"a/b", "a/b"), (Path("a"), "a"), ("", ""), ("a://b/c://", None),
    ("./s3://x", "./s3://x"), ("C:/x", "C:/x")])
def test_paths_of_this_machine(path, expected) -> None:
    if expected is None:
        with pytest.raises(tf.errors.UnimplementedError):
            local_path(path)
    else:
        assert local_path(path) == expected
