"""`tf.function` in a graph: a call builds the function's ops where it stands."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.identity import identity


def function(func: Callable[..., Any] | None = None, input_signature: Any = None,
             autograph: bool = True, experimental_autograph_options: Any = None,
             experimental_relax_shapes: bool = False, experimental_compile: Any = None) -> Any:
    """Decorator: a function from tensors to tensors, whose calls build its ops.

    TensorFlow makes one op of a call. Here its ops are built into the default graph, in a name
    scope of the function's name, each time it is called; what it returns comes after all that it
    writes. `if`, `while` and `for` are Python's: of a tensor write `tf.cond` and `tf.while_loop`.

    Args:
        func: the function; default: a decorator is returned.
        input_signature: nest of `tf.TensorSpec`, one per argument, to which arguments are
            converted; None takes arguments as they are, arrays as tensors.
        autograph: accepted; Python's statements are not converted.
        experimental_autograph_options: accepted, and not used.
        experimental_relax_shapes: accepted; a graph is not made per shape.
        experimental_compile: accepted, and not used.

    Returns:
        The decorated function.

    Raises:
        TypeError: when called: the arguments are not as many as `input_signature` has.
        ValueError: when called: an argument has another shape than `input_signature` says.

    Example:
        >>> import flowgraph as fg
        >>> @fg.function
        ... def squared_error(x, y):
        ...     return fg.reduce_sum(fg.square(x - y))
        >>> float(fg.Session().run(squared_error(fg.constant([1.0, 2.0]), fg.constant([1.0, 4.0]))))
        4.0
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature)

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        graph = get_default_graph()
        with name_scope(getattr(func, "__name__", "function").strip("<>_") or "function"):
            if input_signature is None:
                args, kwargs = nest.map_structure(_as_argument, (args, kwargs))
            else:
                args, kwargs = _as_signed(func, args, kwargs, input_signature), {}
            before = len(graph.get_operations())
            results = func(*args, **kwargs)
            writing = [op for op in graph.get_operations()[before:] if _writes(op)]
            with control_dependencies(writing):
                return nest.map_structure(_as_result, results)

    return called


def _as_argument(value: Any) -> Any:
    return convert_to_tensor(value) if isinstance(value, (np.ndarray, np.generic)) else value


def _as_signed(func: Callable[..., Any], args: Any, kwargs: Any,
               signature: Any) -> tuple[Any, ...]:
    """The arguments in order, each a tensor as the signature says; `self` is left alone."""
    parameters = list(inspect.signature(func).parameters)
    given = list(inspect.signature(func).bind(*args, **kwargs).args)
    first = int(parameters[:1] == ["self"] and len(given) == len(signature) + 1)
    if len(given) != first + len(signature):
        raise TypeError(located(f"the function takes {len(signature)} arguments, as its "
                                f"input_signature says, and is called with {len(given)}"))
    signature = tuple(signature)
    tensors = map(_as_spec, nest.flatten(signature),
                  nest.flatten_up_to(signature, tuple(given[first:])))
    return (*given[:first], *nest.pack_sequence_as(signature, list(tensors)))


def _as_spec(spec: Any, value: Any) -> Any:
    tensor = convert_to_tensor(value, dtype=spec.dtype)
    if not spec.shape.is_compatible_with(tensor.shape):
        raise ValueError(located(f"an argument has shape {tensor.shape}, and input_signature says "
                                 f"{spec.shape}"))
    return tensor


def _writes(op: Operation) -> bool:
    """Whether running an operation is seen from outside the run, or by later ones."""
    return bool(op.op_def.overwrites or op.op_def.effects in ("io", "resource"))


def _as_result(value: Any) -> Any:
    if value is None or isinstance(value, Operation):
        return value
    return identity(value if is_tensor_like(value) else convert_to_tensor(value))
