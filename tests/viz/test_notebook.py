"""What graphs, tensors and plans show in a notebook."""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
import sys
import types
from xml.etree import ElementTree

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.viz import notebook
from tests.chromium import browser
from tests.viz.graphs import Builder, linear
from tests.viz.test_dot import EVIL


@pytest.fixture
def engine():
    if not shutil.which("dot"):
        pytest.importorskip("pygraphviz")


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def model():
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    y = fg.layers.dense(x, 2, fg.nn.relu, name="layer")
    fg.square(x, name="aside")
    return x, y


def plan():
    x, y = model()
    return fg.Session().explain(y, {x: np.ones((4, 3))}, file=io.StringIO())


def titles(svg):
    return {element.text for element in ElementTree.fromstring(svg).iter() if element.text}


def image_in(page):
    (data,) = re.findall(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]+)"', page)
    return base64.b64decode(data).decode()


def viewer_in(page):
    (srcdoc,) = re.findall(r'<iframe sandbox="allow-scripts" [^>]*srcdoc="([^"]*)"', page)
    return html.unescape(srcdoc)


def test_a_graph_shows_its_picture_and_the_viewer(engine) -> None:
    _, y = model()
    bundle = y.graph._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "text/html"}
    count = len(y.graph.get_operations())
    assert bundle["text/plain"] == f"<tf.Graph with {count} operations>"
    assert image_in(bundle["text/html"]) == bundle["image/svg+xml"]
    assert {"aside", "layer/kernel"} <= titles(bundle["image/svg+xml"])
    assert viewer_in(bundle["text/html"]) == y.graph.to_html()


def test_a_tensor_and_an_operation_show_what_they_need(engine) -> None:
    _, y = model()
    for element in (y, y.op):
        bundle = element._repr_mimebundle_()
        assert bundle["text/plain"] == repr(element)
        shown = titles(bundle["image/svg+xml"])
        assert "layer/kernel" in shown and "aside" not in shown
        assert "<iframe" not in bundle["text/html"]


def test_a_plan_shows_its_instructions_and_its_source(engine) -> None:
    explanation = plan()
    bundle = explanation._repr_mimebundle_()
    assert bundle["text/plain"] == repr(explanation)
    assert {"1. MatMul", "layer/kernel", "3×2 float32", "fetched"} <= titles(
        bundle["image/svg+xml"])
    assert html.escape("def run(feeds, state, buffers, nodes):") in bundle["text/html"]
    assert bundle["text/html"].count("<details>") == 3


def test_a_plan_that_writes_shows_the_new_values(engine) -> None:
    w = fg.Variable([1.0, 2.0], name="w")
    explanation = fg.Session().explain(w.initializer, file=io.StringIO())
    assert "new value of w" in titles(explanation._repr_mimebundle_()["image/svg+xml"])


def test_a_group_of_operations_shows_their_types(engine) -> None:
    x = fg.placeholder(fg.float32, [None, 1000], name="x")
    explanation = fg.Session().explain(fg.exp(fg.tanh(x) * 2.0), {x: np.ones((2000, 1000))},
                                       file=io.StringIO())
    assert {"3 operations:", "Tanh, Mul, Exp", "2000×1000"} <= {
        title.strip() for title in titles(explanation._repr_mimebundle_()["image/svg+xml"])}


@pytest.mark.parametrize("make", [model, plan], ids=["tensor", "plan"])
def test_without_an_engine_the_text_is_there(no_engine, make) -> None:
    made = make()
    shown = made[1] if isinstance(made, tuple) else made
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == repr(shown)
    assert "image/svg+xml" not in bundle and "<img" not in bundle.get("text/html", "")


def test_without_an_engine_a_graph_still_has_the_viewer(no_engine) -> None:
    bundle = linear()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert viewer_in(bundle["text/html"]) == linear().to_html()


def test_a_notebook_may_ask_for_some_kinds_only(engine) -> None:
    graph = linear()
    assert set(graph._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert set(graph._repr_mimebundle_(exclude={"text/html"})) == {"text/plain", "image/svg+xml"}


def test_ipython_in_a_terminal_draws_nothing(monkeypatch) -> None:
    def never(*arguments):
        raise AssertionError("a picture was drawn")
    monkeypatch.setattr("flowgraph.viz.render.picture", never)
    graph = linear()
    assert set(graph._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    tensor = graph.get_tensor_by_name("y:0")
    assert tensor._repr_mimebundle_() == {"text/plain": repr(tensor)}


def test_an_empty_graph_is_text_and_a_viewer() -> None:
    bundle = fg.Graph()._repr_mimebundle_()
    assert bundle["text/plain"] == "<tf.Graph with 0 operations>"
    assert "image/svg+xml" not in bundle


def test_other_things_stay_as_they_are() -> None:
    variable = fg.Variable(1.0)
    assert not hasattr(variable, "_repr_mimebundle_")
    assert repr(variable) == "<tf.Variable 'Variable:0' shape=() dtype=float32_ref>"


def test_a_graph_too_large_to_be_read_has_no_picture(monkeypatch) -> None:
    def never(*arguments):
        raise AssertionError("the engine was asked to draw it")
    monkeypatch.setattr("flowgraph.viz.render.picture", never)
    builder = Builder()
    for i in range(3 * notebook.MOST_NODES):
        builder.placeholder(f"input_of_the_model_{chr(97 + i % 26)}{i * 7919}x", (2, i + 1))
    bundle = builder.graph._repr_mimebundle_()
    assert "<img" not in bundle["text/html"] and "<iframe" in bundle["text/html"]


def test_an_output_stays_below_its_limit(engine, monkeypatch) -> None:
    whole = linear()._repr_mimebundle_()
    picture = whole["image/svg+xml"]
    monkeypatch.setattr(notebook, "MOST_BYTES", 5 * len(picture))
    without_viewer = linear()._repr_mimebundle_()
    assert "<iframe" not in without_viewer["text/html"] and "to_html" in without_viewer["text/html"]
    assert "image/svg+xml" in without_viewer
    monkeypatch.setattr(notebook, "MOST_BYTES", len(picture))
    assert "image/svg+xml" not in linear()._repr_mimebundle_()


def evil_graph():
    builder = Builder()
    for name in (*EVIL, "</iframe><script>parent.broken = 1</script>", "\" onload='broken = 1'"):
        builder.op("Use", f"scope/{name}", builder.op(f"Type{name}", name), note=name)
    return builder.graph


def test_names_do_not_become_part_of_the_page(engine) -> None:
    graph = evil_graph()
    for element in (graph, graph.get_operations()[-1]):
        page = element._repr_mimebundle_()["text/html"]
        assert "<script" not in page
        outside = re.sub(r'"[^"]*"', '""', page)
        assert set(re.findall(r"<(\w+)", outside)) <= {"pre", "img", "details", "summary", "iframe"}


@pytest.mark.slow
def test_a_browser_shows_the_picture_and_runs_the_viewer_in_its_sandbox(engine, tmp_path) -> None:
    with browser() as page:
        bundle = evil_graph()._repr_mimebundle_()
        path = tmp_path / "cell.html"
        path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{bundle['text/html']}",
                        encoding="utf-8")
        page.open(path.as_uri())
        page.until(lambda: page.each("img", "e.naturalWidth > 100") == [True])
        page.click("summary", "Open the viewer")
        driver = page.driver

        def texts():
            driver.switch_to.default_content()  # the frame that is there before its page is another
            driver.switch_to.frame(0)
            return page.each("svg text", "e.textContent")

        page.until(texts)
        assert driver.execute_script("return window.origin") == "null"
        driver.switch_to.default_content()
        assert driver.execute_script("return window.broken") is None
        assert page.errors() == []
