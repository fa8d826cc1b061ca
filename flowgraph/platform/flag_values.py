"""The flags of a program and the reading of the command line: `tf.flags.FLAGS`.

FLAGS reads `sys.argv` when a flag is first asked for, as TensorFlow 1 did before it knew
`tf.app.run`. What it does not know stays in the arguments: `--unknown` is somebody else's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowgraph.core.frames import is_library, located
from flowgraph.platform.flag import (
    CantOpenFlagFileError,
    DuplicateFlagError,
    Error,
    Flag,
    FlagNameConflictsWithMethodError,
    IllegalFlagValueError,
    UnparsedFlagAccessError,
    UnrecognizedFlagError,
    Validator,
)

HELP = ("-h", "-help", "--help", "--helpshort", "--helpfull")


class FlagValues:
    """Flags by name; `flags.name` is a flag's value, `flags["name"]` the Flag.

    Call it with the command line, `flags(sys.argv)`, to read that.

    Example:
        >>> import flowgraph as fg
        >>> flags = fg.flags.FlagValues()
        >>> _ = fg.flags.DEFINE_float("rate", 0.1, "learning rate", flag_values=flags)
        >>> flags(["program", "--rate=0.5", "rest"])
        ['program', 'rest']
        >>> flags.rate
        0.5
    """

    _reads_by_itself = False

    def __init__(self) -> None:
        # A flag is an attribute, so what is not a flag bypasses __setattr__. Old programs read
        # `FLAGS.__flags`.
        self.__dict__.update({
            "__flags": {}, "_parsed": False, "_gnu": True, "_modules": {}, "_keys": {},
            "_remaining": None})

    # ---- flags by name ---------------------------------------------------------------------------

    def _flags(self) -> dict[str, Flag]:
        return self.__dict__["__flags"]

    def __getattr__(self, name: str) -> Any:
        flag = self._flags().get(name) if "__flags" in self.__dict__ else None
        if flag is None:
            raise AttributeError(located(
                f"there is no flag {name!r}", "Define it, for example with "
                f"tf.flags.DEFINE_string({name!r}, default, help)."), name=name)
        if not self._parsed:
            if not self._reads_by_itself:
                raise UnparsedFlagAccessError(
                    located(f"Trying to access flag --{name} before flags were parsed.",
                            "Call the FlagValues with sys.argv first."))
            self._read_command_line()
        return flag.value

    def __setattr__(self, name: str, value: Any) -> None:
        flag = self._flags().get(name)
        if flag is None:
            raise UnrecognizedFlagError(name, value, self._flags())
        if self._reads_by_itself and not self._parsed:
            self._read_command_line()  # else reading it later would undo this
        before = flag.value, flag.using_default_value
        flag.value, flag.using_default_value = value, False
        try:
            self._verify(flag.validators)
        except Exception:  # a condition may also fail on a value of another type
            flag.value, flag.using_default_value = before
            raise

    def __delattr__(self, name: str) -> None:
        flag = self._flags().get(name)
        if flag is None:
            raise AttributeError(located(f"there is no flag {name!r}"), name=name)
        for key in [key for key, other in self._flags().items() if other is flag]:
            del self._flags()[key]

    def __getitem__(self, name: str) -> Flag:
        return self._flags()[name]

    def __setitem__(self, name: str, flag: Flag) -> None:
        self.register_flag(name, flag, None)

    def __contains__(self, name: object) -> bool:
        return name in self._flags()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._flags()))

    def __len__(self) -> int:
        return len(self._flags())

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._flags()})

    def __str__(self) -> str:
        return self.get_help()

    def register_flag(self, name: str, flag: Flag, module: Mapping[str, Any] | None) -> None:
        """Adds a flag.

        Args:
            name: its name.
            flag: the flag.
            module: globals of the module that defines it; None to look for the caller.
        """
        if not isinstance(flag, Flag):
            raise IllegalFlagValueError(located(
                f"Expect Flag instances, found type {type(flag)}.",
                f"Write flags.{name} = value to set a flag."))
        if not isinstance(name, str):
            raise Error(located("Flag name must be a string"))
        if not name or " " in name:
            raise Error(located("Flag name cannot " + ("contain a space" if name else "be empty")))
        if hasattr(type(self), name):
            raise FlagNameConflictsWithMethodError(located(
                f'Cannot define a flag named "{name}". It conflicts with a method of FLAGS.',
                "Choose another name."))
        module = calling_module() if module is None else module
        old = self._flags().get(name)
        if old is not None and not (flag.allow_override or old.allow_override
                                    or _is_notebook(module)):
            first = self._modules.get(name)
            again = first is not None and first is not module and (
                first.get("__name__") == module.get("__name__"))
            if again:
                return  # the module was imported a second time
            raise DuplicateFlagError(located(
                f"The flag '{name}' is defined twice. First from {old.module}, second from "
                f"{module_name(module)}. Description from first occurrence: {old.help}",
                "Give one of them another name."))
        flag.module = module_name(module)
        for key in (name, flag.short_name):
            if key:
                self._flags()[key] = flag
                self._modules[key] = module
        if self._remaining is not None:  # the command line was read before there was this flag
            self._read(self._remaining)

    # ---- the command line ------------------------------------------------------------------------

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Reads a command line.

        Args:
            argv: the program's name and its arguments.
            known_only: whether flags that are not known stay in the arguments; else they are an
                error.

        Returns:
            The program's name and the arguments that are no flags.

        Raises:
            UnrecognizedFlagError: there is no such flag.
            IllegalFlagValueError: a flag does not take its value, or a validator says no.
        """
        if isinstance(argv, (str, bytes)):
            raise TypeError(located("argv should be a tuple/list of strings, not bytes or string."))
        if not argv:
            raise ValueError(located("argv cannot be an empty list, and must contain the program "
                                     "name as the first element."))
        unknown, rest = self._parse(self.read_flags_from_files(argv[1:]), known_only)
        for name, argument in unknown:
            raise UnrecognizedFlagError(name, argument, self._flags())
        self.__dict__["_parsed"], self.__dict__["_remaining"] = True, None
        self.validate_all_flags()
        return [argv[0], *rest]

    def _parse(self, arguments: Sequence[str], known_only: bool
               ) -> tuple[list[tuple[str, str]], list[str]]:
        """What is not known, and what is no flag; the values go to the flags."""
        found: list[tuple[str | None, str]] = []  # (name of an unknown flag or None, argument)
        ignored: set[str] = set()
        left = iter(arguments)
        for argument in left:
            if argument == "--":
                if known_only:
                    found.append((None, argument))
                break
            bare = argument.removeprefix("-").removeprefix("-") if argument[:1] == "-" else ""
            if not bare:
                found.append((None, argument))
                if self._gnu:
                    continue
                break
            name, has_value, value = bare.partition("=")
            flag = self._flags().get(name)
            negated = self._flags().get(name[2:]) if name[:2] == "no" else None
            if flag is None and negated is not None and negated.boolean:
                if has_value:
                    raise ValueError(located(f"{argument} does not take an argument"))
                negated.parse("false")
                continue
            if flag is not None and flag.boolean and not has_value:
                flag.parse("true")
            elif flag is not None or name == "undefok":
                if not has_value:
                    try:
                        value = next(left)
                    except StopIteration:
                        raise Error(located(f"Missing value for flag {argument}")) from None
                if flag is not None:
                    flag.parse(value)
                else:
                    ignored |= {prefix + part.strip() for part in value.split(",")
                                for prefix in ("", "no")}
            else:
                found.append((name, argument))
        unknown, rest = [], []
        for unknown_name, argument in found:
            if unknown_name is None or (known_only and unknown_name not in ignored):
                rest.append(argument)
            elif unknown_name not in ignored:
                unknown.append((unknown_name, argument))
        return unknown, [*rest, *left]

    def read_flags_from_files(self, argv: Sequence[str], force_gnu: bool = True,
                              _inside: tuple[str, ...] = ()) -> list[str]:
        """The arguments with `--flagfile=path` replaced by the lines of the file.

        Args:
            argv: arguments, without the program's name.
            force_gnu: without effect; a flag file is looked for everywhere before `--`.
        """
        result: list[str] = []
        left = iter(argv)
        for argument in left:
            if argument == "--":
                return [*result, argument, *left]
            name, has_value, path = argument.lstrip("-").partition("=")
            if not argument.startswith("-") or name != "flagfile":
                result.append(argument)
                continue
            path = path if has_value else next(left, "")
            if not path:
                raise IllegalFlagValueError(located("--flagfile with no argument"))
            path = os.path.abspath(os.path.expanduser(path))
            if path in _inside:
                raise Error(located(f"the flag file {path} contains itself"))
            try:
                with open(path, encoding="utf-8") as file:
                    lines = [line.strip() for line in file]
            except (OSError, ValueError) as error:
                raise CantOpenFlagFileError(located(f"unable to read {path}: {error}")) from None
            result += self.read_flags_from_files(
                [line for line in lines if line and not line.startswith(("#", "//"))],
                force_gnu, (*_inside, path))
        return result

    def _read_command_line(self) -> None:
        """Reads `sys.argv`, for programs that do not call `tf.app.run`."""
        if any(argument in HELP and argument.lstrip("-") not in self
               for argument in sys.argv[1:]):
            show_help(self, "--helpfull" in sys.argv)
        self._read(sys.argv or [""])

    def _read(self, argv: Sequence[str]) -> None:
        self.__dict__["_remaining"] = None
        remaining = self(argv, known_only=True)
        self.__dict__["_remaining"] = remaining

    def _parse_flags(self, args: Sequence[str] | None = None) -> list[str]:
        """Old name for reading the command line: TensorFlow up to 1.4 had it.

        Args:
            args: arguments without the program's name; by default those of the program.

        Returns:
            The arguments that are no flags.
        """
        argv = [sys.argv[0], *(sys.argv[1:] if args is None else args)]
        return self(argv, known_only=True)[1:]

    def is_parsed(self) -> bool:
        """Whether the command line was read."""
        return bool(self._parsed)

    def mark_as_parsed(self) -> None:
        """Lets the flags be read without a command line."""
        self.__dict__["_parsed"] = True

    def unparse_flags(self) -> None:
        """Gives all flags their defaults again."""
        for flag in self._flags().values():
            flag.unparse()
        self.__dict__["_parsed"], self.__dict__["_remaining"] = False, None

    def set_gnu_getopt(self, gnu_getopt: bool = True) -> None:
        """Says whether flags are looked for behind the first argument that is none.

        Args:
            gnu_getopt: whether they are.
        """
        self.__dict__["_gnu"] = gnu_getopt

    def is_gnu_getopt(self) -> bool:
        """Whether flags are looked for behind the first argument that is none."""
        return bool(self._gnu)

    # ---- values ----------------------------------------------------------------------------------

    def flag_values_dict(self) -> dict[str, Any]:
        """The values of all flags, by name."""
        return {name: flag.value for name, flag in self._flags().items()}

    def get_flag_value(self, name: str, default: Any) -> Any:
        """The value of a flag, or the default if that is None.

        Args:
            name: name of the flag.
            default: what to return for None.
        """
        value = getattr(self, name)
        return default if value is None else value

    def get_flags_for_module(self, module: Any) -> list[Flag]:
        """The flags that a module defines.

        Args:
            module: the module or its name.
        """
        name = module if isinstance(module, str) else module_name(vars(module))
        return self.flags_by_module_dict().get(name, [])

    def flags_by_module_dict(self) -> dict[str, list[Flag]]:
        """The flags by the name of the module that defines them."""
        result: dict[str, list[Flag]] = {}
        for flag in dict.fromkeys(self._flags().values()):
            result.setdefault(flag.module, []).append(flag)
        return result

    def set_default(self, name: str, value: Any) -> None:
        """Changes the default of a flag.

        Args:
            name: name of the flag.
            value: the new default.
        """
        if name not in self:
            raise UnrecognizedFlagError(name, value, self._flags())
        flag = self[name]
        flag.set_default(value)
        self._verify(flag.validators)

    def append_flag_values(self, flag_values: FlagValues) -> None:
        """Adds the flags of another FlagValues.

        Args:
            flag_values: the other one.
        """
        for name, flag in flag_values._flags().items():
            if name == flag.name:
                self.register_flag(name, flag, flag_values._modules[name])

    def remove_flag_values(self, flag_values: Any) -> None:
        """Removes the flags that another FlagValues has.

        Args:
            flag_values: the other one, or names.
        """
        for name in list(flag_values):
            if name in self:
                delattr(self, name)

    def validate_all_flags(self) -> None:
        """Asks all validators."""
        self._verify(dict.fromkeys(
            validator for flag in self._flags().values() for validator in flag.validators))

    def _verify(self, validators: Any) -> None:
        values = self.flag_values_dict()
        for validator in list(validators):
            if isinstance(validator, Validator):
                validator.verify(values)

    def flags_into_string(self) -> str:
        """All flags as they stand in a flag file."""
        flags = sorted(dict.fromkeys(self._flags().values()), key=lambda flag: flag.name)
        return "".join(f"{flag.serialize()}\n" for flag in flags if flag.value is not None)

    def append_flags_into_file(self, filename: str) -> None:
        """Writes all flags behind what is in a file.

        Args:
            filename: path of the file.
        """
        with open(filename, "a", encoding="utf-8") as file:
            file.write(self.flags_into_string())

    # ---- help ------------------------------------------------------------------------------------

    def get_help(self, prefix: str = "", include_special_flags: bool = True) -> str:
        """What `--helpfull` prints: all flags, module by module.

        Args:
            prefix: what stands before each line.
            include_special_flags: without effect.
        """
        return "\n".join(self._module_help(name, prefix)
                         for name in sorted(self.flags_by_module_dict()))

    def _module_help(self, name: str, prefix: str = "") -> str:
        own = [*self.flags_by_module_dict().get(name, []),
               *(self[key] for key in self._keys.get(name, []) if key in self)]
        lines = [flag.help_text(prefix + "  ")
                 for flag in sorted(dict.fromkeys(own), key=lambda flag: flag.name)]
        return "\n".join([f"\n{prefix}{name}:", *lines])

    def module_help(self, module: Any) -> str:
        """The flags of a module, as `--help` prints them.

        Args:
            module: the module or its name.
        """
        return self._module_help(module if isinstance(module, str) else module_name(vars(module)))

    def main_module_help(self) -> str:
        """The flags of the program, as `--help` prints them."""
        return self._module_help(sys.argv[0] if sys.argv else "")

    def register_key_flag_for_module(self, module_name: str, flag: Flag) -> None:
        """Lets `--help` print a flag with those of a module.

        Args:
            module_name: name of the module.
            flag: the flag.
        """
        self._keys.setdefault(module_name, []).append(flag.name)


class _ProgramFlags(FlagValues):
    """The flags of the program: they read `sys.argv` when they are first asked for."""

    _reads_by_itself = True


FLAGS = _ProgramFlags()


def show_help(flags: FlagValues, full: bool) -> None:
    """Prints what the program is for and its flags, and ends it.

    Args:
        flags: the flags.
        full: whether to print also flags that other modules define.
    """
    doc = getattr(sys.modules.get("__main__"), "__doc__", None)
    own = flags.main_module_help()
    print(doc or f"\nUSAGE: {sys.argv[0]} [flags]\n")
    print("flags:")
    print(flags.get_help() if full or own.count("\n") < 2 else
          f"{own}\n\nTry --helpfull to get a list of all flags.")
    sys.exit(1)


def calling_module() -> Mapping[str, Any]:
    """The globals of the user's module that called into flowgraph."""
    frame = sys._getframe(1)
    while frame.f_back is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_globals


def module_name(module: Mapping[str, Any]) -> str:
    """How `--help` calls a module: the program by its file.

    Args:
        module: the module's globals.
    """
    name = str(module.get("__name__", ""))
    return sys.argv[0] if name == "__main__" and sys.argv else name


def _is_notebook(module: Mapping[str, Any]) -> bool:
    """Whether cells or lines may run again: a notebook, or Python's prompt."""
    return module.get("__name__") == "__main__" and "__file__" not in module
