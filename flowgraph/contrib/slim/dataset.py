"""`slim.dataset`: what a data set consists of, and how to read it."""

from __future__ import annotations

from typing import Any


class Dataset:
    """The files of a data set, how to read and to decode them, and what is in them.

    Args:
        data_sources: list of files, or a pattern of names.
        reader: class of the reader, as `tf.TFRecordReader`.
        decoder: object that decodes what the reader gives.
        num_samples: number of examples.
        items_to_descriptions: dict from what each example holds to descriptions of that.
        kwargs: further attributes, as `num_classes`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.dataset.Dataset(["a.tfrecord"], None, None, 100, {}, num_classes=5).num_classes
        5
    """

    def __init__(self, data_sources: Any, reader: Any, decoder: Any, num_samples: int,
                 items_to_descriptions: Any, **kwargs: Any) -> None:
        vars(self).update(kwargs, data_sources=data_sources, reader=reader, decoder=decoder,
                          num_samples=num_samples, items_to_descriptions=items_to_descriptions)
