"""The two views of a profile: a tree of name scopes, and a list of op types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flowgraph.summary.profile_messages import GraphNodeProto, MultiGraphNodeProto

ROOT = "_TFProfRoot"
_PARENT = "_kTFScopeParent"
# What options name -> the count that it is about.
_COUNT_OF = {"bytes": "requested_bytes", "peak_bytes": "peak_bytes",
             "residual_bytes": "residual_bytes", "output_bytes": "output_bytes",
             "micros": "exec_micros", "accelerator_micros": "accelerator_exec_micros",
             "cpu_micros": "cpu_exec_micros", "params": "parameters", "float_ops": "float_ops",
             "occurrence": "run_count"}
_TIMES = ("micros", "accelerator_micros", "cpu_micros")
_LEGEND = {"params": "# parameters", "float_ops": "# float_ops", "bytes": "requested bytes",
           "peak_bytes": "peak bytes", "residual_bytes": "residual bytes",
           "output_bytes": "output bytes", "micros": "total execution time",
           "accelerator_micros": "accelerator execution time", "cpu_micros": "cpu execution time",
           "device": "assigned devices", "op_types": "op types",
           "occurrence": "op count (run|defined)"}


@dataclass
class Node:
    """An operation, a name scope, or all operations of a type.

    Attributes:
        own: its counts.
        total: with what is below it, or after it.
        types: op type and device, which options choose by.
        account: whether the options count it.
    """

    name: str
    types: set[str] = field(default_factory=set)
    shape: tuple[int, ...] = ()
    devices: set[str] = field(default_factory=set)
    own: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    children: list[Node] = field(default_factory=list)
    account: bool = False


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def _large_enough(node: Node, options: dict[str, Any], only_own: tuple[str, ...]) -> bool:
    for option, count in _COUNT_OF.items():
        least = options.get(f"min_{option}", 0)
        held = node.own if option in only_own else node.total
        if held[count] < least:
            return False
    return (_fits(node.name, options["show_name_regexes"])
            and not _fits(node.name, options["hide_name_regexes"]))


def _sorted(nodes: list[Node], options: dict[str, Any]) -> list[Node]:
    key = options["order_by"]
    nodes = sorted(nodes, key=lambda node: node.name)
    if key == "name":
        return nodes
    return sorted(nodes, key=lambda node: -node.total[_COUNT_OF[key]])


def _columns(options: dict[str, Any]) -> list[str]:
    wanted = set(options["select"])
    if "micros" in wanted:
        wanted |= set(_TIMES)
    return [name for name in _LEGEND if name in wanted]


# ---- by name scope -------------------------------------------------------------------------------


def scope_view(nodes: list[Node], options: dict[str, Any]) -> tuple[GraphNodeProto, str]:
    """The tree of name scopes as a message and as text.

    Args:
        nodes: one for each operation.
        options: as ProfileOptionBuilder gives them.
    """
    root = Node(ROOT, {_PARENT})
    by_name = {node.name: node for node in nodes}
    for node in nodes:
        name, child = node.name, node
        while "/" in name:
            name = name.rpartition("/")[0]
            known = name in by_name
            parent = by_name.setdefault(name, Node(name, {_PARENT}))
            parent.children.append(child)
            if known:
                break
            child = parent
        else:
            root.children.append(child)
    root.own["definition_count"] = 1
    root.children = _started(_accounted(root.children, options), options["start_name_regexes"])
    root.account = False
    (root,) = _shown([root], options, 1)
    message = GraphNodeProto()
    lines = ["node name | " + " | ".join(_LEGEND[name] for name in _columns(options))]
    _write(root, options, "", message, lines)
    return message, "\n".join(lines) + "\n"


def _accounted(nodes: list[Node], options: dict[str, Any]) -> list[Node]:
    """The nodes that count, or have one below that counts."""
    kept = []
    for node in sorted(nodes, key=lambda node: node.name):
        node.children = _accounted(node.children, options)
        node.account = any(_fits(kind, options["account_type_regexes"]) for kind in node.types)
        node.own["definition_count"] = 1
        if node.account or node.children:
            node.total = sum((child.total for child in node.children), Counter(node.own))
            kept.append(node)
    return kept


def _started(nodes: list[Node], patterns: list[str]) -> list[Node]:
    """The nodes closest to the root whose names fit."""
    found = []
    for node in nodes:
        found += [node] if _fits(node.name, patterns) else _started(node.children, patterns)
    return found


def _shown(nodes: list[Node], options: dict[str, Any], depth: int) -> list[Node]:
    """What is shown of the nodes; who is not hands its children up."""
    found = []
    for node in nodes:
        below = ([] if _fits(node.name, options["trim_name_regexes"])
                 or depth > options["max_depth"] else _shown(node.children, options, depth + 1))
        if node.name != ROOT and (depth > options["max_depth"] or not _large_enough(
                node, options, ("params", "float_ops", "occurrence"))):
            found += below
            continue
        node.children = _sorted(below, options)
        if options["account_displayed_op_only"] or node.name == ROOT:
            node.total = sum((child.total for child in below), Counter(node.own))
        found.append(node)
    return found


def _write(node: Node, options: dict[str, Any], indent: str, message: GraphNodeProto,
           lines: list[str]) -> None:
    message.name = node.name
    for count, value in node.own.items():
        if count != "definition_count":
            setattr(message, count, value)
    for count, value in node.total.items():
        setattr(message, f"total_{count}", value)
    message.devices.extend(sorted(node.devices))
    lines.append(f"{indent}{node.name} ({', '.join(_cells(node, options))})")
    for child in node.children:
        _write(child, options, indent + "  ", message.children.add(), lines)


def _cells(node: Node, options: dict[str, Any]) -> Iterable[str]:
    own = node.own if node.account else None
    for name in _columns(options):
        if name == "params" and node.shape:
            yield "x".join(map(str, node.shape))
        if name == "op_types":
            yield "|".join(sorted(node.types))
        elif name == "device":
            if node.devices:
                yield "|".join(sorted(node.devices))
        elif name == "occurrence":
            yield "|".join(
                f"{'--' if own is None else _number(own[count])}/{_number(node.total[count])}"
                for count in ("run_count", "definition_count"))
        else:
            count = _COUNT_OF[name]
            unit = {"params": " params", "float_ops": " flops"}.get(name, "")
            text = _text_of(name)
            yield (f"{'--' if own is None else text(own[count])}/"
                   f"{text(node.total[count])}{unit}")


# ---- by op type ----------------------------------------------------------------------------------


def op_view(nodes: list[Node], options: dict[str, Any]) -> tuple[MultiGraphNodeProto, str]:
    """The list of op types as a message, each the child of the one before, and as text.

    Args:
        nodes: one for each operation; their first type is the op type.
        options: as ProfileOptionBuilder gives them.
    """
    groups: dict[str, Node] = {}
    for node in nodes:
        if any(_fits(kind, options["account_type_regexes"]) for kind in node.types):
            kind = next(kind for kind in node.types if not kind.startswith(("_", "/")))
            group = groups.setdefault(kind, Node(kind))
            group.own.update(node.own)
            group.own["definition_count"] += 1
            group.types |= node.types
            group.devices |= node.devices
            group.children.append(node)
    for group in groups.values():
        group.total = Counter(group.own)
    listed = _sorted(list(groups.values()), options)
    _add_up(listed)
    whole = listed[0].total if listed else Counter[str]()
    start = next((i for i, group in enumerate(listed)
                  if _fits(group.name, options["start_name_regexes"])), len(listed))
    shown: list[Node] = []
    for depth, group in enumerate(listed[start:]):
        if depth > options["max_depth"] or _fits(group.name, options["trim_name_regexes"]):
            break
        if _large_enough(group, options, ("occurrence",)):
            shown.append(group)
    if options["account_displayed_op_only"]:
        _add_up(shown)
        whole = shown[0].total if shown else Counter()
    message = MultiGraphNodeProto(name=ROOT)
    _put_totals(message, whole)
    lines = ["node name | " + " | ".join(_LEGEND[name] for name in _columns(options))]
    at = message
    for group in shown:
        lines.append(f"{group.name:<25}" + ", ".join(_group_cells(group, whole, options)))
        at = at.children.add(name=group.name)
        for count, value in group.own.items():
            if count not in ("run_count", "definition_count"):
                setattr(at, count, value)
        _put_totals(at, group.total)
        for node in group.children:
            at.graph_nodes.add(name=node.name, run_count=node.own["run_count"],
                               exec_micros=node.own["exec_micros"],
                               parameters=node.own["parameters"], float_ops=node.own["float_ops"])
    return message, "\n".join(lines) + "\n"


def _add_up(nodes: list[Node]) -> None:
    """Sets each total to the counts of the node and of those after it."""
    after: Counter[str] = Counter()
    for node in reversed(nodes):
        after = node.total = after + node.own


def _put_totals(message: MultiGraphNodeProto, total: Counter[str]) -> None:
    for count, value in total.items():
        if count not in ("run_count", "definition_count"):
            setattr(message, f"total_{count}", value)


def _group_cells(group: Node, whole: Counter[str], options: dict[str, Any]) -> Iterable[str]:
    for name in [n for n in _columns(options) if n not in ("params", "float_ops")
                 and n in _COUNT_OF and n != "occurrence"] + [
                     n for n in ("params", "float_ops") if n in options["select"]]:
        count = _COUNT_OF[name]
        percent = [100 * held[count] / whole[count] if whole[count] else 0.0
                   for held in (group.total, group.own)]
        unit = {"params": " params", "float_ops": " float_ops"}.get(name, "")
        yield (f"{_text_of(name)(group.own[count])}{unit} ({percent[0]:.2f}%, "
               f"{percent[1]:.2f}%)").rjust(30)
    if "device" in options["select"]:
        yield "|".join(sorted(group.devices))
    if "op_types" in options["select"]:
        yield "|".join(sorted(group.types))
    if "occurrence" in options["select"]:
        yield f"{group.own['run_count']}|{len(group.children)}".rjust(10)


# ---- numbers -------------------------------------------------------------------------------------


def _text_of(name: str) -> Any:
    return _time if name in _TIMES else _memory if name.endswith("bytes") else _number


def _number(n: int) -> str:
    for size, unit in ((1e9, "b"), (1e6, "m"), (1e3, "k")):
        if n >= size:
            return f"{n / size:.2f}{unit}"
    return str(n)


def _time(micros: int) -> str:
    if micros < 1000:
        return f"{micros}us"
    return f"{micros / 1e3:.2f}ms" if micros < 1e6 else f"{micros / 1e6:.2f}sec"


def _memory(count: int) -> str:
    if count < 1000:
        return f"{count}B"
    return f"{count / 1e3:.2f}KB" if count < 1e6 else f"{count / 1e6:.2f}MB"
