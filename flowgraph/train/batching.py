"""How examples become batches by way of a queue; the public functions are in `batches.py`.

    example(s) -> enqueue, in threads -> queue -> dequeue_many(batch_size) -> batch

All forms of batching go this one way. A queue holds dense tensors only: sparse ones are kept in a
map (`ops/sparse_maps.py`) while their numbers go through the queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import maximum, subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.cond import cond
from flowgraph.ops.constant import constant, ones
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import no_op, with_dependencies
from flowgraph.ops.index import slice as slice_of
from flowgraph.ops.partition import dynamic_partition
from flowgraph.ops.queues import QueueBase
from flowgraph.ops.reshape import expand_dims, reshape, squeeze
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sparse_maps import restore_sparse, store_many_sparse, store_sparse
from flowgraph.ops.sparse_parts import sparse_retain
from flowgraph.ops.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowgraph.summary.scalars import scalar as summary_scalar
from flowgraph.train.queue_runner import QueueRunner, add_queue_runner


class _Stored(NamedTuple):
    """Where a sparse tensor is kept while its number is in the queue; all None for a dense one."""

    map_name: str | None = None
    dtype: Any = None
    rank: int | None = None


# ---- the one way all of them go ------------------------------------------------------------------


class Options(NamedTuple):
    """What all forms of batching take.

    Attributes:
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name: as the
            public functions explain them.
        keep_input: whether an example is used.
        threads: how many threads run each enqueue operation.
    """

    batch_size: Any
    capacity: int
    enqueue_many: bool
    shapes: Any
    allow_smaller_final_batch: bool
    shared_name: str | None
    keep_input: Any = True
    threads: int = 1


def batched(sets: Any, default_name: str, name: str | None, options: Options,
             make_queue: Callable[..., QueueBase], min_after_dequeue: int | None = None) -> Any:
    """Batches of examples from one or several sets of tensors, in the form of the first set.

    Args:
        sets: list of sets, each a list or dict of tensors.
        default_name, name: of the batch's node.
        options: what all forms of batching take.
        make_queue: makes the queue of capacity, dtypes, shapes and shared_name.
        min_after_dequeue: how many examples stay in the queue; None for a queue that keeps none.
    """
    if not sets:
        raise ValueError(located("Expected at least one set of tensors"))
    if isinstance(sets[0], dict) and any(set(one) != set(sets[0]) for one in sets):
        raise ValueError(located("All dictionaries in tensors_list must have the same keys"))
    listed = [[one[key] for key in sorted(one, key=str)] if isinstance(one, dict) else list(one)
              for one in sets]
    values = [tensor for one in listed for tensor in one]
    with name_scope(name, default_name, [*values, options.keep_input]) as scope:
        if not values:
            raise ValueError(located(f"Expected at least one tensor in {default_name}()."))
        tensors = [[convert_to_tensor_or_sparse_tensor(value) for value in one] for one in listed]
        keep = _keep_input(options.keep_input, options.enqueue_many)
        dense, stored = _store(tensors, options.enqueue_many, keep)
        dtypes = _dtypes(dense)
        shapes = (_shapes(dense, options.enqueue_many) if options.shapes is None
                  else options.shapes)
        queue = make_queue(capacity=options.capacity, dtypes=dtypes, shapes=shapes,
                           shared_name=options.shared_name)
        enqueue_ops = [_enqueue(queue, one, options.enqueue_many, keep) for one in dense]
        add_queue_runner(QueueRunner(queue, enqueue_ops * options.threads))
        _summarize(queue, options.capacity, min_after_dequeue)
        dequeue = queue.dequeue_up_to if options.allow_smaller_final_batch else queue.dequeue_many
        batch = dequeue(options.batch_size, name=scope)
        batch = _restore(batch if isinstance(batch, list) else [batch], stored)
    if isinstance(sets[0], dict):
        return dict(zip(sorted(sets[0], key=str), batch, strict=True))
    return batch[0] if len(batch) == 1 else batch


def _keep_input(keep_input: Any, enqueue_many: bool) -> Tensor:
    keep = convert_to_tensor(keep_input)
    rank = keep.shape.ndims
    if rank is None:
        raise ValueError(located("`keep_input` dimensions must be known at graph construction."))
    if not enqueue_many and rank == 1:
        raise ValueError(located("`keep_input` cannot be a vector when `enqueue_many=False`."))
    if rank > 1:
        raise ValueError(located("`keep_input` must be 0 or 1 dimensions."))
    return keep


def _dtypes(sets: list[list[Tensor]]) -> list[Any]:
    dtypes = [[tensor.dtype for tensor in one] for one in sets]
    for other in dtypes[1:]:
        if other != dtypes[0]:
            raise TypeError(located("Expected types to be consistent: "
                                    f"{', '.join(t.name for t in dtypes[0])} vs. "
                                    f"{', '.join(t.name for t in other)}."))
    return dtypes[0]


def _shapes(sets: list[list[Tensor]], enqueue_many: bool) -> list[TensorShape]:
    """The shape of each component of one example; those of other sets must not contradict it."""
    for one in sets:
        for tensor in one:
            if tensor.shape.ndims is None:
                raise ValueError(located(f"Cannot infer Tensor's rank: {tensor}"))
    found = []
    for same in zip(*sets, strict=True):
        shapes = [tensor.shape for tensor in same]
        if enqueue_many:
            shapes = [shape.with_rank_at_least(1)[1:] for shape in shapes]
        for other in shapes[1:]:
            shapes[0].merge_with(other)
        found.append(shapes[0])
    return found


def _enqueue(queue: QueueBase, tensors: list[Tensor], enqueue_many: bool, keep: Tensor) -> Any:
    enqueue = queue.enqueue_many if enqueue_many else queue.enqueue
    if keep.shape.ndims == 1:
        which = cast(keep, dt.int32)
        return enqueue([dynamic_partition(tensor, which, 2)[1] for tensor in tensors])
    return _when(keep, lambda: enqueue(tensors), no_op)


def _when(keep: Tensor, if_kept: Callable[[], Any], if_dropped: Callable[[], Any]) -> Any:
    """`tf.cond`, or only one branch of it where `keep` is known already."""
    known = known_value(keep)
    if known is None:
        return cond(keep, if_kept, if_dropped)
    return if_kept() if known else if_dropped()


def _summarize(queue: QueueBase, capacity: int, min_after_dequeue: int | None) -> None:
    if min_after_dequeue is None:
        summary_scalar(f"fraction_of_{capacity}_full",
                       cast(queue.size(), dt.float32) * (1.0 / capacity))
        return
    free = capacity - min_after_dequeue
    over = maximum(0, subtract(queue.size(), min_after_dequeue, name="sub"))
    summary_scalar(f"fraction_over_{min_after_dequeue}_of_{free}_full",
                   cast(over, dt.float32) * (1.0 / free))


# ---- sparse tensors go through the queue as numbers ----------------------------------------------


def _store(sets: list[list[Any]], enqueue_many: bool, keep: Tensor
           ) -> tuple[list[list[Tensor]], list[_Stored]]:
    """The sets with numbers in place of sparse tensors, and where those are kept."""
    stored = [_Stored() for _ in sets[0]]
    dense: list[list[Tensor]] = []
    for one in sets:
        if len(one) != len(sets[0]):
            raise TypeError(located("All lists must have as many tensors: "
                                    f"{len(sets[0])} vs. {len(one)}."))
        row = []
        for i, value in enumerate(one):
            if isinstance(value, SparseTensor) != (stored[i].map_name is not None) and dense:
                raise ValueError(located(f"Inconsistent SparseTensors list: {sets[0]} vs. {one}"))
            if isinstance(value, SparseTensor):
                number, map_name = _number_of(value, stored[i].map_name, enqueue_many, keep)
                rank = value.dense_shape.shape.with_rank(1)[0].value
                if rank is not None and not enqueue_many:
                    rank += 1
                stored[i] = _Stored(map_name, value.dtype, rank)
                value = expand_dims(number, [-1])
            row.append(value)
        dense.append(row)
    return dense, stored


def _number_of(sparse: SparseTensor, map_name: str | None, enqueue_many: bool,
               keep: Tensor) -> tuple[Tensor, str]:
    """(number of a sparse tensor or of each of its slices, name of the map that keeps it)."""
    if keep.shape.ndims == 1:
        rows = reshape(slice_of(sparse.indices, [0, 0], [-1, 1]), [-1])
        sparse = sparse_retain(sparse, gather(keep, rows))
        number = store_many_sparse(sparse, map_name or "")
        return number, map_name or number.op.name
    store = store_many_sparse if enqueue_many else store_sparse
    if known_value(keep) is None and map_name is None:  # inside the branch no node could name it
        map_name = get_default_graph().unique_name("sparse_map")

    def dropped() -> Tensor:
        if enqueue_many:
            return -1 * ones(shape_of(sparse)[0:1], dt.int64)
        return constant(-1, dt.int64)

    number = _when(keep, lambda: store(sparse, map_name or ""), dropped)
    number.set_shape([None] if enqueue_many else [])
    return number, map_name or number.op.name


def _restore(batch: list[Tensor], stored: list[_Stored]) -> list[Any]:
    """The batch with sparse tensors in place of their numbers."""
    if all(where.map_name is None for where in stored):
        return batch
    tensors = [tensor if where.map_name is None else restore_sparse(
        squeeze(tensor, [1]), where.map_name, where.dtype, where.rank)
        for tensor, where in zip(batch, stored, strict=True)]
    # Whoever uses one of them takes all of them out of their maps: none may stay there.
    all_of_them = [t.values if isinstance(t, SparseTensor) else t for t in tensors]
    return [SparseTensor(*[with_dependencies(all_of_them, part) for part in
                           (t.indices, t.values, t.dense_shape)])
            if isinstance(t, SparseTensor) else with_dependencies(all_of_them, t) for t in tensors]
