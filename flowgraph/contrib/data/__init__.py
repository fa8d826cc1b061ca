"""`tf.contrib.data`: the first names of `tf.data.experimental`, and of `tf.data` itself."""

from flowgraph.core.lazy import lazy as _lazy

_NAMES = (
    "AUTOTUNE", "Counter", "CsvDataset", "Optional", "RandomDataset", "Reducer", "TFRecordWriter",
    "bucket_by_sequence_length", "choose_from_datasets", "copy_to_device", "dense_to_sparse_batch",
    "enumerate_dataset", "get_next_as_optional", "get_single_element", "group_by_reducer",
    "group_by_window", "ignore_errors", "make_batched_features_dataset", "make_csv_dataset",
    "map_and_batch", "parallel_interleave", "parse_example_dataset", "prefetch_to_device",
    "rejection_resample", "sample_from_datasets", "scan", "shuffle_and_repeat", "unbatch",
    "unique")
_OLD = ("Dataset", "FixedLengthRecordDataset", "Iterator", "TFRecordDataset", "TextLineDataset")
_LAZY = {
    **{name: f"flowgraph.namespaces.data_experimental:{name}" for name in _NAMES},
    **{name: f"flowgraph.data:{name}" for name in _OLD},
    **{name: f"flowgraph.contrib.data.batching:{name}" for name in (
        "batch_and_drop_remainder", "padded_batch_and_drop_remainder", "read_batch_features",
        "reduce_dataset", "sliding_window_batch", "sloppy_interleave")},
}

__getattr__ = _lazy("tf.contrib.data", globals(), _LAZY)
