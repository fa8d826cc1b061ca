"""`slim.dataset_data_provider`: reads and decodes the examples of a `slim.dataset.Dataset`."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.slim.data_provider import DataProvider
from flowgraph.contrib.slim.parallel_reader import parallel_read
from flowgraph.core.frames import located


class DatasetDataProvider(DataProvider):
    """The items of one example of a data set, read through queues.

    Args:
        dataset: a `slim.dataset.Dataset`.
        num_readers: number of readers.
        reader_kwargs: dict of arguments for a reader.
        shuffle: whether files and records come in any order.
        num_epochs: how often the files are read; None without end. With a number, run
            `tf.local_variables_initializer()`, too.
        common_queue_capacity: the most records that wait.
        common_queue_min: the least records that wait, of which one is drawn.
        record_key: name of the item with the record's key.
        seed: seed of the order.
        scope: name scope.

    Raises:
        ValueError: `record_key` is the name of another item, or there are no files.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> path = os.path.join(tempfile.mkdtemp(), "a.tfrecord")
        >>> with fg.python_io.TFRecordWriter(path) as writer:
        ...     value = fg.train.Feature(int64_list=fg.train.Int64List(value=[7]))
        ...     features = fg.train.Features(feature={"label": value})
        ...     writer.write(fg.train.Example(features=features).SerializeToString())
        >>> decoder = slim.tfexample_decoder.TFExampleDecoder(
        ...     {"label": fg.FixedLenFeature([], fg.int64)},
        ...     {"label": slim.tfexample_decoder.Tensor("label")})
        >>> dataset = slim.dataset.Dataset(path, fg.TFRecordReader, decoder, 1, {})
        >>> provider = slim.dataset_data_provider.DatasetDataProvider(dataset, shuffle=False)
        >>> label, = provider.get(["label"])
        >>> with fg.Session() as sess, slim.queues.QueueRunners(sess):
        ...     sess.run(label)
        np.int64(7)
    """

    def __init__(self, dataset: Any, num_readers: int = 1,
                 reader_kwargs: dict[str, Any] | None = None, shuffle: bool = True,
                 num_epochs: int | None = None, common_queue_capacity: int = 256,
                 common_queue_min: int = 128, record_key: str = "record_key",
                 seed: int | None = None, scope: str | None = None) -> None:
        key, data = parallel_read(
            dataset.data_sources, dataset.reader, num_epochs, num_readers, reader_kwargs, shuffle,
            None, common_queue_capacity, common_queue_min, seed, scope)
        items = dataset.decoder.list_items()
        tensors = dict(zip(items, dataset.decoder.decode(data, items), strict=True))
        if record_key in tensors:
            raise ValueError(located("The item name used for `record_key` cannot also be used for "
                                     f"a dataset item: {record_key}"))
        super().__init__({**tensors, record_key: key}, dataset.num_samples)
