"""Datasets of files, generators and caches: what is read, in which order, what is refused."""

from __future__ import annotations

import gzip
import os
import zlib

import numpy as np
import pytest

import flowgraph as fg
from tests.data.test_dataset import elements

Dataset, experimental = fg.data.Dataset, fg.data.experimental
errors = fg.errors


def first_error(dataset):
    element = dataset.make_one_shot_iterator().get_next()
    with fg.Session() as session:
        session.run(element)


# ---- files ---------------------------------------------------------------------------------------


def test_lines_have_no_ends_and_files_follow_one_another(tmp_path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"a\nb\r\nc\rc\n\nlast")
    two.write_bytes(b"d\n")
    assert elements(fg.data.TextLineDataset([str(one), str(two)])) == [
        b"a", b"b", b"cc", b"", b"last", b"d"]
    names = Dataset.from_tensor_slices([str(two), str(one)])
    assert elements(fg.data.TextLineDataset(names))[:2] == [b"d", b"a"]
    assert elements(fg.data.TextLineDataset([str(one), str(two)], num_parallel_reads=2))[:3] == [
        b"a", b"d", b"b"]


@pytest.mark.parametrize(("kind", "pack"), [("GZIP", gzip.compress), ("ZLIB", zlib.compress)])
def test_packed_files_are_unpacked(tmp_path, kind, pack) -> None:
    path = tmp_path / "packed"
    path.write_bytes(pack(b"one\ntwo\n"))
    assert elements(fg.data.TextLineDataset(str(path), kind)) == [b"one", b"two"]
    path.write_bytes(pack(b"HaabbF"))
    fixed = fg.data.FixedLengthRecordDataset(str(path), 2, 1, 1, compression_type=kind)
    assert elements(fixed) == [b"aa", b"bb"]


@pytest.mark.parametrize("content", [b"", b"\x00", b"junk", b"\x1f\x8b\x08junk", b"x" * 1000])
def test_any_bytes_are_survived(tmp_path, content) -> None:
    path = tmp_path / "junk"
    path.write_bytes(content)
    for dataset in (fg.data.TextLineDataset(str(path), "GZIP"), fg.data.TFRecordDataset(str(path)),
                    fg.data.TFRecordDataset(str(path), "ZLIB"),
                    fg.data.FixedLengthRecordDataset(str(path), 7, 3),
                    experimental.CsvDataset(str(path), [fg.int32])):
        with pytest.raises((errors.OutOfRangeError, errors.DataLossError,
                            errors.InvalidArgumentError)):
            first_error(dataset)


def test_file_names_may_be_fed(tmp_path) -> None:
    path = tmp_path / "records"
    with fg.python_io.TFRecordWriter(str(path)) as writer:
        writer.write(b"one")
    names = fg.placeholder(fg.string, [None])
    iterator = fg.data.TFRecordDataset(names).make_initializable_iterator()
    record = iterator.get_next()
    with fg.Session() as session:
        session.run(iterator.initializer, {names: [str(path)]})
        assert session.run(record) == b"one"


def test_list_files(tmp_path) -> None:
    for name in "cab":
        (tmp_path / f"{name}.txt").write_text("")
    found = elements(Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False))
    assert [name[-5:] for name in found] == [b"a.txt", b"b.txt", b"c.txt"]
    assert sorted(elements(Dataset.list_files(str(tmp_path / "*.txt"), seed=1))) == found
    iterator = Dataset.list_files(str(tmp_path / "none*")).make_initializable_iterator()
    with pytest.raises(errors.InvalidArgumentError, match="No files matched pattern"), \
            fg.Session() as session:
        session.run(iterator.initializer)


def test_csv(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('name,n,x\n"a, b",1,2.5\nq,,3\n"li\nne",3,\n')
    rows = elements(experimental.CsvDataset(str(path), [fg.string, [7], [1.5]], header=True))
    assert rows == [(b"a, b", 1, 2.5), (b"q", 7, 3.0), (b"li\nne", 3, 1.5)]
    table = experimental.make_csv_dataset(str(path), 2, shuffle=False, num_epochs=1,
                                          label_name="x")
    features, label = table.output_types
    assert (dict(features), label) == ({"name": fg.string, "n": fg.int32}, fg.float32)
    assert elements(table)[0] == ({"name": [b"a, b", b"q"], "n": [1, 0]}, [2.5, 3.0])
    required = experimental.CsvDataset(str(path), [fg.string, fg.int32, fg.float32], header=True)
    with pytest.raises(errors.InvalidArgumentError, match="required but missing"):
        iterator = required.skip(1).make_one_shot_iterator().get_next()
        with fg.Session() as session:
            session.run(iterator)


def test_batches_of_examples(tmp_path) -> None:
    path = tmp_path / "examples"
    with fg.python_io.TFRecordWriter(str(path)) as writer:
        for number in range(4):
            feature = fg.train.Feature(int64_list=fg.train.Int64List(value=[number]))
            writer.write(fg.train.Example(features=fg.train.Features(
                feature={"n": feature})).SerializeToString())
    features = {"n": fg.FixedLenFeature([], fg.int64), "v": fg.VarLenFeature(fg.float32)}
    dataset = experimental.make_batched_features_dataset(
        str(path), 3, features, label_key="n", num_epochs=1, shuffle=False)
    assert dataset.output_classes == ({"v": fg.SparseTensor}, fg.Tensor)
    labels = [label for _, label in elements(dataset)]
    assert labels == [[0, 1, 2], [3]]


# ---- generators ----------------------------------------------------------------------------------


def test_a_generator_is_called_for_each_round_and_closed_at_the_end() -> None:
    calls, closed = [], []

    def generator():
        calls.append(1)
        try:
            yield from range(3)
        finally:
            closed.append(1)

    dataset = Dataset.from_generator(generator, fg.int64, [])
    assert elements(dataset.repeat(2)) == [0, 1, 2] * 2
    assert (len(calls), len(closed)) == (2, 2)
    element = dataset.make_one_shot_iterator().get_next()
    with fg.Session() as session:
        session.run(element)
    assert len(closed) == 3, "closing the session closes a generator that has more"


@pytest.mark.parametrize(("values", "dtype", "shape", "words"), [
    ([["a"]], fg.int32, None, "could not be converted to the expected type"),
    ([1.5], fg.int32, None, "could not be converted to the expected type"),
    ([[1, 2]], fg.int32, [3], "of shape"),
    ([(1, 2), 3], (fg.int32, fg.int32), None, "did not match the expected structure"),
])
def test_what_a_generator_yields_is_checked(values, dtype, shape, words) -> None:
    dataset = Dataset.from_generator(lambda: iter(values), dtype, shape)
    with pytest.raises(errors.InvalidArgumentError, match=words):
        element = dataset.skip(len(values) - 1).make_one_shot_iterator().get_next()
        with fg.Session() as session:
            session.run(element)


def test_what_a_generator_raises_keeps_its_class() -> None:
    def generator():
        yield 1
        raise LookupError("mine")
    element = Dataset.from_generator(generator, fg.int64).prefetch(
        1).make_one_shot_iterator().get_next()
    with fg.Session() as session:
        session.run(element)
        with pytest.raises(LookupError, match=r"GeneratorDataset .*test_files.py.*mine"):
            session.run(element)
        with pytest.raises(errors.OutOfRangeError):
            session.run(element)


# ---- caches --------------------------------------------------------------------------------------


def counted(made):
    def note(x):
        made.append(int(x))
        return x
    return Dataset.range(3).map(lambda x: fg.py_func(note, [x], fg.int64))


def test_a_cache_in_memory_is_filled_once_a_pass() -> None:
    made: list[int] = []
    assert elements(counted(made).cache().repeat(3)) == [0, 1, 2] * 3
    assert made == [0, 1, 2]


def test_a_cache_in_a_file_is_filled_once(tmp_path) -> None:
    made: list[int] = []
    path = str(tmp_path / "cache")
    for _ in range(2):
        dataset = counted(made).map(lambda x: (x, fg.as_string(x), fg.fill([x], 0.5))).cache(path)
        assert elements(dataset)[2] == (2, b"2", [0.5, 0.5])
    assert made == [0, 1, 2]
    assert elements(counted(made).cache(path + "2").take(1)) == [0]
    assert [file.name for file in tmp_path.iterdir()] == ["cache.data"], "no part is left"


def test_a_cache_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch) -> None:
    done = []
    monkeypatch.setattr(os, "fsync", lambda number: done.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda part, path: (done.append("replace"),
                                                           os.rename(part, path)))
    assert elements(Dataset.range(3).cache(str(tmp_path / "cache"))) == [0, 1, 2]
    assert done[:2] == ["fsync", "replace"]


def test_a_cache_that_cannot_get_its_name_leaves_no_part(tmp_path) -> None:
    def generator():
        yield 1
        (tmp_path / "cache.data").mkdir()

    dataset = Dataset.from_generator(generator, fg.int64, []).cache(str(tmp_path / "cache"))
    with pytest.raises(errors.OpError, match=r"cache\.data"):
        elements(dataset)
    assert [file.name for file in tmp_path.iterdir()] == ["cache.data"]


def test_a_damaged_cache_is_data_loss(tmp_path) -> None:
    path = tmp_path / "cache"
    assert elements(Dataset.range(3).cache(str(path))) == [0, 1, 2]
    file = tmp_path / "cache.data"
    content = file.read_bytes()
    for damaged in (content[:-3], b"\0" * 40, content[:20] + b"\xff" + content[21:]):
        file.write_bytes(damaged)
        with pytest.raises(errors.DataLossError):
            element = Dataset.range(3).cache(str(path)).batch(9).make_one_shot_iterator()
            with fg.Session() as session:
                session.run(element.get_next())
    file.write_bytes(content)
    with pytest.raises(errors.DataLossError, match="other dtypes"):
        first_error(Dataset.from_tensors(np.float32(1)).cache(str(path)))
