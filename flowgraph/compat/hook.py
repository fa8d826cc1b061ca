"""`import tensorflow` gives flowgraph: a finder in front of all others, put in and taken out.

    tensorflow                   a module of its own: flowgraph's names, and __version__ 1.15
    tensorflow.compat.v1         the same module
    tensorflow.nn, .contrib.rnn  flowgraph's own modules, the same objects
    tensorflow.python.ops, ...   an InnerModule, by the tables of this package

While the finder is there, no file of a TensorFlow on this machine is looked at. Nothing is found
that is not `tensorflow` or below it; other imports never reach more than one comparison.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import flowgraph
from flowgraph.compat.paths import InnerModule, given, is_imported, is_inner, module_in
from flowgraph.core.api import absence
from flowgraph.core.lazy import lazy
from flowgraph.core.versions import VERSION

_FOLDER = os.path.dirname(os.path.abspath(flowgraph.__file__))
_WITH_FILES = ("contrib", "examples")  # folders of flowgraph's that are laid out as TensorFlow's
# Modules of flowgraph's that `tensorflow` has not.
_ROOMS = frozenset((
    "cli", "core", "datasets", "graph", "lazy_names", "linear_operators", "namespaces", "opdef",
    "operators", "ops", "plan", "platform", "plots", "profiling", "program", "runtime", "testing",
    "viz"))


class Face(ModuleType):
    """A module that gives another one's names, with some of its own in front.

    What a program sets stays here; the other module is left as it is.

    Args:
        name: its name.
        behind: the other module.
        own: the names in front.
    """

    def __init__(self, name: str, behind: ModuleType, own: dict[str, Any]) -> None:
        super().__init__(name, behind.__doc__)
        self.__file__ = behind.__file__
        self.__path__: list[str] = []
        self.__dict__.update(own)
        self.__dict__["_behind"] = behind

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            # `from tensorflow import *` leaves print alone: all output would be lost, and tf.print
            # is younger than nearly all programs with such a line.
            return [name for name in dir(self) if not name.startswith("_") and name != "print"]
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__} has no attribute {name!r}")
        return getattr(self._behind, name)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *dir(self._behind)})


class _Root(Face):
    """`tensorflow` itself: flowgraph's own rooms do not show."""

    def __getattr__(self, name: str) -> Any:
        if name == "core":  # TensorFlow's messages
            return import_module("tensorflow.core")
        if name in _ROOMS:
            raise AttributeError(absence(f"tf.{name}"), name=name)
        return super().__getattr__(name)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name in self.__dict__ or name not in _ROOMS]


class TensorFlowFinder(MetaPathFinder):
    """Finds `tensorflow` and all below it in flowgraph.

    Args:
        legacy: for a path below `tensorflow`, the names that mean something else in programs of
            before TensorFlow 1.0; "" stands for `tensorflow` itself.
    """

    def __init__(self, legacy: dict[str, dict[str, Any]] | None = None) -> None:
        self.legacy = legacy or {}
        self.tensorflow = self._face("tensorflow", flowgraph, "")
        compat = Face("tensorflow.compat", flowgraph.compat, {"v1": self.tensorflow})
        self._faces = {"compat": compat, "compat.v1": self.tensorflow}
        for path in sorted(self.legacy):
            if path and not is_inner(path):
                behind: Any = flowgraph
                for part in path.split("."):
                    behind = getattr(behind, part, None)
                if behind is None:  # a namespace that only old programs have
                    behind = ModuleType(path)
                    behind.__file__ = flowgraph.__file__
                    behind.__dict__["__getattr__"] = lazy(f"tf.{path}", behind.__dict__)
                self._faces[path] = self._face(f"tensorflow.{path}", behind, path)
        for path, face in self._faces.items():
            parent, _, name = path.rpartition(".")
            setattr(self._faces.get(parent, self.tensorflow), name, face)

    def _face(self, name: str, behind: ModuleType, path: str) -> Face:
        own = self.legacy.get(path, {})
        return Face(name, behind, own) if path else _Root(name, behind,
                                                          {"__version__": VERSION} | own)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What importlib asks; None for other packages, and for none where nothing is imported.

        Args:
            fullname: the dotted name.
            path, target: not looked at.

        Raises:
            ModuleNotFoundError: flowgraph has no such module; the message says what to use.
        """
        if fullname == "tensorflow":
            return given(fullname, self.tensorflow)
        if not fullname.startswith("tensorflow."):
            return None
        try:
            return given(fullname, self._module(fullname.removeprefix("tensorflow.")))
        except ModuleNotFoundError:
            if is_imported():
                raise
            return None

    def _module(self, path: str) -> ModuleType:
        """The module that a path below `tensorflow` means."""
        if path in self._faces:
            return self._faces[path]
        if path.startswith("compat.v1."):
            return import_module(f"tensorflow.{path.removeprefix('compat.v1.')}")
        is_file = path.partition(".")[0] in _WITH_FILES and _is_file(path)
        if is_inner(path) and not is_file:
            return InnerModule("tensorflow", path, self.legacy.get(path))
        if is_file:
            return import_module(f"flowgraph.{path}")
        parent, _, name = path.rpartition(".")
        full = f"tensorflow.{parent}".rstrip(".")
        return module_in(sys.modules.get(full), full, name)


def _is_file(path: str) -> bool:
    """Whether flowgraph has a file or folder for a path below `tensorflow`."""
    place = os.path.join(_FOLDER, *path.split("."))
    return os.path.isfile(place + ".py") or os.path.isfile(os.path.join(place, "__init__.py"))


# ---- putting it in -------------------------------------------------------------------------------


def install(legacy: bool = False) -> ModuleType:
    """Makes `import tensorflow` mean flowgraph from now on, in this process.

    A TensorFlow that is installed stays as it is; `uninstall` makes imports find it again. Called
    again, it changes nothing but `legacy`.

    Args:
        legacy: whether names and argument orders of before TensorFlow 1.0 are offered too, as
            `tf.mul`, and `tf.concat(axis, values)`.

    Returns:
        The module that `import tensorflow` gives.

    Raises:
        RuntimeError: another TensorFlow has been imported already.

    Example:
        >>> import flowgraph.compat
        >>> tf = flowgraph.compat.install()
        >>> from tensorflow.python.framework import ops
        >>> ops.convert_to_tensor(1.0).dtype is tf.float32
        True
        >>> flowgraph.compat.uninstall()
    """
    from flowgraph.core.frames import located

    finder = installed()
    if finder is not None:
        if bool(finder.legacy) == legacy:
            return finder.tensorflow
        uninstall()
    other = sys.modules.get("tensorflow")
    if other is not None and other is not flowgraph:
        place = getattr(other, "__file__", None) or "an unknown place"
        raise RuntimeError(located(
            f"flowgraph.compat.install: another TensorFlow has been imported already, from {place}",
            "Call install() before the first `import tensorflow`: at the top of the program, or "
            "after a restart of the notebook's kernel."))
    overrides: dict[str, dict[str, Any]] = {}
    if legacy:
        overrides = import_module("flowgraph.compat.legacy").overrides()
    finder = TensorFlowFinder(overrides)
    sys.meta_path.insert(0, finder)
    return import_module("tensorflow")


def uninstall() -> None:
    """Takes back what `install` did: imports of `tensorflow` find what they found before.

    Modules that were imported meanwhile stay with who has them. Without `install` nothing happens.

    Example:
        >>> import flowgraph.compat
        >>> flowgraph.compat.uninstall()
    """
    finder = installed()
    if finder is None:
        return
    sys.meta_path.remove(finder)
    for name in [name for name in sys.modules if name == "tensorflow"
                 or name.startswith("tensorflow.")]:
        del sys.modules[name]


def installed() -> TensorFlowFinder | None:
    """The finder that `install` has put in; None if there is none."""
    return next((finder for finder in sys.meta_path if isinstance(finder, TensorFlowFinder)), None)
