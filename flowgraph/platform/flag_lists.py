"""`tf.flags.DEFINE_...` of flags with several values: lists, and flags that may be repeated."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

from flowgraph.platform.flag import FlagHolder
from flowgraph.platform.flag_definitions import DEFINE
from flowgraph.platform.flag_parsers import (
    ArgumentParser,
    EnumClassParser,
    EnumParser,
    FloatParser,
    IntegerParser,
    ListParser,
    WhitespaceSeparatedListParser,
)
from flowgraph.platform.flag_values import FLAGS, FlagValues


def DEFINE_list(name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS,
                required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes texts with commas between them.

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
        >>> _ = fg.flags.DEFINE_list("sizes", "1,2", "layers", flag_values=flags)
        >>> flags(["program", "--sizes=3,4"])
        ['program']
        >>> flags.sizes
        ['3', '4']
    """
    return DEFINE(ListParser(), name, default, help, flag_values, required=required, **args)


def DEFINE_spaceseplist(name: str, default: Any, help: str | None, comma_compat: bool = False,
                        flag_values: FlagValues = FLAGS, required: bool = False,
                        **args: Any) -> FlagHolder:
    """Adds a flag that takes texts with spaces between them.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        help: what the flag is for.
        comma_compat: whether commas may stand between them too.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_spaceseplist("sizes", "1 2", "layers", flag_values=flags)
        >>> flags(["program", "--sizes=3 4"])
        ['program']
        >>> flags.sizes
        ['3', '4']
    """
    return DEFINE(WhitespaceSeparatedListParser(comma_compat), name, default, help, flag_values,
                  required=required, **args)


def DEFINE_multi(parser: ArgumentParser, serializer: Any, name: str, default: Any, help: str | None,
                 flag_values: FlagValues = FLAGS, module_name: str | None = None,
                 required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that may be given several times.

    Args:
        parser: an ArgumentParser for each of the texts.
        serializer: without effect: the parser writes values too.
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
        >>> _ = fg.flags.DEFINE_multi(fg.flags.IntegerParser(), None, "size", [1], "layers",
        ...     flag_values=flags)
        >>> flags(["program", "--size=3", "--size=4"])
        ['program']
        >>> flags.size
        [3, 4]
    """
    return DEFINE(parser, name, default, help, flag_values, module_name=module_name,
                  required=required, multi=True, **args)


def DEFINE_multi_string(name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS,
                        required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes text and may be given several times.

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
        >>> _ = fg.flags.DEFINE_multi_string("file", [], "data", flag_values=flags)
        >>> flags(["program", "--file=a", "--file=b"])
        ['program']
        >>> flags.file
        ['a', 'b']
    """
    return DEFINE(ArgumentParser(), name, default, help, flag_values, required=required, multi=True,
                  **args)


def DEFINE_multi_integer(name: str, default: Any, help: str | None,
                         lower_bound: float | None = None, upper_bound: float | None = None,
                         flag_values: FlagValues = FLAGS, required: bool = False,
                         **args: Any) -> FlagHolder:
    """Adds a flag that takes a whole number and may be given several times.

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
        >>> _ = fg.flags.DEFINE_multi_integer("size", [1], "layers", flag_values=flags)
        >>> flags(["program", "--size=3", "--size=4"])
        ['program']
        >>> flags.size
        [3, 4]
    """
    return DEFINE(IntegerParser(lower_bound, upper_bound), name, default, help, flag_values,
                  required=required, multi=True, **args)


def DEFINE_multi_float(name: str, default: Any, help: str | None, lower_bound: float | None = None,
                       upper_bound: float | None = None, flag_values: FlagValues = FLAGS,
                       required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes a number and may be given several times.

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
        >>> _ = fg.flags.DEFINE_multi_float("rate", [1], "rates", flag_values=flags)
        >>> flags(["program", "--rate=3"])
        ['program']
        >>> flags.rate
        [3.0]
    """
    return DEFINE(FloatParser(lower_bound, upper_bound), name, default, help, flag_values,
                  required=required, multi=True, **args)


def DEFINE_multi_enum(name: str, default: Any, enum_values: Sequence[str], help: str | None,
                      flag_values: FlagValues = FLAGS, case_sensitive: bool = True,
                      required: bool = False, **args: Any) -> FlagHolder:
    """Adds a flag that takes one of several texts and may be given several times.

    Args:
        name: name on the command line.
        default: the value if the command line does not say.
        enum_values: the texts that it takes.
        help: what the flag is for.
        flag_values: where to add it; by default the flags of the program, `tf.flags.FLAGS`.
        case_sensitive: whether capital letters matter.
        required: whether it must be given.
        short_name: a second, short name.
        allow_override: whether it may be defined again.

    Returns:
        An object with the flag's `value`.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_multi_enum("layer", None, ["conv", "pool"], "layers",
        ...     flag_values=flags)
        >>> flags(["program", "--layer=conv"])
        ['program']
        >>> flags.layer
        ['conv']
    """
    return DEFINE(EnumParser(enum_values, case_sensitive), name, default, help, flag_values,
                  required=required, multi=True, **args)


def DEFINE_multi_enum_class(name: str, default: Any, enum_class: type[enum.Enum], help: str | None,
                            flag_values: FlagValues = FLAGS, module_name: str | None = None,
                            case_sensitive: bool = False, required: bool = False,
                            **args: Any) -> FlagHolder:
    """Adds a flag that takes names of members of an Enum class.

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
        >>> _ = fg.flags.DEFINE_multi_enum_class("color", None, Color, "which", flag_values=flags)
        >>> flags(["program", "--color=red"])
        ['program']
        >>> flags.color
        [<Color.RED: 1>]
    """
    return DEFINE(EnumClassParser(enum_class, case_sensitive), name, default, help, flag_values,
                  module_name=module_name, required=required, multi=True, **args)
