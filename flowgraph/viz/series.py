"""Series: what a Python loop made many times, as one group that holds the repetitions.

Two kinds are found, both in the order in which the operations were made:

    layer_1, layer_2, ... layer_12          scopes of one inner structure, one after another
    MatMul, Add, Tanh, MatMul_1, Add_1, ... operations whose types and names repeat block by block

What stands side by side in a group is read as a sequence of keys: type and name without its number
for an operation, kind, name and inner structure for a group. A period p is a series from `start` on
for as long as each key equals the one p places before it.

    [scope rnn]                      [scope rnn]
      MatMul, Add, Tanh,       ->      [series rnn × 2]
      MatMul_1, Add_1, Tanh_1            [repeat 1] MatMul, Add, Tanh
                                         [repeat 2] MatMul_1, Add_1, Tanh_1
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from flowgraph.graph.operation import Operation
from flowgraph.viz.outline import Group, Outline

LEAST = 5  # so many repetitions are a series
_LEAST_OF_ONE = 8  # a row of single operations is only worth a name when it is longer
_PERIODS = 16  # how many lengths of a block are tried
_NUMBER = re.compile(r"_?\d+(?=[_/.\s]|$)")
_NOT_WORK = {"Const", "Placeholder", "PlaceholderWithDefault", "PlaceholderV2", "NoOp", "Parameter"}

_Child = Group | Operation


def add_series(outline: Outline, least: int = LEAST) -> None:
    """Puts a group of kind "series" around what repeats, at every level of an outline.

    The repetitions inside are the scopes themselves, or groups of kind "repeat".
    `outline.copies` then tells for each operation of a later repetition which one of the first it
    repeats.

    Args:
        outline: changed in place; may hold series already.
        least: how many repetitions it takes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     x = fg.placeholder(fg.float32, [2])
        ...     for i in range(12):
        ...         with fg.name_scope(f"layer_{i + 1}"):
        ...             x = fg.square(fg.tanh(x))
        >>> outline = Outline(g)
        >>> add_series(outline)
        >>> [(group.kind, group.title, len(group.groups)) for group in outline.top]
        [('series', 'layer × 12', 12)]
    """
    _Finder(outline, least).run()


def stem(name: str) -> str:
    """A name without the numbers that tell repetitions apart.

    Example:
        >>> stem("layer_12/MatMul_3_grad/conv2d_1")
        'layer/MatMul_grad/conv2d'
    """
    return _NUMBER.sub("", name)


class _Finder:
    def __init__(self, outline: Outline, least: int) -> None:
        self.outline = outline
        self.least = least
        self._number = {op: i for i, op in enumerate(outline.ops)}
        self._ids: dict[object, int] = {}
        self._keys: dict[Group, int] = {}
        self._first: dict[Group, int] = {}
        for group in reversed(outline.groups):
            self._measure(group)

    def run(self) -> None:
        for group in [None, *self.outline.groups]:
            if group is None or group.kind not in ("variable", "series"):
                self._search(group)
        self._note_copies()

    def _measure(self, group: Group) -> None:
        """Notes where a group begins, and its structure; the groups inside come before it."""
        inside = [self._first[inner] for inner in group.groups]
        inside += [self._number[op] for op in group.ops[:1]]
        if group.op is not None:
            inside.append(self._number[group.op])
        self._first[group] = min(inside, default=0)
        structure: tuple[int, ...] = ()
        if group.kind != "variable":  # how it starts makes no other structure
            structure = tuple(self._key(child, group) for child in self._children(group))
        key = (group.kind, stem(group.title), group.role, structure)
        self._keys[group] = self._ids.setdefault(key, len(self._ids))

    def _children(self, group: Group | None) -> list[_Child]:
        """What stands directly in a group, in the order of creation."""
        groups, ops = ((self.outline.top, self.outline.loose) if group is None
                       else (group.groups, group.ops))
        children: list[_Child] = [*groups, *ops]
        return sorted(children, key=lambda child: self._first[child] if isinstance(child, Group)
                      else self._number[child])

    def _key(self, child: _Child, around: Group | None) -> int:
        if isinstance(child, Group):
            return self._keys[child]
        scope = "" if around is None else around.scope
        name = child.name[len(scope) + 1:] if scope and child.name.startswith(f"{scope}/") else (
            child.name)
        return self._ids.setdefault((child.type, stem(name)), len(self._ids))

    # ---- one level -------------------------------------------------------------------------------

    def _search(self, group: Group | None) -> None:
        children = self._children(group)
        if len(children) < self.least:
            return
        keys = [self._key(child, group) for child in children]
        pending = [(0, len(keys))]
        while pending:
            start, end = pending.pop()
            found = self._longest(children, keys, start, end)
            if found is not None:
                first, period, count = found
                blocks = [children[first + i * period:first + (i + 1) * period]
                          for i in range(count)]
                self._wrap(group, blocks, len(children))
                pending += [(start, first), (first + period * count, end)]

    def _longest(self, children: list[_Child], keys: list[int], start: int,
                 end: int) -> tuple[int, int, int] | None:
        """The series that covers most of keys[start:end]: (first, period, count)."""
        last: dict[int, int] = {}
        gaps: Counter[int] = Counter()
        for i in range(start, end):
            if keys[i] in last:
                gaps[i - last[keys[i]]] += 1
            last[keys[i]] = i
        best, best_covered = None, 0
        for period, _ in sorted(gaps.most_common(_PERIODS)):
            i = start
            while i + period < end:
                run = i
                while run + period < end and keys[run] == keys[run + period]:
                    run += 1
                count = (run - i + period) // period
                if count * period > best_covered and count >= self._least_of(
                        children[i:i + period]):
                    best, best_covered = (i, period, count), count * period
                i = run + 1
        return best

    def _least_of(self, block: Sequence[_Child]) -> float:
        """How many repetitions of a block make a series."""
        work = [child for child in block if _is_work(child)]
        if not work:
            return float("inf")
        alone = len(work) == 1 and isinstance(work[0], Operation)
        return max(self.least, _LEAST_OF_ONE) if alone else self.least

    def _wrap(self, around: Group | None, blocks: list[list[_Child]], siblings: int) -> None:
        """Makes the group of one series."""
        outline, count = self.outline, len(blocks)
        first = blocks[0][0]
        covers = sum(map(len, blocks)) * 2 > siblings
        if len(blocks[0]) == 1 and isinstance(first, Group):
            name = stem(first.title) or first.title
        elif around is not None and covers and around.kind in ("scope", "repeat"):
            name = stem(around.title) or around.title
        else:
            name = _types(blocks[0])
        path = f"{first.path if isinstance(first, Group) else first.name} × {count}"
        scope = "" if around is None else around.scope
        series = Group(path, f"{name} × {count}", "series", around, None, scope)
        parts = [outline.add_group(series)]
        for i, block in enumerate(blocks):
            if len(block) == 1 and isinstance(block[0], Group):
                outline.move(block[0], series)
                continue
            repeat = Group(f"{path}: {i + 1}", str(i + 1), "repeat", series, None, scope)
            parts.append(outline.add_group(repeat))
            for child in block:
                outline.move(child, repeat)
        for group in reversed(parts):
            self._measure(group)

    # ---- who repeats whom ------------------------------------------------------------------------

    def _note_copies(self) -> None:
        copies = self.outline.copies
        copies.clear()
        for series in self.outline.groups:
            if series.kind == "series":
                first = list(self._all_ops(series.groups[0]))
                for repeat in series.groups[1:]:
                    copies.update(zip(self._all_ops(repeat), first, strict=False))
        for op in list(copies):  # a series inside a repetition: the first of the first
            while copies[op] in copies:
                copies[op] = copies[copies[op]]
        for group in self.outline.groups:
            if group.kind == "variable" and group.op in copies:
                for op in group.ops:
                    copies[op] = copies[group.op]

    def _all_ops(self, group: Group) -> Iterable[Operation]:
        """The operations of a group in the order of its structure; of a variable only itself."""
        if group.kind == "variable":
            assert group.op is not None
            yield group.op
            return
        for child in self._children(group):
            if isinstance(child, Group):
                yield from self._all_ops(child)
            else:
                yield child


def _is_work(child: _Child) -> bool:
    if isinstance(child, Group):
        return child.kind != "variable" and (
            any(map(_is_work, child.groups)) or any(map(_is_work, child.ops)))
    return child.type not in _NOT_WORK


def _types(block: Sequence[_Child]) -> str:
    """What a block does, as "MatMul + Add + Tanh"."""
    names = list(dict.fromkeys(stem(child.title) if isinstance(child, Group) else child.type
                               for child in block if _is_work(child)))
    return " + ".join(names[:3]) + (" + …" if len(names) > 3 else "")
