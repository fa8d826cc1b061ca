"""Readers on files, as TensorFlow reads them; damaged files, missing files, packed files."""

import gzip
import zlib

import pytest

import flowgraph as fg

errors = fg.errors
GZIP = fg.python_io.TFRecordOptions(fg.python_io.TFRecordCompressionType.GZIP)


def records(reader, *files, up_to=None):
    """All (key, value) that a reader gives; keys without the folder. Ends with what it raises."""
    queue = fg.FIFOQueue(10, fg.string)
    record = reader.read(queue) if up_to is None else reader.read_up_to(queue, up_to)
    name = fg.placeholder(fg.string, [])
    enqueue, close = queue.enqueue(name), queue.close()
    found = []
    with fg.Session() as sess:
        for file in files:
            sess.run(enqueue, {name: str(file)})
        sess.run(close)
        while True:
            try:
                key, value = sess.run(record)
            except errors.OpError as error:
                return found, type(error)
            if up_to is None:
                found.append((key.rpartition(b"/")[2].decode(), value))
            else:
                found.append(value.tolist())


def made(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_lines_lose_their_ends_and_keys_count_them(tmp_path):
    file = made(tmp_path, "a", b"x\r\ny\n\n\rz")
    found, end = records(fg.TextLineReader(), file)
    assert found == [("a:1", b"x"), ("a:2", b"y"), ("a:3", b""), ("a:4", b"\rz")]
    assert end is errors.OutOfRangeError


def test_a_whole_file_that_was_missing_is_read_when_it_is_there(tmp_path):
    queue = fg.FIFOQueue(5, fg.string)
    _, contents = fg.WholeFileReader().read(queue)
    fill = queue.enqueue_many([[str(tmp_path / "a"), str(made(tmp_path, "b", b"second"))]])
    with fg.Session() as sess:
        sess.run(fill)
        for _ in range(2):
            with pytest.raises(errors.NotFoundError):
                sess.run(contents)
        made(tmp_path, "a", b"first")
        assert [sess.run(contents), sess.run(contents)] == [b"first", b"second"]


@pytest.mark.parametrize("content", [b"", b"head", b"head\n"])
def test_a_file_without_lines_is_passed_over(tmp_path, content):
    files = made(tmp_path, "a", content), made(tmp_path, "b", b"head\nlast")
    assert records(fg.TextLineReader(skip_header_lines=1), *files)[0] == [("b:2", b"last")]


def test_records_of_one_length_between_header_and_footer(tmp_path):
    file = made(tmp_path, "a", b"HHH112233FF")
    assert records(fg.FixedLengthRecordReader(2, 3, 2), file)[0] == [
        ("a:0", b"11"), ("a:1", b"22"), ("a:2", b"33")]


@pytest.mark.parametrize(("hop", "values"), [
    (1, [b"ab", b"bc", b"cd", b"de", b"ef"]), (3, [b"ab", b"de"]), (5, [b"ab"])])
def test_records_may_overlap_or_lie_apart(tmp_path, hop, values):
    file = made(tmp_path, "a", b"abcdef")
    found, _ = records(fg.FixedLengthRecordReader(2, hop_bytes=hop), file)
    assert [value for _, value in found] == values


@pytest.mark.parametrize(("encoding", "pack"), [("GZIP", gzip.compress), ("ZLIB", zlib.compress)])
def test_packed_records_of_one_length(tmp_path, encoding, pack):
    file = made(tmp_path, "a", pack(b"1122"))
    found, _ = records(fg.FixedLengthRecordReader(2, encoding=encoding), file)
    assert [value for _, value in found] == [b"11", b"22"]


def test_a_record_that_is_longer_than_the_file_needs_no_more_memory_than_it(tmp_path):
    assert records(fg.FixedLengthRecordReader(1 << 50), made(tmp_path, "a", b"1234"))[0] == []


def test_a_header_that_is_longer_than_the_file_ends_the_reading(tmp_path):
    file = made(tmp_path, "a", b"HH")
    assert records(fg.FixedLengthRecordReader(2, header_bytes=3), file) == (
        [], errors.OutOfRangeError)


@pytest.mark.parametrize("options", [None, GZIP], ids=["plain", "packed"])
def test_keys_of_tfrecords_are_places_in_the_unpacked_file(tmp_path, options):
    path = str(tmp_path / "a")
    with fg.python_io.TFRecordWriter(path, options) as writer:
        for record in (b"one", b"", b"three"):
            writer.write(record)
    assert records(fg.TFRecordReader(options=options), path)[0] == [
        ("a:0", b"one"), ("a:19", b""), ("a:35", b"three")]


def test_a_damaged_tfrecord_file_raises_after_its_good_records(tmp_path):
    path = tmp_path / "a"
    with fg.python_io.TFRecordWriter(str(path)) as writer:
        for _ in range(2):
            writer.write(b"good")
    path.write_bytes(path.read_bytes()[:-5])
    assert records(fg.TFRecordReader(), path) == ([("a:0", b"good")], errors.DataLossError)


@pytest.mark.parametrize("reader", [fg.TextLineReader, fg.WholeFileReader, fg.TFRecordReader,
                                    lambda: fg.FixedLengthRecordReader(2)],
                         ids=["lines", "whole", "tfrecord", "fixed"])
def test_a_missing_file_raises(tmp_path, reader):
    assert records(reader(), tmp_path / "missing") == ([], errors.NotFoundError)


def test_after_a_missing_file_comes_the_next_one(tmp_path):
    queue = fg.FIFOQueue(5, fg.string)
    line = fg.TextLineReader().read(queue).value
    fill = queue.enqueue_many([[str(tmp_path / "missing"), str(made(tmp_path, "a", b"x"))]])
    with fg.Session() as sess:
        sess.run(fill)
        with pytest.raises(errors.NotFoundError):
            sess.run(line)
        assert sess.run(line) == b"x"


def test_several_records_at_once_come_from_one_file(tmp_path):
    files = made(tmp_path, "a", b"1\n2\n3\n"), made(tmp_path, "b", b"4")
    assert records(fg.TextLineReader(), *files, up_to=2)[0] == [[b"1", b"2"], [b"3"], [b"4"]]


def test_a_whole_file_is_a_record(tmp_path):
    files = made(tmp_path, "a", b"x\ny"), made(tmp_path, "b", b"")
    assert records(fg.WholeFileReader(), *files)[0] == [("a", b"x\ny"), ("b", b"")]
