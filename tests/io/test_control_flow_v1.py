"""Graphs with TensorFlow 1's control flow run here, with TensorFlow's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.io.importing.control_flow_v1 import functionalized
from flowgraph.io.importing.dataflow_items import STRUCTURE, plain_nodes, without

FILE = np.load(Path(__file__).parent / "files" / "control_flow_v1.npz")
PROGRAMS = sorted(name.removesuffix(".pb") for name in FILE if name.endswith(".pb"))


def graph_of(program: str) -> fg.GraphDef:
    return fg.GraphDef.FromString(FILE[f"{program}.pb"].tobytes())


@pytest.mark.parametrize("prefix", ["", "imported"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_imported_graphs_give_tensorflows_numbers(program, prefix) -> None:
    fg.import_graph_def(graph_of(program), name=prefix)
    scope = f"{prefix}/" if prefix else ""
    with fg.Session() as sess:
        for run in json.loads(FILE[f"{program}.json"].tobytes()):
            outputs = [f"{scope}out{i}:0" for i in range(len(run["out"]))]
            for got, want in zip(sess.run(outputs, {f"{scope}x:0": run["x"]}), run["out"],
                                 strict=True):
                np.testing.assert_allclose(got, np.asarray(want), rtol=2e-5, atol=1e-6)


def test_a_training_graph_trains_on() -> None:
    """Loops, branches, an LSTM, their gradients and the optimizer, as TensorFlow wrote them."""
    fg.import_graph_def(fg.GraphDef.FromString(FILE["training"].tobytes()), name="")
    run = json.loads(FILE["losses"].tobytes())
    with fg.Session() as sess:
        sess.run("init")
        losses = [sess.run(["loss:0", "train"], {"x:0": run["x"]})[0] for _ in run["losses"]]
    np.testing.assert_allclose(losses, run["losses"], rtol=1e-5)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_node_of_the_dataflow_is_left(program) -> None:
    items = functionalized(graph_of(program).node)
    assert not {node.op for node in plain_nodes(items)} & STRUCTURE
    assert any(not isinstance(item, fg.NodeDef) for item in items)


@pytest.mark.parametrize("program", ["nested_branches", "gradient_of_nested_loops"])
def test_the_graph_is_not_changed(program) -> None:
    graph_def = graph_of(program)
    before = graph_def.SerializeToString()
    functionalized(graph_def.node)
    assert graph_def.SerializeToString() == before


def test_results_keep_their_names() -> None:
    fg.import_graph_def(graph_of("counting"), name="")
    fg.import_graph_def(graph_of("branches"), name="b")
    graph = fg.get_default_graph()
    assert graph.get_tensor_by_name("while/Exit_1:0").dtype is fg.float32
    assert graph.get_tensor_by_name("b/cond/Merge:0").shape.as_list() == [3]


def test_only_the_branch_taken_runs() -> None:
    graph_def = fg.GraphDef()
    with fg.Graph().as_default() as g:
        fg.placeholder(fg.bool, [], name="p")
        graph_def.MergeFrom(g.as_graph_def())
    add(graph_def, "text", "Const", value="not a number")
    add(graph_def, "s", "Switch", "text", "p", dtype=fg.string)
    add(graph_def, "number", "StringToNumber", "s:1")
    add(graph_def, "zero", "Const", value=0.0)
    add(graph_def, "z", "Switch", "zero", "p", dtype=fg.float32)
    add(graph_def, "m", "Merge", "z", "number", dtype=fg.float32)
    m, p = fg.import_graph_def(graph_def, return_elements=["m:0", "p:0"])
    with fg.Session() as sess:
        assert sess.run(m, {p: False}) == 0.0
        with pytest.raises(fg.errors.InvalidArgumentError, match="not a number"):
            sess.run(m, {p: True})


def add(graph_def, name, op, *inputs, value=None, dtype=None) -> None:
    node = graph_def.node.add(name=name, op=op, input=inputs)
    if dtype is not None:
        node.attr["T"].type = dtype.as_datatype_enum
    if value is not None:
        node.attr["value"].tensor.CopyFrom(fg.make_tensor_proto(value))
        node.attr["dtype"].type = node.attr["value"].tensor.dtype


WRONG = {
    "exit": ([("e", "Exit", "x")], "it leaves a loop and is in none"),
    "condition": ([("e", "Enter", "x"), ("o", "Exit", "e")], "has 0 LoopCond nodes"),
    "merge": ([("m", "Merge", "x", "x")], "it joins no two branches"),
    "itself": ([("s", "Switch", "m", "m"), ("m", "Merge", "s", "s:1")], "it needs itself"),
    "enter": ([("e", "Enter", "x"), ("f", "Enter", "x"), ("n", "NextIteration", "m"),
               ("m", "Merge", "e", "f", "n"), ("c", "LoopCond", "m")],
              "something else than an Enter and a NextIteration"),
}


@pytest.mark.parametrize(("nodes", "words"), WRONG.values(), ids=WRONG)
def test_what_is_no_branch_and_no_loop_is_one_clear_error(nodes, words) -> None:
    graph_def = fg.GraphDef()
    add(graph_def, "x", "Const", value=True)
    for name, op, *inputs in nodes:
        add(graph_def, name, op, *inputs)
    with pytest.raises(ValueError, match=words):
        fg.import_graph_def(graph_def)


def test_loops_in_one_another_without_end_are_one_clear_error() -> None:
    graph_def = fg.GraphDef()
    add(graph_def, "x0", "Const", value=True)
    for i in range(1200):
        add(graph_def, f"x{i + 1}", "Enter", f"x{i}")
        graph_def.node[-1].attr["frame_name"].s = b"frame %d" % i
    with pytest.raises(ValueError, match="too deep to be read"):
        fg.import_graph_def(graph_def)


def test_control_inputs_are_kept_once_and_without_nodes_that_are_gone() -> None:
    assert without({"gone"}, ["x", "^a", "^gone", "^b", "^a", "x"]) == ["x", "^a", "^b", "x"]
