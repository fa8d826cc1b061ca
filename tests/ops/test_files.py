"""Files that cannot be read or written: TensorFlow's class for what the system says."""

import errno

import pytest

import flowgraph as tf


@pytest.mark.parametrize(("number", "kind"), [
    (errno.ENOSPC, tf.errors.ResourceExhaustedError),
    (errno.EROFS, tf.errors.PermissionDeniedError),
    (errno.EEXIST, tf.errors.AlreadyExistsError),
    (errno.EIO, tf.errors.UnknownError)])
def test_writing_fails_with_the_class_for_the_reason(tmp_path, monkeypatch, number, kind) -> None:
    def fail(*args, **kwargs):
        raise OSError(number, "why")

    monkeypatch.setattr("os.makedirs", fail)
    with tf.Session() as session, pytest.raises(kind, match="why"):
        session.run(tf.write_file(str(tmp_path / "x"), "text"))


def test_a_zero_byte_in_a_path_is_an_invalid_argument() -> None:
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="null byte"):
        session.run(tf.read_file("a\0b"))
