"""DOT text: golden pictures, determinism, escaping, and what each option does.

After a wanted change of style, write the golden files anew:

    python -m tests.viz.test_dot --write
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.core import dtypes as dt
from flowgraph.errors import GraphError
from flowgraph.graph.graph import Graph
from flowgraph.viz import diagram, labels, style
from tests.viz.graphs import APPLY, ASSIGN, NOOP, Builder, linear, training

GOLDEN = Path(__file__).parent / "golden"
PICTURES = {
    "linear": lambda: linear().to_dot(name="y = x·w + b"),
    "training": lambda: training().to_dot(),
    "training_closed": lambda: training().to_dot(depth=0, direction="right", legend=False),
    "training_gradients": lambda: training().to_dot(gradients=True),
}
EVIL = ['a"b', "end\\", "back\\slash", "new\nline", "<b>bold</b>", "&amp; &lt; &", "שלום",
        "\u202eevil", "\\N\\G", "nul\x00", '"]; evil [label="x', "tab\t", "\ud800", "a -> b",
        ":port", "{|}", "", "😀"]


def nodes(picture):
    return {node.id: node for node in picture.nodes}


def ends(picture, kind=None):
    return {(edge.tail, edge.head) for edge in picture.edges if kind in (None, edge.kind)}


@pytest.mark.parametrize("name", PICTURES)
def test_golden_text(name):
    assert PICTURES[name]() == (GOLDEN / f"{name}.dot").read_text()


def test_same_program_gives_same_text():
    assert training().to_dot() == training().to_dot()


def test_an_empty_graph_is_a_picture():
    assert "no operations" in Graph().to_dot()
    assert "no operations" not in linear().to_dot()


# ---- escaping ------------------------------------------------------------------------------------


def test_names_cannot_break_out_of_their_strings():
    b = Builder()
    for name in EVIL:
        out = b.op(f"Type{name}", name)
        b.op("Use", f"scope/{name}", out, b.const(f"c{name}", name.encode(errors="replace")),
             note=name)
    text = b.graph.to_dot(name="".join(EVIL))
    outside = re.sub(r'"(\\.|[^"\\])*"', "", text)  # what is left when every string is taken out
    assert "evil" not in re.sub(r"<<.*?>>", "", outside)
    assert not [c for c in text if ord(c) < 32 and c != "\n"]
    assert "\u202e" not in text and "\ud800" not in text
    assert text.encode()


def test_quote_escapes_what_graphviz_reads():
    assert labels.quote('a"b\\') == '"a\\"b\\\\"'
    assert labels.quote("a\nb") == '"a\\nb"'
    assert labels.quote("&lt;") == '"&amp;lt;"'


def test_hidden_characters_are_written_out():
    assert labels.printable("a\u202eb\u2066c\x7f") == "a\\u202eb\\u2066c\\x7f"
    assert labels.printable("שלום") == "שלום"


# ---- what is in the picture ----------------------------------------------------------------------


def test_a_variable_is_one_node_with_shape_dtype_and_start():
    w = nodes(diagram(linear()))["w"]
    assert (w.kind, w.title) == ("variable", "w")
    assert w.details == ("784×10 float32", "starts as random_normal")
    assert [op.name for op in w.ops] == ["w", "random_normal", "w/Assign", "w/read"]


def test_side_jobs_are_single_nodes_and_only_the_loss_leads_to_them():
    picture = diagram(training())
    kinds = {node.kind for node in picture.nodes}
    assert {"gradients", "optimizer", "save", "init"} <= kinds
    sides = {(t, h) for t, h in ends(picture) if ": " in t + h}
    assert sides == {("loss/mean", "gradients: gradients"),
                     ("gradients: gradients", "optimizer: SGD")}
    assert nodes(picture)["optimizer: SGD"].details[0] == "changes dense/w, dense/b"


def test_gradients_true_shows_their_operations():
    picture = diagram(training(), gradients=True)
    kinds = [node.kind for node in picture.nodes]
    assert kinds.count("gradient") == 6 and kinds.count("update") == 3
    assert ("dense/w", "SGD/update_dense/w/Apply") in ends(picture, "ref")


def test_slots_of_an_optimizer_are_part_of_it():
    b = Builder()
    ref, w, _ = b.variable("w", (2,))
    slot, _, _ = b.variable("w/Momentum", (2,))
    b.op("Neg", "y", w, shape=(2,))
    b.op("ApplyMomentum", "Momentum/update_w/ApplyMomentum", ref, slot, shape=(2,))
    found = nodes(diagram(b.graph))
    assert set(found) == {"w", "y", "optimizer: Momentum"}
    assert len(found["optimizer: Momentum"].ops) == 5


def test_an_op_that_waits_for_an_optimizer_is_part_of_it():
    b = Builder()
    ref, w, _ = b.variable("w", (2,))
    update = b.op(APPLY, "SGD/update_w/Apply", ref, b.placeholder("rate", ()), w)
    b.op(NOOP, "step", controls=[update.op])
    assert "step" not in nodes(diagram(b.graph))


def test_an_op_called_like_its_scope_stands_inside():
    b = Builder()
    x = b.op("Neg", "norm/Neg", b.placeholder("x", ()))
    b.op("Square", "norm", x)
    norm = nodes(diagram(b.graph))["norm"]
    assert (norm.group, norm.title, norm.name) == ("norm", "Square", "norm")


def test_learning_rate_goes_to_the_optimizer():
    b = Builder()
    ref, w, _ = b.variable("w", (2,))
    b.op("Neg", "y", w, shape=(2,))
    rate = b.placeholder("rate", ())
    b.op("ApplyGradientDescent", "SGD/update_w/Apply", ref, rate, b.const("momentum", 0.5))
    picture = diagram(b.graph)
    assert ends(picture) == {("w", "y"), ("rate", "optimizer: SGD"),
                             ("momentum -> optimizer: SGD", "optimizer: SGD")}


def test_assignments_take_the_variable_by_an_orange_edge():
    b = Builder()
    ref, _, _ = b.variable("w", (2,))
    b.op(ASSIGN, "Assign", ref, b.placeholder("x", (2,)), shape=(2,))
    assert ends(diagram(b.graph), "ref") == {("w", "Assign")}
    assert f'color="{style.REF_LINE}"' in b.graph.to_dot()


def test_small_constants_stand_beside_each_op_and_axes_inside():
    b = Builder()
    x, two = b.placeholder("x", (2,)), b.const("two", 2.0)
    b.op("Mul", "a", x, two)
    b.op("Mul", "b", x, two)
    found = nodes(diagram(b.graph))
    assert found["two -> a"].title == found["two -> b"].title == "2"
    assert "two" not in found
    assert "axis = [0]" in nodes(diagram(training()))["loss/mean"].details


def test_large_and_unused_constants_are_nodes():
    b = Builder()
    table = b.const("table", [1.0] * 100)
    b.op("Neg", "y", table)
    b.const("alone", 1.0)
    found = nodes(diagram(b.graph))
    assert found["table"].details == ("100 float32",)
    assert (found["alone"].kind, found["alone"].details) == ("constant", ("1", "scalar float32"))


def test_control_edges_are_dotted():
    b = Builder()
    x = b.placeholder("x", ())
    b.op("Print", "log", x)
    b.op(NOOP, "done", controls=[b.graph.get_operation_by_name("log")])
    assert ends(diagram(b.graph), "control") == {("log", "done")}
    assert 'style="dotted" tooltip="done runs after log"' in b.graph.to_dot()


def test_depth_closes_scopes():
    found = nodes(diagram(training(), depth=0))
    assert found["dense/"].kind == "scope"
    assert found["dense/"].details == ("MatMul + BiasAdd", "w 784×10", "b 10")
    with pytest.raises(ValueError, match="depth"):
        training().to_dot(depth=-1)


def test_without_depth_a_large_graph_stays_readable():
    b = Builder()
    x = b.placeholder("x", ())
    for i in range(200):
        x = b.op("Neg" if i % 3 else f"Kind{i}", f"{'abcdefghij'[i // 20]}/part{i // 5}/Neg_{i}", x)
    picture = diagram(b.graph)
    assert 20 < len(picture.nodes) <= 60
    assert "j/part36/" in nodes(picture) and "j/" not in nodes(picture)


def test_a_scope_around_one_node_is_not_drawn():
    b = Builder()
    b.op("Neg", "scope/y", b.placeholder("x", ()))
    picture = diagram(b.graph, depth=0)
    assert nodes(picture)["scope/y"].title == "Neg" and picture.groups == ()


def test_an_op_with_a_constant_of_its_own_is_no_scope():
    b = Builder()
    b.op("Mul", "mul", b.placeholder("x", ()), b.const("mul/y", 3.0))
    assert diagram(b.graph).groups == ()


def test_fetches_restrict_the_picture():
    graph = training()
    found = nodes(diagram(graph, "dense/MatMul"))
    assert set(found) == {"x", "dense/w", "dense/MatMul"}
    assert diagram(graph, {"a": ["dense/MatMul:0"]}).fetched == {"dense/MatMul"}
    with pytest.raises(KeyError, match="nothing"):
        graph.to_dot("nothing")
    with pytest.raises(GraphError, match="another"):
        graph.to_dot(linear().get_operation_by_name("y"))


def test_unrelated_nodes_are_drawn():
    b = Builder()
    b.placeholder("lonely", ())
    assert "lonely" in nodes(diagram(b.graph))


def test_edges_grow_with_the_tensor_and_tell_shapes():
    text = linear().to_dot()
    assert '"x" -> "MatMul" [label=" ?×784 " penwidth="2.16"' in text
    assert '"w" -> "MatMul" [label=" 784×10 " penwidth="2.56"' in text


def test_tooltips_name_the_users_line():
    assert r'tooltip="x\nPlaceholder\noutput 0: ?×784 float32\nmodel.py:1"' in linear().to_dot()


def test_the_legend_lists_what_occurs_and_no_more():
    text = linear().to_dot()
    for words in ("placeholder: fed in each run", "variable: kept", "? is any"):
        assert words in text
    for words in ("logged", "closed scope", "gradients, closed", "runs after", "changes", ">const"):
        assert words not in text
    assert "legend" not in linear().to_dot(legend=False)


def test_unknown_direction():
    with pytest.raises(ValueError, match="'up', 'down', 'right', 'left', not 'round'"):
        linear().to_dot(direction="round")


def test_text_and_lines_have_enough_contrast():
    for look in style.LOOKS.values():
        assert style.contrast(style.SOFT_INK, look.fill) >= 7
        assert style.contrast(look.line, "#ffffff") >= 3
    for fill in ("#ffffff", *style.GROUP_FILLS):
        assert min(style.contrast(c, fill) for c in (style.LINE, style.REF_LINE)) >= 3
    assert style.contrast(style.REF_LINE, "#ffffff") >= 4.5  # it is the colour of labels too


def test_long_names_are_cut_and_dtypes_named():
    b = Builder()
    b.op("Cast", "x" * 100, b.placeholder("p", (None,), dt.int64))
    text = b.graph.to_dot()
    assert "x" * 19 + "…" in text and 'label=" ? int64 "' in text


def _mlp_with_momentum() -> fg.Graph:
    """A medium graph: three layers in scopes, dropout, an optimizer."""
    with fg.Graph().as_default() as graph:
        h = fg.placeholder(fg.float32, [None, 20], name="x")
        for i in range(3):
            with fg.name_scope(f"layer{i}"):
                w = fg.Variable(fg.ones([20, 20]), name="w")
                h = fg.nn.dropout(fg.nn.relu(fg.matmul(h, w) + fg.Variable(fg.zeros([20]))), 0.5)
        fg.train.MomentumOptimizer(0.1, 0.9).minimize(fg.reduce_mean(fg.square(h)))
    return graph


def _ordered_constants() -> fg.Graph:
    """Constants with control inputs, as in batch norm and moving averages."""
    with fg.Graph().as_default() as graph:
        v = fg.Variable(0.0, name="v")
        with fg.control_dependencies([v.assign_add(1.0)]):
            fg.multiply(v.read_value(), 2.0)
    return graph


@pytest.mark.parametrize("make", [_mlp_with_momentum, _ordered_constants])
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("depth", [None, 0, 1, 9])
def test_every_edge_joins_two_nodes_that_are_drawn(make, gradients, depth) -> None:
    drawn = diagram(make(), depth=depth, gradients=gradients)
    ids = {node.id for node in drawn.nodes}
    assert {end for edge in drawn.edges for end in (edge.tail, edge.head)} <= ids


def test_gradients_asked_for_are_opened_however_many_they_are() -> None:
    graph = _mlp_with_momentum()
    closed = diagram(graph)
    opened = diagram(graph, gradients=True)
    assert "gradients" in {node.kind for node in closed.nodes}
    assert "gradients" not in {node.kind for node in opened.nodes}
    assert len([n for n in opened.nodes if n.id.startswith("gradients/")]) > 10
    assert {g.path for g in closed.groups} <= {g.path for g in opened.groups}


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for name, draw in PICTURES.items():
        (GOLDEN / f"{name}.dot").write_text(draw(), encoding="utf-8")
