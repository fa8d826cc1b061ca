"""`tf.data.experimental`: more transformations, datasets and readers; each imported when used."""

from flowgraph.core.lazy import lazy as _lazy

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2

_SPECS = {
    "DatasetStructure": "flowgraph.data.structure:DatasetSpec",
    "OptionalStructure": "flowgraph.data.structure:OptionalSpec",
    "Structure": "flowgraph.ops.type_spec:TypeSpec",
    "SparseTensorStructure": "flowgraph.data.legacy_specs:SparseTensorStructure",
    "TensorArrayStructure": "flowgraph.data.legacy_specs:TensorArrayStructure",
    "TensorStructure": "flowgraph.data.legacy_specs:TensorStructure",
}
_BY_MODULE = {
    "consumers": ("TFRecordWriter", "cardinality", "from_variant", "get_single_element",
                  "to_variant"),
    "csv_datasets": ("CsvDataset", "make_csv_dataset"),
    "features": ("make_batched_features_dataset", "parse_example_dataset"),
    "generated": ("Counter", "RandomDataset"),
    "grouping": ("Reducer", "bucket_by_sequence_length", "group_by_reducer", "group_by_window"),
    "optional": ("Optional", "get_next_as_optional"),
    "options": ("DistributeOptions", "MapVectorizationOptions", "OptimizationOptions",
                "ThreadingOptions"),
    "outputs": ("get_structure",),
    "sampling": ("choose_from_datasets", "rejection_resample", "sample_from_datasets"),
    "transformations": (
        "copy_to_device", "dense_to_sparse_batch", "enumerate_dataset", "ignore_errors",
        "map_and_batch", "map_and_batch_with_legacy_function", "parallel_interleave",
        "prefetch_to_device", "scan", "shuffle_and_repeat", "take_while", "unbatch", "unique"),
}
__getattr__ = _lazy("tf.data.experimental", globals(), _SPECS | {
    name: f"flowgraph.data.{module}:{name}"
    for module, names in _BY_MODULE.items() for name in names})
