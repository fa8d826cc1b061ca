"""Pictures of real programs: golden texts, what is folded, opened and repeated, and their form.

After a wanted change of the pictures, write the golden files anew:

    python -m tests.viz.test_pictures --write
"""

from __future__ import annotations

import itertools
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

import flowgraph as fg
from flowgraph.viz import diagram, labels, picture, style
from flowgraph.viz.outline import Outline
from flowgraph.viz.series import add_series
from tests.viz import programs
from tests.viz.graphs import Builder
from tests.viz.programs import drawn
from tests.viz.test_dot import EVIL

GOLDEN = Path(__file__).parent / "golden"
PROGRAMS = ["linear_regression", "perceptron", "lenet", "unrolled_lstm", "while_loop_rnn", "gan",
            "branches", "fibonacci", "many_layers", "side_jobs", "imported"]
SHAPED = [*PROGRAMS, "resnet", "unet", "chain", "wide"]
MORE_EVIL = [*EVIL, "%s", "</script><script>", "]]>", "-->", "x" * 10_000, "cluster", "legend",
             "column 1"]


@dataclass
class Cost:
    """What a profile says about an operation."""

    seconds: float
    bytes: int = 0
    calls: int = 1


class Profile:
    """Gives numbers as `fg.profile()` does."""

    def __init__(self, **costs):
        self._costs = costs
        self.graph = None

    def costs(self):
        return {self.graph.get_operation_by_name(name.replace("__", "/")): cost
                for name, cost in self._costs.items()}


def text(name):
    """The picture of a program, without the line numbers of its file."""
    return re.sub(r"\w+\.py:\d+", "file.py", drawn(getattr(programs, name)).to_dot())


def nodes(picture):
    return {node.id: node for node in picture.nodes}


def ends(picture, kind):
    return {(edge.tail, edge.head) for edge in picture.edges if edge.kind == kind}


def size(dot_text):
    """Width and height of the picture."""
    svg = ElementTree.fromstring(picture(dot_text, "svg"))
    _, _, width, height = map(float, svg.get("viewBox").split())
    return width, height


@pytest.fixture
def engine():
    import shutil
    if not shutil.which("dot"):
        pytest.importorskip("pygraphviz")


@pytest.mark.parametrize("name", PROGRAMS)
def test_golden_text(name):
    assert text(name) == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHAPED)
def test_pictures_can_be_read(name, engine):
    graph = drawn(getattr(programs, name))
    found = diagram(graph)
    assert len([node for node in found.nodes if node.kind != "constant"]) <= 61
    width, height = size(graph.to_dot())
    assert 1 / 2.6 < height / width < 2.6


def test_a_thousand_in_a_row_are_no_sliver(engine):
    width, height = size(drawn(programs.long_chain).to_dot())
    assert 1 / 2.6 < height / width < 2.6


def test_many_edges_are_straight_so_that_none_is_lost():
    graph = drawn(programs.gan)
    assert 'splines="line"' in graph.to_dot(gradients=True)
    assert "splines" not in graph.to_dot()


def test_a_picture_of_all_gradients_is_drawn_whole(engine, capfd):
    dot = drawn(programs.gan).to_dot(gradients=True, legend=False)
    contents = picture(dot, "svg")  # about one second; with curves, minutes
    wanted = sum('" -> "' in line.partition(" [")[0] for line in dot.splitlines())
    assert contents.count(b'<g id="edge') == wanted
    assert "Error" not in capfd.readouterr().err


@pytest.mark.parametrize("direction", ["down", "right", "left"])
def test_every_direction_can_be_read(direction, engine):
    width, height = size(drawn(programs.chain).to_dot(direction=direction))
    assert 1 / 2.6 < height / width < 2.6


# ---- series --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "title", "count"), [
    ("many_layers", "layer × 12", 12), ("unrolled_lstm", "basic_lstm_cell × 35", 35),
    ("resnet", "unit × 5", 5)])
def test_what_a_python_loop_repeats_is_a_series(name, title, count):
    outline = Outline(drawn(getattr(programs, name)))
    add_series(outline)
    series = {group.title: group for group in outline.groups if group.kind == "series"}
    assert len(series[title].groups) == count
    assert set(outline.copies) & set(outline.copies.values()) == set()


def test_a_series_is_drawn_once_with_an_edge_to_the_next():
    found = diagram(drawn(programs.many_layers))
    assert [group.title for group in found.groups] == ["layer × 12", "logits"]
    assert ends(found, "next") == {("layer_1/Relu", "layer_1/MatMul")}
    assert ("layer_1/Relu", "logits/MatMul") in ends(found, "data")
    assert len(nodes(found)["layer_1/MatMul"].ops) == 12


def test_series_can_be_drawn_one_by_one():
    found = diagram(drawn(programs.many_layers), series=False)
    assert {"layer_1/", "layer_12/"} <= set(nodes(found)) and not ends(found, "next")


def test_four_are_no_series_and_constants_in_a_row_are_none():
    b = Builder()
    x = b.placeholder("x", (2,))
    for i in range(4):
        x = b.op("Neg", f"part_{i}/Neg", b.op("Exp", f"part_{i}/Exp", x))
    for i in range(20):
        b.const(f"c_{i}", [1.0] * 100)
    outline = Outline(b.graph)
    add_series(outline)
    assert [group.kind for group in outline.groups] == ["scope"] * 4


def test_series_inside_series():
    b = Builder()
    x = b.placeholder("x", (2,))
    for i in range(6):
        for j in range(7):
            x = b.op("Neg", f"outer_{i}/inner_{j}/Neg", b.op("Exp", f"outer_{i}/inner_{j}/Exp", x))
    found = diagram(b.graph)
    assert [group.title for group in found.groups] == ["outer × 6", "inner × 7"]
    assert len(nodes(found)["outer_0/inner_0/Exp"].ops) == 42


# ---- loops, branches, parts ----------------------------------------------------------------------


def test_a_loop_is_open_and_its_condition_small():
    found = diagram(drawn(programs.fibonacci))
    assert [(group.kind, group.title) for group in found.groups] == [
        ("loop", "while loop: fibonacci")]
    condition = nodes(found)["fibonacci/While: condition/"]
    assert (condition.kind, condition.details) == ("condition", ("loop variable 1 < n",))
    counter = nodes(found)["fibonacci/Identity_3"]
    assert counter.details == ("scalar int32", "+ 1 in each round")
    assert ends(found, "next") == {("fibonacci/Identity_5", "fibonacci/Identity_4"),
                                   ("fibonacci/add_1", "fibonacci/Identity_5")}


def test_branches_stand_side_by_side():
    found = diagram(drawn(programs.branches))
    assert [group.title for group in found.groups] == ["cond: dropout_or_scale", "if true",
                                                       "if false"]
    tails = {tail for tail, head in ends(found, "data") if head == "Relu"}
    assert len(tails) == 2  # what either branch gives


def test_depth_0_closes_loops_and_branches():
    found = diagram(drawn(programs.fibonacci), depth=0)
    assert {node.kind for node in found.nodes} == {"placeholder", "scope", "op"}
    kinds = {node.kind for node in diagram(drawn(programs.branches), depth=1).nodes}
    assert "branches" in kinds


def test_arithmetic_of_shapes_is_part_of_what_it_serves():
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [None, 3], name="x")
        fg.reshape(fg.exp(x), fg.stack([fg.shape(x)[0] * 3]), name="flat")
    found = diagram(graph)
    assert set(nodes(found)) == {"x", "Exp", "flat"}
    assert ends(found, "shape") == {("x", "flat")}


def test_clipping_of_gradients_belongs_to_the_optimizer():
    kinds = [node.kind for node in diagram(drawn(programs.unrolled_lstm)).nodes]
    assert kinds.count("optimizer") == kinds.count("gradients") == 1
    assert "clip_by_global_norm/" not in nodes(diagram(drawn(programs.unrolled_lstm)))


def test_variables_named_outside_of_a_name_scope_stand_in_their_layer():
    with fg.Graph().as_default() as graph, fg.name_scope("model"):
        fg.layers.dense(fg.placeholder(fg.float32, [None, 3], name="x"), 2, name="dense")
    groups = {node.title: node.group for node in diagram(graph).nodes}
    assert groups["kernel"] == groups["MatMul"] == "model/dense"


def test_functions_of_a_pipeline_stand_in_no_tensor_s_way():
    assert ("OneShotIterator", "IteratorGetNext") in ends(diagram(drawn(programs.pipeline)), "data")
    found = diagram(drawn(programs.captured))
    row = ["RangeDataset", "MapDataset", "FilterDataset", "BatchDatasetV2", "MakeIterator"]
    assert set(itertools.pairwise(row)) | {("scale", "MapDataset")} <= ends(found, "data")


@pytest.mark.parametrize("depth", [None, 0, 9])
def test_only_the_loss_leads_to_gradients_also_past_branches(depth):
    found = diagram(drawn(programs.normed_in_branches), depth=depth)
    tails = {tail for tail, head in ends(found, "data") if head == "gradients: gradients"}
    assert tails == {"loss"}


def test_an_op_with_a_function_says_what_that_computes():
    found = nodes(diagram(drawn(programs.pipeline)))
    assert found["MapDataset"].details == ("f = Cast + Mul",)
    assert found["OneShotIterator"].details == ("dataset_factory = … + BatchDatasetV2",)


# ---- colours, unused parts -----------------------------------------------------------------------


def test_colour_tells_time_with_shares_and_sums():
    graph = drawn(programs.perceptron)
    profile = Profile(hidden1__MatMul=Cost(0.006), hidden1__BiasAdd=Cost(0.001),
                      logits__MatMul=Cost(0.003))
    profile.graph = graph
    found = nodes(diagram(graph, depth=0, color="time", profile=profile))
    assert found["hidden1/"].details[0] == "7 ms, 70 %" and found["hidden1/"].fill == style.RAMP[-1]
    assert found["hidden2/"].fill == "#ffffff"
    assert "4.48 ms to 7 ms" in graph.to_dot(depth=0, color="time", profile=profile)


@pytest.mark.parametrize("options", [{"color": "time"}, {"color": "memory"}])
def test_without_a_profile_one_error_says_how_to_get_one(options):
    with pytest.raises(ValueError, match=r"fg\.profile\(\)"):
        drawn(programs.chain).to_dot(**options)


@pytest.mark.parametrize(("options", "words"), [
    ({"color": "red"}, "'structure', 'device'"), ({"unused": "show"}, "'hide' or 'grey'"),
    ({"color": "time", "profile": 3}, "not int"), ({"depth": -1}, "0 or more")])
def test_bad_options(options, words):
    with pytest.raises(ValueError, match=words):
        drawn(programs.chain).to_dot(**options)


@pytest.mark.parametrize("depth", ["2", 1.5, True])
def test_a_depth_is_an_int(depth):
    with pytest.raises(TypeError, match="depth is the number of open scope levels, an int"):
        drawn(programs.chain).to_dot(depth=depth)


def test_colour_tells_the_device():
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [2], name="x")
        with fg.device("/gpu:0"):
            fg.exp(x, name="y")
    found = diagram(graph, color="device")
    assert nodes(found)["y"].fill == style.DEVICES[0] and nodes(found)["x"].fill == "#ffffff"
    assert [words for words, _ in found.scale][1:] == ["any device"]


def test_unused_parts_are_grey():
    graph = drawn(programs.perceptron)
    found = nodes(diagram(graph, "hidden1/Relu", unused="grey"))
    assert found["hidden2/MatMul"].muted and not found["hidden1/MatMul"].muted
    assert "not needed for it" in graph.to_dot("hidden1/Relu", unused="grey")
    assert "hidden2/MatMul" not in nodes(diagram(graph, "hidden1/Relu"))


@pytest.mark.parametrize("fill", [*style.RAMP, *style.DEVICES, style.SEVERAL_DEVICES,
                                  *(look[0] for look in style.GROUP_LOOKS.values())])
def test_text_has_enough_contrast_on_every_fill(fill):
    assert style.contrast(style.SOFT_INK, fill) >= 4.5
    assert style.contrast(style.NEXT_LINE, fill) >= 3 or fill in style.RAMP
    assert style.contrast(style.MUTED_INK, "#ffffff") >= 4.5


# ---- names, speed --------------------------------------------------------------------------------


@pytest.mark.parametrize("evil", MORE_EVIL, ids=range(len(MORE_EVIL)))
@pytest.mark.parametrize("format", ["svg", "png", "pdf", "dot"])
def test_names_are_text_in_every_format(evil, format, tmp_path, engine):
    b = Builder()
    x = b.op(f"Type{evil}", f"one{evil}")
    for i in range(12):
        x = b.op("Use" if i % 2 else f"Other{i}", f"scope{evil}/{evil}{i}", x, note=evil)
    path = tmp_path / f"evil.{format}"
    b.graph.render(path, name=evil)
    contents = path.read_bytes()
    assert len(contents) > 1000
    if format == "svg":
        shown = [e.text or "" for e in ElementTree.fromstring(contents).iter()]
        wanted = labels.shorten(labels.printable(f"scope{evil}"), 40)
        assert any(wanted[:12].replace("\\", "") in re.sub(r"[\\\u2216]", "", text)
                   for text in shown)
        assert not ElementTree.fromstring(contents).findall(".//{*}script")


def test_thousands_of_operations_are_drawn(engine):
    graph = drawn(programs.large)
    assert len(graph.get_operations()) > 5000
    width, height = size(graph.to_dot())  # a few seconds
    assert 1 / 2.6 < height / width < 2.6


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for name in PROGRAMS:
        (GOLDEN / f"{name}.dot").write_text(text(name), encoding="utf-8")
