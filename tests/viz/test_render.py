"""Writing pictures: suffixes, engines, whole files."""

from __future__ import annotations

import shutil
import sys
from xml.etree import ElementTree

import pytest

import flowgraph.viz  # noqa: F401  (puts the methods on Graph)
from flowgraph.errors import MissingDependencyError
from flowgraph.viz import picture
from tests.viz.graphs import Builder, linear, training
from tests.viz.test_dot import EVIL

STARTS = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "dot": b"digraph"}


@pytest.fixture
def engine():
    if not shutil.which("dot"):
        pytest.importorskip("pygraphviz")


def svg_texts(path, tag):
    return [element.text for element in ElementTree.parse(path).findall(f".//{{*}}{tag}")]


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "SVG"])
def test_the_suffix_says_the_format(tmp_path, engine, suffix):
    path = tmp_path / f"graph.{suffix}"
    assert linear().render(path) == str(path)
    assert path.read_bytes().startswith(STARTS[suffix.lower()])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # nothing temporary is left


def test_svg_is_xml_with_a_title_per_node(tmp_path, engine):
    training().render(tmp_path / "t.svg", name="Softmax <regression>")
    titles = svg_texts(tmp_path / "t.svg", "title")
    assert {"x", "dense/w", "dense/MatMul", "cluster_dense", "gradients: gradients",
            "x->dense/MatMul"} <= set(titles)
    assert "Softmax <regression>" in svg_texts(tmp_path / "t.svg", "text")


def test_svg_of_malicious_names_is_xml(tmp_path, engine):
    b = Builder()
    for name in EVIL:
        b.op("Use", f"scope/{name}", b.op(f"Type{name}", name), note=name)
    b.graph.render(tmp_path / "evil.svg", name="".join(EVIL))
    classes = [g.get("class") for g in ElementTree.parse(tmp_path / "evil.svg").findall(".//{*}g")]
    assert classes.count("node op") == 2 * len(EVIL)
    assert {'a"b', "<b>bold</b>", "&amp; &lt; &", "שלום"} <= set(
        svg_texts(tmp_path / "evil.svg", "title"))


@pytest.mark.parametrize("name", ["graph.jpg", "graph", "graph.svg.gz"])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.svg, \.png, \.pdf, \.dot or \.html"):
        linear().render(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_unknown_format():
    with pytest.raises(ValueError, match="'gif'"):
        picture("digraph {}", "gif")


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def test_without_an_engine_one_error_names_both_ways_to_get_one(tmp_path, no_engine):
    with pytest.raises(MissingDependencyError) as caught:
        linear().render(tmp_path / "graph.svg")
    text = str(caught.value)
    assert "system package graphviz" in text and '".[viz]"' in text
    assert isinstance(caught.value, ImportError) and caught.value.__suppress_context__
    assert not list(tmp_path.iterdir())


def test_dot_needs_no_engine(tmp_path, no_engine):
    linear().render(tmp_path / "graph.dot")
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == linear().to_dot()


def test_the_systems_dot_is_taken_first(monkeypatch):
    import graphviz
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/dot")
    monkeypatch.setattr(graphviz, "pipe", lambda engine, format, data, quiet: b"from dot")
    assert picture("digraph {}", "svg") == b"from dot"


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("old")
    monkeypatch.setattr("os.replace", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        linear().render(path)
    assert [p.name for p in tmp_path.iterdir()] == ["graph.dot"] and path.read_text() == "old"
