"""Reads a program without running it: which names of TensorFlow it uses, and how.

Statements are followed from top to bottom with a table of what each name stands for, so that
`layers = tf.layers`, `from tensorflow.contrib import rnn` or `with tf.Session() as sess` count.
Branches are followed one by one and joined. A function is read after what stands around it, when
the names that it sees are known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from flowgraph.compat import python_2
from flowgraph.compat.check.scopes import ANYTHING, Scope, extended, joined, merged
from flowgraph.compat.check.uses import ENTERED, ROOT, UNKNOWN, Guard
from flowgraph.compat.check.values import Values

_NAMES_MISSING = {"AttributeError", "ImportError", "ModuleNotFoundError"}
_ALL = {"Exception", "BaseException", ""}
_SHORT = 2  # statements of a `try` that `except:` is about
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Modules whose names are no helper's, in `from ... import *`.
_KNOWN = {"math", "numpy", "os", "pylab", "matplotlib", "tkinter", "Tkinter", "keras", "typing",
          "__future__", "pandas", "sklearn", "scipy", "six", "ctypes", "time", "random"}


class Reader(Values):
    """Collects the uses of one file, statement by statement.

    Args:
        exports: gives the names that `from module import *` brings.
    """

    def read(self, trees: Iterable[tuple[int, ast.Module]]) -> None:
        """Reads a program, or the cells of a notebook.

        Args:
            trees: its parts, in order, each with the number of its cell, 0 for a program; they
                share their names.
        """
        for self._cell, tree in trees:
            self._statements(tree.body)
        while self._later:
            function, scope, self._cell = self._later.popleft()
            self._function_body(function, scope)

    # -- imports -----------------------------------------------------------------------------------

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name in python_2.MODULES:
                self._note_python_2(node, alias.name)
            value = self._imported(alias.name, node, gives_root=not alias.asname)
            self._scope.bind(alias.asname or alias.name.partition(".")[0], value)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = tuple((node.module or "").split("."))
        foreign = bool(node.level) or module[0] != ROOT
        if not node.level and node.module in python_2.MODULES:
            self._note_python_2(node, node.module)
        for alias in node.names:
            if alias.name == "*":
                self._module.has_star = True
                if foreign:
                    self._module.has_foreign_star |= bool(node.level) or module[0] not in _KNOWN
                else:
                    self._note_import(module, node)
                    self._module.stars.append(module)
                continue
            if foreign:
                self._scope.bind(alias.asname or alias.name, ANYTHING)
                continue
            self._note_import((*module, alias.name), alias)
            self._scope.bind(alias.asname or alias.name, frozenset([(*module, alias.name)]))

    # -- statements --------------------------------------------------------------------------------

    def _statements(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import):
            self._import(node)
        elif isinstance(node, ast.ImportFrom):
            self._import_from(node)
        elif isinstance(node, ast.Assign):
            self._assign(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._assign([node.target], node.value)
        elif isinstance(node, ast.AugAssign):
            self._value(node.value)
            self._bind(node.target, ANYTHING)
        elif isinstance(node, _FUNCTIONS):
            for decorator in node.decorator_list:
                self._value(decorator)
            self._function(node)
            self._scope.bind(node.name, ANYTHING)
        elif isinstance(node, ast.ClassDef):
            self._class(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                value = self._value(item.context_expr)
                if item.optional_vars is not None:
                    self._bind(item.optional_vars, extended(value, ENTERED))
            self._statements(node.body)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self._scope.outer |= set(node.names)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._scope.bind(target.id, ANYTHING)
        else:
            self._branching(node)

    def _assign(self, targets: Sequence[ast.expr], node: ast.expr) -> None:
        parts = [target.elts for target in targets if isinstance(target, (ast.Tuple, ast.List))]
        if isinstance(node, (ast.Tuple, ast.List)) and parts and all(
                len(elts) == len(node.elts) for elts in parts):
            values = [self._value(part) for part in node.elts]
            for elts in parts:
                for target, value in zip(elts, values, strict=True):
                    self._bind(target, value)
            return
        value = self._value(node)
        for target in targets:
            self._bind(target, value)

    def _branching(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If):
            self._value(node.test)
            if _is_main(node.test):
                self._statements(node.body)
                return
            guard = self._guard_of_test(node.test)
            self._asking += 1
            self._branches([(node.body, guard), (node.orelse, guard)])
            self._asking -= 1
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            if isinstance(node, ast.While):
                self._value(node.test)
            else:
                self._value(node.iter)
                self._bind(node.target, ANYTHING)
            self._forget(node.body)
            self._branches([(node.body, None), ([], None)])
            self._statements(node.orelse)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            self._asking += 1
            self._try(node)
            self._asking -= 1
        elif isinstance(node, ast.Match):
            self._value(node.subject)
            for case in node.cases:
                for part in ast.walk(case.pattern):
                    name = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(name, str):
                        self._scope.bind(name, ANYTHING)
                self._value(case.guard)
            self._branches([*((case.body, None) for case in node.cases), ([], None)])
        else:
            for inner in ast.iter_child_nodes(node):
                self._value(inner)

    def _guard_of_test(self, test: ast.expr) -> Guard | None:
        """What a condition on TensorFlow's version, or on what it has, allows."""
        for part in ast.walk(test):
            asked: ast.expr | None = None
            if isinstance(part, ast.Attribute) and part.attr in ("__version__", "VERSION"):
                asked = part.value
            elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and (
                    part.func.id == "hasattr" and part.args):
                asked = part.args[0]
            if isinstance(asked, (ast.Name, ast.Attribute)) and self._reference(asked) - ANYTHING:
                return Guard(-1, test.lineno, False, "all")
        return None

    def _forget(self, body: list[ast.stmt]) -> None:
        """What a loop binds may be something else from its second round on."""
        for statement in body:
            for part in ast.walk(statement):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    value = self._scope.names.get(part.id)
                    if value is not None and UNKNOWN not in value:
                        self._scope.names[part.id] = joined(value, ANYTHING)

    def _branches(self, branches: list[tuple[list[ast.stmt], Guard | None]]) -> None:
        """Follows each branch from here, then joins what names may be."""
        scope, before = self._scope, self._scope.names
        after = []
        self._depth += 1
        for body, guard in branches:
            scope.names = dict(before)
            if guard is not None:
                self._guards.append(guard)
            self._statements(body)
            if guard is not None:
                self._guards.pop()
            after.append(scope.names)
        self._depth -= 1
        scope.names = merged(after)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        number, self._tries = self._tries, self._tries + 1
        catches = _caught(node)
        guard = Guard(number, node.lineno, False, catches)
        scope, before = self._scope, self._scope.names
        scope.names = dict(before)
        if catches:
            self._guards.append(guard)
        self._statements(node.body)
        if catches:
            self._guards.pop()
        after = scope.names
        ends = []
        self._depth += 1
        for handler in node.handlers:
            scope.names = merged([before, after])
            self._value(handler.type)
            if handler.name:
                scope.bind(handler.name, ANYTHING)
            if catches:
                self._guards.append(guard._replace(is_fallback=True))
            self._statements(handler.body)
            if catches:
                self._guards.pop()
            ends.append(scope.names)
        scope.names = dict(after)
        self._statements(node.orelse)
        self._depth -= 1
        scope.names = merged([scope.names, *ends])
        self._statements(node.finalbody)

    # -- functions and classes ---------------------------------------------------------------------

    def _function_body(self, node: ast.AST, scope: Scope) -> None:
        outside, depth = self._scope, self._depth
        self._scope, self._depth = scope, 1
        if isinstance(node, ast.Lambda):
            self._value(node.body)
        elif isinstance(node, _FUNCTIONS):
            self._statements(node.body)
        self._scope, self._depth = outside, depth

    def _class(self, node: ast.ClassDef) -> None:
        for base in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self._value(base)
        outside = self._scope
        self._scope = Scope(outside, is_class=True)
        counts: dict[str, int] = {}
        for part in ast.walk(node):
            if (isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
                    and isinstance(part.value, ast.Name)):
                counts[part.attr] = counts.get(part.attr, 0) + 1
        self._scope.attributes = {name: ANYTHING for name, count in counts.items() if count == 1}
        first = len(self._later)
        self._statements(node.body)
        # what __init__ sets is known in the other methods
        methods = [self._later.pop() for _ in range(len(self._later) - first)][::-1]
        self._later.extend(sorted(methods, key=lambda entry: getattr(
            entry[0], "name", "") not in ("__init__", "build")))
        self._scope = outside
        self._scope.bind(node.name, ANYTHING)


def _caught(node: ast.Try | ast.TryStar) -> str:
    """What of missing names and wrong arguments a `try` catches: "", "names" or "all"."""
    caught: set[str] = set()
    for handler in node.handlers:
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        ends = bool(handler.body) and isinstance(handler.body[-1], ast.Raise)
        if not ends:
            caught |= {"" if kind is None else getattr(kind, "id", "?") for kind in types}
    if (caught & _ALL and len(node.body) <= _SHORT) or (
            "TypeError" in caught and caught & _NAMES_MISSING):
        return "all"
    return "names" if caught & _NAMES_MISSING else ""


def _is_main(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`, as it is when a program is run."""
    return (isinstance(test, ast.Compare) and isinstance(test.left, ast.Name)
            and test.left.id == "__name__" and isinstance(test.ops[0], ast.Eq))
