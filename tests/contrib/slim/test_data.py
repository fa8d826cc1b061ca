"""slim's data sets: files of examples, decoded, in batches, through queues."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import slim
from flowgraph.contrib.slim import tfexample_decoder as handlers

PICTURES = np.random.RandomState(0).randint(0, 256, (6, 4, 5, 3)).astype(np.uint8)
BOXES = [np.arange(4.0 * count, dtype=np.float32).reshape(count, 4) for count in (0, 1, 2, 1, 3, 2)]


def _feature(value: Any) -> Any:
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=value))


def _encoded(image_format: str) -> list[bytes]:
    if image_format == "raw":
        return [picture.tobytes() for picture in PICTURES]
    with tf.Graph().as_default(), tf.Session() as session:
        picture = tf.placeholder(tf.uint8)
        encode = tf.image.encode_png if image_format == "png" else tf.image.encode_jpeg
        encoded = encode(picture)
        return [session.run(encoded, {picture: each}) for each in PICTURES]


def _write(folder: Any, image_format: str = "png") -> str:
    """Two files with three pictures each; the name of both as a pattern."""
    for i, encoded in enumerate(_encoded(image_format)):
        features = {"image/encoded": encoded, "image/format": image_format.encode(),
                    "image/class/label": i}
        features |= {f"box/{name}": BOXES[i][:, axis].tolist()
                     for axis, name in enumerate(("ymin", "xmin", "ymax", "xmax"))}
        record = tf.train.Example(features=tf.train.Features(feature={
            key: _feature(value) for key, value in features.items()})).SerializeToString()
        if i % 3 == 0:
            writer = tf.python_io.TFRecordWriter(str(folder / f"train-{i // 3}.tfrecord"))
        writer.write(record)
        if i % 3 == 2:
            writer.close()
    return str(folder / "train-*")


def _dataset(pattern: Any, shape: Any = None) -> Any:
    features = {
        "image/encoded": tf.FixedLenFeature((), tf.string, default_value=""),
        "image/format": tf.FixedLenFeature((), tf.string, default_value="png"),
        "image/class/label": tf.FixedLenFeature([], tf.int64, default_value=-1),
        **{f"box/{name}": tf.VarLenFeature(tf.float32)
           for name in ("ymin", "xmin", "ymax", "xmax")}}
    decoder = handlers.TFExampleDecoder(features, {
        "image": handlers.Image(shape=shape), "label": handlers.Tensor("image/class/label"),
        "boxes": handlers.BoundingBox(prefix="box/")})
    return slim.dataset.Dataset(pattern, tf.TFRecordReader, decoder, 6, {"label": "a number"},
                                num_classes=6)


@pytest.mark.parametrize("image_format", ["png", "jpg", "raw"])
def test_examples_of_files_are_read_and_decoded(tmp_path: Any, image_format: str) -> None:
    pattern = _write(tmp_path, image_format)
    with tf.Graph().as_default(), tf.Session() as session:
        provider = slim.dataset_data_provider.DatasetDataProvider(
            _dataset(pattern, (4, 5, 3) if image_format == "raw" else None), shuffle=False,
            num_epochs=1)
        assert provider.num_samples() == 6
        assert set(provider.list_items()) == {"image", "label", "boxes", "record_key"}
        fetches = provider.get(["image", "label", "boxes", "record_key"])
        assert fetches[0].dtype == tf.uint8 and fetches[0].shape[-1].value == 3
        session.run(tf.local_variables_initializer())
        with slim.queues.QueueRunners(session):
            rows = [session.run(fetches) for _ in range(6)]
            with pytest.raises(tf.errors.OutOfRangeError):
                session.run(fetches)
        assert [int(row[1]) for row in rows] == list(range(6))
        assert b"train-1.tfrecord" in rows[3][3]
        for row, picture, boxes in zip(rows, PICTURES, BOXES, strict=True):
            np.testing.assert_array_equal(row[2], boxes)
            if image_format == "jpg":  # loses details
                assert row[0].shape == picture.shape
            else:
                np.testing.assert_array_equal(row[0], picture)


def test_batches_are_made_ahead_of_shuffled_examples(tmp_path: Any) -> None:
    pattern = _write(tmp_path)
    with tf.Graph().as_default(), tf.Session() as session:
        provider = slim.dataset_data_provider.DatasetDataProvider(
            _dataset(pattern, [4, 5, 3]), num_readers=2, common_queue_capacity=20,
            common_queue_min=5, seed=1)
        image, label = provider.get(["image", "label"])
        images, labels = tf.train.batch([image, label], 4, num_threads=2, capacity=8)
        queue = slim.prefetch_queue.prefetch_queue([images, slim.one_hot_encoding(labels, 6)],
                                                   capacity=2)
        images, labels = queue.dequeue()
        assert images.shape.as_list() == [4, 4, 5, 3] and labels.shape.as_list() == [4, 6]
        seen = set()
        with slim.queues.QueueRunners(session):
            for _ in range(8):
                pictures, classes = session.run([images, labels])
                for picture, one_hot in zip(pictures, classes, strict=True):
                    seen.add(int(np.argmax(one_hot)))
                    np.testing.assert_array_equal(picture, PICTURES[np.argmax(one_hot)])
        assert len(seen) > 3
        summaries = [op.name for op in tf.get_default_graph().get_operations()
                     if op.type == "ScalarSummary"]
        assert "parallel_read/fraction_of_20_full" in summaries
        assert "prefetch_queue/fraction_of_2_full" in summaries


def test_a_prefetch_queue_of_a_dict_gives_a_dict() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        queue = slim.prefetch_queue.prefetch_queue(
            {"b": tf.constant([1.0]), "a": tf.constant(2)}, dynamic_pad=True)
        with slim.queues.QueueRunners(session):
            assert session.run(queue.dequeue()) == {"a": 2, "b": [1.0]}


@pytest.mark.parametrize(("handler", "tensors", "expected"), [
    (handlers.Tensor("t"), {"t": [1, 2]}, [1, 2]),
    (handlers.Tensor("t", shape=[2, 2]), {"t": [1, 2, 3, 4]}, [[1, 2], [3, 4]]),
    (handlers.Tensor("t", shape_keys=["h", "w"]), {"t": [1, 2, 3, 4], "h": 1, "w": 4},
     [[1, 2, 3, 4]]),
    (handlers.Tensor("t", shape_keys="s"), {"t": [1, 2, 3, 4], "s": [2, 2]}, [[1, 2], [3, 4]]),
    (handlers.Tensor("t", default_value=9), {"t": ([[1]], [5], [3])}, [9, 5, 9]),
    (handlers.Tensor("t", shape=[2, 2]), {"t": ([[0], [3]], [5, 6], [4])}, [[5, 0], [0, 6]]),
    (handlers.BoundingBox(["a", "b", "c", "d"]),
     {"a": [1, 5], "b": [2, 6], "c": [3, 7], "d": ([[0], [1]], [4, 8], [2])},
     [[1, 2, 3, 4], [5, 6, 7, 8]]),
    (handlers.ItemHandlerCallback(["a", "b"], lambda given: given["a"] + given["b"]),
     {"a": 1, "b": 2}, 3),
])
def test_a_handler_makes_an_item(handler: Any, tensors: Any, expected: Any) -> None:
    assert set(handler.keys) == set(tensors)
    with tf.Graph().as_default(), tf.Session() as session:
        made = {key: tf.SparseTensor(*value) if isinstance(value, tuple) else tf.constant(value)
                for key, value in tensors.items()}
        np.testing.assert_array_equal(session.run(handler.tensors_to_item(made)), expected)


def test_a_list_of_pictures_of_one_channel_is_decoded() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        grey = PICTURES[:2, :, :, :1]
        given = {"image/encoded": tf.stack([tf.image.encode_png(each) for each in grey]),
                 "image/format": tf.constant("png")}
        handler = handlers.Image(channels=1, repeated=True, dtype=tf.float32)
        np.testing.assert_array_equal(session.run(handler.tensors_to_item(given)), grey)


def test_bad_uses_are_refused(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="expects 4 keys but got 2"):
        handlers.BoundingBox(["a", "b"])
    with pytest.raises(ValueError, match="both shape_keys and shape"):
        handlers.Tensor("t", ["a"], [1])
    with pytest.raises(ValueError, match="No data files found"):
        slim.parallel_reader.get_data_files([str(tmp_path / "none-*")])
    provider = slim.data_provider.DataProvider({"label": 1}, 1)
    with pytest.raises(ValueError, match=r"Item \[image\] is invalid"):
        provider.get(["image"])
    with pytest.raises(ValueError, match="must be a list or tuple"):
        provider.get("label")
    with tf.Graph().as_default():
        with pytest.raises(TypeError, match=r"must be \[tf.string, tf.string\]"):
            slim.parallel_reader.ParallelReader(tf.TextLineReader, tf.FIFOQueue(2, [tf.string]))
        with pytest.raises(ValueError, match="record_key"):
            slim.dataset_data_provider.DatasetDataProvider(_dataset(["a"]), record_key="label")


def test_files_are_read_in_a_single_pass(tmp_path: Any) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"{name}1\n{name}2\n")
    with tf.Graph().as_default(), tf.Session() as session:
        _, line = slim.parallel_reader.single_pass_read(
            [str(tmp_path / "a"), str(tmp_path / "b")], tf.TextLineReader)
        session.run(tf.local_variables_initializer())
        with slim.queues.QueueRunners(session):
            assert [session.run(line) for _ in range(4)] == [b"a1", b"a2", b"b1", b"b2"]
            with pytest.raises(tf.errors.OutOfRangeError):
                session.run(line)
