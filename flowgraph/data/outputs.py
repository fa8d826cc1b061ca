"""Functions of `tf.data` about a dataset or an iterator: its iterators, what its elements are."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.data import iterator as iterators
from flowgraph.data import structure


def make_one_shot_iterator(dataset: Any) -> iterators.Iterator:
    """An iterator that starts by itself, when its first element is asked for.

    Args:
        dataset: a Dataset that depends on no placeholder, variable or table.

    Returns:
        An Iterator.

    Example:
        >>> import flowgraph as tf
        >>> number = tf.data.make_one_shot_iterator(tf.data.Dataset.range(3)).get_next()
        >>> int(tf.Session().run(number))
        0
    """
    return iterators.one_shot(dataset)


def make_initializable_iterator(dataset: Any, shared_name: str | None = None
                                ) -> iterators.Iterator:
    """An iterator that starts, or starts anew, when its `initializer` is run.

    Args:
        dataset: a Dataset.
        shared_name: iterators of one shared_name are one.

    Returns:
        An Iterator.

    Example:
        >>> import flowgraph as tf
        >>> iterator = tf.data.make_initializable_iterator(tf.data.Dataset.range(3))
        >>> number = iterator.get_next()
        >>> sess = tf.Session()
        >>> _ = sess.run(iterator.initializer)
        >>> int(sess.run(number))
        0
    """
    return iterators.initializable(dataset, shared_name)


def get_structure(dataset_or_iterator: Any) -> Any:
    """What the elements are.

    Args:
        dataset_or_iterator: a Dataset or an Iterator.

    Returns:
        A structure of TypeSpecs.

    Raises:
        TypeError: it is neither.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.experimental.get_structure(tf.data.Dataset.range(3))
        TensorSpec(shape=(), dtype=tf.int64, name=None)
    """
    try:
        return dataset_or_iterator.element_spec
    except AttributeError:
        raise TypeError(located("`dataset_or_iterator` must be a Dataset or Iterator object, but "
                                f"got {type(dataset_or_iterator)}.")) from None


def get_output_types(dataset_or_iterator: Any) -> Any:
    """The dtypes of the elements, in their structure.

    Args:
        dataset_or_iterator: a Dataset or an Iterator.

    Returns:
        A structure of dtypes.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.get_output_types(tf.data.Dataset.range(3))
        tf.int64
    """
    return structure.output_types(get_structure(dataset_or_iterator))


def get_output_shapes(dataset_or_iterator: Any) -> Any:
    """The static shapes of the elements, in their structure.

    Args:
        dataset_or_iterator: a Dataset or an Iterator.

    Returns:
        A structure of TensorShapes.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.get_output_shapes(tf.data.Dataset.range(3).batch(2))
        TensorShape([Dimension(None)])
    """
    return structure.output_shapes(get_structure(dataset_or_iterator))


def get_output_classes(dataset_or_iterator: Any) -> Any:
    """The classes of the parts of the elements, in their structure.

    Args:
        dataset_or_iterator: a Dataset or an Iterator.

    Returns:
        A structure of classes: tf.Tensor, tf.SparseTensor.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.get_output_classes(tf.data.Dataset.range(3)) is tf.Tensor
        True
    """
    return structure.output_classes(get_structure(dataset_or_iterator))
