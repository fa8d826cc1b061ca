"""The shape rule of an op as a table, worked out by the op's own `infer`.

Each row is a node of a test case: the shapes of its inputs, the result, and the result when no size
is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType, DTypeSet
from flowgraph.core.spec import Spec, shape_text
from flowgraph.opdef.opdef import REQUIRED, OpDef, is_known
from flowgraph.opdef.static_value import with_value

from .cases import Node

ROWS = 5
LONGEST = 60  # characters of a cell


def shape_table(op_def: OpDef, nodes: list[Node]) -> list[str]:
    """The lines of a Markdown table; none when no case has known sizes."""
    rows: dict[tuple, Node] = {}
    for node in nodes:
        if all(x.spec.is_static for x in node.op.inputs):
            rows.setdefault(_pattern(op_def, node), node)
    chosen = list(rows.values())[:ROWS]
    if not chosen:
        return []
    attrs = [key for key in op_def.attr_defaults if key not in op_def.bodies
             and any(not _same(node.op.attrs[key], op_def.attr_defaults[key]) for node in chosen)]
    head = [f"`{name}`" for name in (*op_def.params, *attrs)] + ["result"]
    head += ["with unknown sizes"] if op_def.params else []
    lines = [_row(head), _row(["---"] * len(head))]
    for node in chosen:
        cells = [_input_text(op_def, param, specs)
                 for param, specs in zip(op_def.params, _specs(op_def, node), strict=True)]
        cells += [attribute_text(node.op.attrs[key]) for key in attrs]
        cells.append(_results(op_def, node, _specs(op_def, node)))
        if op_def.params:
            cells.append(_results(op_def, node, _without_sizes(op_def, _specs(op_def, node))))
        lines.append(_row([f"`{cell}`" if cell else "" for cell in cells]))
    return list(dict.fromkeys(lines))


def result_dtypes(op_def: OpDef, node: Node) -> list[str]:
    """Per result its dtype: a type attribute, an attribute, or always the same dtype.

    Found out by asking `infer` again with another dtype for the inputs.
    """
    specs = _specs(op_def, node)
    found = [spec.dtype for spec in _infer(op_def, node, specs)]
    texts = [f"always {dtype.name}" for dtype in found]
    for key, value in node.op.attrs.items():
        texts = [f"`{key}`" if value is dtype else text
                 for text, dtype in zip(texts, found, strict=True)]
    for variable in dict.fromkeys(op_def.dtypes.values()):
        if isinstance(variable, str):
            other = _other_dtype(op_def, node, variable)
            if other is None:
                continue
            try:
                again = _infer(op_def, node, _with_dtype(op_def, specs, variable, other))
            except Exception:  # a dtype that does not go with the node's attributes
                continue
            texts = [f"`{variable}`" if spec.dtype is other and dtype is not other else text
                     for text, spec, dtype in zip(texts, again, found, strict=False)]
    return texts


def attribute_text(value: Any) -> str:
    """An attribute's value in a few characters."""
    if isinstance(value, DType):
        return value.name
    if isinstance(value, np.ndarray):
        return f"array {shape_text(value.shape)}"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    text = repr(value)
    if " at 0x" in text or len(text) > LONGEST:
        return "..."
    return text


# ---- helpers -------------------------------------------------------------------------------------


def _specs(op_def: OpDef, node: Node) -> list[Any]:
    """One Spec per parameter, a tuple of them for a list."""
    params = op_def.flat_params(len(node.op.inputs))
    return list(op_def.group([with_value(x) if param in op_def.host_inputs else x.spec
                              for param, x in zip(params, node.op.inputs, strict=True)]))


def _map(op_def: OpDef, specs: list[Any], change) -> list[Any]:
    return [tuple(change(param, s) for s in spec) if param in op_def.lists else change(param, spec)
            for param, spec in zip(op_def.params, specs, strict=True)]


def _without_sizes(op_def: OpDef, specs: list[Any]) -> list[Any]:
    def change(param: str, spec: Spec) -> Spec:
        return spec if param in op_def.host_inputs else Spec(
            spec.dtype, None if spec.shape is None else (None,) * len(spec.shape))
    return _map(op_def, specs, change)


def _with_dtype(op_def: OpDef, specs: list[Any], variable: str, dtype: DType) -> list[Any]:
    def change(param: str, spec: Spec) -> Spec:
        if op_def.dtypes[param] != variable:
            return spec
        return Spec(dtype, spec.shape, spec.value if param in op_def.host_inputs else None)
    return _map(op_def, specs, change)


def _other_dtype(op_def: OpDef, node: Node, variable: str) -> DType | None:
    members: DTypeSet = getattr(op_def, variable)
    used = op_def.type_attr(node.op, variable)
    return next((dtype for dtype in members.members if dtype is not used), None)


def _infer(op_def: OpDef, node: Node, specs: list[Any]) -> tuple[Spec, ...]:
    made = op_def.infer(*specs, **node.op.attrs)
    return (made,) if isinstance(made, Spec) else tuple(made)


def _results(op_def: OpDef, node: Node, specs: list[Any]) -> str:
    try:
        made = _infer(op_def, node, specs)
    except Exception:  # an op that needs to know sizes says so in its own way
        return ""
    return ", ".join(shape_text(spec.shape) for spec in made) or "nothing"


def _input_text(op_def: OpDef, param: str, spec: Any) -> str:
    if param in op_def.lists:
        return f"[{', '.join(_input_text(op_def, '', s) for s in spec)}]"
    if param in op_def.host_inputs and is_known(spec.value):
        text = repr(list(spec.value) if isinstance(spec.value, tuple) else spec.value)
        return text.replace("(", "[").replace(",)", "]").replace(")", "]")
    return shape_text(spec.shape)


def _pattern(op_def: OpDef, node: Node) -> tuple:
    """What makes a row another situation: ranks, equal sizes, ones, and attributes given."""
    letters: dict[int | None, str] = {1: "1", 0: "0"}
    shapes = tuple(tuple(letters.setdefault(n, chr(97 + len(letters))) for n in x.spec.shape)
                   for x in node.op.inputs)
    given = tuple(key for key, value in node.op.attrs.items()
                  if not _same(value, op_def.attr_defaults.get(key)))
    return shapes, given


def _same(value: Any, default: Any) -> bool:
    return default is not REQUIRED and isinstance(value, type(default)) and bool(
        np.array_equal(value, default))


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
