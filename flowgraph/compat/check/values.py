"""What the expressions of a program may be, and the uses of TensorFlow's names in them."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable

from flowgraph.compat import python_2
from flowgraph.compat.check.scopes import (
    ANYTHING,
    NOTHING,
    Scope,
    Value,
    extended,
    is_name,
    joined,
)
from flowgraph.compat.check.uses import CALLED, ROOT, UNKNOWN, Call, Chain, Guard, Use

_IMPORTS = ("import_module", "__import__")
Exports = Callable[[Chain], frozenset[str]]


class Values:
    """Follows expressions, and collects the uses in them.

    Args:
        exports: gives the names that `from module import *` brings.

    Attributes:
        uses: what was found, in the order of reading.
        defined: names of TensorFlow that the program sets itself, as `tf.mul = tf.multiply`.
        python_2: cell, line and name of what only Python 2 has, where nothing asks for it first.
    """

    def __init__(self, exports: Exports) -> None:
        self.uses: list[Use] = []
        self.defined: set[Chain] = set()
        self.python_2: list[tuple[int, int, str]] = []
        self._exports = exports
        self._module = Scope()
        self._scope = self._module
        self._later: deque[tuple[ast.AST, Scope, int]] = deque()
        self._cell = 0
        self._guards: list[Guard] = []
        self._depth = 0  # of branches, loops and functions
        self._tries = 0
        self._asking = 0  # how many `if` and `try` are around

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
            return self._look_up(node.id, node)
        inner = node.value
        if isinstance(inner, ast.Name) and inner.id == self._self_name():
            owner = self._scope_of_object()
            return owner.attributes.get(node.attr, ANYTHING) if owner else ANYTHING
        base = (self._reference(inner) if isinstance(inner, (ast.Name, ast.Attribute))
                else self._value(inner))
        return extended(base, node.attr)

    def _look_up(self, name: str, node: ast.Name) -> Value:
        scope = self._scope.find(name)
        if scope is not None:
            return scope.names[name]
        for star in reversed(self._module.stars):
            if name in self._exports(star):
                return frozenset([(*star, name)])
        if self._module.has_foreign_star and name == "tf":
            return frozenset([(ROOT,)])  # `from helper import *`, where helper imports it
        if name in python_2.NAMES and not self._module.has_star:
            self._note_python_2(node, name)
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

    def _note_python_2(self, node: ast.AST, name: str) -> None:
        if not self._asking:
            self.python_2.append((self._cell, getattr(node, "lineno", 0), name))

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
                    tuple(_kind(arg) for arg in node.args) if len(node.args) < 9 else (),
                    tuple(k.arg for k in node.keywords if k.arg is not None
                          and _kind(k.value) in ("None", "blank")))
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

    # -- modules and functions in expressions -----------------------------------------------------

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


def _kind(node: ast.expr) -> str:
    """What an argument looks like, as far as its text tells."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _kind(node.operand)
    if isinstance(node, ast.Constant):
        kind = type(node.value).__name__
        if node.value is False or node.value == "":
            return "blank"
        return {"int": "int", "str": "str", "NoneType": "None"}.get(kind, "")
    if isinstance(node, ast.Starred):
        return "*"
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return "label" if "label" in name.lower() else ""
    return "list" if isinstance(node, (ast.List, ast.Tuple, ast.ListComp)) else ""
