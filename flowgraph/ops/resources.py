"""Handles: how an object that outlives a run (a table, an accumulator) goes through the graph.

The op that makes a handle has `create_state`: a Session keeps one object per node, or per
`shared_name` where nodes give one. Its output is a scalar of dtype `resource`, whose only element
is that object. Ops that use the object take the handle as an input and have `effects = "resource"`,
so that they run whenever they are asked for, and in the order that control edges give.

What such an op does to its object stays done when the run fails later: only variables are all or
nothing.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import OpDef

RESOURCE = dt.DTypeSet("resource", (dt.resource,))
ON_HOST = "the object is a Python object"

Kind = TypeVar("Kind")


class HandleOp(OpDef, abstract=True):
    """An op whose output is the handle of an object that the Session keeps for it."""

    effects = "resource"
    host_only = ON_HOST


def handle_spec() -> Spec:
    """What a handle is to the graph."""
    return Spec(dt.resource, ())


def as_handle(resource: Any) -> np.ndarray:
    """The array that stands for an object."""
    handle = np.empty((), object)
    handle[()] = resource
    return handle


def resource_of(handle: Any, kind: type[Kind]) -> Kind:
    """The object of a handle.

    Raises:
        InvalidArgumentError: it is not of this kind.
    """
    resource = handle[()] if isinstance(handle, np.ndarray) and not handle.ndim else handle
    if not isinstance(resource, kind):
        raise InvalidArgumentError(None, None, f"the handle is of a {type(resource).__name__}, not "
                                   f"of a {kind.__name__}")
    return resource
