"""What stands in a node: title, name and the few details that say how the op works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.graph.operation import Operation
from flowgraph.opdef.opdef import REQUIRED
from flowgraph.viz import labels
from flowgraph.viz.boxes import Boxes, constant_text
from flowgraph.viz.model import Node

_PLUMBING = {"Const", "Identity", "NoOp", "Shape", "StridedSlice", "Cast", "Reshape", "Pack"}
_SAID_ELSEWHERE = {"dtype", "shape", "value", "T", "seed", "seed2", "container", "shared_name",
                   "DstT", "SrcT", "out_type", "keep_dims", "N", "num", "tag",
                   "use_locking", "validate_shape", "Truncate"}
_MOST = 3  # details per node


def node(boxes: Boxes, id: str, ops: list[Operation], settings: Sequence[str]) -> Node:
    """The node `id` that stands for `ops`.

    Args:
        boxes: where the ops went.
        id: the box.
        ops: what is in it, in the order of creation.
        settings: small constants that say how the op works.
    """
    first = ops[0]
    side = boxes.side(first)
    if side is not None:
        return Node(id, side[0], within(side[1], side[1].rpartition("/")[0]), "",
                    details=_side_details(side[0], ops), ops=tuple(ops))
    op = boxes.roles.folded.get(first, first)
    group = boxes.group(op)
    scope = boxes.scope_box(op)
    if scope is not None:
        return Node(id, _scope_kind(boxes, ops), within(scope, group), group,
                    details=_scope_details(boxes, ops), ops=tuple(ops))
    name = within(op.name, group)
    role = boxes.roles.role(op)
    if op in boxes.roles.folded:
        details = (_spec(op), *_starts_as(op, group))
        ops.sort(key=lambda member: member is not op)  # the variable itself first
        return Node(id, "variable", name, group, details=details, ops=tuple(ops))
    if role in ("placeholder", "constant"):
        return Node(id, role, name, group, details=(_spec(op),), ops=tuple(ops))
    kind = {"gradients": "gradient", "optimizer": "update"}.get(role, role)
    if all(part.lower() == op.type.lower() for part in name.split("/")):  # says nothing new
        title, name = op.type, ""
    else:
        title, name = (name, "") if _is_default(name, op.type) else (op.type, name)
    return Node(id, kind, title, group, name, (*settings, *_attributes(op))[:_MOST], tuple(ops))


def within(path: str, group: str) -> str:
    """`path` as it is called inside `group`, which may be a scope of its own name.

    Example:
        >>> within("layer/dense/MatMul", "layer"), within("MatMul", ""), within("a/b", "a/b")
        ('dense/MatMul', 'MatMul', 'b')
    """
    if path == group:
        return path.rpartition("/")[2]
    return path[len(group) + 1:] if group and path.startswith(f"{group}/") else path


def count(number: int, what: str) -> str:
    """A number of things.

    Example:
        >>> count(1, "variable"), count(2, "variable")
        ('1 variable', '2 variables')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def _is_default(name: str, type_: str) -> bool:
    """Whether the op has the name that it gets when the user gives none: `MatMul_1`."""
    stem, _, number = name.rpartition("_")
    return type_ in (name, stem if number.isdigit() else name)


def _spec(op: Operation) -> str:
    return labels.spec(op.outputs[0].spec, always_dtype=True)


def _starts_as(variable: Operation, group: str) -> list[str]:
    """Where a variable's first value comes from: "starts as zeros"."""
    for op in variable.outputs[0].consumers():
        if op.name == f"{variable.name}/Assign" and len(op.inputs) == 2:
            source = op.inputs[1].op
            text = constant_text(source) if source.type == "Const" else None
            name = within(within(source.name, variable.name), group).removeprefix("Initializer/")
            if text is not None or name != "initial_value":
                return [f"starts as {text or name}"]
    return []


def _attributes(op: Operation) -> list[str]:
    """The attributes that are not what they are by default."""
    found = []
    for key, given in op.attrs.items():
        default = op.op_def.attr_defaults.get(key, REQUIRED)
        if key in _SAID_ELSEWHERE or key.startswith("_"):
            continue
        if default is not REQUIRED and (default is given or _same(default, given)):
            continue
        text = _attribute_text(given)
        if text is not None:
            found.append(f"{key} = {text}")
    return found


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and isinstance(one, (str, int, float, tuple, list, bytes)) and (
        one == other)


def _attribute_text(given: Any) -> str | None:
    """Plain values only: functions, graphs and arrays say nothing in a picture."""
    if isinstance(given, bytes):
        given = given.decode(errors="backslashreplace")
    several = isinstance(given, (tuple, list))
    if not all(isinstance(part, (int, float, str)) for part in (given if several else [given])):
        return None
    text = f"[{', '.join(map(str, given))}]" if several else str(given)
    return text if 0 < len(text) <= 24 else None


def _scope_kind(boxes: Boxes, ops: list[Operation]) -> str:
    roles = {boxes.roles.role(op) for op in ops if boxes.is_unit(op)}
    return roles.pop() if roles in ({"gradients"}, {"optimizer"}) else "scope"


def _scope_details(boxes: Boxes, ops: list[Operation]) -> tuple[str, ...]:
    """How much is inside, and the types that matter, as "MatMul, Add, Relu"."""
    folded = boxes.roles.folded
    placeholders = [op for op in ops if boxes.roles.role(op) == "placeholder"]
    others = [op for op in ops if op not in folded and op not in placeholders]
    counts = {"placeholder": len(placeholders), "variable": sum(folded.get(op) is op for op in ops),
              "operation": len(others)}
    details = [count(number, what) for what, number in counts.items() if number]
    types = list(dict.fromkeys(op.type for op in others if op.type not in _PLUMBING))
    if types:
        details.append(", ".join(types[:3]) + (", …" if len(types) > 3 else ""))
    return tuple(details)


def _side_details(kind: str, ops: list[Operation]) -> tuple[str, ...]:
    inside = set(ops)
    details = []
    if kind == "optimizer":
        changed = {tensor.op.name: None for op in ops if op.op_def.overwrites
                   for tensor in op.inputs if tensor.dtype._is_ref_dtype
                   and tensor.op not in inside}
        names = ", ".join(changed)
        if changed:
            short = len(changed) <= 3 and len(names) <= 28
            details.append(f"changes {names if short else count(len(changed), 'variable')}")
    if kind == "init":
        details.append(f"sets {count(sum(len(op.control_inputs) for op in ops), 'variable')}")
    else:
        details.append(count(len(ops), "operation"))
    return tuple(details)
