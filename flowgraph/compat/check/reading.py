"""Reads a program without running it: which names of TensorFlow it uses, and how.

Statements are followed from top to bottom with a table of what each name stands for, so that
`layers = tf.layers`, `from tensorflow.contrib import rnn` or `with tf.Session() as sess` count.
Branches are followed one by one and joined. A function is read after what stands around it, when
the names that it sees are known.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from flowgraph.compat.check.scopes import (
    ANYTHING,
    NOTHING,
    Scope,
    Value,
    extended,
    is_name,
    joined,
    merged,
)
from flowgraph.compat.check.uses import CALLED, ENTERED, ROOT, UNKNOWN, Call, Chain, Guard, Use

_NAMES_MISSING = {"AttributeError", "ImportError", "ModuleNotFoundError"}
_ALL = {"Exception", "BaseException", ""}
_IMPORTS = ("import_module", "__import__")
_SHORT = 2  # statements of a `try` that `except:` is about
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Exports = Callable[[Chain], frozenset[str]]


class Reader:
    """Collects the uses of one file.

    Args:
        exports: gives the names that `from module import *` brings.

    Attributes:
        uses: what was found, in the order of reading.
        defined: names of TensorFlow that the program sets itself, as `tf.mul = tf.multiply`.
    """

    def __init__(self, exports: Exports) -> None:
        self.uses: list[Use] = []
        self.defined: set[Chain] = set()
        self._exports = exports
        self._module = Scope()
        self._scope = self._module
        self._later: deque[tuple[ast.AST, Scope, int]] = deque()
        self._cell = 0
        self._guards: list[Guard] = []
        self._depth = 0  # of branches, loops and functions
        self._tries = 0

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

    # -- expressions -------------------------------------------------------------------------------

    def _value(self, node: ast.AST | None, call: Call | None = None) -> Value:
        """What an expression may be; notes the uses in it."""
        if node is None:
            return NOTHING
        if isinstance(node, (ast.Name, ast.Attribute)):
            value = self._reference(node)
            self._note(value, node, call)
            return value
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Constant):
            return NOTHING if node.value is None else ANYTHING
        if isinstance(node, ast.IfExp):
            self._value(node.test)
            return joined(self._value(node.body), self._value(node.orelse))
        if isinstance(node, ast.BoolOp):
            return joined(*[self._value(part) for part in node.values])
        if isinstance(node, ast.NamedExpr):
            value = self._value(node.value)
            self._bind(node.target, value)
            return value
        if isinstance(node, ast.Lambda):
            self._function(node)
            return ANYTHING
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            self._comprehension(node)
            return ANYTHING
        for child in ast.iter_child_nodes(node):
            self._value(child)
        return ANYTHING

    def _reference(self, node: ast.Name | ast.Attribute) -> Value:
        """What a name with attributes may be; only what its inner expression uses is noted."""
        if isinstance(node, ast.Name):
            return self._look_up(node.id)
        inner = node.value
        if isinstance(inner, ast.Name) and inner.id == self._self_name():
            owner = self._scope_of_object()
            return owner.attributes.get(node.attr, ANYTHING) if owner else ANYTHING
        base = (self._reference(inner) if isinstance(inner, (ast.Name, ast.Attribute))
                else self._value(inner))
        return extended(base, node.attr)

    def _look_up(self, name: str) -> Value:
        scope = self._scope.find(name)
        if scope is not None:
            return scope.names[name]
        for star in reversed(self._module.stars):
            if name in self._exports(star):
                return frozenset([(*star, name)])
        if self._module.has_foreign_star and name == "tf":
            return frozenset([(ROOT,)])  # `from helper import *`, where helper imports it
        return ANYTHING

    def _note(self, value: Value, node: ast.expr, call: Call | None = None,
              guard: Guard | None = None) -> None:
        chains = tuple(sorted(chain for chain in value if is_name(chain)))
        if chains:
            if UNKNOWN in value:
                chains = (*chains, UNKNOWN)
            at = node.end_lineno if isinstance(node, ast.Attribute) else node.lineno
            self.uses.append(Use(chains, at or node.lineno, node.col_offset, call,
                                 guard or self._guard(), self._depth > 0, False,
                                 self._cell))

    def _guard(self) -> Guard | None:
        return self._guards[-1] if self._guards else None

    def _call(self, node: ast.Call) -> Value:
        function = node.func
        named = function.id if isinstance(function, ast.Name) else ""
        if named in ("getattr", "hasattr") and len(node.args) >= 2:
            return self._getattr(node, named)
        if node.args and (named or getattr(function, "attr", "")) in _IMPORTS:
            module = node.args[0]
            if isinstance(module, ast.Constant) and isinstance(module.value, str):
                return self._imported(module.value, node, named == "__import__")
        positional = [arg for arg in node.args if not isinstance(arg, ast.Starred)]
        call = Call(len(positional), tuple(k.arg for k in node.keywords if k.arg is not None),
                    len(positional) < len(node.args),
                    tuple(_kind(arg) for arg in node.args) if len(node.args) < 9 else ())
        value = self._value(function, call)
        for arg in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self._value(arg)
        if named == "super" or value == ANYTHING:
            return ANYTHING
        return extended(value, CALLED)

    def _getattr(self, node: ast.Call, named: str) -> Value:
        """`getattr(tf.nn, "relu")` is a use; with a default it may be missing."""
        base, *others = [self._value(arg) for arg in node.args]
        attribute = node.args[1]
        if not (isinstance(attribute, ast.Constant) and isinstance(attribute.value, str)):
            return ANYTHING
        if named == "hasattr":
            return ANYTHING
        value = extended(base, attribute.value)
        default = Guard(-1, node.lineno, False, "names") if len(node.args) > 2 else None
        self._note(value, node, guard=default)
        return others[1] if default else value

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
                       ) -> None:
        outside = self._scope
        inner = Scope(outside)
        for generator in node.generators:
            self._value(generator.iter)
            self._scope = inner
            self._bind(generator.target, ANYTHING)
            for test in generator.ifs:
                self._value(test)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self._value(part)
        self._scope = outside

    # -- names -------------------------------------------------------------------------------------

    def _bind(self, target: ast.AST, value: Value) -> None:
        if isinstance(target, ast.Name):
            self._scope.bind(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._bind(part, ANYTHING)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, ANYTHING)
        elif isinstance(target, ast.Attribute):
            self._bind_attribute(target, value)
        elif isinstance(target, ast.Subscript):
            self._value(target.value)
            self._value(target.slice)

    def _bind_attribute(self, target: ast.Attribute, value: Value) -> None:
        inner = target.value
        if isinstance(inner, ast.Name) and inner.id == self._self_name():
            owner = self._scope_of_object()
            if owner is not None and target.attr in owner.attributes:
                before = owner.attributes[target.attr]
                owner.attributes[target.attr] = joined(before - {UNKNOWN}, value)
            return
        base = self._value(inner)
        self.defined |= {(*chain, target.attr) for chain in base if chain != UNKNOWN}

    def _self_name(self) -> str:
        scope: Scope | None = self._scope
        while scope is not None:
            if scope.methods_of is not None:
                return scope.self_name
            scope = scope.parent
        return ""

    def _scope_of_object(self) -> Scope | None:
        scope: Scope | None = self._scope
        while scope is not None:
            if scope.methods_of is not None:
                return scope.methods_of
            scope = scope.parent
        return None

    # -- imports -----------------------------------------------------------------------------------

    def _imported(self, module: str, node: ast.AST, gives_root: bool = False) -> Value:
        chain = tuple(module.split("."))
        if chain[0] != ROOT or not all(chain):
            return ANYTHING
        self._note_import(chain, node)
        return frozenset([chain[:1] if gives_root else chain])

    def _note_import(self, chain: Chain, node: ast.AST) -> None:
        if len(chain) > 1:
            self.uses.append(Use((chain,), getattr(node, "lineno", 0),
                                 getattr(node, "col_offset", 0), None, self._guard(),
                                 self._depth > 0, True, self._cell))

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            value = self._imported(alias.name, node, gives_root=not alias.asname)
            self._scope.bind(alias.asname or alias.name.partition(".")[0], value)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = tuple((node.module or "").split("."))
        foreign = bool(node.level) or module[0] != ROOT
        for alias in node.names:
            if alias.name == "*":
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
            guard = _guard_of_test(node.test)
            self._branches([(node.body, guard), (node.orelse, guard)])
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
            self._try(node)
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

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            self._value(default)
        inner = Scope(self._scope)
        names = [*arguments.posonlyargs, *arguments.args]
        if self._scope.is_class and names and not isinstance(node, ast.Lambda) and not any(
                isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod")
                for d in node.decorator_list):
            inner.methods_of, inner.self_name = self._scope, names[0].arg
        for argument in [*names, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
            if argument is not None:
                inner.names[argument.arg] = ANYTHING
        self._later.append((node, inner, self._cell))

    def _function_body(self, node: ast.AST, scope: Scope) -> None:
        outside, depth = self._scope, self._depth
        self._scope, self._depth = scope, 1
        if isinstance(node, ast.Lambda):
            self._value(node.body)
        elif isinstance(node, _FUNCTIONS):
            self._statements(node.body)
        self._scope, self._depth = outside, depth

    def _class(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self._value(part)
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


# ---- helpers -------------------------------------------------------------------------------------

# Modules whose names are no helper's, in `from ... import *`.
_KNOWN = {"math", "numpy", "os", "pylab", "matplotlib", "tkinter", "Tkinter", "keras", "typing",
          "__future__", "pandas", "sklearn", "scipy", "six", "ctypes", "time", "random"}


def _kind(node: ast.expr) -> str:
    """What an argument looks like, as far as its text tells."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _kind(node.operand)
    if isinstance(node, ast.Constant):
        kind = type(node.value).__name__
        return {"int": "int", "str": "str", "NoneType": "None"}.get(kind, "")
    if isinstance(node, ast.Starred):
        return "*"
    return "list" if isinstance(node, (ast.List, ast.Tuple, ast.ListComp)) else ""


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


def _guard_of_test(test: ast.expr) -> Guard | None:
    """What a condition on TensorFlow's version, or on what it has, allows."""
    for part in ast.walk(test):
        if ((isinstance(part, ast.Attribute) and part.attr in ("__version__", "VERSION"))
                or (isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
                and part.func.id == "hasattr")):
            return Guard(-1, test.lineno, False, "all")
    return None
