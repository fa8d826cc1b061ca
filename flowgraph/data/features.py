"""Datasets of tf.train.Example records, parsed: parse_example_dataset and what is built on it."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.data.csv_datasets import read_in_turns, shuffled_and_repeated
from flowgraph.data.dataset import Dataset
from flowgraph.data.readers import TFRecordDataset
from flowgraph.data.structure import same_kind
from flowgraph.data.transformations import Transformation
from flowgraph.ops.parse_example import parse_example
from flowgraph.ops.type_spec import TensorSpec


def parse_example_dataset(features: Any, num_parallel_calls: Any = 1) -> Transformation:
    """Parses vectors of serialized Examples to dicts of tensors.

    Args:
        features: as of `tf.parse_example`.
        num_parallel_calls: how many vectors at a time.

    Returns:
        A function from a dataset of string vectors to a dataset of dicts.

    Raises:
        ValueError: there are no features.
        TypeError: the dataset has other elements.

    Example:
        >>> import flowgraph as tf
        >>> example = tf.train.Example(features=tf.train.Features(feature={
        ...     "age": tf.train.Feature(int64_list=tf.train.Int64List(value=[7]))}))
        >>> dataset = tf.data.Dataset.from_tensors([example.SerializeToString()])
        >>> dataset = dataset.apply(tf.data.experimental.parse_example_dataset(
        ...     {"age": tf.FixedLenFeature([], tf.int64)}))
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        {'age': array([7])}
    """
    if features is None:
        raise ValueError(located(f"Missing: features was {features}."))

    def apply(dataset: Dataset) -> Dataset:
        if not same_kind(dataset.element_spec, TensorSpec([None], dt.string)):
            raise TypeError(located("Input dataset should be a dataset of vectors of strings"))
        return dataset.map(lambda serialized: parse_example(serialized, features),
                           None if num_parallel_calls == 1 else num_parallel_calls)

    return apply


def make_batched_features_dataset(
        file_pattern: Any, batch_size: int, features: Any, reader: Any = TFRecordDataset,
        label_key: str | None = None, reader_args: Any = None, num_epochs: int | None = None,
        shuffle: bool = True, shuffle_buffer_size: int = 10000, shuffle_seed: int | None = None,
        prefetch_buffer_size: int | None = None, reader_num_threads: int | None = None,
        parser_num_threads: int | None = None, sloppy_ordering: bool = False,
        drop_final_batch: bool = False) -> Dataset:
    """Batches of Examples out of files, parsed.

    Args:
        file_pattern: pattern of the files' names, or a list of patterns.
        batch_size: Examples in a batch.
        features: as of `tf.parse_example`.
        reader: function from a file's name to a dataset of serialized Examples.
        label_key: name of the feature that stands apart, as the label.
        reader_args: list of more arguments for the reader.
        num_epochs: how often the files are read; default without end.
        shuffle: whether the Examples come in random order.
        shuffle_buffer_size: Examples in the buffer from which they are drawn.
        shuffle_seed: of the random order.
        prefetch_buffer_size: batches made ahead; default a number of its choice.
        reader_num_threads: how many files take turns; default 1.
        parser_num_threads: how many batches are parsed at a time; default 2.
        sloppy_ordering: whether the order may change; flowgraph keeps it.
        drop_final_batch: whether the last batch is left out when it has fewer Examples.

    Returns:
        A Dataset of dicts; of pairs (dict, label) when there is a label_key.

    Raises:
        ValueError: the label_key is no feature.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "examples")
        >>> with tf.python_io.TFRecordWriter(path) as writer:
        ...     for age in (7, 8):
        ...         writer.write(tf.train.Example(features=tf.train.Features(feature={
        ...             "age": tf.train.Feature(int64_list=tf.train.Int64List(value=[age]))})
        ...         ).SerializeToString())
        >>> dataset = tf.data.experimental.make_batched_features_dataset(
        ...     path, 2, {"age": tf.FixedLenFeature([], tf.int64)}, shuffle=False)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        {'age': array([7, 8])}
    """
    if label_key and label_key not in features:
        raise ValueError(located(f"The `label_key` provided ({label_key!r}) must be one of the "
                                 "`features` keys."))
    more = list(reader_args or [])
    names = Dataset.list_files(file_pattern, shuffle=shuffle, seed=shuffle_seed)
    dataset = read_in_turns(names, lambda name: reader(name, *more),
                            1 if reader_num_threads is None else reader_num_threads,
                            sloppy_ordering)
    if dataset.output_types == (dt.string, dt.string):
        dataset = dataset.map(lambda key, value: value)
    dataset = shuffled_and_repeated(dataset, num_epochs, shuffle, shuffle_buffer_size,
                                    shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=drop_final_batch or num_epochs is None)
    dataset = dataset.apply(parse_example_dataset(
        features, 2 if parser_num_threads is None else parser_num_threads))
    if label_key:
        dataset = dataset.map(lambda parsed: (
            {key: value for key, value in parsed.items() if key != label_key},
            parsed[label_key]))
    return dataset.prefetch(-1 if prefetch_buffer_size is None else prefetch_buffer_size)
