"""The viewer's picture in a browser: opening, laying out, looking around, tracing, saving."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import pytest

from flowgraph.viz.viewer.page import page as page_text
from tests.viz.graphs import Builder
from tests.viz.viewer import viewer_graphs
from tests.viz.viewer.panel_page import Panels

GRAPHS = {"network": viewer_graphs.network, "loops": viewer_graphs.loops,
          "nested": viewer_graphs.nested, "wide": viewer_graphs.wide,
          "blocks": viewer_graphs.blocks, "chain": viewer_graphs.chain}


@pytest.fixture(scope="module")
def pages(chrome, tmp_path_factory):
    """Opens the page of a graph by the graph's name."""
    made = {}

    def shown(name, address="", size=(1400, 900)):
        if name not in made:
            made[name] = Panels(chrome, tmp_path_factory.mktemp(name),
                                page_text(GRAPHS[name](), name=name))
        made[name].open(address, size)
        return made[name]

    return shown


@pytest.fixture
def show(pages, chrome):
    yield pages
    assert chrome.errors() == []


def boxes(page, items="drawing.places.keys()"):
    """The names of what is in the picture, open groups included."""
    return set(page.js("const d = flowgraph.app.view.drawing;"
                       f"return [...{items.replace('drawing', 'd')}].map((i) => i.path)"))


def middle(page, name):
    """Where the middle of a box is on the stage's screen."""
    return page.js("""const v = flowgraph.app.view, p = v.place(flowgraph.model.find(arguments[0]));
        const { x, y, k } = flowgraph.state.view, s = v.app.el.stage.getBoundingClientRect();
        return [s.left + x + (p.x + p.w / 2) * k, s.top + y + (p.y + p.h / 2) * k]""", name)


def mouse(page, kind, x, y, **more):
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {
        "type": kind, "x": x, "y": y, "button": "left" if kind != "mouseMoved" else "none",
        **more})


def click(page, name, count=1):
    x, y = middle(page, name)
    for i in range(count):
        for kind in ("mousePressed", "mouseReleased"):
            mouse(page, kind, x, y, clickCount=i + 1, buttons=int(kind == "mousePressed"))


def is_open(page, path):
    return page.js("const f = flowgraph;"
                   "return f.state.open.has(f.model.byPath.get(arguments[0]))", path)


# ---- the first picture ---------------------------------------------------------------------------

def test_the_model_is_what_one_sees_first(show):
    page = show("network")
    seen = boxes(page)
    assert {"x", "labels", "first/relu", "first/w", "loss/mean"} <= seen
    assert {"gradients: gradients", "optimizer: Adam", "save: save"} <= seen  # each one box
    assert not any(name.startswith("gradients/") for name in seen)
    left, right = middle(page, "first/relu"), middle(page, "Adam")
    assert right[0] > left[0], "side jobs stand at the right"
    assert middle(page, "x")[1] > middle(page, "loss/mean")[1], "data flows up"


@pytest.mark.slow
def test_ten_thousand_nodes_open_at_once(show):
    page = show("nested")
    assert page.js("return flowgraph.model.ops.length") >= 10_000
    assert page.js("return flowgraph.timings.firstPicture") < 5000  # below 1000 on a quiet machine
    assert len(boxes(page)) < 120


def test_an_empty_graph_is_no_error(chrome, tmp_path):
    import flowgraph as fg
    page = Panels(chrome, tmp_path, page_text(fg.Graph()))
    page.open()
    page.js("flowgraph.expandAll(); flowgraph.fit(); flowgraph.exportSvg()")
    assert "no operations" in page.js("return document.getElementById('stage').innerText")
    assert chrome.errors() == []


def test_blocks_alike_are_opened_though_all_would_be_too_many(show):
    page = show("blocks")
    opened = page.js("return [...flowgraph.state.open].map((group) => group.path)")
    assert opened == [f"block{i}" for i in range(1, 6)]


def test_on_a_phone_no_more_is_open_than_can_be_read(show):
    page = show("blocks", size=(360, 740))
    assert page.js("return flowgraph.state.open.size") == 0
    assert page.js("return flowgraph.state.view.k") > 0.42  # from which on text is drawn


def test_what_was_asked_for_stands_out_and_the_rest_is_pale(chrome, tmp_path):
    page = Panels(chrome, tmp_path, page_text(viewer_graphs.network(), "first/relu:0"))
    page.open()
    pale = set(page.js("return flowgraph.model.groups.filter((g) => g.unused).map((g) => g.path)"))
    assert {"gradients: gradients", "optimizer: Adam", "second"} <= pale and "first" not in pale
    assert page.js("return document.querySelectorAll('#scene .node.unused').length") > 2
    assert page.js("return [...document.querySelectorAll('#scene .node.fetched')].map((e) =>"
                   "e.dataset.key)") == [page.js("return flowgraph.model.find('first/relu').key")]
    assert chrome.errors() == []


# ---- opening and closing -------------------------------------------------------------------------

def test_double_click_opens_a_group_and_its_button_closes_it(show):
    page = show("network")
    click(page, "Adam", count=2)
    page.until("flowgraph.state.open.has(flowgraph.model.byPath.get('optimizer: Adam'))")
    assert len([name for name in boxes(page) if name.startswith("optimizer: Adam/")]) > 2
    page.until("flowgraph.app.view.drawing.level === 2")
    page.js("flowgraph.app.view.go(flowgraph.state.view, false)")
    x, y = page.js("""const v = flowgraph.app.view;
        const b = v.place(flowgraph.model.byPath.get('optimizer: Adam'));
        v.fitBox(b.x + b.w - 200, b.y, 220, 150, 1, false);
        const { x, y, k } = flowgraph.state.view, s = v.app.el.stage.getBoundingClientRect();
        return [s.left + x + (b.x + b.w - 13) * k, s.top + y + (b.y + 12) * k]""")
    for kind in ("mousePressed", "mouseReleased"):
        mouse(page, kind, x, y, clickCount=1, buttons=int(kind == "mousePressed"))
    page.until("!flowgraph.state.open.has(flowgraph.model.byPath.get('optimizer: Adam'))")


def test_an_opened_group_stays_where_it_was(show):
    page = show("network")
    page.js("const a = flowgraph.app; a.view.go({ k: 0.3, x: 300, y: 200 }, false)")
    path = "gradients: gradients"
    before = middle(page, path)
    page.js("const v = flowgraph.app.view; v.still = { matches: true }; v.fitBox = () => {};"
            "v.toggle(flowgraph.model.byPath.get(arguments[0]))", path)
    assert is_open(page, path)
    assert middle(page, path) == pytest.approx(before, abs=1)


@pytest.mark.slow
def test_every_group_of_ten_thousand_nodes_opens(show):
    page = show("nested")
    slowest = page.js("""const { app, model } = flowgraph; let most = 0;
        app.view.still = { matches: true };
        for (const group of model.groups.slice(0, 60)) { const t = performance.now();
          app.view.open(group); most = Math.max(most, performance.now() - t); }
        return most""")
    assert slowest < 3000  # below 300 on a quiet machine
    page.js("flowgraph.expandAll()")
    assert page.js("return flowgraph.app.view.drawing.places.size") >= 10_000
    assert page.js("return document.querySelectorAll('#scene *').length") < 20_000
    page.js("flowgraph.app.view.show(flowgraph.model.ops[5000])")
    page.until("flowgraph.app.view.drawing.level === 2")
    assert page.js("return document.querySelectorAll('#scene .node').length") < 400  # in sight only


@pytest.mark.parametrize("name", ["network", "loops", "nested", "wide", "chain"])
@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_nothing_is_a_sliver_and_nothing_overlaps(show, name, direction):
    if name == "nested" and direction != "up":
        return
    page = show(name, f"direction={direction}")
    page.js("flowgraph.expandAll()")
    slivers, overlaps = page.js("""const slivers = [], overlaps = [];
        const { kept } = flowgraph.app.view.layouts;
        for (const [group, { layout }] of kept) {
          const ratio = layout.w / layout.h;
          if (Math.max(layout.w, layout.h) > 900 && (ratio < 1 / 3.2 || ratio > 3.2)) {
            slivers.push([group.path, layout.w, layout.h]);
          }
          const sorted = [...layout.boxes].sort((a, b) => a.x - b.x);
          sorted.forEach((a, i) => {
            for (let j = i + 1; j < sorted.length && sorted[j].x < a.x + a.w - 1; j += 1) {
              const b = sorted[j];
              if (b.y < a.y + a.h - 1 && a.y < b.y + b.h - 1) {
                overlaps.push([a.item.path, b.item.path]);
              }
            }
            if (a.x < -1 || a.y < -1 || a.x + a.w > layout.w + 1 || a.y + a.h > layout.h + 1) {
              overlaps.push([a.item.path, "border"]);
            }
          });
        }
        return [slivers, overlaps]""")
    assert (slivers, overlaps) == ([], [])


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_edges_go_along_the_flow_and_end_at_their_boxes(show, direction):
    page = show("network", f"direction={direction}")
    first, last = middle(page, "first/product"), middle(page, "first/relu")
    assert {"up": last[1] < first[1], "down": last[1] > first[1],
            "right": last[0] > first[0]}[direction]
    page.js("flowgraph.expandAll()")
    wrong = page.js("""const wrong = [], { places, edges } = flowgraph.app.view.drawing;
        for (const { line, x, y } of edges) {
          if (line.free || !line.edge.tail || !line.edge.head) continue;
          for (const [end, step] of [["tail", line.steps[0]], ["head", line.steps.at(-1)]]) {
            const p = places.get(line.edge[end]);
            const px = step.x + x, py = step.y + y;
            if (px < p.x - 1 || px > p.x + p.w + 1 || py < p.y - 1 || py > p.y + p.h + 1) {
              wrong.push([end, line.edge.key]);
            }
          }
        }
        return wrong""")
    assert wrong == []


def test_loops_show_their_rounds_and_branches_their_cases(show):
    page = show("loops")
    page.js("flowgraph.expandAll()")
    titles = page.texts("#scene .open .strong")
    assert {"condition", "if true", "if false"} <= set(titles)
    assert page.js("return document.querySelectorAll('#scene .kind-next').length") > 0


# ---- looking around ------------------------------------------------------------------------------

def test_click_selects_and_drag_moves(show):
    page = show("network")
    click(page, "first/relu")
    assert page.selected() == "first/relu"
    assert page.js("return document.querySelector('#scene .selected').dataset.key") \
        == page.js("return flowgraph.model.find('first/relu').key")
    before = page.state("view")
    x, y = middle(page, "first/relu")
    mouse(page, "mousePressed", x, y, clickCount=1, buttons=1)
    for step in range(1, 6):
        mouse(page, "mouseMoved", x + 20 * step, y + 10 * step, buttons=1)
    mouse(page, "mouseReleased", x + 100, y + 50, clickCount=1)
    after = page.state("view")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((100, 50))
    assert page.selected() == "first/relu"


def test_the_wheel_zooms_at_the_pointer(show):
    page = show("network")
    x, y = middle(page, "loss/mean")
    before = page.state("view")["k"]
    mouse(page, "mouseWheel", x, y, deltaX=0, deltaY=-300)
    page.until(f"flowgraph.state.view.k > {before}")
    assert middle(page, "loss/mean") == pytest.approx([x, y], abs=1)


def test_two_fingers_zoom(show):
    page = show("network")
    x, y = middle(page, "first/relu")
    before = page.state("view")["k"]
    touch = "Input.dispatchTouchEvent"

    def points(far):
        return [{"x": x - far, "y": y, "id": 0}, {"x": x + far, "y": y, "id": 1}]
    for kind, far in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        page.driver.execute_cdp_cmd(touch, {"type": kind, "touchPoints": points(far)})
    page.driver.execute_cdp_cmd(touch, {"type": "touchEnd", "touchPoints": []})
    page.until(f"flowgraph.state.view.k > {before * 1.5}")


def test_pointing_at_an_edge_tells_its_tensors(show):
    page = show("network")
    page.js("const v = flowgraph.app.view; v.still = { matches: true };"
            "v.show(flowgraph.model.find('first/relu')); v.draw(true)")
    x, y = page.js("""const e = [...document.querySelectorAll('#scene .edge')].find((e) =>
          e.drawn.line.edge.head && e.drawn.line.edge.head.path === 'first/relu');
        const path = e.querySelector('.stroke');
        const p = path.getPointAtLength(path.getTotalLength() / 2);
        const m = path.getScreenCTM(); return [p.x * m.a + m.e, p.y * m.d + m.f]""")
    mouse(page, "mouseMoved", x, y)
    page.until("!document.getElementById('tip').hidden")
    assert "first/product:0" in page.text("#tip") and "?×8 float32" in page.text("#tip")


def test_show_opens_what_is_around(show):
    page = show("network")
    name = page.js("return flowgraph.model.ops.find((op) => op.look === 'update').name")
    page.select(name)
    assert name in boxes(page) and page.selected() == name


def test_the_neighbours_of_a_box(show):
    page = show("network")
    got = page.js("const v = flowgraph.app.view, m = flowgraph.model;"
                  "return v.neighbour(m.find('first/product'), 'up').path")
    assert got == "first/relu"
    assert page.js("return flowgraph.app.view.items().length") > 8


# ---- what is marked ------------------------------------------------------------------------------

def test_a_trace_dims_the_rest(show):
    page = show("network")
    page.select("first/relu")
    page.set(trace="in")
    lit = boxes(page, "drawing.litNow.boxes")
    assert {"x", "first/product", "first/w"} <= lit
    assert not lit & {"second/relu", "labels", "loss/mean"}
    assert page.js("return document.getElementById('scene').classList.contains('tracing')")


def test_an_operation_and_its_gradients_are_joined(show):
    page = show("network")
    assert page.js("return document.querySelectorAll('#scene .arc').length") == 0
    page.select("first/relu")
    assert page.js("return document.querySelectorAll('#scene .arc').length") == 1
    assert page.js("return document.querySelectorAll('#scene .partner').length") == 1
    assert page.js("return document.querySelectorAll('#scene .extra').length") >= 1


def test_hidden_operations_are_bridged(show):
    page = show("network")
    page.js("flowgraph.set({ hidden: new Set(['Relu']) })")
    assert "first/relu" not in boxes(page)
    bridges = page.js("""return flowgraph.app.view.drawing.edges.filter((e) =>
        e.line.edge.kind === 'bridge' && e.line.edge.links.some((l) =>
        l.tail.path === 'first/product' && l.head.path === 'second/product')).length""")
    assert bridges > 0


def test_hiding_everything_and_back(show):
    page = show("network")
    page.js("flowgraph.set({ hidden: new Set(flowgraph.model.types.map((t) => t.name)) })")
    assert boxes(page) == set()
    page.js("flowgraph.set({ hidden: new Set() })")
    assert "first/relu" in boxes(page)


def test_the_address_brings_everything_back(show):
    page = show("network")
    page.select("second/relu")
    page.js("flowgraph.set({ trace: 'in', direction: 'right', hidden: new Set(['Mean']) });"
            "flowgraph.app.view.open(flowgraph.model.byPath.get('gradients: gradients'))")
    page.until("location.hash.includes('direction=right') && location.hash.includes('hide=Mean')")
    page.until("location.hash.includes('gradients')")
    address = page.js("return location.hash.slice(1)")
    seen = boxes(page)
    page.open(address)
    assert boxes(page) == seen and page.selected() == "second/relu"
    assert page.state("hidden") == ["Mean"] and page.state("direction") == "right"


def test_back_and_forward_go_from_step_to_step(show):
    page = show("network")
    page.until("location.hash.length > 0 || (flowgraph.set({ labels: false }), false)")
    for name in ("first/relu", "second/relu"):
        page.js("flowgraph.set({ selected: flowgraph.model.find(arguments[0]) })", name)
        page.until("location.hash.includes(arguments[0].replace('/', '%2F'))", name)
    page.driver.back()
    page.until("flowgraph.state.selected && flowgraph.state.selected.path === 'first/relu'")
    page.driver.forward()
    page.until("flowgraph.state.selected && flowgraph.state.selected.path === 'second/relu'")


@pytest.mark.parametrize("address", [
    "open=%5B", "open=3", "open=null", "op=nothing", "view=1,2", "view=a,b,c",
    "opened=9-1.x.99999999", "trace=x&color=y&run=7&step=-5&direction=", "%E0%A4%A"])
def test_an_address_that_is_wrong_is_ignored(show, address):
    page = show("loops", address)
    assert len(boxes(page)) > 3


# ---- files ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["network", "loops"])
def test_the_saved_svg_stands_alone(show, name):
    page = show(name)
    page.js("flowgraph.app.view.go({ k: 3, x: -4000, y: 0 }, false)")  # nothing of it is in sight
    text = page.js("return flowgraph.exportSvg()")
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    drawn = {e.get("data-key") for e in root.iter() if e.get("data-key")}
    assert drawn == set(page.js("const { places } = flowgraph.app.view.drawing;"
                                "return [...places.keys()].map((i) => i.key)"))
    assert "var(" not in text and not re.search(r"url\((?!#)", text)
    assert {e.text for e in root.iter("{http://www.w3.org/2000/svg}text")} >= {"x"}


def test_the_saved_png_is_the_whole_graph_at_twice_the_size(show):
    image = pytest.importorskip("PIL.Image")
    page = show("network")
    data = page.driver.execute_async_script("""const done = arguments[0];
        flowgraph.app.exportPng().then((blob) => { const r = new FileReader();
          r.onload = () => done(r.result); r.readAsDataURL(blob); })""")
    picture = image.open(io.BytesIO(base64.b64decode(data.partition(",")[2])))
    w, h = page.js("const l = flowgraph.app.view.layout; return [l.w, l.h]")
    assert picture.size == pytest.approx((2 * (w + 48), 2 * (h + 48)), abs=3)
    assert len(picture.convert("RGB").resize((200, 200)).getcolors(40_000)) > 20


def test_a_picture_too_large_says_so(show):
    page = show("chain")
    page.js("flowgraph.app.view.layout.w = 20000")
    assert "SVG" in page.driver.execute_async_script(
        "flowgraph.app.exportPng().catch((e) => arguments[0](e.message))")


# ---- strangers' names ----------------------------------------------------------------------------

HOSTILE = ["</script><script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>",
           "<!--", "a\"b'c", "two\nlines", "\0nul", "\ud800lone", "\u202eright to left", "שלום",
           "__proto__", "constructor", "toString", "x" * 10_000, "javascript:window.hacked=1",
           "&lt;b&gt;", " "]


def test_names_of_strangers_are_text(chrome, tmp_path):
    b = Builder()
    x = b.placeholder("x", (2,))
    for name in HOSTILE:
        x = b.op(f"Type{name}", f"{name}/{name}", x, shape=(2,), note=name)
        b.op("Use", f"{name}/second", x, note=name)
    page = Panels(chrome, tmp_path, page_text(b.graph, name=HOSTILE[0]))
    page.open()
    page.js("flowgraph.expandAll(); flowgraph.app.view.fit(false)")
    for number in range(page.js("return flowgraph.model.ops.length")):
        page.js("flowgraph.app.view.show(flowgraph.model.ops[arguments[0]])", number)
    svg = page.js("return flowgraph.exportSvg()")
    assert ElementTree.fromstring(svg.encode()) is not None
    assert page.js("return window.hacked") is None
    assert page.js("return document.querySelectorAll('script').length") == 2
    assert page.js("return document.querySelectorAll('img').length") == 0
    shown = " ".join(page.texts("#scene text, #panel *"))
    assert "\u202e" not in shown and "\\u202e" in page.js("return flowgraph.exportSvg()")
    assert chrome.errors() == []
