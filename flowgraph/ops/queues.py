"""Queues: objects that hold elements between runs, for threads that make and threads that use them.

    enqueue:  run in threads that read, decode and preprocess
    dequeue:  part of the training step, which waits until there is something to train on
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, as_shape
from flowgraph.graph.graph import name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops import queue_ops as ops
from flowgraph.ops.gather import gather
from flowgraph.ops.join import stack
from flowgraph.ops.random_ops import get_seed, node_seeds


class QueueBase:
    """What all queues share; make a `FIFOQueue` or another kind.

    Args:
        dtypes: list of dtypes, one per component of an element.
        shapes: list of shapes, one per component; None when they are not fixed.
        names: list of names, one per component; with names elements are dicts. None for none.
        queue_ref: the handle.

    Raises:
        ValueError: the lists differ in length.

    Example:
        >>> import flowgraph as fg
        >>> isinstance(fg.FIFOQueue(10, fg.float32), fg.QueueBase)
        True
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Tensor) -> None:
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError(located("Queue shapes must have the same length as dtypes"))
        if names is not None and len(names) != len(dtypes):
            raise ValueError(located("Queue names must have the same length as dtypes"))
        self._dtypes = dtypes
        self._shapes = [TensorShape(s) for s in shapes or [None] * len(dtypes)]
        self._names = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: list[QueueBase]) -> QueueBase:
        """One queue of a list, chosen when it is run.

        Args:
            index: int32 or int64 scalar.
            queues: list of queues with the same dtypes and names.

        Raises:
            TypeError: `queues` is not such a list.
        """
        if (not isinstance(queues, list) or not queues
                or not all(isinstance(queue, QueueBase) for queue in queues)):
            raise TypeError(located("A list of queues expected"))
        first = queues[0]
        if any(queue.dtypes != first.dtypes for queue in queues):
            raise TypeError(located("Queues do not have matching component dtypes."))
        if any(queue.names != first.names for queue in queues):
            raise TypeError(located("Queues do not have matching component names."))
        shapes = [reduce(TensorShape.most_specific_compatible_shape, of_one)
                  for of_one in zip(*[queue.shapes for queue in queues], strict=True)]
        chosen = gather(stack([queue.queue_ref for queue in queues]), index)
        return QueueBase(first.dtypes, shapes, first.names, chosen)

    @property
    def queue_ref(self) -> Tensor:
        """The handle."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """Name of the handle's node."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> list[Any]:
        """dtype of each component."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """Shape of each component."""
        return self._shapes

    @property
    def names(self) -> list[str] | None:
        """Name of each component, or None."""
        return self._names

    # ---- putting in ------------------------------------------------------------------------------

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that puts an element into the queue; its run waits while the queue is full.

        The run raises CancelledError when the queue is closed.

        Args:
            vals: a tensor, a list of them (one per component), or a dict by component name.
            name: name of the node.

        Raises:
            ValueError: dtypes or shapes do not fit, or names are missing.
        """
        with name_scope(name, f"{self._name}_enqueue", self._listed(vals)) as scope:
            tensors = self._components(vals)
            for tensor, shape in zip(tensors, self._shapes, strict=False):
                tensor.get_shape().assert_is_compatible_with(shape)
            return ops.QueueEnqueueV2.build(self._queue_ref, tensors, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that puts an element per row into the queue; its run waits for room.

        The run raises CancelledError when the queue is closed.

        Args:
            vals: a tensor, a list of them (one per component), or a dict by component name; all
                of one length along the first axis.
            name: name of the node.

        Raises:
            ValueError: dtypes or shapes do not fit, or names are missing.
        """
        with name_scope(name, f"{self._name}_EnqueueMany", self._listed(vals)) as scope:
            tensors = self._components(vals)
            length = TensorShape([None])
            for tensor, shape in zip(tensors, self._shapes, strict=False):
                whole = tensor.get_shape().with_rank_at_least(1)
                length = length.merge_with(whole[:1])
                whole[1:].assert_is_compatible_with(shape)
            return ops.QueueEnqueueManyV2.build(self._queue_ref, tensors, name=scope)

    @staticmethod
    def _listed(vals: Any) -> list[Any]:
        if isinstance(vals, dict):
            return list(vals.values())
        return list(vals) if isinstance(vals, (list, tuple)) else [vals]

    def _components(self, vals: Any) -> list[Tensor]:
        """The tensors of an element in the order of the components."""
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError(located("Queue must have names to enqueue a dictionary"))
            if sorted(self._names, key=str) != sorted(vals, key=str):
                raise ValueError(located(
                    "Keys in dictionary to enqueue do not match names of Queue.  Dictionary: "
                    f"({sorted(vals)}), Queue: ({sorted(self._names)})"))
            vals = [vals[name] for name in self._names]
        elif self._names:
            raise ValueError(located("You must enqueue a dictionary in a Queue with names"))
        return [convert_to_tensor(val, dtype, name=f"component_{i}") for i, (val, dtype)
                in enumerate(zip(self._listed(vals), self._dtypes, strict=False))]

    # ---- taking out ------------------------------------------------------------------------------

    def dequeue(self, name: str | None = None) -> Any:
        """Takes an element out of the queue; the run waits while the queue is empty.

        The run raises OutOfRangeError when the queue is closed and empty.

        Args:
            name: name of the node.

        Returns:
            A tensor if elements have one component, else a list; a dict if they have names.
        """
        return self._element(ops.QueueDequeueV2.build(
            self._queue_ref, component_types=tuple(self._dtypes),
            name=name or f"{self._name}_Dequeue"), ())

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """Takes `n` elements out of the queue and stacks them; the run waits until there are `n`.

        The run raises OutOfRangeError when the queue is closed and holds fewer.

        Args:
            n: how many, an int32 scalar.
            name: name of the node.

        Returns:
            As `dequeue`, with a first axis of size `n`.
        """
        tensors = ops.QueueDequeueManyV2.build(
            self._queue_ref, n, component_types=tuple(self._dtypes),
            name=name or f"{self._name}_DequeueMany")
        return self._element(tensors, (known_value(tensors[0].op.inputs[1]),))

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """As `dequeue_many`; of a closed queue it takes what is left, one element at least.

        Args:
            n: how many, an int32 scalar.
            name: name of the node.

        Returns:
            As `dequeue`, with a first axis of unknown size.
        """
        return self._element(ops.QueueDequeueUpToV2.build(
            self._queue_ref, n, component_types=tuple(self._dtypes),
            name=name or f"{self._name}_DequeueUpTo"), (None,))

    def _element(self, tensors: list[Tensor], leading: tuple[Any, ...]) -> Any:
        """The result of taking something out, in the form that the queue's elements have."""
        for tensor, shape in zip(tensors, self._shapes, strict=True):
            tensor.set_shape(TensorShape(leading).concatenate(shape))
        if self._names:
            return dict(zip(self._names, tensors, strict=True))
        return tensors[0] if len(tensors) == 1 else tensors

    # ---- the queue itself ------------------------------------------------------------------------

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation that closes the queue: nothing more comes in, what is in it stays.

        Args:
            cancel_pending_enqueues: whether runs that wait for room fail with CancelledError; else
                the queue closes when they have got in.
            name: name of the node.
        """
        return ops.QueueCloseV2.build(self._queue_ref, name=name or f"{self._name}_Close",
                                      cancel_pending_enqueues=bool(cancel_pending_enqueues))

    def is_closed(self, name: str | None = None) -> Tensor:
        """Whether the queue is closed, a bool scalar.

        Args:
            name: name of the node.
        """
        return ops.QueueIsClosedV2.build(self._queue_ref, name=name or f"{self._name}_Is_Closed")

    def size(self, name: str | None = None) -> Tensor:
        """How many elements the queue holds, an int32 scalar.

        Args:
            name: name of the node.
        """
        return ops.QueueSizeV2.build(self._queue_ref, name=name or f"{self._name}_Size")


class FIFOQueue(QueueBase):
    """A queue whose elements come out in the order in which they went in.

    Args:
        capacity: how many elements it holds; negative for any number.
        dtypes: list of dtypes, one per component of an element; or one dtype.
        shapes: list of known shapes, one per component; None when they may differ from element to
            element, which then cannot be stacked by `dequeue_many`.
        names: list of names, one per component; with names elements are dicts.
        shared_name: queues of one shared name are one object within a session.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.FIFOQueue(10, fg.int32, shapes=[()])
        >>> fill = queue.enqueue_many([[1, 2, 3]])
        >>> two = queue.dequeue_many(2)
        >>> with fg.Session() as sess:
        ...     sess.run(fill)
        ...     sess.run(two)
        array([1, 2], dtype=int32)
    """

    def __init__(self, capacity: int, dtypes: Any, shapes: Any = None, names: Any = None,
                 shared_name: str | None = None, name: str = "fifo_queue") -> None:
        dtypes, shapes = _dtypes(dtypes), _shapes(shapes)
        names = _names(names, dtypes)
        super().__init__(dtypes, shapes, names, ops.FIFOQueueV2.build(
            component_types=tuple(dtypes), shapes=tuple(shapes or ()), capacity=int(capacity),
            shared_name=shared_name or "", name=name))


class PaddingFIFOQueue(QueueBase):
    """A FIFOQueue whose elements may differ in size: stacked, they are padded to the largest.

    Args:
        capacity: how many elements it holds; negative for any number.
        dtypes: list of dtypes, one per component of an element; or one dtype.
        shapes: list of shapes, one per component; a size of None may differ from element to
            element. Numbers are padded with 0, strings with "".
        names: list of names, one per component; with names elements are dicts.
        shared_name: queues of one shared name are one object within a session.
        name: name of the node.

    Raises:
        ValueError: `shapes` is no list of shapes, or a rank is not known.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.PaddingFIFOQueue(10, fg.int32, shapes=[[None]])
        >>> fill = [queue.enqueue([[7]]), queue.enqueue([[8, 9]])]
        >>> two = queue.dequeue_many(2)
        >>> with fg.Session() as sess:
        ...     _ = sess.run(fill)
        ...     sess.run(two)
        array([[7, 0],
               [8, 9]], dtype=int32)
    """

    def __init__(self, capacity: int, dtypes: Any, shapes: Any, names: Any = None,
                 shared_name: str | None = None, name: str = "padding_fifo_queue") -> None:
        if (not isinstance(shapes, Sequence) or not shapes
                or any(shape is None or isinstance(shape, int) for shape in shapes)):
            raise ValueError(located("When providing partial shapes, a list of shapes must be "
                                     "provided."))
        dtypes, shapes = _dtypes(dtypes), _shapes(shapes, partial=True)
        names = _names(names, dtypes)
        if len(dtypes) != len(shapes):
            raise ValueError(located(f"Shapes must be provided for all components, but received "
                                     f"{len(dtypes)} dtypes and {len(shapes)} shapes."))
        super().__init__(dtypes, shapes, names, ops.PaddingFIFOQueueV2.build(
            component_types=tuple(dtypes), shapes=tuple(shapes), capacity=int(capacity),
            shared_name=shared_name or "", name=name))


class PriorityQueue(QueueBase):
    """A queue whose elements come out by priority, the lowest number first.

    The first component of each element is its priority, an int64 scalar.

    Args:
        capacity: how many elements it holds; negative for any number.
        types: list of dtypes, one per component after the priority; or one dtype.
        shapes: list of known shapes, one per component after the priority; None when they may
            differ from element to element, which then cannot be stacked by `dequeue_many`.
        names: list of names, one per component, the priority's first.
        shared_name: queues of one shared name are one object within a session.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.PriorityQueue(10, fg.string, shapes=[()])
        >>> fill = queue.enqueue_many([[3, 1], ["later", "soon"]])
        >>> first = queue.dequeue()
        >>> with fg.Session() as sess:
        ...     sess.run(fill)
        ...     sess.run(first)
        [np.int64(1), b'soon']
    """

    def __init__(self, capacity: int, types: Any, shapes: Any = None, names: Any = None,
                 shared_name: str | None = None, name: str = "priority_queue") -> None:
        types, shapes = _dtypes(types), _shapes(shapes)
        super().__init__([dt.int64, *types], [(), *shapes] if shapes else shapes, names,
                         ops.PriorityQueueV2.build(
                             component_types=tuple(types), shapes=tuple(shapes or ()),
                             capacity=int(capacity), shared_name=shared_name or "", name=name))


class RandomShuffleQueue(QueueBase):
    """A queue whose elements come out in random order.

    Args:
        capacity: how many elements it holds; negative for any number.
        min_after_dequeue: how many elements stay in it, so that they are mixed; 0 once it is
            closed.
        dtypes: list of dtypes, one per component of an element; or one dtype.
        shapes: list of known shapes, one per component; None when they may differ from element to
            element, which then cannot be stacked by `dequeue_many`.
        names: list of names, one per component; with names elements are dicts.
        seed: Python int; with one, elements come out in the order in which they do in TensorFlow 1.
        shared_name: queues of one shared name are one object within a session.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.RandomShuffleQueue(10, 0, fg.int32, shapes=[()], seed=1)
        >>> fill = queue.enqueue_many([[0, 1, 2, 3, 4]])
        >>> mixed = queue.dequeue_many(5)
        >>> with fg.Session() as sess:
        ...     sess.run(fill)
        ...     sorted(sess.run(mixed).tolist())
        [0, 1, 2, 3, 4]
    """

    def __init__(self, capacity: int, min_after_dequeue: int, dtypes: Any, shapes: Any = None,
                 names: Any = None, seed: int | None = None, shared_name: str | None = None,
                 name: str = "random_shuffle_queue") -> None:
        dtypes, shapes = _dtypes(dtypes), _shapes(shapes)
        names = _names(names, dtypes)
        seeds = node_seeds(seed, name)
        first = get_seed(seed)[0]
        if seed is None and shared_name is not None and first is not None:
            # All who share the queue must name the same seeds, whatever their nodes are called.
            digest = hashlib.md5(f"{first}{shared_name}".encode(), usedforsecurity=False)
            seeds = {"seed": first, "seed2": int(digest.hexdigest()[:8], 16) & 0x7FFFFFFF}
        super().__init__(dtypes, shapes, names, ops.RandomShuffleQueueV2.build(
            component_types=tuple(dtypes), shapes=tuple(shapes or ()), capacity=int(capacity),
            min_after_dequeue=int(min_after_dequeue), shared_name=shared_name or "", name=name,
            **seeds))


def _dtypes(dtypes: Any) -> list[Any]:
    listed = dtypes if isinstance(dtypes, (list, tuple)) else [dtypes]
    return [dt.as_dtype(dtype).base_dtype for dtype in listed]


def _shapes(shapes: Any, partial: bool = False) -> Any:
    """Shapes as a list of tuples; a single shape becomes a list of one."""
    if shapes is None:
        return None
    if isinstance(shapes, TensorShape):
        shapes = [shapes]
    if not isinstance(shapes, (tuple, list)):
        raise TypeError(located("shapes must be a TensorShape or a list or tuple of TensorShapes."))
    if all(shape is None or isinstance(shape, int) for shape in shapes):
        shapes = [shapes]
    found = [as_shape(shape) for shape in shapes]
    shown = [TensorShape(shape) for shape in found]
    if not partial and not all(shape.is_fully_defined() for shape in shown):
        raise ValueError(located(f"All shapes must be fully defined: {shown}"))
    if any(shape is None for shape in found):
        raise ValueError(located(f"All shapes must have a defined rank: {shown}"))
    return found


def _names(names: Any, dtypes: list[Any]) -> list[str] | None:
    if names is None:
        return None
    listed = list(names) if isinstance(names, (list, tuple)) else [names]
    if len(listed) != len(dtypes):
        raise ValueError(located("List of names must have the same length as the list of dtypes"))
    return listed
