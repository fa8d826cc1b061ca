"""Recurrent cells, written op by op: one group each, one more in the gradient, named in sources."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.groups import runs_group
from flowgraph.program.pipeline import PASSES

N, BATCH, STEPS = 512, 208, 3
CELLS = {"basic": fg.nn.rnn_cell.BasicLSTMCell, "lstm": fg.nn.rnn_cell.LSTMCell,
         "gru": fg.nn.rnn_cell.GRUCell}


def _fetches(kind: str, dynamic: bool):
    x = fg.placeholder(fg.float32, [None, STEPS, 8], name="x")
    cell = CELLS[kind](N)
    if dynamic:
        outputs, _ = fg.nn.dynamic_rnn(cell, x, dtype=fg.float32)
    else:
        outputs = fg.nn.static_rnn(cell, fg.unstack(x, axis=1), dtype=fg.float32)[0][-1]
    loss = fg.reduce_mean(fg.square(outputs))
    return [loss, *fg.gradients(loss, fg.trainable_variables())], x


def _groups(program) -> list[str]:
    found = []
    for instr in program.instrs:
        if runs_group(instr):
            found.append(repr(instr.attrs["group"]))
        for body in instr.bodies:
            found += _groups(body)
    return found


def _explained(fetches, x):
    session = fg.Session()
    session.run(fg.global_variables_initializer())
    return session.explain(fetches, {x: np.ones((BATCH, STEPS, 8), np.float32)}, file=StringIO())


def test_an_unrolled_lstm_cell_is_one_group_and_one_in_its_gradient() -> None:
    fetches, x = _fetches("basic", dynamic=False)
    forward = "Add Sigmoid Mul Sigmoid Tanh Mul Add Tanh Sigmoid Mul"
    backward = "SigmoidGrad TanhGrad AddV2 Mul Mul TanhGrad SigmoidGrad Mul"
    assert _groups(_explained(fetches, x).optimised) == [
        forward, forward,
        f"{forward} Square Sum Mul Mul Mul SigmoidGrad TanhGrad Mul Mul TanhGrad SigmoidGrad "
        "Mul Mul SigmoidGrad",
        f"Mul Mul {backward} Mul SigmoidGrad", f"Mul Mul {backward} SigmoidGrad"]


def test_an_lstm_cell_in_a_loop_is_one_group_and_one_in_its_gradient() -> None:
    fetches, x = _fetches("lstm", dynamic=True)
    groups = [text for text in _groups(_explained(fetches, x).optimised) if "Tanh" in text]
    assert groups == [
        "AddV2 Sigmoid Mul Sigmoid Tanh Mul AddV2 Sigmoid Tanh Mul",
        "AddV2 Mul Mul TanhGrad SigmoidGrad AddV2 Mul Mul TanhGrad SigmoidGrad Mul Mul SigmoidGrad"]


@pytest.mark.parametrize("kind,names", [
    ("basic", ["LSTM cell: ", "LSTM cell, gradient: "]),
    ("lstm", ["LSTM cell: ", "LSTM cell, gradient: "]), ("gru", ["GRU cell: "])])
@pytest.mark.parametrize("dynamic", [False, True])
def test_sources_name_cells(kind, names, dynamic) -> None:
    fetches, x = _fetches(kind, dynamic)
    source = _explained(fetches, x).source
    for name in names:
        assert f"# {name}" in source


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("dynamic", [False, True])
def test_the_numbers_are_those_without_passes(kind, dynamic) -> None:
    fetches, x = _fetches(kind, dynamic)
    given = np.random.default_rng(0).normal(size=(BATCH, STEPS, 8)).astype(np.float32)
    values = [np.random.default_rng(1).normal(size=v.shape.as_list(), scale=0.05)
              for v in fg.trainable_variables()]
    found = []
    for passes in (None, [], [name for name in PASSES if name != "elementwise_groups"]):
        session = fg.Session(passes=passes)
        for variable, value in zip(fg.trainable_variables(), values, strict=True):
            variable.load(value, session)
        found.append(session.run(fetches, {x: given}))
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-6 * max(1e-2, np.abs(b).max()))


def test_groups_that_only_look_alike_have_no_name() -> None:
    x = fg.placeholder(fg.float32, [BATCH, N], name="x")
    y = fg.tanh(x) * fg.sigmoid(x) + x * fg.sigmoid(-x)
    session = fg.Session()
    source = session.explain(y, {x: np.ones((BATCH, N))}, file=StringIO()).source
    assert "tiles of" in source
    assert "cell" not in source.replace("test_cells", "")


def test_groups_with_a_common_input_are_one_unless_one_waits_for_the_other() -> None:
    x = fg.placeholder(fg.float32, [BATCH, N], name="x")
    w = fg.ones([N, N])
    a = fg.matmul(x, w, name="a")
    first = fg.exp(fg.sin(a)) * fg.tanh(a) * fg.sigmoid(a)
    second = fg.cos(a + 1.0) * fg.exp(-a)
    session = fg.Session()
    given = {x: np.ones((BATCH, N))}
    together = session.explain([fg.matmul(first, w), fg.matmul(second, w)], given,
                               file=StringIO()).optimised
    assert len(_groups(together)) == 1
    third = fg.cos(a + 1.0) * fg.exp(-a) * fg.tanh(fg.matmul(first, w)) * fg.sin(a)
    apart = session.explain([third], given, file=StringIO()).optimised
    assert len(_groups(apart)) == 2
