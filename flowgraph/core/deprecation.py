"""Old names: a line in the log for each line of the user's that still uses one.

    def to_float(x, name="ToFloat"):
        deprecated("Use `tf.cast` instead.")
        return cast(x, float32, name)

logs once, on the logger "tensorflow" as TensorFlow 1 does:

    From model.py:7: to_float (from flowgraph.ops.cast) is deprecated and will be removed in a
    future version.
    Instructions for updating:
    Use `tf.cast` instead.

What flowgraph itself calls is not logged. `logging.getLogger("tensorflow").setLevel("ERROR")`
silences the lines.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from flowgraph.core.frames import is_library, located

OLD_ORDER = "`flowgraph run --legacy` takes the arguments as they were before."
_told: set[tuple[Any, ...]] = set()  # (what is old, whose file and line uses it)


def deprecated(instructions: str, date: str | None = None, name: str = "") -> None:
    """Logs that the function that calls this is deprecated, once per line of the user's.

    Args:
        instructions: what to write instead.
        date: when TensorFlow meant to remove it, as "2017-03-02".
        name: name of the function, where it is not the one in its `def`.
    """
    function = sys._getframe(1)
    caller = function.f_back
    if caller is not None:
        _tell(function, caller, "{} is", instructions, date, name)


def either(new_name: str, new: Any, old_name: str, old: Any) -> Any:
    """The value of an argument that has an old name too, where TensorFlow logs nothing.

    Args:
        new_name: the argument's name.
        new: what was given under it, or None.
        old_name: the argument's old name.
        old: what was given under that, or None.

    Raises:
        ValueError: both are given.
    """
    if new is not None and old is not None:
        raise ValueError(located(f"Cannot specify both '{old_name}' and '{new_name}': they are one "
                                 f"argument's old and new name. Keep {new_name}."))
    return old if new is None else new


def renamed_argument(new_name: str, new: Any, old_name: str, old: Any,
                     instructions: str = "") -> Any:
    """The value of an argument that has an old name too; logs where the old one is used.

    Args:
        new_name: the argument's name.
        new: what was given under it, or None.
        old_name: the argument's old name.
        old: what was given under that, or None.
        instructions: what to write instead, where another name is not all.

    Raises:
        ValueError: both are given.
    """
    if old is None:
        return new
    either(new_name, new, old_name, old)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None:
        if not is_library(frame.f_back.f_code.co_filename):
            _tell(frame, frame.f_back, f"calling {{}} with {old_name} is",
                  instructions or f"{old_name} is deprecated, use {new_name} instead", None, "")
            break
        frame = frame.f_back
    return old


def _tell(function: FrameType, caller: FrameType, what: str, instructions: str, date: str | None,
          name: str) -> None:
    code = function.f_code  # hashing a code object itself takes a microsecond
    key = name or code.co_name, code.co_filename, what, caller.f_code.co_filename, caller.f_lineno
    if key in _told:
        return
    _told.add(key)
    if is_library(caller.f_code.co_filename):
        return
    from flowgraph.core.logger import logger  # Python's logging is imported when there is a line

    module = function.f_globals.get("__name__", "flowgraph")
    logger().warning(
        "From %s:%d: %s deprecated and will be removed %s.\nInstructions for updating:\n%s",
        caller.f_code.co_filename, caller.f_lineno,
        what.format(f"{name or code.co_name} (from {module})"),
        f"after {date}" if date else "in a future version", instructions)
