"""Rewrite rules: small functions, each one algebraic identity.

    @rule("Mul", ANY, CONST)
    def multiply_by_one(m, x, one):
        \"\"\"x * 1  ->  x\"\"\"
        if is_all(one, 1) and m.same_spec(x):
            return x

A rule returns the Value that stands for the instruction's result, or None to leave it alone. It may
build new instructions with `m.emit`. Nothing is mutated, and origins are kept for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import op_def
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.specs import Contents, derive

ANY = "any"
CONST = "const"
Rule = Callable[..., Value | None]
RULES: dict[str, list[tuple[tuple[str, ...], Rule]]] = {}


def rule(op_type: str, *patterns: str) -> Callable[[Rule], Rule]:
    """Registers a rewrite rule.

    Args:
        op_type: type of the instruction it looks at.
        patterns: per input: ANY, CONST, or the op type that must have made it. For a commutative op
            both orders are tried.
    """
    def register(function: Rule) -> Rule:
        if "->" not in (function.__doc__ or ""):
            raise TypeError(f"rule {function.__name__} needs a docstring `before  ->  after`")
        RULES.setdefault(op_type, []).append((patterns, function))
        _fitting.cache_clear()
        return function
    return register


class Match:
    """The instruction that a rule looks at, and what the rule may do."""

    __slots__ = ("_contents", "_made", "instr")

    def __init__(self, instr: Instr, contents: Contents) -> None:
        self.instr = instr
        self._contents = contents
        self._made: list[Instr] = []

    @property
    def attrs(self) -> dict[str, Any]:
        """The instruction's attributes."""
        return self.instr.attrs

    def maker(self, value: Value) -> Instr:
        """The instruction that makes a value, where the pattern says that there is one."""
        return self._contents.producers[value]

    def same_spec(self, value: Value) -> bool:
        """Whether `value` has exactly the dtype and the fully known shape of the result."""
        out = self.instr.outputs[0].spec
        return out == value.spec and out.is_static

    def emit(self, op_type: str, *inputs: Value, part: str = "", **attrs: Any) -> Value:
        """A new instruction before this one; its result.

        Args:
            op_type: the op.
            inputs: its inputs.
            part: what it is to the result, when it is not the result itself: ends its name.
            attrs: attributes that differ from the default.
        """
        definition = op_def(op_type)
        attrs = {**definition.attr_defaults, **attrs}
        name = self.instr.outputs[0].name + (f"/{part}" if part else "")
        probe = Instr(definition, inputs, (), attrs, self.instr.origins)
        spec, = derive(probe, self._contents)
        out = Value(name, Spec(spec.dtype, spec.shape))
        made = Instr(definition, inputs, (out,), attrs, self.instr.origins)
        self._made.append(made)
        self._contents.add(made)
        return out

    def constant(self, array: Any, part: str = "shape") -> Value:
        """A constant for an emitted instruction; `part` ends its name."""
        return constant(f"{self.instr.outputs[0].name}/{part}", array)


def is_all(value: Value, number: float) -> bool:
    """Whether a constant is `number` everywhere."""
    return value.const is not None and value.const.dtype != object and bool(
        np.all(value.const == number))


def apply_rules(program: Program) -> Program:
    """One sweep over the program with every registered rule."""
    contents = Contents()
    producers = contents.producers
    replaced: dict[Value, Value] = {}
    instrs: list[Instr] = []
    for instr in program.instrs:
        if replaced and not replaced.keys().isdisjoint(instr.inputs):
            instr = instr.with_inputs(tuple([replaced.get(v, v) for v in instr.inputs]))  # type: ignore[arg-type]
        found = None
        if instr.op_def.type in RULES and instr.is_pure:
            found = _try(instr, contents)
        if found is None:
            instrs.append(instr)
            for out in instr.outputs:
                producers[out] = instr
            continue
        value, made = found
        instrs += made
        replaced[instr.outputs[0]] = value
    if not replaced:
        return program
    return program.with_instrs(instrs, replaced)


def _try(instr: Instr, contents: Contents) -> tuple[Value, list[Instr]] | None:
    inputs, producers = instr.inputs, contents.producers
    kinds = tuple([_kind(value, producers) for value in inputs])
    for function, is_swapped in _fitting(instr.op_def.type, kinds,
                                         len(inputs) == 2 and instr.op_def.commutative):
        match = Match(instr, contents)
        value = function(match, *(inputs[::-1] if is_swapped else inputs))
        if value is not None:
            return value, match._made
    return None


@functools.lru_cache(1 << 14)
def _fitting(op_type: str, kinds: tuple[str, ...], commutes: bool) -> list[tuple[Rule, bool]]:
    """The rules to try on inputs of these kinds in turn, and whether the inputs are swapped."""
    orders = [(kinds, False), (kinds[::-1], True)] if commutes else [(kinds, False)]
    return [(function, is_swapped) for patterns, function in RULES[op_type]
            for found, is_swapped in orders if _fits(patterns, found)]


def _fits(patterns: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
    if not patterns:
        return True
    if len(patterns) != len(kinds):
        return False
    return all(pattern in (ANY, kind) for pattern, kind in zip(patterns, kinds, strict=True))


def _kind(value: Value | None, producers: dict[Value, Instr]) -> str:
    """What patterns say of a value: CONST, the op type that made it, or nothing."""
    if value is None:
        return ""
    if value.const is not None:
        return CONST
    maker = producers.get(value)
    return maker.op_def.type if maker is not None else ""
