"""The page: one file, whole or not there, that loads nothing."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

import flowgraph as fg
from flowgraph.viz import style
from flowgraph.viz.viewer.page import SCRIPTS, STYLES, page, write_html
from flowgraph.viz.viewer.palette import css_variables
from tests.viz.graphs import Builder, training

ASSETS = resources.files("flowgraph.viz.viewer").joinpath("assets")
DATA = re.compile(r'<script type="application/json" id="graph">(.*?)</script>', re.DOTALL)


def test_the_page_stands_alone():
    text = page(training())
    links = set(re.findall(r"\bhttps?://[^\s\"'`)]+", text))
    assert links == {"http://www.w3.org/2000/svg"}  # a name, not a place to load from
    assert not re.search(r"<(link|img|iframe|object|embed)\b|\bsrc=|@import|url\((?!#)", text)
    assert "default-src 'none'" in text
    assert text.startswith("<!DOCTYPE html>") and text.count("<script") == 2


def test_the_payload_can_be_read_back():
    (data,) = DATA.findall(page(training(), name="my model"))
    found = json.loads(data)
    assert found["title"] == "my model" and found["format"] == 1
    assert found["generator"] == f"flowgraph {fg.__version__}"
    assert len(found["ops"]) == len(training().get_operations())


def test_a_title_is_text():
    text = page(training(), name="</title><script>alert(1)</script>%%DATA%%\u202e")
    assert "<script>alert" not in text and "\u202e" not in text
    assert text.count("<script") == 2 and len(DATA.findall(text)) == 1


def test_hostile_names_leave_the_page_whole():
    b = Builder()
    for name in ("</script><script>alert(1)</script>", "%%SCRIPT%%", "<!--", "\ud800"):
        b.op(f"Type{name}", f"scope/{name}", note=name)
    text = page(b.graph)
    assert text.encode() and text.count("<script") == 2 and text.count("</script") == 2
    (data,) = DATA.findall(text)
    assert "scope/%%SCRIPT%%" in json.loads(data)["text"]


def test_to_html_writes_or_returns(tmp_path, monkeypatch):
    graph = training()
    path = tmp_path / "model.html"
    assert graph.to_html(path, name="m") == str(path)
    assert path.read_text("utf-8") == graph.to_html(name="m")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write_html("~/other.html", graph) == str(tmp_path / "other.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.html", "other.html"]


@pytest.mark.parametrize(("path", "fetches", "error"), [
    ("no/such/folder/x.html", None, FileNotFoundError), ("x.html", "nothing", KeyError)])
def test_what_goes_wrong_leaves_no_file(tmp_path, path, fetches, error):
    with pytest.raises(error):
        training().to_html(tmp_path / path, fetches)
    assert not list(tmp_path.iterdir())


def test_a_profile_must_be_recorded_runs():
    with pytest.raises(TypeError, match="Recording"):
        training().to_html(profile=3)


def test_every_asset_is_in_the_page():
    listed = {f"{name}.js" for name in SCRIPTS} | set(STYLES) | {"template.html"}
    assert {item.name for item in ASSETS.iterdir()} == listed
    assert len(SCRIPTS) == len(set(SCRIPTS))


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_short_and_say_what_they_are_for(name):
    text = ASSETS.joinpath(f"{name}.js").read_text("utf-8")
    assert text.startswith("// ") and len(text.splitlines()) <= 400
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", text)


def test_an_empty_graph_has_a_page():
    assert json.loads(DATA.findall(page(fg.Graph()))[0])["ops"] == []


def test_colours_are_those_of_the_pictures():
    text = css_variables()
    light, dark = text.split("@media")
    for kind, look in style.LOOKS.items():
        assert f"--fill-{kind}: {look.fill};" in light and f"--line-{kind}: {look.line};" in light
    for block, ink in ((light, "#202124"), (dark, "#e8eaed")):
        assert f"--ink: {ink};" in block
        for fill in re.findall(r"--(?:fill-\w+|group-\d|bg|panel): (#\w{6})", block):
            assert style.contrast(fill, ink) > 7, fill


def test_three_thousand_nodes_take_little_room():
    b = Builder()
    x = b.placeholder("x", (None, 64))
    for i in range(3000):
        x = b.op("Step", f"model/layer_{i // 50}/block_{i % 50 // 10}/operation_{i}", x,
                 shape=(None, 64))
    assert len(b.graph.to_html()) < 1_200_000
