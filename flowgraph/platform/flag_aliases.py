"""Second names of flags, changes of defaults, and which flags `--help` prints."""

from __future__ import annotations

from typing import Any

from flowgraph.platform.flag import Flag, FlagHolder, UnrecognizedFlagError
from flowgraph.platform.flag_definitions import DEFINE_flag
from flowgraph.platform.flag_values import FLAGS, FlagValues, calling_module, module_name


def DEFINE_alias(name: str, original_name: str, flag_values: FlagValues = FLAGS,
                 module_name: str | None = None) -> FlagHolder:
    """Adds a second name for a flag.

    Args:
        name: the second name.
        original_name: the first one.
        flag_values: where the flag is.
        module_name: name of the module that defines it; by default the caller's.

    Returns:
        An object with the flag's `value`.

    Raises:
        UnrecognizedFlagError: there is no such flag.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_float("learning_rate", 0.1, "step size", flag_values=flags)
        >>> _ = fg.flags.DEFINE_alias("lr", "learning_rate", flag_values=flags)
        >>> flags(["program", "--lr=0.5"])
        ['program']
        >>> flags.learning_rate
        0.5
    """
    if original_name not in flag_values:
        raise UnrecognizedFlagError(original_name, "", flag_values)
    return DEFINE_flag(_Alias(name, flag_values[original_name]), flag_values, module_name)


class _Alias(Flag):
    """Another name of a flag: what is read and written is the other's."""

    def __init__(self, name: str, other: Flag) -> None:
        self.other = other
        super().__init__(other.parser, name, None, f"Alias for --{other.name}.",
                         boolean=other.boolean, multi=other.multi)

    @property
    def value(self) -> Any:
        return self.other.value

    @value.setter
    def value(self, value: Any) -> None:
        if value is not None:  # the default of an alias is the other's
            self.other.value = value

    def parse(self, argument: str) -> None:
        """Gives the text to the other flag."""
        self.other.parse(argument)
        self.present += 1
        self.using_default_value = False

    def serialize(self) -> str:
        """Nothing: the other flag stands for both."""
        return ""


def set_default(flag_holder: FlagHolder, value: Any) -> None:
    """Changes the default of a flag.

    Args:
        flag_holder: what DEFINE_... returned.
        value: the new default.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> steps = fg.flags.DEFINE_integer("steps", 10, "how many", flag_values=flags)
        >>> fg.flags.set_default(steps, 20)
        >>> steps.default
        20
    """
    flag_holder._values.set_default(flag_holder.name, value)


def override_value(flag_holder: FlagHolder, value: Any) -> None:
    """Gives a flag a value, whatever the command line says.

    Args:
        flag_holder: what DEFINE_... returned.
        value: the value.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> steps = fg.flags.DEFINE_integer("steps", 10, "how many", flag_values=flags)
        >>> flags(["program"])
        ['program']
        >>> fg.flags.override_value(steps, 20)
        >>> steps.value
        20
    """
    setattr(flag_holder._values, flag_holder.name,
            flag_holder._flag._parsed_default(value))


def declare_key_flag(flag_name: str, flag_values: FlagValues = FLAGS) -> None:
    """Lets `--help` of the calling module print a flag that another module defines.

    Args:
        flag_name: name of the flag.
        flag_values: where the flag is.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_integer("steps", 10, "how many", flag_values=flags)
        >>> fg.flags.declare_key_flag("steps", flags)
    """
    if flag_name not in flag_values:
        raise UnrecognizedFlagError(flag_name, "", flag_values)
    flag_values.register_key_flag_for_module(module_name(calling_module()),
                                             flag_values[flag_name])


def adopt_module_key_flags(module: Any, flag_values: FlagValues = FLAGS) -> None:
    """Lets `--help` of the calling module print the flags of another module.

    Args:
        module: the other module.
        flag_values: where the flags are.

    Example:
        >>> import os, flowgraph as fg
        >>> fg.flags.adopt_module_key_flags(os)
    """
    name = module_name(calling_module())
    for flag in flag_values.get_flags_for_module(module):
        flag_values.register_key_flag_for_module(name, flag)


def disclaim_key_flags() -> None:
    """Does nothing: flags belong to the module that calls DEFINE_...

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.disclaim_key_flags()
    """
