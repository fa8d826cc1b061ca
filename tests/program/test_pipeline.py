"""The pipeline: which passes run, how they are switched off, and that they change no result."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program import pipeline
from flowgraph.program.pipeline import PASSES, PLANNING, optimise, techniques
from flowgraph.runtime.config import passes_of
from tests.program.programs import body, lines, program_of


def mixed(x):
    """Something to do for every pass."""
    half = fg.constant(1.0) / fg.constant(2.0)
    return fg.tanh(x * half) + fg.tanh(x * half) * 1.0


def test_all_passes_together_until_nothing_changes() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    assert body(optimise(program_of(mixed(x), [x]))) == lines("""
        mul float32[2] = Mul(x, 0.5)
        Tanh float32[2] = Tanh(mul)
        add float32[2] = AddV2(Tanh, Tanh)
        return add
    """)


@pytest.mark.parametrize("name, gone", [
    ("fold_constants", "RealDiv(1., 2.)"), ("simplify", ", 1.)"),
    ("common_subexpressions", "Tanh_1")])
def test_each_pass_does_its_part_and_can_be_left_out(name, gone) -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = program_of(mixed(x), [x])
    others = [other for other in PASSES if other != name]
    assert gone in str(optimise(program, others))
    assert gone not in str(optimise(program))


def test_no_passes_leave_the_program_as_extracted() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = program_of(mixed(x), [x])
    assert optimise(program, []) is program


def test_passes_run_in_the_order_of_the_pipeline_whatever_order_they_are_named_in(
        monkeypatch) -> None:
    seen = []
    for name in PASSES:
        monkeypatch.setitem(PASSES, name, lambda program, name=name: seen.append(name) or program)
    x = fg.placeholder(fg.float32, [2], name="x")
    optimise(program_of(x, [x]), ["dead_code", "fold_constants"])
    assert seen == ["fold_constants", "dead_code"]


def test_an_unknown_pass_is_an_error_that_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no pass \['fuse'\].*'simplify'.*'buffer_reuse'"):
        fg.Session(passes=["fuse", "parallel"])


@pytest.mark.parametrize("passes, expected", [
    (None, set(PLANNING)), ([], set()), (["simplify"], set()),
    (["parallel", "simplify"], {"parallel"})])
def test_techniques_of_a_plan_are_switched_with_the_passes(passes, expected) -> None:
    assert techniques(passes) == expected


def test_rounds_are_bounded_when_a_pass_never_settles(monkeypatch) -> None:
    calls = []

    def restless(program):
        calls.append(1)
        return program.with_instrs(program.instrs, {})

    monkeypatch.setitem(PASSES, "simplify", restless)
    x = fg.placeholder(fg.float32, [2], name="x")
    optimise(program_of(fg.tanh(x), [x]))
    assert len(calls) == pipeline._ROUNDS


def config(**rewrites):
    made = fg.ConfigProto()
    for name, value in rewrites.items():
        setattr(made.graph_options.rewrite_options, name, value)
    return made


def level_0():
    made = fg.ConfigProto()
    made.graph_options.optimizer_options.opt_level = fg.OptimizerOptions.L0
    return made


OFF = 2


def without(name):
    return [other for other in [*PASSES, *PLANNING] if other != name]


CONFIGS = [
    ("none", lambda: None, None),
    ("defaults", fg.ConfigProto, None),
    ("L0", level_0, ["dead_code", *PLANNING]),
    ("no meta optimizer", lambda: config(disable_meta_optimizer=True),
     ["dead_code", *PLANNING]),
    ("no folding", lambda: config(constant_folding=OFF), without("fold_constants")),
    ("no rules", lambda: config(arithmetic_optimization=OFF), without("simplify")),
    ("no cse", lambda: config(common_subgraph_elimination=OFF), without("common_subexpressions")),
    ("no dead code", lambda: config(dependency_optimization=OFF), without("dead_code")),
    ("one thread", lambda: fg.ConfigProto(intra_op_parallelism_threads=1), without("parallel")),
    ("one at a time", lambda: fg.ConfigProto(inter_op_parallelism_threads=1),
     without("independent_parts")),
    ("two threads", lambda: fg.ConfigProto(intra_op_parallelism_threads=2,
                                           inter_op_parallelism_threads=2), None),
    ("on is no change", lambda: config(constant_folding=1), None),
]


@pytest.mark.parametrize("make, expected", [row[1:] for row in CONFIGS],
                         ids=[row[0] for row in CONFIGS])
def test_a_config_switches_passes_off(make, expected) -> None:
    assert passes_of(make()) == expected


def test_a_sessions_config_reaches_its_plans() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    executable, _, shapes = fg.Session(config=level_0())._prepare(mixed(x), {x: [1, 2]})
    assert len(executable.optimised(shapes).instrs) == len(executable.extracted.instrs)


@pytest.mark.parametrize("passes", [[], *[[name] for name in PASSES], list(PASSES)], ids=str)
def test_passes_change_no_result_and_no_state(passes) -> None:
    x = fg.placeholder(fg.float32, [None, 4], name="x")
    w = fg.Variable(np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32), name="w")
    h = fg.nn.relu(fg.matmul(x, w) * 1.0 + 0.0)
    loss = fg.reduce_mean(fg.square(h) + h ** 2.0, name="loss")
    gradient, = fg.gradients(loss, w)
    step = fg.assign_sub(w, gradient * 0.5)
    sess = fg.Session(passes=passes)
    sess.run(w.initializer)
    feed = {x: np.arange(8, dtype=np.float32).reshape(2, 4) / 8}
    losses = [sess.run([loss, step], feed)[0] for _ in range(3)]
    expected_losses, expected_w = _by_hand(feed[x])
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    np.testing.assert_allclose(sess.run(w), expected_w, rtol=1e-5)


def _by_hand(x):
    w = np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32)
    losses = []
    for _ in range(3):
        h = np.maximum(x @ w, 0)
        losses.append(np.mean(2 * h * h))
        w = w - 0.5 * (x.T @ (4 * h / h.size * (h > 0)))
    return losses, w
