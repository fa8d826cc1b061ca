"""What TensorFlow's inner paths stand for: `python.ops.array_ops`, `core.framework.graph_pb2`.

    path       below `tensorflow` or `flowgraph`, as "python.ops.array_ops"
    table      from path to the places where its names are looked for, in this order
    place      "tf.nn" is flowgraph's public namespace; "flowgraph.x.y" a module

Such a path becomes an `InnerModule`: a module whose names are looked up when they are first used. A
path whose parent is in the table too is also an attribute of it.
"""

from __future__ import annotations

import builtins
import sys
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any

from flowgraph.compat.contrib_table import CONTRIB
from flowgraph.compat.core_table import CORE
from flowgraph.compat.python_table import ELSEWHERE, PYTHON
from flowgraph.lazy_names import LAZY

TABLE: dict[str, str] = {**PYTHON, **CORE, **CONTRIB}
# Names of Python's own that a star brings too.
_HIDING_BUILTINS = {"python": "abs pow range round slice", "python.framework.dtypes": "bool",
                    "python.ops.array_ops": "slice", "python.ops.math_ops": "abs pow range round"}
PARENTS = {path[:i] for path in TABLE for i in range(len(path)) if path[i] == "."} - {"contrib"}


def is_inner(path: str) -> bool:
    """Whether the tables say what a path stands for; "core.framework" is not flowgraph's own core.

    Args:
        path: below `tensorflow`.
    """
    return path in TABLE or (path in PARENTS and not _is_public(path))


def _is_public(path: str) -> bool:
    return path.startswith("contrib.") and "." not in path.removeprefix("contrib.")


class InnerModule(ModuleType):
    """A module of TensorFlow's that is no file of flowgraph's.

    Args:
        root: "tensorflow" or "flowgraph"; what was imported.
        path: below it.
        overrides: from a name to what it means in this program; they go before the tables.
    """

    def __init__(self, root: str, path: str, overrides: dict[str, Any] | None = None) -> None:
        super().__init__(f"{root}.{path}", f"Names of TensorFlow's `tensorflow.{path}`.")
        self.__path__: list[str] = []
        self.__dict__["_path"] = path
        self.__dict__.update(overrides or {})

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return sorted({*self._narrow_names(), *self._wide_names()})
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__} has no attribute {name!r}")
        path = f"{self._path}.{name}"
        if is_inner(path):
            return import_module(f"{self.__name__}.{name}")
        value = find_name(self._path, name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self._narrow_names()})

    def _narrow_names(self) -> list[str]:
        """Names that belong here: all but those of `tf` itself, where every name is found."""
        path = self._path
        names = {other[len(path) + 1:] for other in {*TABLE, *PARENTS}
                 if other.startswith(path + ".") and "." not in other[len(path) + 1:]}
        names |= set(ELSEWHERE.get(path, ()))
        for place in TABLE.get(path, "").split():
            if place != "tf":
                names |= {name for name in dir(_place(place)) if not name.startswith("_")}
        return sorted(names)

    def _wide_names(self) -> set[str]:
        """Names of `tf` itself that a star brings, where they are looked for there.

        What would hide a builtin or a module of the program's comes only with the module that
        defines it in TensorFlow.
        """
        path = self._path
        if "tf" not in TABLE.get(path, "").split():
            return set()
        tf = import_module("flowgraph")
        hiding = _HIDING_BUILTINS.get(path, "").split()
        return {name for name in dir(tf) if not name.startswith("_")
                and (name in hiding or not hasattr(builtins, name))
                and not isinstance(vars(tf).get(name), ModuleType)
                and ":" in LAZY.get(name, ":")}


def find_name(path: str, name: str) -> Any:
    """What a name of an inner module stands for.

    Args:
        path: the module, below `tensorflow`.
        name: the name.

    Raises:
        AttributeError: the tables and the places know no such name.
    """
    source = ELSEWHERE.get(path, {}).get(name)
    if source is not None:
        module, _, attribute = source.partition(":")
        return getattr(import_module(module), attribute) if attribute else import_module(module)
    for place in TABLE.get(path, "").split():
        try:
            return getattr(_place(place), name)
        except AttributeError:
            continue
    raise AttributeError(_absence(path, name), name=name)


def _place(place: str) -> ModuleType:
    """The module that a place of the tables means."""
    if place != "tf" and not place.startswith("tf."):
        return import_module(place)
    value = import_module("flowgraph")
    for part in place.split(".")[1:]:
        value = getattr(value, part)
    return value


def _absence(path: str, name: str) -> str:
    """What to say of a name that an inner module has not."""
    from flowgraph.core.api import absence, is_of_tensorflow, reason_for
    own = [place for place in TABLE.get(path, "").split()
           if place.startswith("tf.") and not place.startswith("tf.contrib")]
    public = next((other for place in (*own, "tf", "tf.nn", "tf.train", "tf.math", "tf.layers")
                   if is_of_tensorflow(other := f"{place}.{name}")
                   or (place in own and reason_for(other))), "")
    if public and reason_for(public):
        return f"tensorflow.{path}.{name}: {absence(public)}"
    inside = "contrib." if path.startswith("contrib.") else ""
    public_place = ".".join(path.split(".")[:2]) if inside else "a public name"
    return (f"flowgraph does not offer tensorflow.{path}.{name}: TensorFlow's inner modules are "
            "there only as far as their names are public or widely used. Use "
            + (f"tf.{public_place}" if inside else public_place) + " in its place.")


# ---- modules by their dotted name ----------------------------------------------------------------


class Given(Loader):
    """A loader that gives a module that is there already, or is made at once.

    Args:
        module: the module.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Gives an empty module, so that importlib writes nothing into the one that is meant.

        Args:
            spec: the dotted name and this loader.
        """
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Puts the module that is meant in its place.

        Args:
            module: the empty one.
        """
        if not hasattr(self.module, "__path__"):
            self.module.__path__ = []  # its parts may be imported
        if self.module.__spec__ is None:
            self.module.__spec__, self.module.__loader__ = module.__spec__, self
            self.module.__package__ = self.module.__name__
        sys.modules[module.__name__] = self.module


def given(fullname: str, module: ModuleType) -> ModuleSpec:
    """The spec under which importlib finds a module by another name.

    Args:
        fullname: the name.
        module: the module.
    """
    return ModuleSpec(fullname, Given(module), is_package=True)


_asked: set[str] = set()


def spec_of(fullname: str) -> ModuleSpec | None:
    """The spec of a module of flowgraph's that is no file.

    Args:
        fullname: as "flowgraph.python.framework.ops", "flowgraph.app".

    Returns:
        The spec; None where there is none and nothing imports it.

    Raises:
        ModuleNotFoundError: there is none; its message says what to use.
    """
    root, _, path = fullname.partition(".")
    if is_inner(path):
        return given(fullname, InnerModule(root, path))
    parent_name, _, name = fullname.rpartition(".")
    if fullname in _asked:  # the parent's own attribute is an import of this very name
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
    _asked.add(fullname)
    try:
        return given(fullname, module_in(sys.modules.get(parent_name), parent_name, name))
    except ModuleNotFoundError:
        if is_imported():
            raise
        return None
    finally:
        _asked.discard(fullname)


def is_imported() -> bool:
    """Whether importlib asks for an import; else a program asks whether there is such a module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_find_spec":
        frame = frame.f_back
    asker = frame.f_back if frame is not None else None
    return asker is None or asker.f_code.co_name == "_find_and_load_unlocked"


def module_in(parent: ModuleType | None, parent_name: str, name: str) -> ModuleType:
    """The module that an attribute of another module is.

    Args:
        parent: the other module.
        parent_name: its dotted name; for the message.
        name: of the attribute.

    Raises:
        ModuleNotFoundError: it is none, or not there.
    """
    try:
        value = getattr(parent, name)
    except AttributeError as error:
        # named after the parent: of its own name, `from parent import name` drops the message
        raise ModuleNotFoundError(_without_claims(str(error), name), name=parent_name) from None
    if isinstance(value, ModuleType):
        return value
    shown = parent_name.replace("flowgraph", "tensorflow", 1)
    raise ModuleNotFoundError(f"{shown}.{name} is no module; write `from {shown} import {name}`",
                              name=parent_name)


def _without_claims(text: str, name: str) -> str:
    """What is said of a missing name, without what holds for names only and not for packages.

    Args:
        text: what is said.
        name: the name; a guess stays if it is nearly the same.
    """
    import difflib  # late: it is slow to load

    from flowgraph.core.api import CLAIM
    text, _, guess = text.replace(CLAIM, ".").partition(" Did you mean ")
    close = difflib.get_close_matches(name, guess.rstrip("?").split(" or "), cutoff=0.8)
    return text + (f" Did you mean {' or '.join(close)}?" if close else "")
