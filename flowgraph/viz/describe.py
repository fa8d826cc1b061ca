"""What stands in a node: title, name and the few details that say how the op works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flowgraph.core.text import counted
from flowgraph.graph.operation import Operation
from flowgraph.opdef.opdef import REQUIRED
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.viz import labels
from flowgraph.viz.boxes import Box, Boxes
from flowgraph.viz.outline import Group
from flowgraph.viz.parts import constant_text

_PLUMBING = {"Const", "Identity", "NoOp", "Shape", "StridedSlice", "Cast", "Reshape", "Pack",
             "Parameter", "ExpandDims", "Squeeze", "Transpose", "ConcatV2", "Fill", "Assert",
             "Range", "Prod", "ReadVariableOp", "ZerosLike", "OnesLike", "StopGradient",
             "Placeholder", "PlaceholderWithDefault"}
_HEAVY = ("MatMul", "Conv", "Norm", "Lookup", "Pool", "Softmax", "Gather", "While", "If")
_SAID_ELSEWHERE = {"dtype", "shape", "value", "T", "seed", "seed2", "container", "shared_name",
                   "DstT", "SrcT", "out_type", "keep_dims", "N", "num", "tag", "carried",
                   "back_prop", "use_locking", "validate_shape", "Truncate", "begin_mask",
                   "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "num_split"}
_QUIET = {"Const", "Parameter", "VariableParameter", "Identity"}  # not what a function does
_MOST = 3  # details per node

Said = tuple[str, str, str, tuple[str, ...]]  # kind, title, name, details


def box(boxes: Boxes, what: Box, around: Group | None, settings: Sequence[str],
        group: str) -> Said:
    """What the node of an operation or of a closed group says.

    Args:
        boxes: where the ops went.
        what: the operation or group.
        around: the group that it stands in.
        settings: small constants that say how the op works.
        group: the path of the group that is drawn around it.
    """
    scope = _scope_around(around)
    if isinstance(what, Operation):
        return _op(boxes, what, scope, settings)
    if what.kind == "variable":
        assert what.op is not None
        return "variable", what.title, "", (_specs(boxes, what.op), *_starts_as(what.op, scope))
    if what.kind == "side":
        return what.role, what.title, "", _side_details(what.role, list(_all_ops(boxes, what)))
    if what.kind == "branch":
        return "condition", "condition", "", _condition(boxes, what)
    kind = what.kind if what.kind in ("loop", "branches", "series") else _scope_kind(boxes, what)
    name = title(what, lambda _: None)
    drawn = _scope_around(around)
    if what.kind == "scope" and around is not None and not name:
        name = within(what.path, drawn)
    return kind, name, "", _group_details(boxes, what)


def title(group: Group, only_inside: Callable[[Group], Group | None]) -> str:
    """The title of a group: "while loop: fibonacci".

    Args:
        group: an open or closed group.
        only_inside: gives for a scope the group that is all there is to see of it.
    """
    if group.kind in ("loop", "branches"):
        assert group.op is not None
        name = within(group.op.name, group.parent.scope if group.parent else "")
        if _is_default(name, group.op.type) and group.parent and group.parent.kind == "scope":
            name = group.parent.title
        word = "while loop" if group.kind == "loop" else (
            "cond" if group.op.type.endswith("If") else "case")
        return word if _is_default(name, group.op.type) else f"{word}: {name}"
    return group.title


def _scope_around(group: Group | None) -> str:
    """The name scope that is said by the groups around."""
    around = group
    while around is not None:
        if around.kind == "side":
            name = around.path.partition(": ")[2]
            return group.scope if group is not None and group.scope.startswith(name) else name
        around = around.parent
    return "" if group is None else group.scope


def _op(boxes: Boxes, op: Operation, scope: str, settings: Sequence[str]) -> Said:
    name = within(op.name, scope)
    roles, parts = boxes.outline.roles, boxes.parts
    role = roles.role(op)
    if op in parts.loop_variables:
        return "loop_variable", *_loop_variable(boxes, op)
    if role in ("placeholder", "constant"):
        text = constant_text(op) if role == "constant" else None
        return role, name, "", (_spec(op),) if text is None else (text, _spec(op))
    if op.type == "Parameter":
        return "placeholder", name, "", (_spec(op),)
    if op.op_def.bodies and "carried" not in op.attrs:
        branches = boxes.outline.group(op)
        if branches is not None and branches.op is op:
            return "choice", "which branch", "", ()
    kind = {"gradients": "gradient", "optimizer": "update"}.get(role, role)
    if all(part.lower() == op.type.lower() for part in name.split("/")):  # says nothing new
        big, name = op.type, ""
    else:
        big, name = (name, "") if _is_default(name, op.type) else (op.type, name)
    return kind, big, name, (*settings, *_attributes(op))[:_MOST]


def _loop_variable(boxes: Boxes, op: Operation) -> tuple[str, str, tuple[str, ...]]:
    """Named like its first value, where that has a name."""
    i = boxes.parts.loop_variables[op]
    holder = boxes.outline.holder[op]
    first = holder.inputs[i].op
    name = first.name.rpartition("/")[2]
    plain = _is_default(name, first.type) or first.op_def.bodies
    details = [_spec(op)] if op.outputs[0].dtype.name != "variant" else ["list of tensors"]
    if op in boxes.parts.counts:
        details.append(f"{boxes.parts.counts[op]} in each round")
    return (f"loop variable {i + 1}" if plain else name), "", tuple(details)


def _condition(boxes: Boxes, group: Group) -> tuple[str, ...]:
    """What a loop's condition is: the comparisons, as "i < n"."""
    signs = {"Less": "<", "LessEqual": "≤", "Greater": ">", "GreaterEqual": "≥", "NotEqual": "≠",
             "Equal": "="}
    details = []
    ops = [op for op in group.ops if boxes.is_drawn(op)]
    for op in ops:
        if op.type in signs:
            sides = [_operand(boxes, tensor.op) for tensor in op.inputs]
            details.append(f"{labels.shorten(sides[0], 18)} {signs[op.type]} "
                           f"{labels.shorten(sides[1], 18)}")
    if not details:
        details = [op.type for op in ops]
    return tuple(details[:_MOST])


def _operand(boxes: Boxes, op: Operation) -> str:
    parts = boxes.parts
    while op in parts.whole and op not in parts.loop_variables:
        op = parts.whole[op]
    if op in parts.loop_variables:
        return _loop_variable(boxes, op)[0]
    if op.type == "Const":
        return constant_text(op) or op.name.rpartition("/")[2]
    return op.name.rpartition("/")[2]


def within(path: str, group: str) -> str:
    """`path` as it is called inside `group`, which may be a scope of its own name.

    Example:
        >>> within("layer/dense/MatMul", "layer"), within("MatMul", ""), within("a/b", "a/b")
        ('dense/MatMul', 'MatMul', 'b')
    """
    if path == group:
        return path.rpartition("/")[2]
    return path[len(group) + 1:] if group and path.startswith(f"{group}/") else path


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
        text = _function_text(given) if isinstance(given, SubGraph) else _attribute_text(given)
        if text is not None:
            found.append(f"{key} = {text}")
    return found


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and isinstance(one, (str, int, float, tuple, list, bytes)) and (
        one == other)


def _attribute_text(given: Any) -> str | None:
    """Plain values only: Python functions and arrays say nothing in a picture."""
    if isinstance(given, bytes):
        given = given.decode(errors="backslashreplace")
    several = isinstance(given, (tuple, list))
    if not all(isinstance(part, (int, float, str)) for part in (given if several else [given])):
        return None
    text = f"[{', '.join(map(str, given))}]" if several else str(given)
    return text if 0 < len(text) <= 24 else None


def _function_text(given: SubGraph) -> str | None:
    """What a function computes, as of a pipeline: "Cast + Mul"."""
    types = [op.type for op in given.get_operations() if op.type not in _QUIET]
    if not types:
        return None
    text = " + ".join(types)
    return text if len(text) <= 30 else f"… + {types[-1]}"


def _specs(boxes: Boxes, op: Operation) -> str:
    """The spec of a variable; of one that is drawn for several, whether they differ."""
    copies = boxes.outline.copies
    shapes = {copy.outputs[0].spec.shape for copy, first in copies.items()
              if first is op and boxes.outline.roles.folded.get(copy) is copy}
    others = shapes - {op.outputs[0].spec.shape}
    return _spec(op) + (" and others" if others else "")


def _scope_kind(boxes: Boxes, group: Group) -> str:
    roles = {boxes.outline.roles.role(op) for op in _all_ops(boxes, group)
             if op not in boxes.parts.beside}
    if roles <= {"gradients"} and roles:
        return "gradients"
    return "optimizer" if roles and roles <= {"optimizer"} else "scope"


def _all_ops(boxes: Boxes, group: Group) -> Iterable[Operation]:
    yield from group.ops
    for inner in group.groups:
        yield from _all_ops(boxes, inner)


def _group_details(boxes: Boxes, group: Group) -> tuple[str, ...]:
    """What a closed group does, and the weights it has: "MatMul + BiasAdd", "kernel 784×10"."""
    outline, parts = boxes.outline, boxes.parts
    inside = list(_all_ops(boxes, group.groups[0] if group.kind == "series" else group))
    folded = outline.roles.folded
    work = [op for op in inside if boxes.is_drawn(op) and op not in parts.unseen]
    types = Counter(op.type for op in work if op.type not in _PLUMBING) or Counter(
        op.type for op in work)
    variables = [op for op in inside if folded.get(op) is op]
    details = []
    if 0 < len(types) <= 4:
        details.append(" + ".join(_times(type_, n) for type_, n in types.items()))
    elif types:
        heavy = sorted(types, key=lambda type_: not any(word in type_ for word in _HEAVY))
        details.append(", ".join(_times(type_, types[type_]) for type_ in heavy[:3]) + ", …")
    if 0 < len(variables) <= 2:
        details += [f"{labels.shorten(op.name.rpartition('/')[2], 16)} "
                    f"{labels.shape(op.outputs[0].spec.shape)}" for op in variables]
    elif variables:
        sizes = [op.outputs[0].spec.size for op in variables]
        total = sum(size or 0 for size in sizes)
        details.append(f"{counted(len(variables), 'variable')}, {large(total)} numbers")
    if len(work) > 4:
        details.append(counted(len(work), "operation"))
    return tuple(details)


def _times(type_: str, number: int) -> str:
    return type_ if number == 1 else f"{number} {type_}"


def large(number: int) -> str:
    """A large number, rounded.

    Example:
        >>> large(950), large(7_840), large(23_500_000)
        ('950', '7.84 k', '23.5 M')
    """
    for size, unit in ((10 ** 9, "G"), (10 ** 6, "M"), (1000, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


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
            details.append(f"changes {names if short else counted(len(changed), 'variable')}")
    if kind == "init":
        details.append(f"sets {counted(sum(len(op.control_inputs) for op in ops), 'variable')}")
    else:
        details.append(counted(len(ops), "operation"))
    return tuple(details)
