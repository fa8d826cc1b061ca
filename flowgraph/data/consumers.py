"""What takes a whole dataset: its cardinality, its only element, its variant, a TFRecord file."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.data import structure
from flowgraph.data.dataset import Dataset
from flowgraph.data.file_ops import DatasetToTFRecord
from flowgraph.data.function_ops import DatasetToSingleElement
from flowgraph.data.iterator import flat
from flowgraph.data.iterator_ops import DatasetCardinality
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.type_spec import TensorSpec


def cardinality(dataset: Dataset) -> Tensor:
    """How many elements a dataset has, as far as it can be told without making them.

    Args:
        dataset: a Dataset.

    Returns:
        An int64 scalar tensor: a number, INFINITE_CARDINALITY (-1) or UNKNOWN_CARDINALITY (-2).

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.range(10).batch(3)
        >>> int(tf.Session().run(tf.data.experimental.cardinality(dataset)))
        4
    """
    made: Tensor = DatasetCardinality.build(dataset._variant_tensor)
    return made


def get_single_element(dataset: Dataset) -> Any:
    """The only element of a dataset, as tensors.

    Args:
        dataset: a Dataset of one element.

    Returns:
        Tensors in the structure of the element. A run raises InvalidArgumentError when there are
        more elements, or none.

    Raises:
        TypeError: it is no dataset.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.from_tensors([1, 2]).map(lambda x: x * 10)
        >>> tf.Session().run(tf.data.experimental.get_single_element(dataset))
        array([10, 20], dtype=int32)
    """
    if not isinstance(dataset, Dataset):
        raise TypeError(located("`dataset` must be a `tf.data.Dataset` object."))
    types, shapes = flat(dataset.element_spec)
    tensors = DatasetToSingleElement.build(dataset._variant_tensor, output_types=types,
                                           output_shapes=shapes)
    return structure.from_components(dataset.element_spec, tensors)


def to_variant(dataset: Dataset) -> Tensor:
    """The tensor that stands for a dataset in the graph.

    Args:
        dataset: a Dataset.

    Returns:
        A variant scalar tensor.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.experimental.to_variant(tf.data.Dataset.range(3)).dtype
        tf.variant
    """
    return dataset._variant_tensor


def from_variant(variant: Tensor, structure: Any) -> Dataset:
    """The dataset that a tensor stands for.

    Args:
        variant: a variant scalar tensor.
        structure: structure of TypeSpecs of the elements.

    Returns:
        A Dataset.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.range(3)
        >>> again = tf.data.experimental.from_variant(
        ...     tf.data.experimental.to_variant(dataset), dataset.element_spec)
        >>> int(tf.Session().run(again.make_one_shot_iterator().get_next()))
        0
    """
    return Dataset._of(variant, structure)


class TFRecordWriter:
    """Writes a dataset of scalar strings to a TFRecord file.

    Args:
        filename: the file.
        compression_type: "", "ZLIB" or "GZIP".

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "records")
        >>> dataset = tf.data.Dataset.from_tensor_slices(["a", "b"])
        >>> write = tf.data.experimental.TFRecordWriter(path).write(dataset)
        >>> tf.Session().run(write)
        >>> list(tf.python_io.tf_record_iterator(path))
        [b'a', b'b']
    """

    def __init__(self, filename: Any, compression_type: Any = None) -> None:
        self._filename = convert_to_tensor(filename, dt.string, name="filename")
        self._compression_type = convert_to_tensor(compression_type or "", dt.string,
                                                   name="compression_type")

    def write(self, dataset: Dataset) -> Any:
        """The operation that writes the dataset.

        Args:
            dataset: a Dataset of scalar strings.

        Raises:
            TypeError: its elements are something else.
        """
        if not isinstance(dataset, Dataset):
            raise TypeError(located("`dataset` must be a `tf.data.Dataset` object."))
        spec = dataset.element_spec
        if not isinstance(spec, TensorSpec) or spec.dtype is not dt.string or (
                spec.shape.ndims not in (None, 0)):
            raise TypeError(located("`dataset` must produce scalar `DT_STRING` tensors whereas it "
                                    f"produces {spec}"))
        return DatasetToTFRecord.build(dataset._variant_tensor, self._filename,
                                       self._compression_type)
