"""Conditions on flags: required ones, ranges, flags that exclude each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.platform.flag import Validator
from flowgraph.platform.flag_values import FLAGS, FlagValues

_Check = Callable[[Any], Any]


def _add(flag_values: FlagValues, validator: Validator) -> None:
    for name in validator.names:
        if name not in flag_values:
            raise KeyError(located(f"there is no flag {name!r}", "Define it first."))
    for name in validator.names:
        flag_values[name].validators.append(validator)


def register_validator(flag_name: str, checker: _Check,
                       message: str = "Flag validation failed",
                       flag_values: FlagValues = FLAGS) -> None:
    """Adds a condition on a flag, which must hold when the command line is read and ever after.

    Args:
        flag_name: name of the flag.
        checker: called with the value; False, or a ValidationError, is an error.
        message: what is wrong then.
        flag_values: where the flag is.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_integer("size", 4, "how large", flag_values=flags)
        >>> fg.flags.register_validator("size", lambda size: size % 2 == 0, "must be even", flags)
        >>> flags(["program", "--size=3"])
        Traceback (most recent call last):
        flowgraph.platform.flag.IllegalFlagValueError: flag --size=3: must be even
    """
    _add(flag_values, Validator([flag_name], checker, message, several=False))


def validator(flag_name: str, message: str = "Flag validation failed",
              flag_values: FlagValues = FLAGS) -> Callable[[_Check], _Check]:
    """A decorator that makes a function the condition on a flag.

    Args:
        flag_name: name of the flag.
        message: what is wrong if the function returns False.
        flag_values: where the flag is.

    Returns:
        The decorator, which returns the function as it is.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_integer("size", 4, "how large", flag_values=flags)
        >>> @fg.flags.validator("size", flag_values=flags)
        ... def even(size):
        ...     return size % 2 == 0
    """
    def decorate(function: _Check) -> _Check:
        register_validator(flag_name, function, message, flag_values)
        return function

    return decorate


def register_multi_flags_validator(flag_names: Sequence[str], multi_flags_checker: _Check,
                                   message: str = "Flags validation failed",
                                   flag_values: FlagValues = FLAGS) -> None:
    """Adds a condition on several flags.

    Args:
        flag_names: names of the flags.
        multi_flags_checker: called with a dict of their values; False is an error.
        message: what is wrong then.
        flag_values: where the flags are.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> for name in ("low", "high"):
        ...     _ = fg.flags.DEFINE_integer(name, 0, "a bound", flag_values=flags)
        >>> fg.flags.register_multi_flags_validator(
        ...     ["low", "high"], lambda values: values["low"] <= values["high"],
        ...     "low must not exceed high", flags)
    """
    _add(flag_values, Validator(flag_names, multi_flags_checker, message, several=True))


def multi_flags_validator(flag_names: Sequence[str], message: str = "Flag validation failed",
                          flag_values: FlagValues = FLAGS) -> Callable[[_Check], _Check]:
    """A decorator that makes a function the condition on several flags.

    Args:
        flag_names: names of the flags.
        message: what is wrong if the function returns False.
        flag_values: where the flags are.

    Returns:
        The decorator, which returns the function as it is.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> for name in ("low", "high"):
        ...     _ = fg.flags.DEFINE_integer(name, 0, "a bound", flag_values=flags)
        >>> @fg.flags.multi_flags_validator(["low", "high"], flag_values=flags)
        ... def ordered(values):
        ...     return values["low"] <= values["high"]
    """
    def decorate(function: _Check) -> _Check:
        register_multi_flags_validator(flag_names, function, message, flag_values)
        return function

    return decorate


def mark_flag_as_required(flag_name: str, flag_values: FlagValues = FLAGS) -> None:
    """Makes it an error to leave out a flag; its default must be None.

    Args:
        flag_name: name of the flag.
        flag_values: where the flag is.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_string("data", None, "folder", flag_values=flags)
        >>> fg.flags.mark_flag_as_required("data", flags)
        >>> flags(["program"])
        Traceback (most recent call last):
        flowgraph.platform.flag.IllegalFlagValueError: flag --data=None: Flag --data must have...
    """
    if flag_name in flag_values and flag_values[flag_name].default is not None:
        deprecated(f"Flag --{flag_name} has a non-None default value; therefore, "
                   "mark_flag_as_required will pass even if flag is not specified in the command "
                   "line!")
    register_validator(flag_name, lambda value: value is not None,
                       f"Flag --{flag_name} must have a value other than None.", flag_values)


def mark_flags_as_required(flag_names: Sequence[str], flag_values: FlagValues = FLAGS) -> None:
    """Makes it an error to leave out one of several flags.

    Args:
        flag_names: names of the flags.
        flag_values: where the flags are.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_string("data", None, "folder", flag_values=flags)
        >>> fg.flags.mark_flags_as_required(["data"], flags)
    """
    for name in flag_names:
        mark_flag_as_required(name, flag_values)


def mark_flags_as_mutual_exclusive(flag_names: Sequence[str], required: bool = False,
                                   flag_values: FlagValues = FLAGS) -> None:
    """Lets at most one of several flags be given.

    Args:
        flag_names: names of the flags; their defaults are None.
        required: whether one of them must be given.
        flag_values: where the flags are.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> for name in ("train", "test"):
        ...     _ = fg.flags.DEFINE_string(name, None, "folder", flag_values=flags)
        >>> fg.flags.mark_flags_as_mutual_exclusive(["train", "test"], flag_values=flags)
    """
    words = f"{'Exactly' if required else 'At most'} one of ({', '.join(flag_names)}) must have "

    def check(values: dict[str, Any]) -> bool:
        given = sum(value is not None for value in values.values())
        return given == 1 or (given == 0 and not required)

    register_multi_flags_validator(flag_names, check, f"{words}a value other than None.",
                                   flag_values)


def mark_bool_flags_as_mutual_exclusive(flag_names: Sequence[str], required: bool = False,
                                        flag_values: FlagValues = FLAGS) -> None:
    """Lets at most one of several boolean flags be true.

    Args:
        flag_names: names of the flags.
        required: whether one of them must be true.
        flag_values: where the flags are.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> for name in ("train", "test"):
        ...     _ = fg.flags.DEFINE_bool(name, False, "what to do", flag_values=flags)
        >>> fg.flags.mark_bool_flags_as_mutual_exclusive(["train", "test"], flag_values=flags)
    """
    for name in flag_names:
        if not flag_values[name].boolean:
            raise ValueError(located(f"Flag --{name} is not Boolean, which is required for flags "
                                     "used in mark_bool_flags_as_mutual_exclusive."))
    words = f"{'Exactly' if required else 'At most'} one of ({', '.join(flag_names)}) must be True."

    def check(values: dict[str, Any]) -> bool:
        given = sum(bool(value) for value in values.values())
        return given == 1 or (given == 0 and not required)

    register_multi_flags_validator(flag_names, check, words, flag_values)
