"""`tf.flags.DEFINE_...`: each adds a flag to `tf.flags.FLAGS`.

All take `flag_values`, the FlagValues to add the flag to, and `required`: whether the flag must be
given. The names of the arguments before TensorFlow 1.5 (flag_name, default_value, docstring) work
too.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.platform.flag import Flag, FlagHolder, ValidationError
from flowgraph.platform.flag_parsers import (
    ArgumentParser,
    BooleanParser,
    EnumClassParser,
    EnumParser,
    FloatParser,
    IntegerParser,
)
from flowgraph.platform.flag_validators import mark_flag_as_required, register_validator
from flowgraph.platform.flag_values import FLAGS, FlagValues, calling_module

_OLD_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


def _takes_old_names(function: Callable[..., FlagHolder]) -> Callable[..., FlagHolder]:
    """Lets a function take the argument names of TensorFlow before 1.5."""

    @wraps(function)
    def define(*args: Any, **kwargs: Any) -> FlagHolder:
        old = _OLD_NAMES.keys() & kwargs.keys()
        if old:
            deprecated("Use of the keyword argument names (flag_name, default_value, docstring) "
                       "is deprecated, please use (name, default, help) instead.",
                       name=function.__name__)
        return function(*args, **{_OLD_NAMES.get(key, key): value for key, value in kwargs.items()})

    return define


def DEFINE_flag(flag: Flag, flag_values: FlagValues = FLAGS, module_name: str | None = None,
                required: bool = False) -> FlagHolder:
    """Adds a flag.

    Args:
        flag: the flag.
        flag_values: where to add it.
        module_name: name of the module that defines it, for `--help`; by default the caller's.
        required: whether it must be given.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> flag = fg.flags.Flag(fg.flags.ArgumentParser(), "color", "red", "the color")
        >>> fg.flags.DEFINE_flag(flag, flags).name
        'color'
    """
    if required and flag.default is not None:
        raise ValueError(located(f"Required flag --{flag.name} needs to have None as default"))
    flag_values.register_flag(flag.name, flag, calling_module())
    if module_name is not None:
        flag.module = module_name
    if required:
        mark_flag_as_required(flag.name, flag_values)
    return FlagHolder(flag_values, flag, ensure_non_none_value=required)


def DEFINE(parser: ArgumentParser, name: str, default: Any, help: str | None,
           flag_values: FlagValues = FLAGS, serializer: Any = None,
           module_name: str | None = None, required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag whose text is read by a parser.

    Args:
        parser: an ArgumentParser.
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        flag_values: where to add it.
        serializer: without effect: the parser writes values too.
        module_name: name of the module that defines it; by default the caller's.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> rate = fg.flags.DEFINE(fg.flags.FloatParser(0.0), "rate", 0.1, "rate", flags)
        >>> rate.default
        0.1
    """
    return DEFINE_flag(Flag(parser, name, default, help, **args), flag_values, module_name,
                       required)


@_takes_old_names
def DEFINE_string(name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS,
                  required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes text.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_string("color", "red", "the color", flag_values=flags)
        >>> flags(["program", "--color=blue"])
        ['program']
        >>> flags.color
        'blue'
    """
    return DEFINE(ArgumentParser(), name, default, help, flag_values, required=required, **args)


@_takes_old_names
def DEFINE_boolean(name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS,
                   module_name: str | None = None, required: bool = False,
                   **args: Any) -> FlagHolder:
    """Adds a flag that is true or false: `--name` or `--noname`.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        module_name: name of the module that defines it; by default the caller's.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_boolean("fast", False, "hurry", flag_values=flags)
        >>> flags(["program", "--fast"])
        ['program']
        >>> flags.fast
        True
    """
    return DEFINE(BooleanParser(), name, default, help, flag_values, module_name=module_name,
                  required=required, boolean=True, **args)


DEFINE_bool = DEFINE_boolean


@_takes_old_names
def DEFINE_float(name: str, default: Any, help: str | None, lower_bound: float | None = None,
                 upper_bound: float | None = None, flag_values: FlagValues = FLAGS,
                 required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes a number.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        lower_bound: the smallest number that is taken.
        upper_bound: the largest one.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_float("rate", 0.1, "learning rate", flag_values=flags)
        >>> flags(["program", "--rate=1e-3"])
        ['program']
        >>> flags.rate
        0.001
    """
    return _define_number(FloatParser(lower_bound, upper_bound), name, default, help, flag_values,
                          required=required, **args)


@_takes_old_names
def DEFINE_integer(name: str, default: Any, help: str | None, lower_bound: float | None = None,
                   upper_bound: float | None = None, flag_values: FlagValues = FLAGS,
                   required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes a whole number.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        lower_bound: the smallest number that is taken.
        upper_bound: the largest one.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_integer("steps", 10, "how many", flag_values=flags)
        >>> flags(["program", "--steps", "20"])
        ['program']
        >>> flags.steps
        20
    """
    return _define_number(IntegerParser(lower_bound, upper_bound), name, default, help, flag_values,
                          required=required, **args)


def _define_number(parser: FloatParser | IntegerParser, name: str, default: Any, help: str | None,
                   flag_values: FlagValues, **args: Any) -> FlagHolder:
    """A flag whose bounds hold for the values that a program assigns, too."""
    def within(value: Any) -> bool:
        try:
            if value is not None:
                parser.check(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return True

    made = DEFINE(parser, name, default, help, flag_values, **args)
    if parser.lower_bound is not None or parser.upper_bound is not None:
        register_validator(name, within, flag_values=flag_values)
    return made


def DEFINE_enum(name: str, default: Any, enum_values: Sequence[str], help: str | None,
                flag_values: FlagValues = FLAGS, module_name: str | None = None,
                required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes one of several texts.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        enum_values: the texts that it takes.
        help: what the flag is for.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        module_name: name of the module that defines it; by default the caller's.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_enum("optimizer", "sgd", ["sgd", "adam"], "which",
        ...     flag_values=flags)
        >>> flags(["program", "--optimizer=adam"])
        ['program']
        >>> flags.optimizer
        'adam'
    """
    return DEFINE(EnumParser(enum_values), name, default, help, flag_values,
                  module_name=module_name, required=required, **args)


def DEFINE_enum_class(name: str, default: Any, enum_class: type[enum.Enum], help: str | None,
                      flag_values: FlagValues = FLAGS, module_name: str | None = None,
                      case_sensitive: bool = False, required: bool = False,
                      **args: Any) -> FlagHolder:
    """Adds a flag that takes the name of a member of an Enum class.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        enum_class: the class.
        help: what the flag is for.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        module_name: name of the module that defines it; by default the caller's.
        case_sensitive: whether capital letters matter.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import enum, flowgraph as fg
        >>> Color = enum.Enum("Color", ["RED", "BLUE"])
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_enum_class("color", None, Color, "which", flag_values=flags)
        >>> flags(["program", "--color=red"])
        ['program']
        >>> flags.color
        <Color.RED: 1>
    """
    return DEFINE(EnumClassParser(enum_class, case_sensitive), name, default, help, flag_values,
                  module_name=module_name, required=required, **args)
