"""`tensorflow.python.ops.gen_*_ops`: an op by the name of its type, as `max_pool_grad`.

Inputs come first, in the order of the op; attributes by their names.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from flowgraph.opdef.opdef import REGISTRY


@functools.cache
def _types() -> dict[str, str]:
    """The type of each op, by the name that Python has for it: MaxPoolGrad by max_pool_grad."""
    from flowgraph.io.op_types import load_every_op

    load_every_op()
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower(): kind
            for kind in REGISTRY}


def __getattr__(name: str) -> Any:
    kind = None if name.startswith("__") else _types().get(name.lstrip("_"))
    if kind is None:
        raise AttributeError(f"flowgraph has no op of the type that {name} builds")
    op_def = REGISTRY[kind]

    def build(*inputs: Any, name: str | None = None, **attributes: Any) -> Any:
        given = [*inputs, *(attributes.pop(param) for param in op_def.params[len(inputs):]
                            if param in attributes)]
        return op_def.build(*given, name=name, **attributes)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"Adds an op of the type {kind}."
    return build
