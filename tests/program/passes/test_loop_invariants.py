"""The pass `loop_invariants`: what moves out of a loop, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.program.passes.loop_invariants import loop_invariants
from tests.program.programs import program_of

X = np.array([1.0, 2.0, 3.0], np.float32)


def types(program) -> list[str]:
    return [instr.op_def.type for instr in program.instrs]


def inside(program) -> list[str]:
    loop = next(instr for instr in program.instrs if instr.bodies)
    return [instr.op_def.type for body in loop.bodies for instr in body.instrs]


def loop(body, x, rounds=3):
    return fg.while_loop(lambda i, h: i < rounds, lambda i, h: (i + 1, body(i, h)), [0, x])[1]


def test_what_is_the_same_in_all_rounds_stands_before_the_loop() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    n = fg.placeholder(fg.int32, [], name="n")
    y = loop(lambda i, h: h * fg.sin(x) + fg.tanh(h), x, n + 1)
    program = loop_invariants(program_of(y, [x, n]))
    assert types(program)[:3] == ["AddV2", "Sin", "While"]
    assert sorted(inside(program)) == ["AddV2", "AddV2", "Less", "Mul", "Tanh"]


def test_a_value_that_is_needed_twice_is_brought_in_once() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")

    def body(i, h):
        same = fg.sin(x)
        return h * same + same
    program = loop_invariants(program_of(loop(body, x), [x]))
    assert len(program.instrs[-2].inputs) == 4  # i, h, x and the sine


def test_what_may_fail_stays_where_it_may_never_run() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    k = fg.placeholder(fg.int32, [], name="k")
    n = fg.placeholder(fg.int32, [], name="n")
    y = loop(lambda i, h: h + fg.gather(x, k), x, n)
    assert "GatherV2" in inside(loop_invariants(program_of(y, [x, k, n])))
    with fg.Session() as session:
        np.testing.assert_array_equal(session.run(y, {x: X, k: 9, n: 0}), X)
        with pytest.raises(InvalidArgumentError, match="not in"):
            session.run(y, {x: X, k: 9, n: 1})


def test_random_numbers_are_made_in_every_round() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    y = loop(lambda i, h: h + fg.random_uniform([3]), x)
    assert "RandomUniform" in inside(loop_invariants(program_of(y, [x])))


def test_a_program_without_loops_is_returned_as_it_is() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    program = program_of(fg.sin(x), [x])
    assert loop_invariants(program) is program


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_results_are_those_without_the_pass(rounds) -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    n = fg.placeholder(fg.int32, [], name="n")
    w = fg.Variable(np.eye(3, dtype=np.float32) * 0.5, name="w")

    def body(i, h):
        def inner(j, g):
            return j + 1, fg.tanh(g @ (w * 2.0)) + fg.reduce_sum(h)
        return fg.while_loop(lambda j, g: j < n * 2, inner, [0, fg.expand_dims(h, 0)])[1][0]
    y = loop(body, x, n)
    slope = fg.gradients(y, [x, w])
    found = []
    for passes in ([], ["loop_invariants"], None):
        with fg.Session(passes=passes) as session:
            session.run(w.initializer)
            found.append([session.run([y, *slope], {x: X, n: rounds}) for _ in range(2)])
    for other in found[1:]:
        for a, b in zip(found[0][1], other[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
