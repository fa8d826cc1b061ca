"""Dead code: what no one uses goes; what is seen from outside stays."""

from __future__ import annotations

import flowgraph as fg
from flowgraph.program.ir import Program
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.passes.simplify import simplify
from tests.program.programs import body, lines, program_of


def without_fetches(program) -> Program:
    return Program(program.feeds, program.reads, program.instrs, (), program.writes)


def test_a_chain_that_no_one_uses_any_more_goes_as_a_whole() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    kept, gone = fg.exp(x, name="kept"), fg.tanh(fg.sin(x), name="gone")
    program = program_of([kept, gone], [x])
    only_first = Program(program.feeds, program.reads, program.instrs, program.fetches[:1], ())
    assert body(dead_code(only_first)) == lines("""
        kept float32[2] = Exp(x)
        return kept
    """)


def test_what_a_rule_has_passed_over_goes() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    y = fg.subtract(x, -fg.exp(x, name="e"), name="y")
    after = simplify(program_of(y, [x]))
    assert body(after) == lines("""
        e float32[2] = Exp(x)
        Neg float32[2] = Neg(e)
        y float32[2] = AddV2(x, e)
        return y
    """)
    assert body(dead_code(after)) == lines("""
        e float32[2] = Exp(x)
        y float32[2] = AddV2(x, e)
        return y
    """)


def test_prints_checks_and_fetched_operations_stay() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    fetches = [fg.Print(x, [x]), fg.exp(x).op, fg.Assert(fg.constant(True), ["no"])]
    program = without_fetches(program_of(fetches, [x]))
    assert [i.op_def.type for i in dead_code(program).instrs] == ["Print", "Exp", "Assert"]


def test_writes_stay_but_not_those_that_a_later_write_makes_void() -> None:
    v = fg.Variable([1.0], name="v")
    first, second = fg.assign(v, [2.0], name="first"), fg.assign(v, [3.0], name="second")
    assert body(dead_code(program_of([first.op, second.op]))) == lines("""
        second float32[1] = Assign(-, [3.])
        write v = second
        return nothing
    """)


def test_an_instruction_stays_when_one_of_its_outputs_is_used() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = program_of(fg.unstack(x)[1], [x])
    assert dead_code(program) is program


def test_feeds_and_reads_stay_so_that_callers_need_not_know() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = without_fetches(program_of(fg.exp(x), [x]))
    assert dead_code(program).feeds == program.feeds


def test_dead_code_is_switched_off_by_name() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    y = x - -fg.exp(x)
    executable, _, shapes = fg.Session(passes=["simplify"])._prepare(y, {x: [1, 2]})
    assert "Neg" in [i.op_def.type for i in executable.optimised(shapes).instrs]
