"""What a chain of names leads to in flowgraph: found, missing, or unknown where nobody can tell.

Names are looked up in flowgraph itself, as the import hook does it: nothing here lists what is
offered. Methods are looked up in the class that a call makes, where that is certain.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from flowgraph.compat.check.uses import CALLED, ENTERED, ROOT, Chain
from flowgraph.compat.paths import InnerModule
from flowgraph.errors import without_docs

_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
_SAME = ("Self", "self")


class Found(NamedTuple):
    """A name that flowgraph offers.

    Attributes:
        value: what it is; of a method the function as its class has it.
        module: the dotted path below `tensorflow` if it is a module; else None.
        drops_first: whether a call gives the first argument itself, as of a method.
        needs_import: whether it is there only once a program has imported it.
    """

    value: Any
    module: str | None = None
    drops_first: bool = False
    needs_import: bool = False


class Made(NamedTuple):
    """An object that the program makes.

    Attributes:
        kind: its class.
    """

    kind: type


class Missing(NamedTuple):
    """A name that flowgraph does not offer.

    Attributes:
        steps: how many steps of the chain lead to the name.
        message: what importing or getting it says.
    """

    steps: int
    message: str


Place = Found | Made | Missing | None


class Resolver:
    """Looks names up, each once.

    Args:
        root: the module that programs get for `tensorflow`.
        imported: gives the module that importing a dotted path below `tensorflow` gives; raises
            ImportError where there is none.
    """

    def __init__(self, root: ModuleType, imported: Callable[[str], ModuleType]) -> None:
        self._root = root
        self._imported = imported
        self._exports: dict[Chain, frozenset[str]] = {}
        self._known: dict[Chain, Place] = {(ROOT,): Found(root, "")}

    def place(self, chain: Chain) -> Place:
        """What a chain leads to; None where that is unknown.

        Args:
            chain: the steps, from `tensorflow` on.
        """
        known = self._known
        if chain not in known:
            before = self.place(chain[:-1]) if chain else None
            known[chain] = self._next(before, chain)
        return known[chain]

    def exports(self, chain: Chain) -> frozenset[str]:
        """The names that `from module import *` brings.

        Args:
            chain: the module.
        """
        if chain not in self._exports:
            place = self.place(chain)
            names: list[str] = []
            if isinstance(place, Found) and place.module is not None:
                names = getattr(place.value, "__all__", None) or dir(place.value)
            self._exports[chain] = frozenset(n for n in names if not n.startswith("_"))
        return self._exports[chain]

    def _next(self, before: Place, chain: Chain) -> Place:
        step = chain[-1]
        if before is None or isinstance(before, Missing):
            return before
        if step == CALLED:
            return _result(before)
        if step == ENTERED:
            return _entered(before)
        if isinstance(before, Made):
            return _member(before.kind, step, chain)
        if before.module is not None:
            return self._of_module(before, step, chain)
        if inspect.isclass(before.value):
            return _of_class(before.value, step, chain)
        return _of_object(before.value)

    def _of_module(self, before: Found, name: str, chain: Chain) -> Place:
        path = f"{before.module}.{name}".lstrip(".")
        is_inner = isinstance(before.value, InnerModule)
        value: Any = self._module(path) if is_inner else None  # its parts are found by imports
        needs_import = False
        if value is None:
            try:
                value = getattr(before.value, name)
            except AttributeError as error:
                value, needs_import = self._module(path), True
                if value is None:
                    return Missing(len(chain), without_docs(error))
            except Exception as error:  # it needs a package that is not installed, say
                # `tf.core` imports tensorflow.core, which only a program that runs can.
                value = self._module(path) if isinstance(error, ModuleNotFoundError) else None
                if value is None:
                    return Missing(len(chain), f"it cannot be loaded: {error}")
        if value is self._root:
            return Found(value, "")
        return Found(value, path if isinstance(value, ModuleType) else None, False, needs_import)

    def _module(self, path: str) -> ModuleType | None:
        try:
            return self._imported(path)
        except Exception:  # of whatever a module does when it is loaded
            return None


# ---- objects and their members -------------------------------------------------------------------


def _result(before: Found | Made) -> Place:
    """What a call gives: the object of a class; else what the function's annotation says."""
    if isinstance(before, Made):
        return None
    value = before.value
    if inspect.isclass(value):
        new = inspect.getattr_static(value, "__new__", None)
        is_plain = new is object.__new__ or (isinstance(new, staticmethod) and (
            getattr(new.__func__, "__module__", "").startswith("flowgraph")))
        return Made(value) if is_plain or isinstance(new, FunctionType) else None
    return _annotated(value)


def _annotated(function: Any) -> Place:
    """An object of the class that a function says it returns, if that is a class of flowgraph's."""
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType):
        return None
    returns = function.__annotations__.get("return")
    if isinstance(returns, str):
        returns = function.__globals__.get(returns)
    if inspect.isclass(returns) and returns.__module__.startswith("flowgraph"):
        return Made(returns)
    return None


def _entered(before: Found | Made) -> Place:
    """What `with object as` gives."""
    if not isinstance(before, Made):
        return None
    enter = inspect.getattr_static(before.kind, "__enter__", None)
    returns = getattr(enter, "__annotations__", {}).get("return")
    if returns in (*_SAME, before.kind.__name__):
        return before
    return _annotated(enter)


def _member(kind: type, name: str, chain: Chain) -> Place:
    """A method or attribute of an object: missing only if no class and no method sets it."""
    try:
        value = inspect.getattr_static(kind, name)
    except AttributeError:
        if _is_open(kind) or name in _set_by_methods(kind):
            return None
        return _absent(f"flowgraph's {kind.__name__}", kind, name, chain)
    if isinstance(value, FunctionType):
        return Found(value, None, True)
    if isinstance(value, (staticmethod, classmethod)):
        return Found(value.__func__, None, isinstance(value, classmethod))
    if isinstance(value, property) and value.fget is not None:
        return _annotated(value.fget) or Found(object())
    return Found(object())


def _of_class(kind: type, name: str, chain: Chain) -> Place:
    """An attribute of a class: `tf.data.Dataset.from_tensor_slices`."""
    try:
        value = inspect.getattr_static(kind, name)
    except AttributeError:
        if hasattr(type(kind), "__getattr__") or name in dir(type(kind)):
            return None
        return _absent(f"flowgraph's class {kind.__name__}", kind, name, chain)
    if isinstance(value, (staticmethod, classmethod)):
        return Found(value.__func__, None, isinstance(value, classmethod))
    return Found(value if isinstance(value, (FunctionType, type)) else object())


def _absent(owner: str, kind: type, name: str, chain: Chain) -> Missing:
    """What is said of a name that a class has not."""
    names = [other for other in dir(kind) if not other.startswith("_")]
    near = difflib.get_close_matches(name, names, n=2)
    advice = f" Did you mean {' or '.join(near)}?" if near else ""
    return Missing(len(chain), f"{owner} has no {name!r}.{advice}")


def _of_object(value: Any) -> Place:
    """An attribute of something that is no module and no class: nothing is said about it."""
    return None


def _is_open(kind: type) -> bool:
    """Whether objects of a class may have attributes that the class does not tell."""
    if any("__getattr__" in vars(base) or "__getattribute__" in vars(base)
           for base in kind.__mro__ if base is not object):
        return True
    return any(base.__module__.partition(".")[0] != "flowgraph" and base is not object
               for base in kind.__mro__)


def _set_by_methods(kind: type) -> frozenset[str]:
    """Names that the methods of a class, or of those that derive from it, may set on an object."""
    names: set[str] = set()
    waiting = [kind]
    seen: set[type] = set()
    while waiting:
        derived = waiting.pop()
        if derived in seen:
            continue
        seen.add(derived)
        waiting += derived.__subclasses__()
        for base in derived.__mro__:
            names |= set(vars(base))
            for value in vars(base).values():
                function = getattr(value, "fget", None) or getattr(value, "__func__", value)
                code = getattr(inspect.unwrap(function) if callable(function) else function,
                               "__code__", None)
                if code is not None:
                    names |= set(code.co_names)
    return frozenset(names)
