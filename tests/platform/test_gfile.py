"""`tf.gfile` and `tf.io.gfile`: what TensorFlow gives for the same calls."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph import errors

TEXT = "one\r\ntwo\n\nthré"


@pytest.fixture
def path(tmp_path) -> str:
    (tmp_path / "a").write_bytes(TEXT.encode())
    return str(tmp_path / "a")


@pytest.fixture
def tree(tmp_path) -> str:
    (tmp_path / "sub").mkdir()
    for name in ("f1", ".hidden", "sub/f2"):
        (tmp_path / name).write_text(name)
    return str(tmp_path)


@pytest.mark.parametrize(("mode", "n", "expected"), [
    ("r", -1, TEXT), ("rb", -1, TEXT.encode()), ("r", 5, "one\r\n"), ("r", 0, ""),
    ("r", 100, TEXT), ("rb", 4, b"one\r")])
def test_read(path, mode, n, expected) -> None:
    assert fg.gfile.GFile(path, mode).read(n) == expected


def test_lines_have_no_carriage_returns(path) -> None:
    assert fg.gfile.GFile(path).readlines() == ["one\n", "two\n", "\n", "thré"]
    assert list(fg.gfile.GFile(path, "rb"))[:2] == [b"one\n", b"two\n"]
    file = fg.gfile.GFile(path)
    assert (file.readline(), file.next(), next(file)) == ("one\n", "two\n", "\n")


@pytest.mark.parametrize(("arguments", "position"), [
    ((2,), 2), ((0, 2), 15), ((-3, 2), 12), ((1, 1), 4)])
def test_seek_after_reading_three_bytes(path, arguments, position) -> None:
    file = fg.gfile.GFile(path, "rb")
    file.read(3)
    file.seek(*arguments)
    assert file.tell() == position
    assert file.read() == TEXT.encode()[position:]


@pytest.mark.parametrize(("arguments", "kind", "words"), [
    ((100,), errors.OutOfRangeError, "past the end"),
    ((-1,), errors.InvalidArgumentError, "Seeking to a negative position: -1"),
    ((0, 5), errors.InvalidArgumentError, "Valid values are 0, 1, or 2"),
    ((), TypeError, "offset argument required"),
    ((1, 0, 1), TypeError, "simultaneously")])
def test_wrong_seeks(path, arguments, kind, words) -> None:
    with pytest.raises(kind, match=words):
        fg.gfile.GFile(path).seek(*arguments)


@pytest.mark.parametrize(("mode", "read", "written"), [
    ("r+", "012", "ABC"), ("w+", "012", "ABC"), ("a+", "012", "0123456789ABC"),
    ("a", None, "0123456789ABC"), ("w", None, "ABC")])
def test_modes_that_write(tmp_path, mode, read, written) -> None:
    path = tmp_path / "f"
    path.write_text("0123456789")
    with fg.gfile.GFile(path, mode) as file:
        if read is None:
            with pytest.raises(errors.PermissionDeniedError, match="isn't open for reading"):
                file.read(3)
        else:
            assert file.read(3) == read
        file.write("ABC")
        file.flush()
        assert file.size() == len(written)
    assert path.read_text() == written


def test_a_file_is_opened_when_it_is_used(tmp_path) -> None:
    fg.gfile.GFile(tmp_path / "never", "w").close()
    assert os.listdir(tmp_path) == []
    file = fg.gfile.GFile(tmp_path / "missing")
    with pytest.raises(errors.NotFoundError, match="missing; No such file or directory"):
        file.read()


@pytest.mark.parametrize("mode", ["x", "rt", "rU", ""])
def test_there_are_six_modes(path, mode) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="mode is not 'r' or 'w'"):
        fg.gfile.GFile(path, mode)


def test_text_and_bytes(tmp_path) -> None:
    path = str(tmp_path / "f")
    with fg.gfile.GFile(path, "w") as file:
        file.write(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        fg.gfile.GFile(path).read()
    with fg.gfile.GFile(path, "wb") as file:
        file.write("é")
        with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
            file.write(3)
    assert fg.gfile.GFile(path, "rb").read() == b"\xc3\xa9"
    with pytest.raises(errors.PermissionDeniedError, match="isn't open for writing"):
        fg.gfile.GFile(path).write("x")


def test_name_mode_and_size(path) -> None:
    file = fg.gfile.Open(path, "rb")
    assert (file.name, file.mode, file.size(), file.seekable()) == (path, "rb", 15, True)


def test_paths_as_bytes_and_as_objects(tmp_path, path) -> None:
    assert fg.gfile.Exists(path.encode())
    assert fg.gfile.Exists(tmp_path)
    assert fg.gfile.GFile(tmp_path / "a").read(2) == "on"
    for wrong in (None, 3):
        with pytest.raises(TypeError, match="Expected binary or unicode string"):
            fg.gfile.Exists(wrong)


# ---- folders -------------------------------------------------------------------------------------


def test_what_is_found_in_the_current_folder_begins_with_a_dot(tree, monkeypatch) -> None:
    monkeypatch.chdir(tree)
    for pattern, found in (("f*", ["./f1"]), ("[f]1", ["./f1"]), ("*/f?", ["./sub/f2"]),
                           ("s*/f2", ["./sub/f2"]), ("sub/*", ["sub/f2"]), ("f1", ["f1"]),
                           ("./f*", ["./f1"]), ("zz*", [])):
        assert fg.gfile.Glob(pattern) == found
        with fg.Session() as session:
            assert session.run(fg.matching_files(pattern)).tolist() == [f.encode() for f in found]


def test_patterns(tree) -> None:
    def found(pattern):
        return [os.path.relpath(name, tree) for name in fg.gfile.Glob(pattern)]

    assert found(f"{tree}/*") == [".hidden", "f1", "sub"]
    assert found(f"{tree}/*/*") == ["sub/f2"]
    assert found(f"{tree}/[!.]*") == ["f1", "sub"]
    assert found([f"{tree}/s*", f"{tree}/f?"]) == ["sub", "f1"]
    assert found(f"{tree}/zz*") == []
    with pytest.raises(TypeError, match="glob takes text, not bytes"):
        fg.gfile.Glob(b"a*")


def test_making_folders(tmp_path, path) -> None:
    new = str(tmp_path / "m")
    fg.gfile.MkDir(new)
    fg.gfile.MkDir(new)
    with pytest.raises(errors.NotFoundError):
        fg.gfile.MkDir(f"{tmp_path}/x/y")
    fg.gfile.MakeDirs(f"{new}/n/o")
    fg.gfile.MakeDirs(f"{new}/n/o")
    assert fg.gfile.IsDirectory(f"{new}/n/o")
    for wrong in (path, f"{path}/b"):
        with pytest.raises(errors.FailedPreconditionError, match="is not a directory"):
            fg.gfile.MakeDirs(wrong)


def test_removing(tmp_path, path) -> None:
    fg.gfile.MakeDirs(f"{tmp_path}/m/n")
    with pytest.raises(errors.FailedPreconditionError, match="Is a directory"):
        fg.gfile.Remove(f"{tmp_path}/m")
    for gone in (f"{tmp_path}/m", path):
        fg.gfile.DeleteRecursively(gone)
        assert not fg.gfile.Exists(gone)
        for function in (fg.gfile.DeleteRecursively, fg.gfile.Remove):
            with pytest.raises(errors.NotFoundError):
                function(gone)


@pytest.mark.parametrize("function", [fg.gfile.Copy, fg.gfile.Rename], ids=["Copy", "Rename"])
def test_a_file_is_replaced_only_when_asked_for(tmp_path, path, function) -> None:
    other = str(tmp_path / "other")
    function(path, other)
    assert Path(other).read_bytes() == TEXT.encode()
    new = str(tmp_path / "new")
    with fg.gfile.GFile(new, "w") as file:
        file.write("new")
    with pytest.raises(errors.AlreadyExistsError, match="overwrite=True"):
        function(new, other)
    function(new, other, overwrite=True)
    assert Path(other).read_text() == "new"
    with pytest.raises(errors.NotFoundError):
        function(f"{tmp_path}/missing", f"{tmp_path}/any")


def test_a_copy_to_itself_keeps_the_file_and_folders_are_not_copied(tmp_path, path) -> None:
    fg.gfile.Copy(path, path, overwrite=True)
    assert Path(path).read_bytes() == TEXT.encode()
    for pair in ((tmp_path, f"{tmp_path}/b"), (path, tmp_path)):
        with pytest.raises(errors.FailedPreconditionError, match="Is a directory"):
            fg.gfile.Copy(*pair, overwrite=True)


def test_stat(tmp_path, path) -> None:
    found = fg.gfile.Stat(path)
    assert (found.length, found.mtime_nsec) == (15, os.stat(path).st_mtime_ns)
    assert (found.is_directory, fg.gfile.Stat(tmp_path).is_directory) == (False, True)
    with pytest.raises(errors.NotFoundError):
        fg.gfile.Stat(f"{path}-missing")


def test_lists(tree) -> None:
    assert fg.gfile.ListDirectory(tree) == [".hidden", "f1", "sub"]
    for wrong in (f"{tree}/f1", f"{tree}/missing"):
        with pytest.raises(errors.NotFoundError, match="Could not find directory"):
            fg.gfile.ListDirectory(wrong)
    outer, inner = (tree, ["sub"], [".hidden", "f1"]), (f"{tree}/sub", [], ["f2"])
    assert list(fg.gfile.Walk(tree)) == [outer, inner]
    assert list(fg.gfile.Walk(tree, in_order=False)) == [inner, outer]
    told: list[Exception] = []
    assert list(fg.io.gfile.walk(f"{tree}/missing", onerror=told.append)) == []
    assert isinstance(told[0], errors.NotFoundError)
