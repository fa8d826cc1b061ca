"""Stacks: where the loops of TensorFlow 1's graphs keep what their gradients need.

flowgraph's own loops keep such values in lists (`tensor_list`); these ops run graphs that were
written by TensorFlow 1. A stack lives as long as the run.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.opdef.shape_rules import require_rank
from flowgraph.ops.resources import ON_HOST, RESOURCE, as_handle, handle_spec, resource_of

INT32 = dt.DTypeSet("int32", (dt.int32,))


class Stack:
    """Values of one dtype, the last one on top.

    Args:
        name: for messages.
        dtype: the dtype.
        most: how many values there may be; None for any number.
    """

    def __init__(self, name: str, dtype: dt.DType, most: int | None) -> None:
        self.name = name
        self.dtype = dtype
        self.most = most
        self.values: list[Any] = []


class StackV2(OpDef):
    """Makes an empty stack for `max_size` values; a negative number is any number."""

    dtypes = {"max_size": INT32}
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, max_size, *, elem_type, stack_name=""):
        require_rank(max_size, 0, "a size")
        return handle_spec()

    def kernel(self, xp, max_size, *, elem_type, stack_name=""):
        return as_handle(Stack(_text(stack_name), elem_type,
                               int(max_size) if max_size >= 0 else None))


class StackPushV2(OpDef):
    """Puts `elem` on top of a stack, and passes it on."""

    dtypes = {"handle": RESOURCE, "elem": dt.ANY}
    effects = "resource"
    host_only = ON_HOST
    aliases = ("elem",)
    grad = NotDifferentiable

    def infer(self, handle, elem, *, swap_memory=False):
        return Spec(elem.dtype, elem.shape)

    def kernel(self, xp, handle, elem, *, swap_memory=False):
        stack = resource_of(handle, Stack)
        if dt.of_numpy(elem.dtype) is not stack.dtype:
            raise InvalidArgumentError(None, None, f"Stack {stack.name!r} is of "
                                       f"{stack.dtype.name}, not of {elem.dtype}")
        if stack.most is not None and len(stack.values) >= stack.most:
            raise InvalidArgumentError(None, None, f"Stack {stack.name!r} overflowed its max_size "
                                       f"({stack.most})")
        stack.values.append(xp.array(elem))
        return elem


class StackPopV2(OpDef):
    """Takes the value off the top of a stack."""

    dtypes = {"handle": RESOURCE}
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, handle, *, elem_type):
        return Spec(elem_type, None)

    def kernel(self, xp, handle, *, elem_type):
        stack = resource_of(handle, Stack)
        if not stack.values:
            raise InvalidArgumentError(None, None, f"Stack {stack.name!r} is empty when calling "
                                       "Pop()")
        if elem_type is not stack.dtype:
            raise InvalidArgumentError(None, None, f"Stack {stack.name!r} is of "
                                       f"{stack.dtype.name}, not of {elem_type.name}")
        return stack.values.pop()


class StackCloseV2(OpDef):
    """Forgets what is on a stack."""

    dtypes = {"handle": RESOURCE}
    effects = "resource"
    host_only = ON_HOST
    multiple = True
    grad = NotDifferentiable

    def infer(self, handle):
        return ()

    def kernel(self, xp, handle):
        resource_of(handle, Stack).values.clear()
        return ()


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
