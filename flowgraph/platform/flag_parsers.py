"""How the text of a command-line flag becomes a value, and how a value is written as text."""

from __future__ import annotations

import csv
import enum
import io
import math
from collections.abc import Sequence
from typing import Any


class ArgumentParser:
    """Takes text as it is; the base of the parsers of flags.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.ArgumentParser().parse("text")
        'text'
    """

    syntactic_help = ""  # what the text must look like, for --help
    kind = "string"

    def parse(self, argument: Any) -> Any:
        """The value of a text; a default that is a value already is checked.

        Args:
            argument: the text or value.

        Raises:
            ValueError, TypeError: it is no such value.
        """
        if not isinstance(argument, str):
            raise TypeError(f'flag value must be a string, found "{type(argument)}"')
        return argument

    def flag_type(self) -> str:
        """The kind of value, for `--help`."""
        return self.kind

    def serialize(self, value: Any) -> str:
        """A value as text that `parse` takes.

        Args:
            value: the value.
        """
        return str(value)


class _Bounded(ArgumentParser):
    """Numbers within bounds."""

    noun = ""

    def __init__(self, lower_bound: float | None = None, upper_bound: float | None = None) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound
        lower, upper, within = lower_bound, upper_bound, ""
        if lower is not None and upper is not None:
            within = f" in the range [{lower}, {upper}]"
        elif lower is not None:
            within = f" >= {lower}"
        elif upper is not None:
            within = f" <= {upper}"
        self.syntactic_help = self.noun + within

    def check(self, value: Any) -> Any:
        """The number, if it is within the bounds; else ValueError.

        Args:
            value: the number.
        """
        lower, upper = self.lower_bound, self.upper_bound
        if (lower is not None and value < lower) or (upper is not None and value > upper) or (
                (lower is not None or upper is not None) and math.isnan(value)):
            raise ValueError(f"{value} is not {self.syntactic_help}")
        return value


class FloatParser(_Bounded):
    """Floating-point numbers.

    Args:
        lower_bound: the smallest number that is taken.
        upper_bound: the largest one.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.FloatParser(upper_bound=1.0).parse("1e-3")
        0.001
    """

    kind, noun = "float", "a number"

    def parse(self, argument: Any) -> float:
        """A number."""
        if isinstance(argument, bool) or not isinstance(argument, (str, int, float)):
            raise TypeError("Expect argument to be a string, int, or float, found "
                            f"{type(argument)}")
        return float(self.check(float(argument)))

    def serialize(self, value: Any) -> str:
        """All its digits."""
        return repr(value)


class IntegerParser(_Bounded):
    """Whole numbers, also as 0x1f and 0o17.

    Args:
        lower_bound: the smallest number that is taken.
        upper_bound: the largest one.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.IntegerParser().parse("0x1f")
        31
    """

    kind, noun = "int", "an integer"

    def parse(self, argument: Any) -> int:
        """A whole number."""
        if isinstance(argument, bool) or not isinstance(argument, (str, int)):
            raise TypeError(f"Expect argument to be a string or int, found {type(argument)}")
        if isinstance(argument, str):
            argument = int(argument, {"0x": 16, "0o": 8}.get(argument[:2], 10))
        return int(self.check(argument))


class BooleanParser(ArgumentParser):
    """True or false.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.BooleanParser().parse("false")
        False
    """

    kind = "bool"

    def parse(self, argument: Any) -> bool:
        """True for true, t and 1; False for false, f and 0."""
        if isinstance(argument, str):
            if argument.lower() in ("true", "t", "1"):
                return True
            if argument.lower() in ("false", "f", "0"):
                return False
        elif isinstance(argument, (int, float)) and argument in (0, 1):
            return bool(argument)
        raise ValueError(f"Non-boolean argument to boolean flag: {argument!r}. Write true or false")


class EnumParser(ArgumentParser):
    """One of several texts.

    Args:
        enum_values: the texts.
        case_sensitive: whether capital letters matter.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.EnumParser(["adam", "sgd"]).parse("sgd")
        'sgd'
    """

    kind = "string enum"

    def __init__(self, enum_values: Sequence[str], case_sensitive: bool = True) -> None:
        if not enum_values:
            raise ValueError(f"enum_values cannot be empty, found {enum_values!r}")
        self.enum_values, self.case_sensitive = list(enum_values), case_sensitive

    def parse(self, argument: Any) -> str:
        """The one of the texts that it is."""
        for value in self.enum_values:
            if value == argument or (not self.case_sensitive
                                     and value.lower() == str(argument).lower()):
                return value
        raise ValueError(f"value should be one of <{'|'.join(self.enum_values)}>")


class EnumClassParser(ArgumentParser):
    """A member of an Enum class, by name.

    Args:
        enum_class: the class.
        case_sensitive: whether capital letters matter.

    Example:
        >>> import enum, flowgraph as fg
        >>> Color = enum.Enum("Color", ["RED", "BLUE"])
        >>> fg.flags.EnumClassParser(Color).parse("red")
        <Color.RED: 1>
    """

    kind = "enum class"

    def __init__(self, enum_class: type[enum.Enum], case_sensitive: bool = False) -> None:
        self.enum_class = enum_class
        self._names = EnumParser(list(enum_class.__members__), case_sensitive)
        self.enum_values = [name if case_sensitive else name.lower()
                            for name in self._names.enum_values]

    def parse(self, argument: Any) -> enum.Enum:
        """The member."""
        if isinstance(argument, self.enum_class):
            return argument
        try:
            return self.enum_class[self._names.parse(argument)]
        except ValueError:
            raise ValueError(f"value should be one of <{'|'.join(self.enum_values)}>") from None

    def serialize(self, value: Any) -> str:
        """Its name."""
        return str(value.name) if self._names.case_sensitive else str(value.name).lower()


class ListParser(ArgumentParser):
    """Texts with commas between them, quoted as in CSV files.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.ListParser().parse("a, b")
        ['a', 'b']
    """

    kind = "comma separated list of strings"
    syntactic_help = "a comma separated list"

    def parse(self, argument: Any) -> list[str]:
        """The list."""
        if isinstance(argument, list):
            return argument
        if not argument:
            return []
        try:
            return [part.strip() for part in next(csv.reader([argument], strict=True))]
        except csv.Error as error:
            raise ValueError(f"unable to parse the value {argument!r} as a "
                             f"{self.flag_type()}: {error}") from None

    def serialize(self, value: Any) -> str:
        """One line of CSV."""
        text = io.StringIO()
        csv.writer(text).writerow([str(part) for part in value])
        return text.getvalue().strip()


class WhitespaceSeparatedListParser(ArgumentParser):
    """Texts with spaces between them.

    Args:
        comma_compat: whether commas may stand between them too.

    Example:
        >>> import flowgraph as fg
        >>> fg.flags.WhitespaceSeparatedListParser().parse("a b")
        ['a', 'b']
    """

    kind = "whitespace separated list of strings"
    syntactic_help = "a whitespace separated list"

    def __init__(self, comma_compat: bool = False) -> None:
        self._commas = comma_compat

    def parse(self, argument: Any) -> list[str]:
        """The list."""
        if isinstance(argument, list):
            return argument
        return (argument.replace(",", " ") if self._commas else argument or "").split()

    def serialize(self, value: Any) -> str:
        """The texts with spaces between them."""
        return " ".join(str(part) for part in value)
