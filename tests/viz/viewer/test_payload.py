"""The payload: every row of a graph, as plain values."""

from __future__ import annotations

import json
import linecache

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.viz.viewer.payload import attribute_text, payload, script_safe
from tests.viz.graphs import Builder, training
from tests.viz.test_dot import EVIL


def say(data, number):
    """The text that a number stands for."""
    return None if number < 0 else data["text"][number]


def names(data):
    """The ops' names."""
    return [say(data, row[0]) for row in data["ops"]]


def test_an_op_is_told_with_all_that_belongs_to_it():
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [None, 3], name="x")
        with fg.name_scope("layer"), fg.device("/cpu:0"):
            fg.matmul(x, x, transpose_b=True, name="product")  # the line that is shown
            fg.square(x)
    data = payload(graph)
    (row,) = [row for row in data["ops"] if say(data, row[0]) == "layer/product"]
    _, kind, group, role, frame, device, outputs, attrs, owner, forward, label = row
    assert data["types"][kind] == ["MatMul", data["types"][kind][1]]
    assert "matri" in data["types"][kind][1]
    assert [say(data, part) for part in data["groups"][group][:2]] == ["layer", "layer"]
    assert say(data, role) == "op" and "cpu:0" in say(data, device).lower()
    assert data["specs"][outputs[0]] == ["?×? float32", [None, None], "float32", -1, 1]
    assert {say(data, k): say(data, v) for k, v in attrs}["transpose_b"] == "True"
    file, path, line, function, source = data["frames"][frame]
    assert (file, path) == ("test_payload.py", __file__)
    assert function == "test_an_op_is_told_with_all_that_belongs_to_it"
    assert source == linecache.getline(__file__, line).strip()
    assert "the line that is shown" in source
    assert (owner, forward, label) == (-1, -1, -1)


def test_links_name_both_ends_and_what_is_handed_over():
    b = Builder()
    x = b.placeholder("x", (2, 3))
    b.op("Use", "use", x, controls=[b.op("Other", "first").op])
    data = payload(b.graph)
    found = [(names(data)[tail], index, names(data)[head], kind, spec >= 0, say(data, param))
             for tail, index, head, kind, spec, param in data["links"]]
    assert found == [("x", 0, "use", 0, True, "x0"), ("first", -1, "use", 2, False, None)]
    assert data["specs"][data["links"][0][4]] == ["2×3 float32", [2, 3], "float32", 24, 6]


def test_side_jobs_upkeep_and_forward_ops():
    data = payload(training())
    ops = dict(zip(names(data), data["ops"], strict=True))
    sides = [(say(data, title), say(data, role)) for title, _, _, kind, _, role in data["groups"]
             if say(data, kind) == "side"]
    assert sides == [("gradients", "gradients"), ("SGD", "optimizer"), ("init", "init"),
                     ("save", "save")]
    assert names(data)[ops["dense/w/Assign"][8]] == "dense/w"
    assert names(data)[ops["gradients/dense/MatMul_grad/dx"][9]] == "dense/MatMul"
    assert say(data, ops["SGD/learning_rate"][10]) == "0.5"
    groups = data["groups"]
    assert all(parent < i for i, (_, _, parent, *_) in enumerate(groups)), "outer before inner"


def test_what_was_asked_for_is_marked_and_what_it_does_not_need():
    data = payload(training(), "dense/BiasAdd:0")
    unused = {names(data)[i] for i in data["unused"]}
    assert [names(data)[i] for i in data["fetched"]] == ["dense/BiasAdd"]
    assert "loss/mean" in unused and not unused & {"x", "dense/MatMul", "dense/w"}


def test_what_is_in_a_branch_of_a_needed_op_is_needed():
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [], name="x")
        y = fg.cond(x > 0.0, lambda: fg.square(x, name="inside"), lambda: fg.negative(x), name="c")
        fg.square(x, name="other")
    data = payload(graph, y)
    assert {names(data)[i] for i in data["unused"]} == {"other"}
    assert any("inside" in name for name in names(data))


def test_a_function_of_a_pipeline_says_what_it_computes():
    with fg.Graph().as_default() as graph:
        fg.data.Dataset.range(3).map(lambda i: fg.cast(i, fg.float32) * 2.0)
    assert "a graph of 4 operations: Cast, Mul" in payload(graph)["text"]


@pytest.mark.parametrize(("fetches", "error"), [("nothing", KeyError), ([3], TypeError)])
def test_fetches_that_are_not_there(fetches, error):
    with pytest.raises(error):
        payload(training(), fetches)


def test_series_are_groups():
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [2], name="x")
        for i in range(12):
            with fg.name_scope(f"layer_{i + 1}"):
                x = fg.square(fg.tanh(x))
    data = payload(graph)
    kinds = [say(data, kind) for _, _, _, kind, _, _ in data["groups"]]
    assert kinds == ["series", *["scope"] * 12]


def test_every_text_is_written_once():
    data = payload(training())
    assert len(data["text"]) == len(set(data["text"]))
    assert len({json.dumps(spec) for spec in data["specs"]}) == len(data["specs"])


def test_hostile_names_come_through_and_cannot_end_the_script():
    b = Builder()
    for name in [*EVIL, "</script>", "<!--", "x" * 10_000, "\u2028", "__proto__"]:
        b.op(f"Type{name}", f"scope/{name}", note=name)
    data = payload(b.graph, name="</script>")
    text = script_safe(data)
    assert text.isascii() and not set(text) & set("<>&\0\n")
    assert json.loads(text) == json.loads(json.dumps(data))
    assert "scope/</script>" in names(data) and "scope/__proto__" in names(data)


@pytest.mark.parametrize(("given", "text"), [
    (b"SAME", "SAME"), (b"\xff", "\\xff"), ("NHWC", "NHWC"), (True, "True"), (None, "None"),
    (3, "3"), (0.5, "0.5"), (fg.float32, "float32"), ((1, 2), "[1, 2]"), ([], "[]"),
    ([b"a", (1,)], "[a, [1]]"), (np.float32(0.1), "0.1"), (np.arange(3), "[0, 1, 2]"),
    (np.zeros((100, 2)), "array of 100×2 float64"), (list(range(30)), "…"), ("y" * 999, "…"),
    (len, "function len"), (fg.Graph(), "a graph of 0 operations"),
], ids=lambda part: part[:40] if type(part) is str else type(part).__name__)
def test_attributes_as_text(given, text):
    found = attribute_text(given)
    assert (found.rstrip("]").endswith(text) and len(found) < 400) if text == "…" else found == text
