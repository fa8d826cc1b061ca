"""Where the rules stand that build nodes of a GraphDef in another way than by the op of their type.

A rule is a function from a Build; it gives the outputs of the node, as TensorFlow numbers them, or
the operation that stands for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

Rule = Callable[[Any], Any]
_RULES: dict[str, Rule] = {}
_MODULES = ("checkpoints", "control", "cudnn", "datasets", "fused", "lists", "old_ops",
            "optimizers", "parsing", "quantized", "rnn_cells", "tensor_arrays", "variables")


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Registers a function as the rule for some op types.

    Args:
        types: the op types.
    """
    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(types, function))
        return function

    return register


@cache
def rules() -> dict[str, Rule]:
    """The rules by op type."""
    for name in _MODULES:
        import_module(f"flowgraph.io.importing.{name}")
    return _RULES
