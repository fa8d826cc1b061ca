"""The checker finds what is wrong with a Program, and names the pass that made it so."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.spec import Spec
from flowgraph.errors import ProgramError
from flowgraph.program import pipeline
from flowgraph.program.check import check
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.passes.fold_constants import constant
from tests.program.programs import program_of


@pytest.fixture
def program() -> Program:
    """x -> exp -> tanh -> add 1, all float32[2]."""
    x = fg.placeholder(fg.float32, [2], name="x")
    return program_of(fg.add(fg.tanh(fg.exp(x, name="exp"), name="tanh"), 1.0, name="sum"), [x])


def changed(program, instrs=None, fetches=None) -> Program:
    return Program(program.feeds, program.reads,
                   tuple(program.instrs if instrs is None else instrs),
                   program.fetches if fetches is None else fetches, program.writes)


def same_with(instr, inputs=None, outputs=None) -> Instr:
    return Instr(instr.op_def, instr.inputs if inputs is None else inputs,
                 instr.outputs if outputs is None else outputs, instr.attrs, instr.origins,
                 instr.keep)


def swapped(program):
    first, second, *rest = program.instrs
    return changed(program, [second, first, *rest])


def dropped(program):
    return changed(program, program.instrs[1:])


def doubled(program):
    return changed(program, [program.instrs[0], *program.instrs])


def wrong_dtype(program):
    *rest, last = program.instrs
    out = Value("sum", Spec(fg.int32, (2,)))
    return changed(program, [*rest, same_with(last, outputs=(out,))], (out,))


def wrong_shape(program):
    *rest, last = program.instrs
    out = Value("sum", Spec(fg.float32, (3,)))
    return changed(program, [*rest, same_with(last, outputs=(out,))], (out,))


def too_many_outputs(program):
    *rest, last = program.instrs
    more = (*last.outputs, Value("more", Spec(fg.float32, (2,))))
    return changed(program, [*rest, same_with(last, outputs=more)])


def bad_operands(program):
    *rest, last = program.instrs
    three = constant("three", np.ones(3, np.float32))
    return changed(program, [*rest, same_with(last, inputs=(last.inputs[0], three))])


def lying_constant(program):
    *rest, last = program.instrs
    lie = Value("lie", Spec(fg.float32, ()), np.ones((), np.float64))
    return changed(program, [*rest, same_with(last, inputs=(last.inputs[0], lie))])


def unknown_result(program):
    return changed(program, fetches=(Value("nowhere", Spec(fg.float32, (2,))),))


BROKEN = [
    (swapped, "Tanh(exp) uses exp before it is defined"),
    (dropped, "Tanh(exp) uses exp before it is defined"),
    (doubled, "exp is defined twice"),
    (wrong_dtype, "Add(tanh, 1.) should give float32[2], its output says int32[2]"),
    (wrong_shape, "Add(tanh, 1.) should give float32[2], its output says float32[3]"),
    (too_many_outputs, "Add(tanh, 1.) has 2 outputs, infer says 1"),
    (bad_operands, "Add(tanh, [1., 1., 1.]) does not type-check: cannot broadcast (2,) with (3,)"),
    (lying_constant, "the constant lie is float64(), its spec says float32[]"),
    (unknown_result, "the result uses nowhere before it is defined"),
]


def test_a_program_from_a_graph_is_legal(program) -> None:
    check(program)


@pytest.mark.parametrize("broken_pass, problem", BROKEN, ids=lambda value: getattr(
    value, "__name__", ""))
def test_the_checker_names_the_first_illegal_instruction(program, broken_pass, problem) -> None:
    with pytest.raises(ProgramError) as caught:
        check(broken_pass(program), "some_pass")
    assert str(caught.value).splitlines()[0] == f"after some_pass: {problem}"


def test_the_message_shows_the_program(program) -> None:
    broken = swapped(program)
    with pytest.raises(ProgramError) as caught:
        check(broken)
    assert str(caught.value).endswith(str(broken))


@pytest.mark.parametrize("broken_pass", [b for b, _ in BROKEN], ids=lambda b: b.__name__)
def test_the_pipeline_blames_the_pass_that_broke_the_program(broken_pass, monkeypatch) -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    y = fg.add(fg.tanh(fg.exp(x, name="exp"), name="tanh"), 1.0, name="sum")
    monkeypatch.setitem(pipeline.PASSES, "simplify", broken_pass)
    with pytest.raises(ProgramError, match=r"^after simplify: "):
        fg.Session().run(y, {x: [1, 2]})


def test_a_less_precise_output_is_legal(program) -> None:
    *rest, last = program.instrs
    out = Value("sum", Spec(fg.float32, None))
    check(changed(program, [*rest, same_with(last, outputs=(out,))], (out,)))


def test_checking_is_off_for_users(monkeypatch) -> None:
    monkeypatch.setattr(pipeline, "checking", False)
    x = fg.placeholder(fg.float32, [2], name="x")
    monkeypatch.setattr(pipeline, "check", lambda *args: pytest.fail("checked"))
    assert fg.Session().run(x + 1.0, {x: [1, 2]}).tolist() == [2, 3]
