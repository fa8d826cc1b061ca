"""`tensorflow.python.ops.resources`: what has to be made before a run, besides variables."""

from __future__ import annotations

from typing import Any, NamedTuple

import flowgraph as tf


class _Resource(NamedTuple):
    """A resource of a graph."""

    handle: Any
    create: Any
    is_initialized: Any


def register_resource(handle: Any, create_op: Any, is_initialized_op: Any, is_shared: bool = True
                      ) -> None:
    """Puts a resource into the graph's list.

    Args:
        handle: what stands for it.
        create_op: the operation that makes it.
        is_initialized_op: tells whether it is there.
        is_shared: whether `shared_resources` lists it, or `local_resources`.
    """
    key = tf.GraphKeys.RESOURCES if is_shared else tf.GraphKeys.LOCAL_RESOURCES
    tf.add_to_collection(key, _Resource(handle, create_op, is_initialized_op))


def shared_resources() -> list[Any]:
    """The resources of the default graph that all tasks share."""
    return tf.get_collection(tf.GraphKeys.RESOURCES)


def local_resources() -> list[Any]:
    """The resources of the default graph that only this task has."""
    return tf.get_collection(tf.GraphKeys.LOCAL_RESOURCES)


def initialize_resources(resource_list: Any, name: str = "init") -> Any:
    """An operation that makes all resources of a list.

    Args:
        resource_list: as `shared_resources()` gives it.
        name: name of the operation.
    """
    return tf.group(*[resource.create for resource in resource_list], name=name)


def is_resource_initialized(resource: Any) -> Any:
    """A bool tensor: whether a resource is there."""
    return resource.is_initialized
