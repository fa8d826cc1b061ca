"""`tf.show`: in a notebook, in the browser, into a file."""

from __future__ import annotations

import sys
import types
import webbrowser
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.viz import show as module


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    """The addresses that the browser was asked to open."""
    found = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(found.append(url)) or True)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return found


@pytest.fixture
def y():
    return fg.square(fg.placeholder(fg.float32, [2], name="x"), name="y")


def test_without_a_display_the_path_is_printed(y, tmp_path, opened, capsys) -> None:
    path = tmp_path / "y.html"
    assert fg.show(y, path) == str(path)
    assert capsys.readouterr().out == f"The graph is in {path}\n"
    assert path.read_text(encoding="utf-8") == y.graph.to_html(None, y) and opened == []


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
def test_with_a_display_the_browser_opens(y, tmp_path, opened, capsys, monkeypatch, variable):
    monkeypatch.setenv(variable, ":0")
    path = tmp_path / "a graph.html"
    assert fg.show(path=path) == str(path)
    assert opened == [path.as_uri()] and capsys.readouterr().out == ""
    fg.show(path=path, browser=False)
    assert len(opened) == 1


def test_a_mac_has_a_display(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert module.has_display()


@pytest.mark.parametrize("problem", ["returns False", "raises"])
def test_where_no_browser_opens_the_path_is_printed(y, tmp_path, monkeypatch, capsys, problem):
    def fail(url):
        if problem == "raises":
            raise webbrowser.Error("could not locate runnable browser")
        return False
    monkeypatch.setattr(webbrowser, "open", fail)
    fg.show(y, tmp_path / "y.html", browser=True)
    assert "The graph is in" in capsys.readouterr().out


def test_a_new_file_is_private_and_stays(y, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = Path(fg.show(y))
    assert path.exists() and path.suffix == ".html"
    assert path.parent.parent == tmp_path and path.parent.stat().st_mode & 0o077 == 0


def test_what_can_be_shown(tmp_path) -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    w = fg.Variable([1.0, 2.0], name="w")
    y = fg.multiply(x, w, name="y")
    graph = y.graph
    whole, of_y = graph.to_html(), graph.to_html(None, y)
    assert whole != of_y
    session = fg.Session()
    shown = [(None, whole), (graph, whole), (session, whole), (y, of_y), (y.op, of_y),
             ([y], of_y), ({"y": y}, of_y), (w, graph.to_html(None, w))]
    for what, page in shown:
        assert Path(fg.show(what, tmp_path / "g.html")).read_text(encoding="utf-8") == page
    assert Path(graph.show(path=tmp_path / "g.html")).read_text(encoding="utf-8") == whole
    assert Path(graph.show("y:0", tmp_path / "g.html")).read_text(encoding="utf-8") == of_y
    assert Path(y.show(tmp_path / "g.html")).read_text(encoding="utf-8") == of_y


def test_the_suffix_may_ask_for_a_picture(y, tmp_path) -> None:
    path = fg.show(y, tmp_path / "y.dot", name="title")
    assert Path(path).read_text(encoding="utf-8") == y.graph.to_dot(y, name="title")


@pytest.mark.parametrize("what, path, error, words", [
    (3.0, None, TypeError, "draws graphs, tensors and operations, not 3.0"),
    ([], None, TypeError, "not \\[\\]"), ("y:0", None, TypeError, "not 'y:0'"),
    (None, "graph.jpg", ValueError, "ends in .html"), (None, "graph", ValueError, "ends in .html"),
])
def test_a_wrong_use_says_so(tmp_path, what, path, error, words) -> None:
    with pytest.raises(error, match=words):
        fg.show(what, path and tmp_path / path)
    assert not list(tmp_path.iterdir())


def test_in_a_notebook_the_viewer_is_the_output(y, tmp_path, monkeypatch, opened, capsys) -> None:
    shown = []
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=True)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(
        display=lambda bundle, raw: shown.append(bundle)))
    monkeypatch.setenv("DISPLAY", ":0")
    assert fg.show(y) is None
    (bundle,) = shown
    assert bundle["text/plain"] == repr(y)
    assert "<iframe" in bundle["text/html"] and "<details" not in bundle["text/html"]
    path = tmp_path / "y.html"
    assert fg.show(y, path) == str(path) and path.exists() and len(shown) == 2
    assert opened == [] and capsys.readouterr().out == ""
