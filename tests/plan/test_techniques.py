"""The techniques of PLANNING: each switch changes the plan, none changes a result."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import parallel_numpy
from flowgraph.program.pipeline import PASSES, PLANNING
from tests.plan.plans import plan_of, source_of


def without(technique):
    return [*PASSES, *(other for other in PLANNING if other != technique)]


def training():
    """A step that reuses memory, changes a large variable and has a large product."""
    x = fg.placeholder(fg.float32, [512, 512], name="x")
    w = fg.Variable(np.eye(512, dtype=np.float32), name="w")
    h = fg.tanh(fg.matmul(x, w, name="product"), name="h")
    return x, fg.assign_sub(w, 0.5 * fg.sin(fg.cos(h, name="c"), name="s")), fg.reduce_sum(h)


def test_without_buffer_reuse_no_result_is_written_into_a_buffer() -> None:
    x, step, total = training()
    feed = {x: np.ones((512, 512))}
    assert "buffers" in source_of([step, total], feed).split(":", 1)[1]
    plan = plan_of([step, total], feed, without("buffer_reuse"))
    assert plan.buffers.views == []
    assert plan.buffers.outgoing


def test_without_double_buffering_a_variables_new_value_is_fresh_memory() -> None:
    x, step, total = training()
    feed = {x: np.ones((512, 512))}
    assert plan_of([step, total], feed).buffers.outgoing
    plan = plan_of([step, total], feed, without("double_buffering"))
    assert plan.buffers.outgoing == ()
    assert plan.buffers.views


def test_without_parallel_products_are_numpys_own() -> None:
    x = fg.placeholder(fg.float32, [32, 64, 128], name="x")
    product, feed = fg.matmul(x, x, transpose_b=True), {x: np.ones((32, 64, 128))}
    on, off = plan_of(product, feed), plan_of(product, feed, without("parallel"))
    assert [step.xp for step in on.steps] == [parallel_numpy]
    assert [step.xp for step in off.steps] == [np]
    assert (on.is_parallel, off.is_parallel) == (True, False)


def test_an_einsum_of_halves_multiplies_float32() -> None:
    x = fg.placeholder(fg.float16, [2, 16, 4, 8], name="x")
    scores = fg.einsum("bqhd,bkhd->bhqk", x, x, name="scores")
    given = np.random.default_rng(0).normal(size=(2, 16, 4, 8)).astype(np.float16)
    assert [step.xp for step in plan_of(scores, {x: given}).steps] == [parallel_numpy]
    assert "_contracted(parallel, " in source_of(scores, {x: given})
    wide = given.astype(np.float32)
    for runner in ("interpreter", "source"):
        found = fg.Session(runner=runner).run(scores, {x: given})
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, np.einsum("bqhd,bkhd->bhqk", wide, wide), rtol=1e-3,
                                   atol=1e-3)


def test_without_large_products_they_are_numpys_own() -> None:
    x = fg.placeholder(fg.float32, [32, 256], name="x")
    w = fg.Variable(np.ones((256, 512), np.float32))
    h = fg.matmul(x, w, name="h")
    fetches = [h, *fg.gradients(fg.square(h), [x, w]), fg.matmul(x, w[:, :4], name="thin")]
    feed = {x: np.ones((32, 256))}

    def modules(passes):
        return [step.xp for step in plan_of(fetches, feed, passes).steps
                if step.instr.op_def.type == "MatMul"]

    assert sorted(modules(None), key=lambda xp: xp is np) == [parallel_numpy] * 3 + [np]
    assert modules(without("large_products")) == [np] * 4


@pytest.mark.parametrize("runner", ["interpreter", "source"])
@pytest.mark.parametrize("passes", [[], list(PASSES), list(PLANNING),
                                    *(without(name) for name in PLANNING)],
                         ids=["none", "passes", "planning", *(f"no {name}" for name in PLANNING)])
def test_no_technique_changes_a_result(passes, runner) -> None:
    x, step, total = training()
    feed = {x: np.linspace(-1, 2, 512 * 512, dtype=np.float32).reshape(512, 512)}
    plain, other = (fg.Session(runner="interpreter", passes=[]),
                    fg.Session(runner=runner, passes=passes))
    for session in (plain, other):
        session.run(fg.global_variables_initializer())
    for _ in range(3):
        expected, found = (session.run([step, total], feed) for session in (plain, other))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
