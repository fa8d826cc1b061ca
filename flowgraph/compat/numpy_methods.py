"""Methods that NumPy's arrays had when TensorFlow 1 was new, in an old program's own files.

    image.tostring()  -->  __flowgraph_method__(image, "tostring")()  -->  image.tobytes()

Nobody can add methods to NumPy's arrays, so the program's text is changed as it is compiled: the
program itself, and the modules of its own that it imports. Lines and columns stay, and what is no
array of NumPy's has its own method called. Nothing of it is written to a file.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import functools
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from flowgraph.core.frames import is_library, user_frame

_HELPER = "__flowgraph_method__"
_INSTALLED = tuple({os.path.realpath(place) + os.sep for key, place in sysconfig.get_paths().items()
                    if key in ("stdlib", "platstdlib", "purelib", "platlib")})


def _itemset(array: Any, *args: Any) -> None:
    *index, value = args
    if not index:
        if array.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        array[...] = value
    elif len(index) == 1 and not isinstance(index[0], tuple):
        array.flat[index[0]] = value
    else:
        array[tuple(index) if len(index) > 1 else index[0]] = value


def _newbyteorder(array: Any, new_order: str = "S", /) -> Any:
    return array.view(array.dtype.newbyteorder(new_order))


def _tostring(array: Any, order: Any = "C") -> bytes:
    return bytes(array.tobytes(order))


# From the method to (what it does, what to write today).
METHODS: dict[str, tuple[Callable[..., Any], str]] = {
    "itemset": (_itemset, "a[i] = value"),
    "newbyteorder": (_newbyteorder, "a.view(a.dtype.newbyteorder())"),
    "ptp": (np.ptp, "np.ptp(a)"),
    "tostring": (_tostring, "a.tobytes()"),
}
_FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
_NAMES = re.compile(rf"\b({'|'.join(METHODS)})\b")
_NAMES_IN_BYTES = re.compile(_NAMES.pattern.encode())


@contextmanager
def old_array_methods(tell: Callable[[str], None]) -> Iterator[None]:
    """Within it, what `compiled` gives and what is imported may call methods that are gone.

    Args:
        tell: called with a line of text when the program first uses such a method.

    Example:
        >>> import numpy as np
        >>> with old_array_methods(lambda line: print("Note:", line)):
        ...     eval(compiled("np.uint8([1, 2]).tostring()", "old.py", "eval"), {"np": np})
        Note: old.py:1: the method tostring is gone from NumPy's arrays; it means a.tobytes() here
        b'\\x01\\x02'
    """
    told: set[str] = set()

    def method(owner: Any, name: str) -> Any:
        if not isinstance(owner, np.ndarray | np.generic) or hasattr(owner, name):
            return getattr(owner, name)
        function, today = METHODS[name]
        if name not in told:
            told.add(name)
            tell(f"{user_frame()}: the method {name} is gone from NumPy's arrays; it means {today} "
                 "here")
        return functools.partial(function, owner)

    finder = _Finder()
    before = builtins.__dict__.get(_HELPER)
    builtins.__dict__[_HELPER] = method
    at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
    sys.meta_path.insert(at, finder)
    try:
        yield
    finally:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        if before is None:
            del builtins.__dict__[_HELPER]
        else:
            builtins.__dict__[_HELPER] = before


def compiled(text: Any, filename: str, mode: str = "exec") -> CodeType:
    """The code of a part of the program; within `old_array_methods` with calls that work.

    Args:
        text: the source, text or bytes.
        filename: what its lines go by.
        mode: as of Python's `compile`.

    Raises:
        SyntaxError: it is no Python.
    """
    if _HELPER in builtins.__dict__ and _has_names(text):
        text = _changed(ast.parse(text, filename, mode))
    code: CodeType = compile(text, filename, mode, dont_inherit=True)
    return code


def compiled_cell(text: str, filename: str, ends_with_value: bool = True
                  ) -> tuple[CodeType, CodeType | None]:
    """The code of a notebook's cell: its statements, and the expression at its end if there is one.

    Args:
        text: the source.
        filename: what its lines go by.
        ends_with_value: whether that expression is wanted apart.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(text, filename)
    if _HELPER in builtins.__dict__ and _has_names(text):
        tree = _changed(tree)
    last = tree.body[-1] if tree.body and ends_with_value else None
    if not isinstance(last, ast.Expr):
        return compile(tree, filename, "exec", dont_inherit=True), None
    del tree.body[-1]
    statements = compile(tree, filename, "exec", dont_inherit=True)
    return statements, compile(ast.Expression(last.value), filename, "eval",
                               statements.co_flags & _FUTURE, dont_inherit=True)


def _changed(tree: Any) -> Any:
    return ast.fix_missing_locations(_Calls().visit(tree))


def _has_names(text: Any) -> bool:
    return bool((_NAMES if isinstance(text, str) else _NAMES_IN_BYTES).search(text))


class _Calls(ast.NodeTransformer):
    """Asks the helper for each attribute that has the name of such a method."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr not in METHODS or not isinstance(node.ctx, ast.Load):
            return node
        asked = ast.Call(ast.Name(_HELPER, ast.Load()), [node.value, ast.Constant(node.attr)], [])
        for new in (asked, asked.func, asked.args[1]):
            ast.copy_location(new, node)
        return asked


# ---- the program's own modules -------------------------------------------------------------------


class _Loader(SourceFileLoader):
    """Loads a module of the program's own; one with such names is compiled anew each time."""

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code.

        Args:
            fullname: the dotted name.
        """
        path = self.get_filename(fullname)
        text = self.get_data(path)
        if not _has_names(text):
            return super().get_code(fullname)
        return compiled(text, path)  # the cache in __pycache__ is for programs as they are


class _Finder(MetaPathFinder):
    """Finds what Python finds, the program's own modules with a loader that changes them."""

    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        """What importlib asks.

        Args:
            fullname: the dotted name.
            path: folders of the package that it is in.
            target: not looked at.
        """
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader and _is_own(spec.origin):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def _is_own(filename: str | None) -> bool:
    """Whether a file is the program's, and not an installed package's."""
    if not filename or is_library(filename):
        return False
    real = os.path.realpath(filename)
    return not (real.startswith(_INSTALLED) or f"{os.sep}site-packages{os.sep}" in real
                or f"{os.sep}dist-packages{os.sep}" in real)
