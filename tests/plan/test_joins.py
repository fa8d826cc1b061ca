"""Concatenations in place: which parts are written into the result, and that the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from tests.plan.plans import assert_same_everywhere, plan_of, run_everywhere

X = np.linspace(-1, 1, 32 * 64, dtype=np.float32).reshape(32, 64)


def rows(x, count=3):
    return [fg.tanh(x * (i + 1.0)) for i in range(count)]


# Each row: a graph on x (float32[32, 64]), and whether parts lie inside of a concatenation.
JOINS = {
    "rows": (lambda x: fg.exp(fg.concat(rows(x), 0)), True),
    "columns are copied": (lambda x: fg.exp(fg.concat(rows(x), 1)), False),
    "columns of concatenations": (
        lambda x: fg.exp(fg.concat([fg.concat(rows(x), 0), fg.concat(rows(-x), 0)], 1)), True),
    "rows of concatenations": (
        lambda x: fg.exp(fg.concat([fg.concat(rows(x), 0), fg.concat(rows(-x), 0)], 0)), True),
    "a product": (lambda x: fg.exp(fg.concat([fg.matmul(t, x, transpose_a=True)
                                              for t in rows(x)], 0)), True),
    "one value twice": (
        lambda x: [t := fg.tanh(x), fg.exp(fg.concat([t, t, fg.sin(x)], 0))][1], True),
    "in two concatenations": (
        lambda x: [r := rows(x), fg.exp(fg.concat(r, 0)) * fg.sin(fg.concat(r[::-1], 0))][1], True),
    "used before and after": (
        lambda x: [r := rows(x), s := fg.add_n(r), c := fg.concat(r, 0),
                   fg.exp(c)[:32] + s * r[0] * r[2]][3], True),
    "used when the result is gone": (
        lambda x: [r := rows(x), c := fg.reduce_sum(fg.concat(r, 0)),
                   fg.sin(fg.cos(r[1] * c) + r[0]) * r[1]][2], True),
    "a chain": (
        lambda x: [t := fg.tanh(x), t := fg.concat([t, fg.sin(t)], 0),
                   t := fg.concat([t, fg.cos(t)], 0), fg.exp(t) + 1.0][3], True),
    "a feed and a part": (lambda x: fg.exp(fg.concat([x, fg.tanh(x)], 0)), True),
    "a view of a part": (lambda x: [t := fg.tanh(x), fg.exp(fg.concat([fg.reshape(t, [64, 32]),
                                                                        fg.reshape(t, [64, 32])],
                                                                       0))][1], False),
    "fetched": (lambda x: fg.concat(rows(x), 0), False),
    "a part is fetched": (lambda x: [r := rows(x), [fg.exp(fg.concat(r, 0)), r[1]]][1], True),
    "small": (lambda x: fg.exp(fg.concat([fg.tanh(x)[0] * 2.0, fg.sin(x)[0] * 2.0], 0)), False),
    "batches": (lambda x: fg.exp(fg.concat([fg.reshape(x, [2, 16, 64]) * 2.0,
                                            fg.reshape(x, [2, 16, 64]) * 3.0], 1)), False),
}


@pytest.mark.parametrize("name", JOINS)
def test_parts_inside(name) -> None:
    build, lie_inside = JOINS[name]
    x = fg.placeholder(fg.float32, [32, 64], name="x")
    fetches = build(x)
    plan = plan_of(fetches, {x: X})
    plain = plan_of(fetches, {x: X}, passes=["buffer_reuse"])
    wholes = {plan.buffers.views[plan.buffers.view_of[instr.outputs[0]]].buffer
              for instr in plan.program.instrs if instr.op_def.type == "ConcatV2"
              and instr.outputs[0] in plan.buffers.view_of}
    inside = [view for view in plan.buffers.views if view.buffer in wholes
              and (view.offset or view.strides)]
    assert bool(inside) == lie_inside
    assert not any(view.offset or view.strides for view in plain.buffers.views)
    assert_same_everywhere(fetches if isinstance(fetches, list) else [fetches], {x: X})


def test_memory_is_not_more_than_without() -> None:
    x = fg.placeholder(fg.float32, [32, 64], name="x")
    y = fg.exp(fg.concat(rows(x, 20), 0))
    needed = [plan_of(y, {x: X}, passes=passes).buffers.peak_bytes
                for passes in (["buffer_reuse", "joins_in_place"], ["buffer_reuse"])]
    assert needed[0] < 0.7 * needed[1]


@pytest.mark.parametrize("name", JOINS)
def test_gradients(name) -> None:
    x = fg.placeholder(fg.float32, [32, 64], name="x")
    y = JOINS[name][0](x)
    y = fg.add_n([fg.reduce_sum(fg.square(t)) for t in (y if isinstance(y, list) else [y])])
    slope, = fg.gradients(y, x)
    first, *others = run_everywhere([slope], {x: X})
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-4, atol=1e-4)
