"""Batches in which the classes stand in wanted proportions: what is too frequent is dropped."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import float32, int64
from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater, less
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_or
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.reduce import reduce_all, reduce_max, reduce_sum
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.select import one_hot
from flowgraph.ops.variable import Variable
from flowgraph.train.batches import batch, maybe_batch

_FIRST_COUNT = 10  # of each class, so that the first examples do not decide alone


def stratified_sample(tensors: Any, labels: Any, target_probs: Any, batch_size: int,
                      init_probs: Any = None, enqueue_many: bool = False,
                      queue_capacity: int = 16, threads_per_queue: int = 1,
                      name: str | None = None) -> tuple[list[Any], Any]:
    """Batches whose classes have wanted probabilities, made by dropping examples.

    Args:
        tensors: list of tensors: one example, or several with `enqueue_many`.
        labels: integer scalar, the example's class; a vector with `enqueue_many`.
        target_probs: probability of each class in the batches.
        batch_size: how many examples make a batch.
        init_probs: probability of each class in the data; None to count while examples pass.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        queue_capacity: how many examples wait.
        threads_per_queue: how many threads take examples in.
        name: name of the ops.

    Returns:
        The list of batches, and the vector of their labels.

    Raises:
        ValueError: the probabilities are no vectors of one known length.
        InvalidArgumentError: in the run, if they do not sum to 1, or a class that the data have
            not is wanted.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     label, = fg.train.slice_input_producer([[0, 0, 0, 1]])
        ...     [data], labels = fg.contrib.training.stratified_sample(
        ...         [label * 10], label, [0.0, 1.0], 4, init_probs=[0.75, 0.25])
        ...     coord = fg.train.Coordinator()
        ...     threads = fg.train.start_queue_runners(sess, coord)
        ...     print(*sess.run([data, labels]))
        ...     coord.request_stop()
        ...     coord.join(threads)
        [10 10 10 10] [1 1 1 1]
    """
    with name_scope(name, "stratified_sample", [*tensors, labels]):
        examples = [convert_to_tensor(tensor) for tensor in tensors]
        labels = convert_to_tensor(labels)
        wanted = convert_to_tensor(target_probs, float32)
        if not enqueue_many:
            examples = [expand_dims(tensor, 0) for tensor in examples]
            labels = expand_dims(labels, 0)
        *values, label = (squeeze(one, [0]) for one in batch(
            [*examples, labels], 1, threads_per_queue, queue_capacity, enqueue_many=True))
        # TensorFlow counts `labels`, which takes examples out of the input for the count alone.
        there = (_counted(label, wanted) if init_probs is None
                 else convert_to_tensor(init_probs, float32))
        accepted = _acceptance(there, wanted)
        *values, label = maybe_batch(
            [*values, label], random_uniform([]) < gather(accepted, label), batch_size,
            threads_per_queue)
    return values, label


def _counted(label: Any, wanted: Any) -> Any:
    """How frequent the classes have been so far."""
    classes = wanted.shape.with_rank(1)[0].value
    if classes is None:
        raise ValueError(located(f"target_probs has the shape {wanted.shape}: the number of "
                                 "classes must be known, or init_probs be given"))
    seen = Variable([_FIRST_COUNT] * classes, False, name="class_count", dtype=int64)
    counts = seen.assign_add(one_hot(label, classes, dtype=int64))
    return cast(counts / reduce_sum(counts), float32)


def _acceptance(there: Any, wanted: Any) -> Any:
    """With which probability an example of each class is kept."""
    if not (there.shape.is_fully_defined() and wanted.shape.is_fully_defined()
            and there.shape.ndims == 1 and there.shape == wanted.shape):
        raise ValueError(located("Probability parameters must be vectors of the same length, saw "
                                 f"the shapes {there.shape} and {wanted.shape}"))
    checks = [assert_true(reduce_all(logical_or(greater(there, 0.0), equal(wanted, 0.0))),
                          ["All classes with zero initial probability must also have zero target "
                           "probability:", there, wanted])]
    for probabilities in (there, wanted):
        off = abs(reduce_sum(probabilities) - 1.0)
        checks.append(assert_true(less(off, 1e-5), ["Probabilities do not sum to 1:",
                                                    probabilities]))
        checks.append(assert_true(reduce_all(probabilities >= 0.0),
                                  ["A probability is negative:", probabilities]))
    with control_dependencies(checks):
        ratio = identity(wanted) / maximum(there, 1e-30)
    return ratio / reduce_max(ratio)
