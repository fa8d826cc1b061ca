"""One command-line flag, and the errors of flags."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.errors import FlowgraphError
from flowgraph.platform.flag_parsers import ArgumentParser


class Error(FlowgraphError):
    """Base of the errors of flags."""


class CantOpenFlagFileError(Error):
    """The file of `--flagfile` cannot be read."""


class DuplicateFlagError(Error):
    """A flag is defined twice."""


class IllegalFlagValueError(Error):
    """A flag got a value that it does not take."""


class UnparsedFlagAccessError(Error):
    """A flag was read before the command line was."""


class ValidationError(Error):
    """A validator says no."""


class FlagNameConflictsWithMethodError(Error):
    """A flag has the name of a method of FLAGS."""


class UnrecognizedFlagError(Error):
    """There is no such flag.

    Args:
        flagname: name of the flag.
        flagvalue: what was given for it.
        suggestions: names of flags that may be meant.
    """

    def __init__(self, flagname: str, flagvalue: str = "",
                 suggestions: Iterable[str] = ()) -> None:
        self.flagname, self.flagvalue = flagname, flagvalue
        close = difflib.get_close_matches(flagname, list(suggestions))
        super().__init__(f"Unknown command line flag '{flagname}'"
                         + (f". Did you mean: {', '.join(close)} ?" if close else ""))


class Flag:
    """A flag: its name, its default, and the value it has now.

    Args:
        parser: how text becomes the value.
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        short_name: a second, short name.
        boolean: whether it stands without a value, as `--name` or `--noname`.
        multi: whether it may be given several times, for a list of values.
        allow_override: whether it may be defined again.

    Example:
        >>> import flowgraph as fg
        >>> flag = fg.flags.Flag(fg.flags.IntegerParser(), "steps", 100, "number of steps")
        >>> flag.value
        100
    """

    def __init__(self, parser: ArgumentParser, name: str, default: Any, help: str | None,
                 short_name: str | None = None, boolean: bool = False, multi: bool = False,
                 allow_override: bool = False) -> None:
        self.parser, self.name, self.short_name = parser, name, short_name
        self.help = help or "(no help available)"
        self.boolean, self.multi, self.allow_override = boolean, multi, allow_override
        self.validators: list[Validator] = []
        self.module = ""
        self.set_default(default)

    def set_default(self, default: Any) -> None:
        """Changes the default, and the value if the command line did not give one.

        Args:
            default: the new default, as value or as text.
        """
        self.default = self._parsed_default(default)
        self.default_unparsed = default
        if not getattr(self, "present", 0):
            self.unparse()

    def _parsed_default(self, default: Any) -> Any:
        if default is None:
            return None
        if self.multi:
            return [self._parsed(part)
                    for part in (default if isinstance(default, (list, tuple)) else [default])]
        return self._parsed(default)

    def unparse(self) -> None:
        """Goes back to the default."""
        self.value, self.using_default_value, self.present = self.default, True, 0

    def parse(self, argument: str) -> None:
        """Takes the value from the command line.

        Args:
            argument: the text.
        """
        value = self._parsed(argument)
        self.value = (([*self.value] if self.present else []) + [value]) if self.multi else value
        self.present += 1
        self.using_default_value = False

    def _parsed(self, argument: Any) -> Any:
        try:
            return self.parser.parse(argument)
        except (TypeError, ValueError, OverflowError) as error:
            text = f"flag --{self.name}={argument}: {error}"
            raise IllegalFlagValueError(text) from None

    def flag_type(self) -> str:
        """The kind of value, for `--help`."""
        return ("multi " if self.multi else "") + self.parser.flag_type()

    def serialize(self) -> str:
        """The flag as it stands on the command line; several lines if it has several values."""
        if self.value is None:
            return ""
        if self.boolean:
            return f"--{'' if self.value else 'no'}{self.name}"
        return "\n".join(f"--{self.name}={self.parser.serialize(value)}"
                         for value in (self.value if self.multi else [self.value]))

    def default_text(self) -> str:
        """The default, for `--help`."""
        if self.boolean:
            return str(bool(self.default)).lower()
        return str(self.default) if self.multi else self.parser.serialize(self.default)

    def help_text(self, prefix: str = "  ") -> str:
        """The lines about the flag that `--help` prints.

        Args:
            prefix: what stands before each line.
        """
        short = f"-{self.short_name}," if self.short_name else ""
        values = getattr(self.parser, "enum_values", None)
        choice = f"<{'|'.join(values)}>: " if values else ""
        lines = [f"{prefix}{short}--{'[no]' if self.boolean else ''}{self.name}: {choice}"
                 f"{self.help}" + (";" if self.multi else "")]
        if self.multi:
            lines.append(f"{prefix}  repeat this option to specify a list of values")
        if self.default is not None:
            lines.append(f"{prefix}  (default: '{self.default_text()}')")
        if self.parser.syntactic_help:
            lines.append(f"{prefix}  ({self.parser.syntactic_help})")
        return "\n".join(lines)

    def __str__(self) -> str:
        """The value: old programs print the values of `FLAGS.__flags`."""
        return str(self.value)


class Validator:
    """A condition on the values of one or several flags.

    Args:
        names: names of the flags.
        check: called with the value of the one flag, or with a dict of values by name.
        message: what is wrong when it returns False.
        several: whether `check` takes a dict.
    """

    def __init__(self, names: Iterable[str], check: Callable[[Any], Any], message: str,
                 several: bool) -> None:
        self.names, self.check, self.message, self.several = list(names), check, message, several

    def verify(self, values: dict[str, Any]) -> None:
        """Raises IllegalFlagValueError if the condition does not hold.

        Args:
            values: values of all flags, by name.
        """
        mine = {name: values[name] for name in self.names}
        shown = ", ".join(f"{name}={value}" for name, value in mine.items())
        head = f"flags {shown}" if self.several else f"flag --{shown}"
        try:
            fine = self.check(mine if self.several else mine[self.names[0]])
        except ValidationError as error:
            raise IllegalFlagValueError(f"{head}: {error}") from None
        if not fine:
            raise IllegalFlagValueError(f"{head}: {self.message}")


class FlagHolder:
    """What `DEFINE_...` returns: the flag's value without the flag's name as an attribute.

    Args:
        flag_values: the FlagValues that the flag is in.
        flag: the flag.
        ensure_non_none_value: whether reading None is an error.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> steps = fg.flags.DEFINE_integer("steps", 100, "number of steps", flag_values=flags)
        >>> flags(["program", "--steps=7"])
        ['program']
        >>> steps.value
        7
    """

    def __init__(self, flag_values: Any, flag: Flag, ensure_non_none_value: bool = False) -> None:
        self._values, self._flag, self._needed = flag_values, flag, ensure_non_none_value

    @property
    def name(self) -> str:
        """Name of the flag."""
        return self._flag.name

    @property
    def value(self) -> Any:
        """Value of the flag."""
        value = getattr(self._values, self._flag.name)
        if value is None and self._needed:
            raise IllegalFlagValueError(located(f"Unexpected None value for flag {self.name}"))
        return value

    @property
    def default(self) -> Any:
        """Default of the flag."""
        return self._flag.default

    @property
    def present(self) -> bool:
        """Whether the command line gave it."""
        return bool(self._flag.present)

    def __bool__(self) -> bool:
        raise TypeError(located("bool() not supported for instances of type FlagHolder (did you "
                                "mean to use '.value'?)"))
