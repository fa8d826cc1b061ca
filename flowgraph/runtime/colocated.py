"""What the operations of a colocation group ask for together, as TensorFlow 1 places them.

    a on /job:w, b beside a on /gpu:1    ->  both are for /job:w/device:GPU:1
    a on /gpu:0, b beside a on /cpu:0    ->  an error; with soft placement each goes its own way
"""

from __future__ import annotations

from flowgraph.errors import InvalidArgumentError, message
from flowgraph.graph.colocation import beside, set_group_device
from flowgraph.graph.devices import merge, parse
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation

_FIELDS = {"job": "jobs", "replica": "replicas", "task": "tasks"}


def settle(graph: Graph, soft: bool) -> list[Operation]:
    """Notes on each operation of a group what the others ask for; gives those with such a note.

    Args:
        graph: the graph.
        soft: whether an operation runs elsewhere when it cannot be where it should.

    Raises:
        InvalidArgumentError: two of one group are meant to be on different devices.
    """
    noted = []
    for members in _groups(graph):
        asking = [op for op in members if op._device]
        device = ""
        for op in reversed(asking):  # TensorFlow names the one that was built last first
            wrong = _misfit(op._device, device)
            if wrong and not soft:
                raise _conflict(asking, op, wrong)
            device = "" if wrong else merge(device, op._device)
            if wrong:
                break
        for op in members:
            if not op._device:
                set_group_device(op, device)
                if device:
                    noted.append(op)
    return noted


def _groups(graph: Graph) -> list[list[Operation]]:
    """The groups of more than one operation, each in the order in which they were built."""
    parents: dict[Operation, Operation] = {}

    def root(op: Operation) -> Operation:
        while (parent := parents.get(op, op)) is not op:
            parents[op] = op = parents.get(parent, parent)
        return op

    for op in graph._operations:
        if op._extra is not None and "colocated" in op._extra:
            for other in beside(op):
                parents.setdefault(op, op)
                parents.setdefault(other, other)
                parents[root(op)] = root(other)
    groups: dict[Operation, list[Operation]] = {}
    for op in sorted(parents, key=lambda op: op.index):
        groups.setdefault(root(op), []).append(op)
    return list(groups.values())


def _misfit(one: str, other: str) -> str:
    """Why no device is both of two, as TensorFlow says it: "types"; "" if one may be."""
    mine, theirs = parse(one), parse(other)
    for field, words in _FIELDS.items():
        if field in mine and field in theirs and mine[field] != theirs[field]:
            return words
    if "device" in mine and "device" in theirs:
        (kind, _, number), (type_, _, id_) = (fields["device"].partition(":")
                                              for fields in (mine, theirs))
        if kind != type_:
            return "types"
        if "*" not in (number, id_) and number != id_:
            return "ids"
    return ""


def _conflict(asking: list[Operation], op: Operation, words: str) -> InvalidArgumentError:
    other = next(one for one in reversed(asking) if _misfit(one._device, op._device))
    return InvalidArgumentError(None, other, message(
        f"Cannot colocate nodes {{{{colocation_node {other.name}}}}} and {{{{colocation_node "
        f"{op.name}}}}}: Cannot merge devices with incompatible {words}: '{other._device}' and "
        f"'{op._device}'",
        [(f"{one.type} {one.name!r}", one._device, str(one.frame)) for one in (other, op)],
        "They are in one group by tf.colocate_with: give both the same device, or write "
        "Session(config=tf.ConfigProto(allow_soft_placement=True)).", "placement-error"))
