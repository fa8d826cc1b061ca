"""`Session.explain`: the stages of a run as text."""

from __future__ import annotations

import io
import re

import pytest

import flowgraph as fg
from flowgraph.runtime.explain import bytes_text


def test_explain_prints_program_passes_and_source_and_returns_them(capsys) -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = fg.tanh(x * 1.0, name="y")
    found = fg.Session().explain(y, {x: [1, 2]})
    text = re.sub(" +", " ", capsys.readouterr().out)
    assert text == re.sub(" +", " ", str(found)) + "\n"
    for part in ("# Program: 2 instructions\nfeed x float32[?]\n mul float32[?] = Mul(x, 1.)",
                 "# After the passes: 1 instruction\nfeed x float32[2]\n y float32[2] = Tanh(x)",
                 "# Source: 0 buffers of 0 bytes together, at most 2 values alive",
                 "def run(feeds, state, buffers, nodes):", "y = np.tanh(x)",
                 f"test_explain.py:{y.op.frame.lineno}"):
        assert part in text
    assert len(found.extracted.instrs) == 2
    assert len(found.optimised.instrs) == 1
    assert len(found.plan.steps) == 1
    assert repr(found) == "<Explanation: 2 instructions, 1 after the passes>"


def test_explain_writes_to_the_file_it_is_given(capsys) -> None:
    file = io.StringIO()
    found = fg.Session().explain(fg.constant(1.0), file=file)
    assert file.getvalue() == f"{found}\n"
    assert capsys.readouterr().out == ""


def test_explain_runs_nothing_and_changes_nothing() -> None:
    calls = []
    v = fg.Variable(1.0)
    sess = fg.Session()
    sess.run(v.initializer)
    y = fg.py_func(lambda: calls.append(1), [], [])
    sess.explain([y, fg.assign_add(v, 1.0)], file=io.StringIO())
    assert calls == []
    assert sess.run(v) == 1


def test_explain_takes_what_run_takes_and_raises_what_it_raises() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    sess = fg.Session()
    assert "Tanh" in str(sess.explain({"a": [fg.tanh(x)]}, {"x:0": [1, 2]}, file=io.StringIO()))
    with pytest.raises(fg.errors.InvalidArgumentError, match="You must feed a value"):
        sess.explain(fg.tanh(x))


@pytest.mark.parametrize("number, text", [
    (0, "0 bytes"), (999, "999 bytes"), (1000, "1 KB"), (1_540_000, "1.54 MB"), (2e9, "2 GB"),
    (5e13, "5e+04 GB")])
def test_bytes_for_people(number, text) -> None:
    assert bytes_text(number) == text
