"""Kernels of several NumPy functions as lines of a run that calls them often."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.plan.inline import template
from flowgraph.plan.linear import constant
from flowgraph.plan.nested import has_numbers, numbers_of
from tests.plan.plans import run_everywhere, source_of
from tests.program.programs import program_of


def made_of(kind):
    return template(REGISTRY[kind], REGISTRY[kind].attr_defaults, True)


@pytest.mark.parametrize("kind, text, numbers", [
    ("Sigmoid", "{np_reciprocal}({np_add}({number_0}, {np_exp}({np_negative}({x}, {out}), {out}), "
                "{out}), {out})", (1,)),
    ("TanhGrad", "{np_multiply}({dy}, {np_subtract}({number_0}, {np_multiply}({y}, {y}, {out}), "
                 "{out}), {out})", (1,)),
    ("SigmoidGrad", "{np_multiply}({dy} * {y}, {np_subtract}({number_0}, {y}, {out}), {out})",
     (1,))])
def test_functions_and_numbers_have_names(kind, text, numbers) -> None:
    made = made_of(kind).nested
    assert (made.text, made.numbers) == (text, numbers)
    assert has_numbers(REGISTRY[kind])


@pytest.mark.parametrize("kind", ["Tanh", "Add", "MatMul", "Cast", "Reshape"])
def test_a_single_function_has_its_own_way(kind) -> None:
    made = made_of(kind)
    assert made is None or made.nested is None
    assert not has_numbers(REGISTRY[kind])


def nested_kinds():
    return sorted(kind for kind, definition in REGISTRY.items()
                  if definition.elementwise and not definition.lists
                  and made_of(kind) is not None and made_of(kind).nested is not None)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_both_forms_of_a_line_give_the_same_bits(dtype) -> None:
    assert {"Sigmoid", "SigmoidGrad", "TanhGrad"} <= set(nested_kinds())
    for kind in nested_kinds():
        made, params = made_of(kind), REGISTRY[kind].params
        rng = np.random.default_rng(0)
        given = {p: rng.uniform(0.1, 0.9, (3, 4)).astype(dtype) for p in params}
        scope = {"np": np, **made.needs, **given}
        outs = [np.empty((3, 4), dtype) for _ in range(2)]
        holes = {p: p for p in params}
        names = {f"np_{f}": f"np.{f}" for f in made.nested.functions}
        numbers = {f"number_{i}": f"number_{i}" for i in range(len(made.nested.numbers))}
        scope.update((f"number_{i}", constant(n, np.dtype(dtype)))
                     for i, n in enumerate(made.nested.numbers))
        with np.errstate(all="ignore"):
            try:
                eval(made.text.format(**holes, out="out"), {**scope, "out": outs[0]})
            except TypeError:  # no op of floats
                continue
            eval(made.nested.text.format(**holes, **names, **numbers, out="out"),
                 {**scope, "out": outs[1]})
        np.testing.assert_array_equal(*outs, err_msg=kind)


@pytest.mark.parametrize("dtype, count", [(fg.float16, 1), (fg.float32, 1), (fg.float64, 1),
                                          (fg.complex64, 0)])
def test_numbers_are_arrays_among_floats_of_one_kind(dtype, count) -> None:
    x = fg.placeholder(dtype, [2], name="x")
    instr, = (i for i in program_of(fg.sigmoid(x), [x]).instrs if i.op_def.type == "Sigmoid")
    assert len(numbers_of(instr, made_of("Sigmoid").nested)) == count


def chain(x, length):
    for _ in range(length):
        x = fg.sigmoid(2.0 * x)
    return x


def test_a_run_of_many_calls_looks_all_functions_up() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    often, seldom = (source_of(chain(x, length), {x: [1, 2, 3]}) for length in (20, 3))
    assert "c1_0 = np.array(1.0, np.float32)\n" in often
    assert "np_reciprocal(np_add(c1_0, np_exp(np_negative(mul, b0), b0), b0), b0)" in often
    assert "c1_0" not in seldom
    assert "np.reciprocal(np.add(1, np.exp(" in seldom


@pytest.mark.parametrize("dtype", [fg.float16, fg.float32, fg.float64, fg.complex64])
@pytest.mark.parametrize("special", [0.0, np.nan, np.inf, -np.inf, 1e30])
def test_chains_give_the_same_numbers_everywhere(dtype, special) -> None:
    x = fg.placeholder(dtype, [3], name="x")
    y = chain(x, 20)
    with np.errstate(all="ignore"):
        given = np.array([special, 0.5, -0.5]).astype(dtype.as_numpy_dtype)
        first, *others = run_everywhere([y, *fg.gradients(y, x, grad_ys=y)], {x: given})
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_a_row_that_a_line_needs_several_times_is_looked_for_once(rounds) -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    y = fg.while_loop(lambda i, h: i < rounds, lambda i, h: (i + 1, fg.sigmoid(h) * x),
                      [0, x])[1]
    given = {x: np.arange(6.0).reshape(2, 3)}
    if rounds:
        assert "(row := Sigmoid_rows[i])" in source_of(fg.gradients(y, x), given)
    first, *others = run_everywhere([y, *fg.gradients(y, x)], given)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_array_equal(a, b)
