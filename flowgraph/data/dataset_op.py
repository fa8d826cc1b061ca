"""What the ops that make datasets share."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.data.function import Functions
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

VARIANT = dt.DTypeSet("a dataset (variant)", (dt.variant,))
INT64 = dt.DTypeSet("int64", (dt.int64,))
INT32 = dt.DTypeSet("int32", (dt.int32,))
WHY_HOST = "a pipeline is made of Python objects"


class DatasetOp(OpDef, abstract=True):
    """An op whose result is a dataset: a scalar variant that holds a Stage."""

    effects = "resource"
    host_only = WHY_HOST
    grad = NotDifferentiable


class FunctionOp(DatasetOp, abstract=True):
    """A dataset op with functions of the user's: the attributes named in `functions`.

    What they captured comes in one list of tensors, function by function.
    """

    functions: ClassVar[tuple[str, ...]] = ("f",)

    def sub_graphs(self, attrs):
        """The graphs of the functions."""
        return [attrs[name] for name in self.functions]

    def create_state(self, attrs):
        """The functions, ready to be called."""
        return Functions(self.sub_graphs(attrs))


def captured_counts(*graphs: Any) -> tuple[int, ...]:
    """How many tensors each of the functions captured."""
    return tuple(len(graph.captures) for graph in graphs)


def dataset_spec(*scalars: Spec) -> Spec:
    """The Spec of a dataset, once the other inputs are known to be scalars."""
    for spec in scalars:
        shape_rules.require_rank(spec, 0, "a number")
    return Spec(dt.variant, ())
