"""Datasets made by choosing among datasets: by given numbers, at random, by class."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.data import structure
from flowgraph.data.dataset import Dataset
from flowgraph.data.generated import RandomDataset
from flowgraph.data.iterator import flat
from flowgraph.data.source_ops import DirectedInterleaveDataset
from flowgraph.data.transformations import Transformation, scan
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.type_spec import TensorSpec


def _directed(selector: Dataset, datasets: list[Dataset]) -> Dataset:
    first = datasets[0].element_spec
    spec = first
    for other in datasets[1:]:
        if any(of(other.element_spec) != of(first)
               for of in (structure.output_types, structure.output_classes)):
            raise TypeError(located("All datasets must have the same type and class."))
        spec = structure.widened(spec, other.element_spec)
    types, shapes = flat(spec)
    variant = DirectedInterleaveDataset.build(
        selector._variant_tensor, [one._variant_tensor for one in datasets], output_types=types,
        output_shapes=shapes)
    return Dataset._of(variant, spec, selector, *datasets)


def choose_from_datasets(datasets: Any, choice_dataset: Dataset) -> Dataset:
    """Takes each element from the dataset whose number comes next.

    Args:
        datasets: list of datasets with elements of one structure.
        choice_dataset: dataset of int64 scalars, the numbers.

    Returns:
        A Dataset.

    Raises:
        TypeError: the datasets differ, or the numbers are something else.

    Example:
        >>> import flowgraph as tf
        >>> words = [tf.data.Dataset.from_tensors(word).repeat() for word in ("tick", "tock")]
        >>> turns = tf.data.Dataset.range(2).repeat(2)
        >>> dataset = tf.data.experimental.choose_from_datasets(words, turns).batch(4)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([b'tick', b'tock', b'tick', b'tock'], dtype=object)
    """
    if not structure.same_kind(choice_dataset.element_spec, TensorSpec([], dt.int64)):
        raise TypeError(located("`choice_dataset` must be a dataset of scalar `tf.int64` tensors."))
    return _directed(choice_dataset, list(datasets))


def sample_from_datasets(datasets: Any, weights: Any = None, seed: Any = None) -> Dataset:
    """Takes each element from one of several datasets, chosen at random.

    Args:
        datasets: list of datasets with elements of one structure.
        weights: list of their probabilities, or a dataset of such lists; default all the same.
        seed: of the choices; the same seed gives TensorFlow's choices.

    Returns:
        A Dataset.

    Raises:
        TypeError: the datasets differ, or the weights are no floats.
        ValueError: there are more or fewer weights than datasets.

    Example:
        >>> import flowgraph as tf
        >>> zeros, ones = (tf.data.Dataset.from_tensors(n).repeat() for n in (0, 1))
        >>> dataset = tf.data.experimental.sample_from_datasets([zeros, ones], [0.0, 1.0], seed=1)
        >>> tf.Session().run(dataset.batch(3).make_one_shot_iterator().get_next())
        array([1, 1, 1], dtype=int32)
    """
    from flowgraph.ops.exponential import log
    from flowgraph.ops.reshape import expand_dims, squeeze
    from flowgraph.ops.stateless_random import stateless_multinomial
    datasets = list(datasets)

    def chosen(logits: Any, seeds: Any) -> Any:
        return squeeze(stateless_multinomial(logits, 1, seeds), axis=[0, 1])

    random = RandomDataset(seed).batch(2, drop_remainder=True)
    if isinstance(weights, Dataset):
        pairs = Dataset.zip((weights.map(lambda *p: log(p, name="logits")), random))
        return _directed(pairs.map(chosen), datasets)
    if weights is None:
        logits: Any = [[1.0] * len(datasets)]
    else:
        tensor = convert_to_tensor(weights, name="weights")
        if tensor.dtype not in (dt.float32, dt.float64):
            raise TypeError(located("`weights` must be convertible to a tensor of `tf.float32` or "
                                    "`tf.float64` elements."))
        if not tensor.shape.is_compatible_with([len(datasets)]):
            raise ValueError(located("`weights` must be a vector of length `len(datasets)`."))
        logits = expand_dims(log(tensor, name="logits"), 0)
    if len(datasets) == 1:
        only: Dataset = datasets[0]
        return only
    return _directed(random.map(lambda seeds: chosen(logits, seeds)), datasets)


def rejection_resample(class_func: Any, target_dist: Any, initial_dist: Any = None,
                       seed: Any = None) -> Transformation:
    """Drops elements at random so that the classes come as often as they should.

    Args:
        class_func: function from an element to its int32 class.
        target_dist: how often each class should come: floats that add up to 1.
        initial_dist: how often each class comes; default an estimate made on the way.
        seed: of the random choices.

    Returns:
        A function from a dataset to a dataset of pairs (class, element).

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.rejection_resample(
        ...     lambda x: x % 2, target_dist=[0.0, 1.0], initial_dist=[0.5, 0.5], seed=1)
        >>> numbers = tf.data.Dataset.from_tensor_slices(list(range(20))).apply(step)
        >>> label, number = numbers.batch(5).make_one_shot_iterator().get_next()
        >>> tf.Session().run(label)
        array([1, 1, 1, 1, 1], dtype=int32)
    """
    def apply(dataset: Dataset) -> Dataset:
        target = convert_to_tensor(target_dist, name="target_dist")
        classes = dataset.map(class_func)
        original = None
        if initial_dist is not None:
            initial = convert_to_tensor(initial_dist, name="initial_dist")
            acceptance, share = _acceptance(initial, target)
            known = known_value(initial), known_value(target)
            if None not in known:
                original = float(np.min(np.array(known[1]) / np.array(known[0])))
            initial_ds, acceptance_ds, share_ds = (
                Dataset.from_tensors(one).repeat() for one in (initial, acceptance, share))
        else:
            initial_ds = _estimated(target, classes)
            both = initial_ds.map(lambda dist: _acceptance(dist, target))
            acceptance_ds = both.map(lambda acceptance, share: acceptance)
            share_ds = both.map(lambda acceptance, share: share)
        filtered = _filtered(dataset, acceptance_ds, classes, seed).prefetch(3)
        if original == 1:
            return Dataset.zip((classes, dataset))
        if original == 0:
            return filtered
        return sample_from_datasets(
            [Dataset.zip((classes, dataset)), filtered],
            weights=share_ds.map(lambda p: [(p, 1.0 - p)]), seed=seed)

    return apply


def _acceptance(initial: Any, target: Any) -> tuple[Any, Any]:
    """With which probability to keep an element of each class, and how many to take unfiltered.

    An element comes from the original data with probability m, else from the filtered data; m is
    as large as possible. With r_i = target_i / initial_i that is m = min r_i, and class i is kept
    with probability (r_i - m) / (max r_i - m).
    """
    from flowgraph.ops.reduce import reduce_max, reduce_min
    ratio = target / (initial + np.finfo(initial.dtype.as_numpy_dtype).tiny)
    least = reduce_min(ratio)
    return (ratio - least) / (reduce_max(ratio) - least), least


def _filtered(dataset: Dataset, acceptance: Dataset, classes: Dataset, seed: Any) -> Dataset:
    from flowgraph.ops.gather import gather
    from flowgraph.ops.random_ops import random_uniform
    chances = Dataset.zip((classes, acceptance, dataset)).map(
        lambda label, chance, element: (label, gather(chance, label), element))
    kept = chances.filter(lambda label, chance, element: random_uniform([], seed=seed) < chance)
    return kept.map(lambda label, chance, element: (label, element))


def _estimated(target: Any, classes: Dataset, batch: int = 32, smoothing: int = 10) -> Dataset:
    """How often each class has come so far, from batch to batch."""
    from flowgraph.ops.cast import cast
    from flowgraph.ops.constant import fill
    from flowgraph.ops.division import truediv
    from flowgraph.ops.join import tile
    from flowgraph.ops.reduce import reduce_sum
    from flowgraph.ops.reshape import expand_dims
    from flowgraph.ops.select import one_hot
    from flowgraph.ops.shape import shape
    count = target.spec.shape[0] if target.spec.shape else shape(target)[0]

    def update(seen: Any, labels: Any) -> tuple[Any, Any]:
        new = seen + reduce_sum(one_hot(labels, count, dtype=dt.int64), 0)
        dist = cast(truediv(new, reduce_sum(new)), dt.float32)
        return new, tile(expand_dims(dist, 0), [batch, 1])

    return classes.batch(batch).apply(scan(fill([count], np.int64(smoothing)), update)).unbatch()
