"""Nested structures: lists, tuples, namedtuples and dicts of anything, in any depth.

    structure = {"b": (x, [y]), "a": z}
    flatten(structure)                              [z, x, y]      dicts go by sorted key
    pack_sequence_as(structure, [1, 2, 3])          {"b": (2, [3]), "a": 1}

What is not one of these is a leaf: tensors, variables, arrays, text, None. Some leaves are made of
several tensors (IndexedSlices, SparseTensor); with `expand_composites` they are opened as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MappingView, Sequence
from typing import Any

from flowgraph.core.frames import located

Parts = Callable[[Any], list[Any]]
Remake = Callable[[Any, list[Any]], Any]
_composites: dict[type, tuple[Parts, Remake]] = {}


def register_composite(kind: type, parts: Parts, remake: Remake) -> None:
    """Says that objects of a class stand for several tensors.

    Args:
        kind: the class.
        parts: from an object to the list of its tensors.
        remake: from an object and a list of as many new tensors to another object like it.
    """
    _composites[kind] = parts, remake


def is_composite(value: Any) -> bool:
    """Whether a value is a leaf that stands for several tensors."""
    return type(value) in _composites


def is_nested(seq: Any) -> bool:
    """Whether a value is a list, tuple, namedtuple or dict: no leaf.

    Args:
        seq: any value.

    Example:
        >>> import flowgraph as fg
        >>> fg.nest.is_nested([]), fg.nest.is_nested("text")
        (True, False)
    """
    return (isinstance(seq, (list, tuple, dict, Mapping, MappingView, Sequence))
            and not isinstance(seq, (str, bytes, bytearray, memoryview)))


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """Lists the leaves of a structure, depth first; dicts go by sorted key.

    Args:
        structure: nested structure, or a single leaf.
        expand_composites: whether objects that are made of several tensors, as SparseTensor, give
            these.

    Returns:
        The leaves; `[structure]` for a leaf.

    Raises:
        TypeError: the keys of a dict cannot be sorted.

    Example:
        >>> import flowgraph as fg
        >>> fg.nest.flatten({"b": (2, [3]), "a": 1})
        [1, 2, 3]
    """
    leaves: list[Any] = []
    _flatten_into(leaves, structure, expand_composites)
    return leaves


def _flatten_into(leaves: list[Any], structure: Any, expand: bool) -> None:
    if is_nested(structure) or (expand and type(structure) in _composites):
        for _, item in _items(structure):
            _flatten_into(leaves, item, expand)
    else:
        leaves.append(structure)


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """Puts leaves into a structure: the opposite of `flatten`.

    Args:
        structure: nested structure, or a leaf; it tells the form, its leaves do not matter.
        flat_sequence: list of the new leaves, in the order of `flatten`.
        expand_composites: whether objects that are made of several tensors take these.

    Returns:
        A structure of the same form and types that holds the new leaves; the leaf alone when
        `structure` is one.

    Raises:
        TypeError: `flat_sequence` is no sequence.
        ValueError: there are too many or too few leaves.

    Example:
        >>> import flowgraph as fg
        >>> fg.nest.pack_sequence_as({"b": (0, [0]), "a": 0}, [1, 2, 3])
        {'b': (2, [3]), 'a': 1}
    """
    if not is_nested(flat_sequence):
        raise TypeError(located("flat_sequence must be a list of leaves, not "
                                f"{_kind(flat_sequence)}"))
    count = len(flatten(structure, expand_composites))
    leaves = flatten_once(flat_sequence)
    if len(leaves) != count:
        raise ValueError(located(f"flat_sequence has {len(leaves)} leaves, but the structure has "
                                 f"room for {count}: {structure!r:.200}"))
    return _pack(structure, iter(leaves), expand_composites)


def _pack(structure: Any, leaves: Iterator[Any], expand: bool) -> Any:
    if is_nested(structure) or (expand and type(structure) in _composites):
        return pack_once(structure, [_pack(item, leaves, expand) for _, item in _items(structure)])
    return next(leaves)


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Applies a function to the leaves that stand at one place in several structures.

    Args:
        func: takes one leaf from each structure.
        structure: structures of one form.
        check_types: whether lists, tuples and other kinds must agree as well (default True).
        expand_composites: whether objects that are made of several tensors are opened (default
            False).

    Returns:
        A structure of the form of the first, with the function's results.

    Raises:
        TypeError: `func` cannot be called, or the kinds differ.
        ValueError: there is no structure, or the forms differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.nest.map_structure(lambda a, b: a + b, [1, (2,)], [10, (20,)])
        [11, (22,)]
    """
    check_types = kwargs.pop("check_types", True)
    expand = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(located("map_structure takes the keywords check_types and "
                                 f"expand_composites, not {', '.join(sorted(kwargs))}"))
    if not callable(func):
        raise TypeError(located(f"func must be callable, not {func!r}"))
    if not structure:
        raise ValueError(located("map_structure needs at least one structure"))
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand)
    columns = [flatten(one, expand) for one in structure]
    return pack_sequence_as(structure[0], [func(*leaves) for leaves in zip(*columns, strict=True)],
                            expand)


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True,
                          expand_composites: bool = False) -> None:
    """Checks that two structures have one form; their leaves do not matter.

    Args:
        nest1: nested structure, or a leaf.
        nest2: nested structure, or a leaf.
        check_types: whether lists, tuples and other kinds, and the keys of dicts, must agree as
            well. Dicts of different classes agree if their keys do, namedtuples if their names and
            fields do.
        expand_composites: whether objects that are made of several tensors are opened.

    Raises:
        TypeError: the forms agree but the kinds differ.
        ValueError: the forms differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.nest.assert_same_structure([1, (2, 3)], ["x", ("y", "z")])
    """
    try:
        check_same(nest1, nest2, check_types, expand_composites)
    except (TypeError, ValueError) as error:
        raise type(error)(located(str(error))) from None


def check_same(a: Any, b: Any, check_types: bool = True, expand: bool = False,
               path: str = "") -> None:
    """`assert_same_structure` with the bare reason, for callers that say where it happened.

    Args:
        a: nested structure, or a leaf.
        b: nested structure, or a leaf.
        check_types: as of `assert_same_structure`.
        expand: its `expand_composites`.
        path: where in the whole structure these two stand; for the message.
    """
    at = f" at {path.lstrip('.')}" if path else ""
    opened = [is_nested(x) or (expand and type(x) in _composites) for x in (a, b)]
    if not opened[0] and not opened[1]:
        return
    if opened[0] != opened[1]:
        leaf, other = (a, b) if opened[1] else (b, a)
        raise ValueError(f"the structures differ{at}: {_kind(leaf)} is a leaf, {_kind(other)} is "
                         f"none; they are {a!r:.100} and {b!r:.100}")
    if check_types:
        if not _same_kind(a, b):
            raise TypeError(f"the structures differ{at}: {_kind(a)} and {_kind(b)}")
        if isinstance(a, Mapping) and set(a) != set(b):
            raise ValueError(f"the structures differ{at}: the keys are {list(a)} and {list(b)}")
    items, others = list(_items(a)), list(_items(b))
    if len(items) != len(others):
        raise ValueError(f"the structures differ{at}: they have {len(items)} and {len(others)} "
                         f"elements, {a!r:.100} and {b!r:.100}")
    for (key, item), (_, other) in zip(items, others, strict=True):
        check_same(item, other, check_types, expand, f"{path}{key}")


def _same_kind(a: Any, b: Any) -> bool:
    if type(a) is type(b) or (isinstance(a, Mapping) and isinstance(b, Mapping)):
        return True
    if is_namedtuple(a) and is_namedtuple(b):
        return type(a).__name__ == type(b).__name__ and a._fields == b._fields
    return isinstance(a, list) and isinstance(b, list)


def is_namedtuple(value: Any) -> bool:
    """Whether a value's class was made by `collections.namedtuple`.

    Args:
        value: any value.
    """
    return isinstance(value, tuple) and isinstance(getattr(value, "_fields", None), tuple)


def flatten_once(structure: Any) -> list[Any]:
    """The elements of a structure, not opened further; of a dict, the values by sorted key.

    Args:
        structure: a list, tuple or dict.
    """
    return [item for _, item in _items(structure)]


def pack_once(structure: Any, items: list[Any]) -> Any:
    """Puts elements into a structure: the opposite of `flatten_once`.

    Args:
        structure: a list, tuple or dict that tells the class and the keys.
        items: the new elements, in the order of `flatten_once`.
    """
    kind: Any = type(structure)
    if kind in _composites:
        return _composites[kind][1](structure, items)
    if isinstance(structure, Mapping):
        by_key = dict(zip(_sorted_keys(structure), items, strict=True))
        pairs = [(key, by_key[key]) for key in structure]
        return (defaultdict(structure.default_factory, pairs) if isinstance(structure, defaultdict)
                else kind(pairs))
    if is_namedtuple(structure):
        return kind(*items)
    if isinstance(structure, (range, MappingView)):  # these hold nothing of their own
        return list(items)
    return kind(items)


def flatten_up_to(shallow: Any, structure: Any) -> list[Any]:
    """What stands in `structure` at the places of the leaves of `shallow`, opened no further.

    Args:
        shallow: structure that tells how far to go.
        structure: structure of that form, whose leaves may be structures again.

    Raises:
        TypeError: the kinds differ, or `structure` ends too early.
        ValueError: the forms differ.
    """
    if not is_nested(shallow):
        return [structure]
    if not is_nested(structure):
        raise TypeError(located(f"expected {_kind(shallow)} like {shallow!r:.100}, got "
                                f"{_kind(structure)}"))
    if not _same_kind(shallow, structure):
        raise TypeError(located(f"the structures differ: {_kind(shallow)} and {_kind(structure)}"))
    if isinstance(shallow, Mapping) and set(shallow) != set(structure):
        raise ValueError(located(f"the structures differ: the keys are {list(shallow)} and "
                                 f"{list(structure)}"))
    items, others = flatten_once(shallow), flatten_once(structure)
    if len(items) != len(others):
        raise ValueError(located(f"the structures differ: they have {len(items)} and {len(others)} "
                                 "elements"))
    return [leaf for item, other in zip(items, others, strict=True)
            for leaf in flatten_up_to(item, other)]


def _items(structure: Any) -> Iterator[tuple[str, Any]]:
    """(where, element) of a structure that is no leaf, in the order of `flatten`."""
    if isinstance(structure, Mapping):
        for key in _sorted_keys(structure):
            yield f"[{key!r}]", structure[key]
    elif is_namedtuple(structure):
        for field, item in zip(structure._fields, structure, strict=True):
            yield f".{field}", item
    else:
        composite = _composites.get(type(structure))
        for i, item in enumerate(structure if composite is None else composite[0](structure)):
            yield f"[{i}]", item


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError:
        raise TypeError(located("the keys of a dict in a nested structure must be sortable, got "
                                f"{list(mapping)}")) from None


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"
