"""Op types that are built in another way than by the op of the same name: each with its rule.

A rule is a function from a Build; it gives the outputs of the node, as TensorFlow numbers them, or
the operation that stands for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.io.import_functions import call, case_node, function_name, if_node, while_node
from flowgraph.io.import_nodes import Build
from flowgraph.io.import_optimizers import OPTIMIZER_RULES

Rule = Callable[[Build], Any]
RULES: dict[str, Rule] = {}


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Registers a function as the rule for some op types.

    Args:
        types: the op types.
    """
    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(types, function))
        return function

    return register


RULES.update({"If": if_node, "StatelessIf": if_node, "Case": case_node, "StatelessCase": case_node,
              "While": while_node, "StatelessWhile": while_node, **OPTIMIZER_RULES})


@rule("PartitionedCall", "StatefulPartitionedCall")
def partitioned_call(build: Build) -> Any:
    """A call of a function: its nodes are built in place."""
    return call(build, function_name(build, "f"))


@rule("Const")
def const(build: Build) -> Any:
    """A constant: our op holds an array."""
    array = build.attr("value")
    if build.row is not None and array.dtype != build.attr("dtype").numpy:
        raise build.wrong(f"holds {array.dtype}, and says that it is {build.attr('dtype').name}")
    return build.plain("Const", value=array)


@rule("Placeholder")
def placeholder(build: Build) -> Any:
    """Before version 24 of GraphDefs the shape () meant that none is known."""
    shape = build.attr("shape")
    if shape == () and build.importer.library.producer < 24:
        shape = None
    return build.plain("Placeholder", shape=shape)
