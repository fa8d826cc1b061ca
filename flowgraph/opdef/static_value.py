"""What the contents of a tensor are, when the graph alone tells.

`tf.reshape(x, tf.stack([tf.shape(x)[0], -1]))` has a known rank because the contents of its shape
input are partly known. The values are plain Python numbers and tuples; None stands for an entry
that is not known. They are computed on demand, by each op's `known`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.spec import Spec
from flowgraph.graph.tensor import Tensor

_LARGEST = 1024  # elements; more is data, not a shape
_DEEPEST = 60


class LazySpec(Spec):
    """A Spec whose `value` is worked out when it is first asked for."""

    __slots__ = ("_compute", "_value")

    def __init__(self, spec: Spec, compute: Callable[[], Any]) -> None:
        self.dtype = spec.dtype
        self.shape = spec.shape
        self._compute: Callable[[], Any] | None = compute

    @property
    def value(self) -> Any:
        """The contents, as far as they are known."""
        if self._compute is not None:
            self._value = self._compute()
            self._compute = None
        return self._value


def with_value(tensor: Tensor) -> Spec:
    """The tensor's Spec, able to tell its contents."""
    return LazySpec(tensor.spec, lambda: known_value(tensor))


def known_value(tensor: Tensor) -> Any:
    """The contents of `tensor` as plain numbers and tuples, as far as the graph tells.

    Returns:
        None when nothing is known; a tuple may hold None for entries (numbers, or whole rows) that
        are not known.
    """
    return _known(tensor, {}, 0)


def _known(tensor: Tensor, memo: dict[Tensor, Any], depth: int) -> Any:
    if tensor in memo:
        return memo[tensor]
    size = tensor.spec.size
    if depth > _DEEPEST or tensor.dtype._is_ref_dtype or (size is not None and size > _LARGEST):
        return None
    op = tensor.op
    specs = [LazySpec(x.spec, lambda x=x: _known(x, memo, depth + 1))  # type: ignore[misc]
             for x in op.inputs]
    value = op.op_def.known(*op.op_def.group(specs), **op.attrs)
    if op.op_def.multiple and value is not None:
        value = value[tensor.value_index]
    memo[tensor] = value
    return value
