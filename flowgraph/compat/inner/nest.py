"""`tensorflow.python.util.nest`: what of it is not public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.nest import flatten, flatten_up_to, is_nested, pack_sequence_as

is_sequence = is_nested
is_sequence_or_composite = is_nested
is_nested_or_composite = is_nested


def map_structure_up_to(shallow_tree: Any, func: Any, *inputs: Any, **kwargs: Any) -> Any:
    """Calls a function with what stands at each leaf of a shallow structure.

    Args:
        shallow_tree: the structure.
        func: the function.
        *inputs: structures that may go deeper.
        **kwargs: further arguments of `func`.
    """
    parts = [flatten_up_to(shallow_tree, structure) for structure in inputs]
    return pack_sequence_as(shallow_tree, [func(*leaf, **kwargs) for leaf in zip(*parts)])


def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> None:
    """Checks that a structure goes at least as deep as a shallow one.

    Raises:
        ValueError, TypeError: it does not.
    """
    flatten_up_to(shallow_tree, input_tree)


def flatten_dict_items(dictionary: Mapping[Any, Any]) -> dict[Any, Any]:
    """A dict whose keys and values are the leaves of nested ones.

    Args:
        dictionary: a key may be a structure; its value is then one like it.

    Raises:
        ValueError: a key and its value are not alike, or a key comes twice.
    """
    flat: dict[Any, Any] = {}
    for key, value in dictionary.items():
        keys, values = flatten(key), flatten(value)
        if len(keys) != len(values):
            raise ValueError(located(f"the key {key!r} has {len(keys)} parts and its value "
                                     f"{len(values)}"))
        for one, leaf in zip(keys, values, strict=True):
            if one in flat:
                raise ValueError(located(f"the key {one!r} comes twice"))
            flat[one] = leaf
    return flat
