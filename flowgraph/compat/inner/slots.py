"""`tensorflow.python.training.slot_creator`: variables that an optimizer keeps for others."""

from __future__ import annotations

from typing import Any

from flowgraph.train.slots import make_slot, make_zeros_slot


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """A variable with a first value, named after another one.

    Args:
        primary: the other one.
        val: the first value.
        name: what follows the other's name.
        colocate_with_primary: says nothing here.
    """
    return make_slot(primary, val, name)


def create_slot_with_initializer(primary: Any, initializer: Any, shape: Any, dtype: Any, name: str,
                                 colocate_with_primary: bool = True) -> Any:
    """A variable with an initializer, named after another one.

    Args:
        primary: the other one.
        initializer: called with the shape and `dtype=`.
        shape: of the variable.
        dtype: of the variable.
        name: what follows the other's name.
        colocate_with_primary: says nothing here.
    """
    return make_slot(primary, initializer(shape, dtype=dtype), name)


def create_zeros_slot(primary: Any, name: str, dtype: Any = None,
                      colocate_with_primary: bool = True) -> Any:
    """A variable of zeros, shaped and named after another one.

    Args:
        primary: the other one.
        name: what follows its name.
        dtype: says nothing here: it is the other's.
        colocate_with_primary: says nothing here.
    """
    return make_zeros_slot(primary, name)
