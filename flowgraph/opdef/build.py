"""`build`: from Python arguments to a node of the graph. Every op goes through here.

Convert the inputs, settle the dtypes, infer the shapes, add the node; what is wrong raises here, at
the user's line, with the op's name and all inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import frames
from flowgraph.core.dtypes import DType, DTypeSet
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import (
    ConversionError,
    DTypeError,
    FlowgraphError,
    GraphError,
    OpDefError,
    ShapeError,
    message,
)
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.convert import as_tensor, value_advice
from flowgraph.opdef.opdef import REQUIRED, OpDef
from flowgraph.opdef.static_value import with_value

_FEW = 4
_right: set[tuple[Any, ...]] = set()  # ops with dtypes of so few inputs that were found to be right


def build(op_def: OpDef, args: tuple[Any, ...], name: str | None, attrs: dict[str, Any]) -> Any:
    """Adds a node; see `OpDef.build`."""
    if len(args) != len(op_def.params):
        raise TypeError(located(f"{op_def.type} takes {len(op_def.params)} inputs "
                                f"({', '.join(op_def.params)}), got {len(args)}"))
    if op_def.attr_defaults:
        attrs = _complete(op_def, attrs)
    graph = get_default_graph()
    inputs = _fast_inputs(args, graph) if op_def.plain else None
    if inputs is None:
        graph = _graph_for(op_def, args)
        inputs = _fast_inputs(args, graph) if op_def.plain else None
    full_name = graph.op_name(name or op_def.type)
    if inputs is None and op_def.maps_values and hasattr(args[0], "_with_values"):
        return args[0]._with_values(build(op_def, (args[0].values,), name, attrs))
    if inputs is None:
        inputs = _inputs(op_def, args, graph, full_name)
    if op_def.dtypes:
        _check_dtypes(op_def, inputs, full_name)
    specs = _infer(op_def, inputs, attrs, full_name)
    outputs = (specs,) if isinstance(specs, Spec) else tuple(specs)
    if isinstance(specs, Spec) == op_def.multiple:
        raise OpDefError(f"op {op_def.type}: infer returned {specs!r} while multiple is "
                         f"{op_def.multiple}")
    op = graph.add_operation(op_def, inputs, attrs, outputs, full_name)
    if not op_def.multiple:
        return op.outputs[0]
    return list(op.outputs) if op.outputs else op


def _complete(op_def: OpDef, attrs: dict[str, Any]) -> dict[str, Any]:
    """The attributes with defaults filled in, all of them known and given."""
    full = {**op_def.attr_defaults, **attrs}
    if len(full) != len(op_def.attr_defaults):
        raise TypeError(located(f"{op_def.type} has no attribute "
                                f"{', '.join(sorted(set(attrs) - set(op_def.attr_defaults)))}"))
    for key, value in full.items():
        if value is REQUIRED:
            raise TypeError(located(f"{op_def.type} needs the attribute {key!r}"))
    return full


def _graph_for(op_def: OpDef, args: Any) -> Graph:
    """The graph of the inputs (the default graph where there are none, or when it can adopt)."""
    default = get_default_graph()
    graph: Graph | None = None
    first: Any = None
    for arg in args:
        for item in arg if isinstance(arg, (list, tuple)) else (arg,):
            other = item.graph if isinstance(item, Tensor) else getattr(item, "graph", None)
            if not isinstance(other, Graph) or other is graph:
                continue
            if graph is None:
                graph, first = other, item
            elif not (default.can_adopt(graph) and default.can_adopt(other)):
                raise GraphError(message(
                    f"{op_def.type} ({frames.user_frame()}) got inputs from two graphs",
                    [(getattr(t, "name", "?"), str(getattr(getattr(t, "op", None), "frame", "")))
                     for t in (first, item)],
                    "All inputs of an op must be from the same graph: build both inside one "
                    "`with graph.as_default():` block.", "graph-error"))
    if graph is None or default.can_adopt(graph):
        return default
    graph.check_usable_outside(first)
    return graph


def _fast_inputs(args: tuple[Any, ...], graph: Graph) -> tuple[Tensor, ...] | None:
    """The inputs as they stand when all are tensors of the graph already; else None."""
    for arg in args:
        if type(arg) is not Tensor or arg.op.graph is not graph:
            return None
    return args


def _inputs(op_def: OpDef, args: tuple[Any, ...], graph: Graph,
            full_name: str) -> tuple[Tensor, ...]:
    """Converts the inputs; tensors settle the type variables before Python values take them."""
    settled: dict[str, DType] = {}
    groups = [(param, tuple(_as_list(op_def, param, arg)) if param in op_def.lists else (arg,))
              for param, arg in zip(op_def.params, args, strict=True)]
    lengths = {param: len(items) for param, items in groups if param in op_def.lists}
    if len(set(lengths.values())) > 1:
        raise ShapeError(message(
            f"{op_def.type} {full_name!r} ({frames.user_frame()}) needs lists of one length, got "
            + ", ".join(f"{count} for {param!r}" for param, count in lengths.items()),
            section="shape-error"))
    for param, items in groups:
        variable = op_def.dtypes[param]
        if isinstance(variable, str) and variable not in settled:
            for item in items:
                if is_tensor_like(item):
                    settled[variable] = item.dtype.base_dtype
                    break
    inputs: list[Tensor] = []
    for param, items in groups:
        for i, item in enumerate(items):
            part = f"{param}_{i}" if param in op_def.lists else param
            try:
                tensor = _input(op_def, param, item, graph, settled, f"{full_name}/{part}/")
            except (TypeError, ValueError) as error:
                if isinstance(error, FlowgraphError) and not isinstance(error, ConversionError):
                    raise
                raise _bad_value(op_def, param, groups, full_name, error) from None
            inputs.append(tensor)
            variable = op_def.dtypes[param]
            if isinstance(variable, str):
                settled.setdefault(variable, inputs[-1].dtype.base_dtype)
    return tuple(inputs)


def _as_list(op_def: OpDef, param: str, arg: Any) -> Any:
    if isinstance(arg, (list, tuple)):
        return arg
    raise TypeError(f"{op_def.type} ({frames.user_frame()}) takes a list of tensors for {param!r}, "
                    f"got {arg!r:.100}")


def _input(op_def: OpDef, param: str, item: Any, graph: Graph, settled: dict[str, DType],
           name: str) -> Tensor:
    if param in op_def.refs:
        tensor = item._ref() if hasattr(item, "_ref") else item
        if not isinstance(tensor, Tensor) or not tensor.dtype._is_ref_dtype:
            raise DTypeError(message(
                f"{op_def.type} {name.removesuffix(f'/{param}/')!r} ({frames.user_frame()}) needs "
                f"a variable for {param!r}, got "
                f"{item!r:.100}", advice="Pass the tf.Variable itself, not its value.",
                section="dtype-error"))
        return graph.adopt(tensor)
    if isinstance(item, Tensor):
        return item if item.op.graph is graph else graph.adopt(item)
    variable = op_def.dtypes[param]
    allowed = variable if isinstance(variable, DTypeSet) else getattr(op_def, variable)
    wanted = None  # a variable keeps its dtype; if that is wrong, `_check_dtypes` says so best
    if not is_tensor_like(item):
        wanted = settled.get(variable) if isinstance(variable, str) else None
        wanted = wanted or _default_dtype(item, allowed)
    return as_tensor(graph, item, wanted, name)


def _bad_value(op_def: OpDef, param: str, groups: list[tuple[str, tuple[Any, ...]]], name: str,
               error: Exception) -> Exception:
    """The error for a Python value that cannot become the input `param`."""
    kind, section = ((DTypeError, "dtype-error") if isinstance(error, TypeError)
                     else (ShapeError, "shape-error"))
    if isinstance(error, ConversionError):
        section = ""  # its text names the section already
    rows = [_input_row(p, item) for p, items in groups for item in items
            if isinstance(item, Tensor)]
    beside = next((item.dtype.base_dtype for _, items in groups for item in items
                   if is_tensor_like(item)), None)
    return kind(message(f"{op_def.type} {name!r} ({frames.user_frame()}) cannot take the value "
                        f"given for {param!r}", rows, value_advice(error, beside), section))


def _default_dtype(item: Any, allowed: DTypeSet) -> DType | None:
    """The dtype for a value that no tensor settles: the only one allowed, else the value's own.

    An empty list has no dtype of its own; it takes the op's preferred one. So does a list of
    NumPy's narrow integers where sizes are wanted: `max(labels) + 1` of uint8 labels was an int64
    before NumPy 2. No value becomes a handle or a list of tensors: `_check_dtypes` says so.
    """
    if len(allowed.members) == 1 and allowed.members[0].kind != "r":
        return allowed.members[0]
    if not isinstance(item, (list, tuple)) or allowed is dt.ANY:
        return None
    narrow = item and isinstance(item[0], np.integer) and item[0].dtype.itemsize < 4 and all(
        member in (dt.int32, dt.int64) for member in allowed.members) and all(
        isinstance(size, np.integer) for size in item)
    return allowed.members[0] if not item or narrow else None


def _check_dtypes(op_def: OpDef, inputs: tuple[Tensor, ...], name: str) -> None:
    found = (op_def, *[tensor.spec.dtype._enum for tensor in inputs])
    if found in _right:
        return
    params = op_def.params if not op_def.lists else op_def.flat_params(len(inputs))
    settled: dict[str, DType] = {}
    for param, tensor in zip(params, inputs, strict=True):
        variable = op_def.dtypes[param]
        dtype = tensor.spec.dtype
        if isinstance(variable, str):
            first = settled.setdefault(variable, dtype)
            if first is not dtype:
                other = next(p for p in params if op_def.dtypes[p] == variable)
                who = (f"All of {param!r}" if other == param else f"{other!r} and {param!r}")
                to = first if _holds_more(first, dtype) else dtype
                raise _wrong_dtype(
                    op_def, inputs, name, f"cannot mix {first.name} and {dtype.name}",
                    f"{who} must have one dtype. Write tf.cast(..., tf.{to.name}).")
            variable = getattr(op_def, variable)
        if dtype not in variable.members:
            raise _wrong_dtype(op_def, inputs, name, f"does not take {dtype.name} for {param!r}",
                               f"It takes {variable.name}.")
    if len(inputs) <= _FEW:
        _right.add(found)


def _holds_more(a: DType, b: DType) -> bool:
    """Whether casting b to a is the better advice: to floats rather than to integers."""
    order = "sbuifc"
    return (order.find(a.kind), a.size) >= (order.find(b.kind), b.size)


def _wrong_dtype(op_def: OpDef, inputs: tuple[Tensor, ...], name: str, problem: str,
                 advice: str) -> DTypeError:
    return DTypeError(message(f"{op_def.type} {name!r} ({frames.user_frame()}) {problem}",
                              input_rows(op_def, inputs), advice, "dtype-error"))


def _infer(op_def: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any], name: str) -> Any:
    if op_def.plain:
        specs: Any = [tensor.spec for tensor in inputs]
    else:
        params = op_def.flat_params(len(inputs))
        specs = op_def.group([with_value(tensor) if param in op_def.host_inputs else tensor.spec
                              for param, tensor in zip(params, inputs, strict=True)])
    try:
        return op_def.infer(*specs, **attrs)
    except (ShapeError, DTypeError) as error:
        problem, advice = (*error.args, "")[:2]
        section = "shape-error" if isinstance(error, ShapeError) else "dtype-error"
        raise type(error)(message(f"{op_def.type} {name!r} ({frames.user_frame()}) {problem}",
                                  input_rows(op_def, inputs), advice, section)) from None


def input_rows(op_def: OpDef, inputs: Any) -> list[tuple[str, ...]]:
    """One row per input for an error message: parameter, name, shape, dtype, the user's line."""
    return [_input_row(param, tensor)
            for param, tensor in zip(op_def.flat_params(len(inputs)), inputs, strict=True)]


def _input_row(param: str, tensor: Tensor) -> tuple[str, ...]:
    return (f"{param} =", repr(tensor.name),
            f"{shape_text(tensor.spec.shape)} {tensor.spec.dtype.name}", str(tensor.op.frame))
