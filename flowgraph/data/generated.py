"""Datasets of numbers without end, which have no input: `Counter`, `RandomDataset`."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.data.building import data_seeds, seed_tensors
from flowgraph.data.dataset import Dataset
from flowgraph.data.iterator import flat
from flowgraph.data.source_ops import RandomDataset as RandomDatasetOp
from flowgraph.data.transformations import scan
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.type_spec import TensorSpec


def Counter(start: Any = 0, step: Any = 1, dtype: Any = dt.int64) -> Dataset:
    """Numbers without end.

    Args:
        start: the first.
        step: from one to the next.
        dtype: their dtype.

    Returns:
        A Dataset of scalars.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.experimental.Counter(start=10, step=5).batch(3)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([10, 15, 20])
    """
    dtype = dt.as_dtype(dtype)
    first = convert_to_tensor(start, dtype, name="start")
    by = convert_to_tensor(step, dtype, name="step")
    return Dataset.from_tensors(0).repeat(None).apply(scan(first, lambda state, _: (state + by,
                                                                                     state)))


class RandomDataset(Dataset):
    """Random int64 scalars without end, each from 0 to 2**32 - 1.

    Args:
        seed: of the numbers; the same seed gives TensorFlow's numbers.

    Example:
        >>> import flowgraph as tf
        >>> number = tf.data.experimental.RandomDataset(seed=1).make_one_shot_iterator().get_next()
        >>> sess = tf.Session()
        >>> bool(sess.run(number) == sess.run(number))
        False
    """

    def __init__(self, seed: Any = None) -> None:
        seeds = seed_tensors(data_seeds(seed, "RandomDataset"))
        spec = TensorSpec([], dt.int64)
        types, shapes = flat(spec)
        self._start(RandomDatasetOp.build(*seeds, output_types=types, output_shapes=shapes), spec)
