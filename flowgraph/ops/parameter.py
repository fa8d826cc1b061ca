"""What stands inside a branch or a loop for what comes from outside."""

from __future__ import annotations

from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.opdef.static_value import known_value


class Parameter(OpDef):
    """A value that the op holding the sub-graph brings in: that of `source` outside, if any."""

    grad = NotDifferentiable

    def infer(self, *, dtype, shape, source=None):
        return Spec(dtype, shape)

    def kernel(self, xp, *, dtype, shape, source=None):
        raise InvalidArgumentError(None, None, "A parameter of a sub-graph has no value of its own")

    def known(self, *, dtype, shape, source=None):
        return None if source is None else known_value(source)


class VariableParameter(OpDef):
    """The variable outside that `source` refers to, for reads and writes inside."""

    is_ref = True
    effects = "resource"
    grad = NotDifferentiable

    def infer(self, *, dtype, shape, source):
        return Spec(dtype, shape)

    def kernel(self, xp, *, dtype, shape, source):
        raise InvalidArgumentError(None, None, "A parameter of a sub-graph has no value of its own")
