"""`to_networkx`: counts, attributes, and that it stays out of the run path."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import flowgraph.viz  # noqa: F401  (puts the methods on Graph)
from flowgraph.errors import MissingDependencyError
from tests.viz.graphs import NOOP, Builder, linear, training

networkx = pytest.importorskip("networkx")


def test_one_node_per_operation_and_one_edge_per_use():
    graph = training()
    ops = graph.get_operations()
    result = graph.to_networkx()
    assert list(result) == [op.name for op in ops]
    assert result.number_of_edges() == sum(len(op.inputs) + len(op.control_inputs) for op in ops)
    assert networkx.is_directed_acyclic_graph(result)


def test_node_attributes():
    nodes = linear().to_networkx().nodes
    assert nodes["x"] == {"type": "Placeholder", "name": "x", "device": "", "role": "placeholder",
                          "frame": "model.py:1", "shapes": [(None, 784)], "dtypes": ["float32"]}
    assert nodes["w/read"]["role"] == nodes["random_normal"]["role"] == "variable"


def test_roles_of_side_jobs():
    nodes = training().to_networkx().nodes
    roles = {name: nodes[name]["role"] for name in (
        "gradients/Fill", "gradients/loss/mean_grad/dx", "SGD", "SGD/learning_rate", "save/Assign",
        "init", "loss/Const", "loss/mean")}
    assert list(roles.values()) == ["gradients", "gradients", "optimizer", "optimizer", "save",
                                    "init", "constant", "op"]


def test_edge_attributes():
    edges = linear().to_networkx().edges
    assert edges["x", "MatMul", 0] == {"tensor": "x:0", "shape": (None, 784), "dtype": "float32",
                                       "input": 0, "control": False}


def test_each_use_of_a_tensor_is_an_edge():
    b = Builder()
    x = b.placeholder("x", ())
    b.op("Mul", "square", x, x)
    assert b.graph.to_networkx().number_of_edges("x", "square") == 2


def test_control_edges():
    b = Builder()
    b.op(NOOP, "done", controls=[b.placeholder("x", ()).op])
    assert b.graph.to_networkx().edges["x", "done", 0] == {
        "tensor": None, "shape": None, "dtype": None, "input": None, "control": True}


def test_the_result_holds_plain_values():
    result = pickle.loads(pickle.dumps(training().to_networkx()))
    assert result.nodes["x"]["shapes"] == [(None, 784)]


def test_without_networkx(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingDependencyError, match="pip install networkx"):
        linear().to_networkx()


def test_importing_viz_imports_no_drawing_packages():
    code = ("import sys, flowgraph.viz\n"
            "print([m for m in ('networkx', 'graphviz', 'pygraphviz') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
