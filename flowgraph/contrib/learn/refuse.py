"""Arguments that TensorFlow 1 has and that are taken with their usual value alone."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located


def refuse(usual: Any = None, **given: Any) -> None:
    """Refuses arguments with another value than the usual one.

    Args:
        usual: the value that is taken; what is empty or false may stand for it.
        given: the arguments by name.

    Raises:
        ValueError: one of them has another value.
    """
    for name, value in given.items():
        if value and not (isinstance(value, type(usual)) and value == usual):
            raise ValueError(located(f"{name}={value!r:.100} is not offered.",
                                     f"Leave it out; its default is {usual}."))
