"""Kernels for GPUs: instructions of one GPU that feed each other, element by element, become one.

A launch takes 5 us however little there is to do, so sizes do not matter. They need not be known
either: members must have one shape, which can be told from where shapes come from. What is smaller
is broadcast by the kernel, so it may come from outside only.

Then come the ends: a reduction of what only it needs goes into the kernel that computes it. And
groups that write variables by one formula, as the updates of an optimizer are, become one launch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from flowgraph.core.spec import Shape
from flowgraph.program.c_expressions import C_TYPES, expression_of
from flowgraph.program.convex import Growing, Search, results_of, search_through, with_joined
from flowgraph.program.groups import is_part
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.kernel_groups import (
    ROW_OPS,
    KernelGroup,
    arrays_of,
    in_kernel,
    is_literal,
    is_reduction,
    reduced_axes,
)

MOST_ARRAYS = 24  # a kernel takes 4,096 bytes of arguments, and an array of 8 axes is 144 of them
MOST_TENSORS = 4000  # bytes of what a kernel for several tensors is told; 4,096 is CUDA's limit


def gpu_kernels(program: Program) -> Program:
    """Joins instructions of one GPU into kernels.

    Args:
        program: with a device for each instruction; what is on the host stays as it is. Bodies of
            loops and branches are programs of their own.
    """
    if not any(instr.device and (_may_join(instr) or _is_rows(instr)) for instr in program.instrs):
        return program
    search = _Search(program)
    found = search_through(program, search)
    leaving = set(program.results())
    written = {write.value for write in program.writes}
    ends = _Ends(program, leaving)
    joined: dict[Instr, Instr] = {}
    updates: dict[Hashable, list[tuple[Growing, KernelGroup]]] = {}
    for growing in found:
        members = growing.members
        device = members[0].device
        if members[0].op_def.type in ROW_OPS:
            joined[members[0]] = in_kernel(KernelGroup((members[0],), members[0].outputs), device)
            continue
        results = results_of(program, members, leaving)
        end = ends.of(results)
        if end is not None and end.device == device:
            members, results = [*members, end], end.outputs
        if not results:
            continue
        group = KernelGroup(tuple(members), results)
        if all(member.op_def.type == "Assign" for member in members):
            continue  # it takes no time: nothing is copied
        if end is None and not written.isdisjoint(results) and _is_alike(group):
            updates.setdefault((device, formula(group)), []).append((growing, group))
        elif len(members) > 1:
            joined.update(dict.fromkeys(members, in_kernel(group, device)))
    for (device, _), groups in updates.items():  # type: ignore[misc]
        for parts in _together(search, groups):
            members = [member for part in parts for member in part.members]
            if len(members) == 1:
                continue
            group = parts[0] if len(parts) == 1 else KernelGroup(
                tuple(members), tuple(v for part in parts for v in part.results), tuple(parts))
            joined.update(dict.fromkeys(members, in_kernel(group, device)))
    return with_joined(program, joined) if joined else program


# ---- which instructions ------------------------------------------------------------------------


def _may_join(instr: Instr) -> bool:
    """Whether an instruction can be a member that computes element by element."""
    if not instr.device or not instr.is_pure or instr.op_def.host_inputs or not instr.inputs:
        return False
    if not (instr.op_def.elementwise or instr.op_def.type in _LIKE_ELEMENTWISE):
        return False
    if len(instr.outputs) != 1 or any(
            v is not None and not v.device and not _is_number(v, instr) for v in instr.inputs):
        return False
    if instr.op_def.type == "Assign" and not (
            instr.inputs[0] is None and instr.outputs[0].spec.is_static
            and instr.inputs[1].spec.shape == instr.outputs[0].spec.shape):  # type: ignore[union-attr]
        return False
    if instr.op_def.type == "Select" and len({v.spec.shape for v in instr.inputs}) > 1:  # type: ignore[union-attr]
        return False  # it chooses whole rows
    return expression_of(instr) is not None


_LIKE_ELEMENTWISE = {"Assign", "BiasAdd", "Select", "ZerosLike", "OnesLike"}


def _is_number(value: Value, instr: Instr) -> bool:
    """Whether a value of the host is one number."""
    return value.spec.shape == () or is_literal(value, instr)


def _is_rows(instr: Instr) -> bool:
    """Whether an instruction works on whole rows, by a kernel of our own."""
    return bool(instr.device and instr.op_def.type in ROW_OPS and instr.is_pure
                and all(v is not None and v.device and v.spec.dtype.name in C_TYPES
                        for v in instr.inputs)
                and instr.inputs[0].spec.dtype.name in ("float32", "float64")  # type: ignore[union-attr]
                and _same_rows(instr))


def _same_rows(instr: Instr) -> bool:
    """Whether labels, if there are some, are not broadcast."""
    if instr.op_def.type != "SoftmaxCrossEntropyWithLogits":
        return True
    features, labels = instr.inputs
    return features.spec.is_static and features.spec.shape == labels.spec.shape  # type: ignore[union-attr]


class _Shapes:
    """The shapes of values, as keys: where two are equal, so are the shapes.

    Where all sizes are known it is the sizes; else the set of values of whose shapes it is the
    broadcast.
    """

    def __init__(self) -> None:
        self._keys: dict[Value, Hashable] = {}

    def of(self, value: Value) -> Hashable:
        """The key of a value's shape."""
        if value.spec.is_static:
            return value.spec.shape
        return self._keys.get(value) or frozenset((value,))

    def add(self, instr: Instr) -> None:
        """Notes what is known of the result of an elementwise instruction."""
        out = instr.outputs[0]
        if out.spec.is_static:
            return
        sources: set[Value] = set()
        for value in arrays_of(instr):
            if value.spec.is_static:
                if not _fits(value.spec.shape, out.spec.shape):
                    return  # it may be what makes the result large
            else:
                sources |= self.of(value)  # type: ignore[arg-type]
        if sources:
            self._keys[out] = frozenset(sources)


def _fits(inner: Shape, outer: Shape) -> bool:
    """Whether a known shape broadcasts to one that is partly known without making it larger."""
    if outer is None:
        return all(n == 1 for n in inner or ()) and len(inner or ()) <= 1
    return is_part(inner, tuple(-1 if n is None else n for n in outer))


class _Search(Search):
    """Finds the elementwise parts of groups."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._shapes = _Shapes()
        self._uses = program.users

    def choose(self, instr: Instr) -> Growing | None:
        """The group that an instruction goes into; it may make one out of several."""
        if _is_rows(instr):
            return self.begin(None)
        if not _may_join(instr):
            return None
        self._shapes.add(instr)
        shape = (instr.device, self._shapes.of(instr.outputs[0]))
        chosen: list[Any] = []
        for group in reversed(self.sources(instr)):
            if (group.shape == shape and _is_short([*chosen, group], instr, self._uses)
                    and self.is_convex([*chosen, group], instr)):
                chosen.append(group)
        return self.merged(chosen) if chosen else self.begin(shape)


def _is_short(groups: list[Growing], instr: Instr, uses: dict[Value, list[Instr]]) -> bool:
    """Whether a kernel can take all the arrays that a group with these members has."""
    members = [instr, *(member for group in groups for member in group.members)]
    inside = set(members)
    made = {member.outputs[0] for member in members}
    taken = {value for member in members for value in arrays_of(member) if value not in made}
    given = sum(any(user not in inside for user in uses.get(out, ())) for out in made)
    return len(taken) + max(1, given) < MOST_ARRAYS


# ---- ends --------------------------------------------------------------------------------------


class _Ends:
    """The reductions that go into the kernels of what they reduce."""

    def __init__(self, program: Program, leaving: set[Value]) -> None:
        self._uses = program.users
        self._leaving = leaving

    def of(self, results: tuple[Value, ...]) -> Instr | None:
        """The reduction that is all that needs the only result of a group."""
        if len(results) != 1 or results[0] in self._leaving:
            return None
        users = self._uses.get(results[0], ())
        if len(users) != 1:
            return None
        end = users[0]
        return end if is_reduction(end) and _may_end(end) else None


def _may_end(instr: Instr) -> bool:
    dtype = instr.outputs[0].spec.dtype
    if not instr.device or not instr.is_pure or dtype.name not in C_TYPES or dtype.kind == "b":
        return False
    if dtype.kind != "f" and instr.op_def.type == "Mean":
        return False  # it rounds towards zero
    return bool(reduced_axes(instr))


# ---- several tensors at once -------------------------------------------------------------------


def _is_alike(group: KernelGroup) -> bool:
    """Whether all arrays of a group have one known shape, but for single numbers."""
    shape = group.shape
    return (shape is not None and shape != ()
            and all(v.spec.dtype.name != "float16" for v in (*group.inputs, *group.results))
            and all(v.spec.shape in (shape, ()) for v in group.inputs)
            and any(v.spec.shape == shape for v in group.inputs))


def formula(group: KernelGroup) -> Hashable:
    """What a group computes, whatever its arrays are called and however large they are.

    Groups with equal formulas take the same single numbers.
    """
    numbers: dict[Value, Hashable] = {}
    lines: list[Hashable] = []
    for i, member in enumerate(group.members):
        taken: list[Hashable] = []
        for value in member.inputs:
            if value is None:
                continue
            if value not in numbers:
                if is_literal(value, member):
                    numbers[value] = ("literal", value.spec.dtype.name, value.const.tobytes())  # type: ignore[union-attr]
                elif value.spec.shape == ():
                    numbers[value] = ("number", id(value))
                else:
                    numbers[value] = ("array", len(numbers), value.spec.dtype.name)
            taken.append(numbers[value])
        out = member.outputs[0]
        numbers[out] = ("member", i, out in group.results)
        attrs = tuple(sorted((key, repr(value)) for key, value in member.attrs.items()))
        lines.append((member.op_def.type, attrs, tuple(taken), out.spec.dtype.name))
    return tuple(lines)


def _together(search: Search, groups: Iterable[tuple[Growing, KernelGroup]]
              ) -> Iterable[list[KernelGroup]]:
    """Groups of one formula in as few lists as may run at once, and as a launch can be told of."""
    lists: list[tuple[Growing, list[KernelGroup]]] = []
    for growing, group in groups:
        for i, (whole, parts) in enumerate(lists):
            if argument_bytes(group, len(parts) + 1) <= MOST_TENSORS and search.is_convex(
                    [whole, growing]):
                parts.append(group)
                lists[i] = (search.merged([whole, growing]), parts)
                break
        else:
            lists.append((growing, [group]))
    return [parts for _, parts in lists]


def argument_bytes(group: KernelGroup, tensors: int) -> int:
    """What a kernel for several tensors is told of them.

    Args:
        group: of one tensor.
        tensors: of how many: pointers, a size, the last block of each; numbers are told once.
    """
    numbers = sum(v.spec.shape == () for v in group.inputs)
    arrays = len(group.inputs) - numbers + len(group.results)
    return (8 * arrays + 12) * tensors + 8 * numbers
