"""The ops of queues: making one, putting elements in, taking them out, closing it.

Their objects: `queue_state.py`; the classes of the public face: `queues.py`.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.queue_state import PaddingQueue, PriorityQueue, Queue, ShuffleQueue
from flowgraph.ops.resources import (
    ON_HOST,
    RESOURCE,
    HandleOp,
    as_handle,
    handle_spec,
    resource_of,
)

INT32 = dt.DTypeSet("int32", (dt.int32,))


# ---- making one ----------------------------------------------------------------------------------


class _MakesQueue(HandleOp, abstract=True):
    """The handle of a queue."""

    grad = NotDifferentiable
    kind: type[Queue]

    def infer(self, *, component_types, shapes=(), capacity=-1, container="", shared_name=""):
        _check_components(component_types, shapes)
        return handle_spec()

    def create_state(self, attrs):
        """An empty queue."""
        return self.kind(attrs["capacity"], attrs["component_types"], attrs["shapes"])

    def kernel(self, xp, *, component_types, shapes=(), capacity=-1, container="", shared_name="",
               state):
        state.check_same(capacity, component_types, shapes)
        return as_handle(state)


def _check_components(types, shapes):
    if not types:
        raise ShapeError("needs at least one component")
    if shapes and len(shapes) != len(types):
        raise ShapeError(f"has {len(types)} dtypes and {len(shapes)} shapes", "Each component has "
                         "one dtype and one shape.")


class FIFOQueueV2(_MakesQueue):
    """The handle of a queue: first in, first out."""

    kind = Queue


class PaddingFIFOQueueV2(_MakesQueue):
    """The handle of a queue whose elements may differ in size and are padded when batched."""

    kind = PaddingQueue


class PriorityQueueV2(_MakesQueue):
    """The handle of a queue whose elements come out by priority, their first component."""

    kind = PriorityQueue

    def infer(self, *, shapes, component_types=(), capacity=-1, container="", shared_name=""):
        if shapes and len(shapes) != len(component_types):
            raise ShapeError(f"has {len(component_types)} dtypes and {len(shapes)} shapes",
                             "The priority, an int64 scalar, needs neither.")
        return handle_spec()

    def create_state(self, attrs):
        """An empty queue."""
        return self.kind(attrs["capacity"], *_with_priority(attrs["component_types"],
                                                            attrs["shapes"]))

    def kernel(self, xp, *, shapes, component_types=(), capacity=-1, container="", shared_name="",
               state):
        state.check_same(capacity, *_with_priority(component_types, shapes))
        return as_handle(state)


def _with_priority(types, shapes):
    """dtypes and shapes of a whole element; without other components shapes () are known too."""
    return (dt.int64, *types), (((), *shapes) if shapes or not types else ())


class RandomShuffleQueueV2(HandleOp):
    """The handle of a queue whose elements come out in random order."""

    grad = NotDifferentiable

    def infer(self, *, component_types, shapes=(), capacity=-1, min_after_dequeue=0, seed=0,
              seed2=0, container="", shared_name=""):
        _check_components(component_types, shapes)
        return handle_spec()

    def create_state(self, attrs):
        """An empty queue."""
        return ShuffleQueue(*[attrs[name] for name in (
            "capacity", "component_types", "shapes", "min_after_dequeue", "seed", "seed2")])

    def kernel(self, xp, *, component_types, shapes=(), capacity=-1, min_after_dequeue=0, seed=0,
               seed2=0, container="", shared_name="", state):
        if min_after_dequeue < 0:
            raise InvalidArgumentError(None, None, f"min_after_dequeue {min_after_dequeue} must "
                                       "be >= 0")
        if 0 <= capacity <= min_after_dequeue:
            raise InvalidArgumentError(None, None, f"min_after_dequeue {min_after_dequeue} must "
                                       f"be < capacity {capacity}")
        state.check_same(capacity, component_types, shapes)
        return as_handle(state)


# ---- using one -----------------------------------------------------------------------------------


class _OnQueue(OpDef, abstract=True):
    """An op that uses a queue."""

    dtypes = {"handle": RESOURCE}
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable


class _Enqueues(_OnQueue, abstract=True):
    """Puts elements into a queue."""

    dtypes = {"handle": RESOURCE, "components": dt.ANY}
    lists = ("components",)
    multiple = True
    waits = True


class QueueEnqueueV2(_Enqueues):
    """Puts an element into a queue; waits for room."""

    def infer(self, handle, components, *, timeout_ms=-1):
        _check_element(handle, components)
        return ()

    def kernel(self, xp, handle, components, *, timeout_ms=-1):
        resource_of(handle, Queue).enqueue(components)
        return ()


class QueueEnqueueManyV2(_Enqueues):
    """Puts an element per row into a queue; waits for room."""

    def infer(self, handle, components, *, timeout_ms=-1):
        _check_element(handle, components)
        for component in components:
            shape_rules.require_rank_at_least(component, 1, "a batch of elements")
        return ()

    def kernel(self, xp, handle, components, *, timeout_ms=-1):
        resource_of(handle, Queue).enqueue_many(components)
        return ()


class QueueDequeueV2(_OnQueue):
    """Takes an element out of a queue; waits for one."""

    multiple = True
    waits = True

    def infer(self, handle, *, component_types, timeout_ms=-1):
        _check_handle(handle)
        return tuple(Spec(dtype, None) for dtype in component_types)

    def kernel(self, xp, handle, *, component_types, timeout_ms=-1):
        queue = resource_of(handle, Queue)
        _check_types(queue, component_types)
        return queue.dequeue()


class _DequeuesMany(_OnQueue, abstract=True):
    """Takes elements out of a queue and stacks them; waits for them."""

    dtypes = {"handle": RESOURCE, "n": INT32}
    host_inputs = ("n",)
    multiple = True
    waits = True
    or_fewer: bool

    def infer(self, handle, n, *, component_types, timeout_ms=-1):
        _check_handle(handle)
        shape_rules.require_rank(n, 0, "n")
        if n.value is not None and n.value < 0:
            raise ShapeError(f"Input 'n' must be >= 0, but is {n.value}")
        return tuple(Spec(dtype, None) for dtype in component_types)

    def kernel(self, xp, handle, n, *, component_types, timeout_ms=-1):
        queue = resource_of(handle, Queue)
        _check_types(queue, component_types)
        return queue.dequeue_many(int(n), self.or_fewer)


class QueueDequeueManyV2(_DequeuesMany):
    """Takes so many elements out of a queue and stacks them; waits for them."""

    or_fewer = False


class QueueDequeueUpToV2(_DequeuesMany):
    """As QueueDequeueManyV2; of a closed queue it takes what is left, one element at least."""

    or_fewer = True


class QueueCloseV2(_OnQueue):
    """Closes a queue: nothing more comes in, what is in it can still be taken."""

    multiple = True
    waits = True

    def infer(self, handle, *, cancel_pending_enqueues=False):
        _check_handle(handle)
        return ()

    def kernel(self, xp, handle, *, cancel_pending_enqueues=False):
        resource_of(handle, Queue).close_input(cancel_pending_enqueues)
        return ()


class QueueIsClosedV2(_OnQueue):
    """Whether a queue is closed."""

    def infer(self, handle):
        _check_handle(handle)
        return Spec(dt.bool_, ())

    def kernel(self, xp, handle):
        return np.array(resource_of(handle, Queue).closed)


class QueueSizeV2(_OnQueue):
    """How many elements a queue holds."""

    def infer(self, handle):
        _check_handle(handle)
        return Spec(dt.int32, ())

    def kernel(self, xp, handle):
        return np.array(resource_of(handle, Queue).size(), np.int32)


def _check_handle(handle):
    if handle.rank not in (None, 0):
        raise ShapeError(f"needs the handle of one queue, got {shape_text(handle.shape)} handles")


def _check_element(handle, components):
    _check_handle(handle)
    if not components:
        raise ShapeError("has nothing to put into the queue", "An element has at least one "
                         "component.")


def _check_types(queue, component_types):
    if queue.component_types != tuple(component_types):
        raise InvalidArgumentError(
            None, None, f"takes elements of {[t.name for t in component_types]} out of a queue of "
            f"{[t.name for t in queue.component_types]}")
