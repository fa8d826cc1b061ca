"""`tf.data`: input pipelines; and data to learn from: MNIST and Fashion-MNIST images, IDX files.

    Dataset       a variant tensor, made by one dataset op per transformation   (dataset.py)
    dataset op    its kernel returns a Stage: what to do, never changed         (*_ops.py)
    Stage         a source or a step; `start` gives an iterator over elements   (pipeline.py)
    Iterator      a handle of the object that a Session keeps: where a pass stands; MakeIterator
                  starts it, IteratorGetNext takes the next element             (iterator.py)
    experimental  transformations.py, grouping.py, sampling.py, features.py, csv_datasets.py;
                  datasets without input: generated.py; what takes a dataset: consumers.py

Building the graph only describes. A run of `iterator.initializer` runs the dataset ops once, whose
kernels put the stages together, and starts a pass; each run of `get_next` takes one element. The
user's functions are sub-graphs (function.py), called for each element, also from the threads of
`prefetch` and of parallel maps (background.py).
"""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.data.idx import read_idx
from flowgraph.data.images import ImageSet, Split, batches, load_fashion_mnist, load_mnist

__all__ = ["ImageSet", "Split", "batches", "load_fashion_mnist", "load_mnist", "read_idx"]

__getattr__ = _lazy("tf.data", globals(), {
    "Dataset": "flowgraph.data.dataset:Dataset",
    "DatasetSpec": "flowgraph.data.structure:DatasetSpec",
    "FixedLengthRecordDataset": "flowgraph.data.readers:FixedLengthRecordDataset",
    "Iterator": "flowgraph.data.iterator:Iterator",
    "Options": "flowgraph.data.options:Options",
    "TFRecordDataset": "flowgraph.data.readers:TFRecordDataset",
    "TextLineDataset": "flowgraph.data.readers:TextLineDataset",
    "experimental": "flowgraph.namespaces.data_experimental",
    "get_output_classes": "flowgraph.data.outputs:get_output_classes",
    "get_output_shapes": "flowgraph.data.outputs:get_output_shapes",
    "get_output_types": "flowgraph.data.outputs:get_output_types",
    "make_initializable_iterator": "flowgraph.data.outputs:make_initializable_iterator",
    "make_one_shot_iterator": "flowgraph.data.outputs:make_one_shot_iterator",
})
