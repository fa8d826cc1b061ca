"""Kernels as one line of NumPy: which can be, and what their text is."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef.opdef import REGISTRY, NotDifferentiable, OpDef
from flowgraph.plan.inline import (
    evaluated,
    identifier,
    is_literal,
    may_write_over,
    numpy_name,
    template,
    writes_last,
)


def op_def(op_type):
    return OWN.get(op_type) or REGISTRY[op_type]


def text(op_type, has_out=False, **attrs):
    made = template(op_def(op_type), {**op_def(op_type).attr_defaults, **attrs}, has_out)
    return made and made.text


@pytest.mark.parametrize("op_type, attrs, has_out, expected", [
    ("Tanh", {}, False, "np.tanh({x})"),
    ("Tanh", {}, True, "np.tanh({x}, out={out})"),
    ("Mul", {}, True, "np.multiply({x}, {y}, out={out})"),
    ("Reshape", {}, False, "np.reshape({tensor}, _without_guess({shape}))"),
    ("Transpose", {}, False, "np.transpose({x}, {perm})"),
    ("MatMul", {"transpose_a": True}, True, "np.dot({a}.T, {b}, out={out})"),
    ("MatMul", {"transpose_a": False}, False, "np.dot({a}, {b})"),
], ids=str)
def test_the_text_of_kernels(op_type, attrs, has_out, expected) -> None:
    assert text(op_type, has_out, **attrs) == expected


class TwoLines(OpDef):
    """Cannot be one expression."""

    grad = NotDifferentiable

    def infer(self, x):
        return x

    def kernel(self, xp, x):
        y = xp.exp(x)
        return y


def helper(x):
    return x


class WithHelper(TwoLines):
    """Uses a function of its module."""

    def kernel(self, xp, x):
        return helper(xp.exp(x))


class WithComprehension(TwoLines):
    """Has a variable of its own, which a value's name could clash with."""

    def kernel(self, xp, x):
        return [xp.exp(i) for i in x]


class WithLambda(TwoLines):
    """Has a parameter of its own."""

    def kernel(self, xp, x):
        return (lambda i: i + x)(1)


class WithMethod(TwoLines):
    """Calls a method of its class."""

    def kernel(self, xp, x):
        return self.other(x)

    def other(self, x):
        return x


class WithFlag(TwoLines):
    """Has a branch that is fixed for the instruction."""

    def infer(self, x, *, negate=False, mode="a", dtype=fg.float32):
        return x

    def kernel(self, xp, x, *, negate=False, mode="a", dtype=fg.float32):
        return (xp.negative(x) if negate else x) if mode == "a" and not negate else x.astype(
            dtype.numpy)


class WritesEarly(TwoLines):
    """Uses `out` in the middle."""

    def kernel(self, xp, x, *, out=None):
        return xp.add(xp.exp(x, out=out), x)


class WritesTwice(TwoLines):
    """Uses `out` inside and outside."""

    def kernel(self, xp, x, *, out=None):
        return xp.add(xp.exp(x, out=out), x, out=out)


OWN = {kind.__name__: REGISTRY.pop(kind.__name__) for kind in (
    TwoLines, WithHelper, WithComprehension, WithLambda, WithMethod, WithFlag, WritesEarly,
    WritesTwice)}  # no one else shall see these


@pytest.mark.parametrize("kind", [TwoLines, WithComprehension, WithLambda, WithMethod],
                         ids=lambda kind: kind.__name__)
def test_these_kernels_are_called_by_name(kind) -> None:
    assert text(kind.__name__) is None


def test_functions_of_the_kernels_module_come_along() -> None:
    made = template(op_def("WithHelper"), {}, False)
    assert (made.text, made.needs) == ("helper(np.exp({x}))", {"helper": helper})


def test_what_an_attribute_decides_is_folded_away() -> None:
    assert text("WithFlag", negate=False, mode="a") == "{x}"
    assert text("WithFlag", negate=True, mode="b", dtype=fg.int64) == "{x}.astype(np.int64)"


@pytest.mark.parametrize("kind, expected", [
    ("Tanh", True), ("Add", True), ("WritesEarly", False), ("WritesTwice", False),
    ("TwoLines", False)])
def test_in_place_needs_a_kernel_that_writes_last(kind, expected) -> None:
    assert writes_last(op_def(kind)) is expected


@pytest.mark.parametrize("kind, params", [
    ("Tanh", "x"), ("Add", "x y"), ("Sigmoid", "x"), ("SigmoidGrad", "y dy"), ("TanhGrad", "y"),
    ("ReluGrad", "features"), ("WritesEarly", ""), ("WritesTwice", ""), ("TwoLines", ""),
    ("SquaredDifference", ""), ("AddN", "")])
def test_out_may_be_the_memory_of_what_is_not_read_any_more(kind, params) -> None:
    assert may_write_over(op_def(kind)) == set(params.split())


def test_inner_calls_are_operators_where_nothing_is_written_into() -> None:
    made, into = (template(op_def("Sigmoid"), {}, has_out) for has_out in (False, True))
    assert made.text == "np.reciprocal(1 + np.exp(-{x}))"
    assert into.text == ("np.reciprocal(np.add(1, np.exp(np.negative({x}, out={out}), out={out}), "
                         "out={out}), out={out})")


def index(begin, end):
    return tuple(slice(b, e or None) for b, e in zip(begin, end, strict=True))


def pick(i):
    return (i, None, Ellipsis, slice(None, None, -1), slice(0, 4, 1))


def array(n):
    return np.zeros(n)


def boom(n):
    raise AssertionError("called with a value")


@pytest.mark.parametrize("before, after", [
    ("x[index((1, 0), (3, 0))]", "x[1:3, 0:]"),
    ("x[index((1,), (3,))]", "x[1:3]"),
    ("x[pick(2)]", "x[2, None, ..., ::-1, 0:4]"),
    ("np.add(x, double(2))", "np.add(x, 4)"),
    ("np.add(x, array(3))", "np.add(x, array(3))"),
    ("np.add(x, boom(y))", "np.add(x, boom(y))"),
    ("x[index(begin, (3,))]", "x[index(begin, (3,))]"),
])
def test_helpers_that_get_literals_only_are_worked_out(before, after) -> None:
    helpers = {"index": index, "pick": pick, "array": array, "boom": boom,
               "double": lambda n: 2 * n}
    assert evaluated(before, helpers) == after


@pytest.mark.parametrize("name, expected", [
    ("layer1/MatMul", "layer1_MatMul"), ("a.b-c:1", "a_b_c_1"), ("1st", "_1st"), ("", "_"),
    ("lambda", "_lambda"), ("None", "_None"), ("größe", "gr__e"), ("scope/", "scope")])
def test_identifiers(name, expected) -> None:
    assert identifier(name) == expected
    assert identifier(name).isidentifier()


@pytest.mark.parametrize("value, expected", [
    (1, True), (1.5, True), ("a'\n", True), ((1, [2, None]), True), (fg.float32, True),
    (float("nan"), False), (float("inf"), False), ((1, float("inf")), False),
    (np.zeros(2), False), (np.float32(1), False), (len, False), ({1: 2}, False)], ids=repr)
def test_literals_are_what_repr_gives_back(value, expected) -> None:
    assert is_literal(value) is expected


def test_names_of_dtypes() -> None:
    assert [numpy_name(t) for t in (fg.float32, fg.bool, fg.string)] == [
        "np.float32", "np.bool_", "object"]
