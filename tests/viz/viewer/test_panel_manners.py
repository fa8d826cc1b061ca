"""The viewer's manners: keyboard, screen readers, phones, dark, large graphs, hostile names."""

import pytest

from flowgraph.viz.viewer.page import page as page_of
from tests.viz.graphs import Builder
from tests.viz.viewer.panel_page import CONTRAST, Panels

TAB, ENTER, ESCAPE, BACK = "\ue004", "\ue007", "\ue00c", "\ue003"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"
PHONE = (360, 740)


# ---- keyboard ------------------------------------------------------------------------------------

def test_a_session_without_a_mouse(page):
    page.press(TAB)
    assert page.focus() == "query"
    page.press("type:matmul", ENTER)
    assert page.selected() == "hidden/product"
    page.press(ESCAPE)
    page.js("document.getElementById('scene').focus()")
    page.press(UP)
    assert page.selected() == "hidden/relu"
    assert "hidden/relu" in page.said()
    page.press(DOWN, DOWN)
    assert page.selected() in ("x", "hidden/w")
    page.select("hidden/product")
    page.press(BACK)
    assert page.selected() == "hidden"
    page.press(ENTER)
    assert "hidden" not in page.state("open")
    assert page.said() == "hidden closed"
    page.press(ENTER, "t")
    assert ("hidden" in page.state("open"), page.state("trace")) == (True, "in")
    page.press(ESCAPE, ESCAPE)
    assert (page.state("trace"), page.selected()) == ("none", None)
    page.press("c")
    assert page.state("open") == []
    page.press("e")
    assert "gradients: gradients" in page.state("open")
    page.press("d")
    assert page.js("return document.documentElement.dataset.theme") == "dark"


def test_the_outline_is_a_tree_to_walk_through(page):
    page.js("window.flowgraph.set({open: new Set()})")
    page.press("o")
    assert page.js("return document.activeElement.getAttribute('role')") == "tree"
    page.press(DOWN, RIGHT)
    rows = page.js("""return [...document.querySelectorAll('[role=treeitem]')].map((e) =>
        [e.querySelector('bdi').innerText, Number(e.ariaLevel), e.ariaExpanded])""")
    assert rows[:4] == [["x", 1, None], ["hidden", 1, "true"], ["w", 2, "false"],
                        ["product", 2, None]]
    page.press(ENTER)
    assert page.selected() == "hidden"
    page.press(DOWN, DOWN, ENTER)
    assert page.selected() == "hidden/product"
    page.press(LEFT, LEFT)
    assert page.chrome.each("[role=treeitem]", "e.querySelector('bdi').innerText")[:3] == [
        "x", "hidden", "loss"]


def test_the_help_keeps_the_focus_and_gives_it_back(page):
    page.js("document.getElementById('scene').focus()")
    page.press("?")
    assert page.js("return document.querySelector('dialog').open") is True
    for _ in range(3):
        page.press(TAB)
        assert page.js("return !!document.activeElement.closest('dialog')") is True
    page.press(ESCAPE)
    assert page.js("return document.querySelector('dialog').open") is False
    assert page.focus() == "scene"


def test_menus_are_walked_with_arrows(page):
    page.js("document.querySelector('[aria-haspopup=menu]').focus()")
    page.press(ENTER)
    assert page.js("return document.activeElement.innerText").startswith("Open all groups")
    page.press(DOWN, DOWN)
    assert page.js("return document.activeElement.getAttribute('aria-checked')") == "true"
    page.press(ENTER)
    assert page.state("labels") is False
    assert page.focus() == "More"


def test_tabs_are_chosen_with_arrows(page):
    page.js("document.getElementById('tab-details').focus()")
    page.press(RIGHT)
    assert page.js("return document.activeElement.id") == "tab-outline"
    assert page.js("return document.getElementById('body-outline').hidden") is False


# ---- what a screen reader finds ------------------------------------------------------------------

NAMELESS = """return [...document.querySelectorAll('button, input, select, [role]')].filter((e) =>
    !e.closest('[hidden]') && !['presentation', 'row', 'gridcell', 'group', 'search'].includes(
        e.getAttribute('role'))
    && !(e.innerText || '').trim() && !e.getAttribute('aria-label') && !e.labels?.length
    && !e.getAttribute('aria-labelledby') && !e.hasAttribute('aria-live'))
    .map((e) => e.outerHTML.slice(0, 120))"""
WIDE = """return [...document.querySelectorAll('#bar *, #panel *, #runs *')].filter((e) => {
    const r = e.getBoundingClientRect();
    let s = e;
    for (; s; s = s.parentElement) if (/auto|scroll/.test(getComputedStyle(s).overflowX)) break;
    return r.width && !s && r.right > 361;
}).map((e) => e.outerHTML.slice(0, 90))"""
SMALL = """return [...document.querySelectorAll('button, input, select, .row')].filter((e) => {
    const r = e.getBoundingClientRect(), inside = e.parentElement.closest('.row');
    return r.width && r.height && !inside && (r.height < 39.5 || r.width < 24);
}).map((e) => `${e.className || e.id} ${e.innerText} ${e.getBoundingClientRect().height}`)"""


@pytest.mark.parametrize("tab", ["details", "outline", "filters", "run"])
def test_everything_that_can_be_used_has_a_name(page, tab):
    page.select("hidden/product")
    page.click(f"#tab-{tab}")
    assert page.js(NAMELESS) == []
    assert page.js("return document.documentElement.lang") == "en"


def test_ids_are_unique(page):
    page.click("#tab-outline")
    ids = page.js("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert sorted(set(ids)) == sorted(ids)


# ---- sizes and colours ---------------------------------------------------------------------------

@pytest.mark.parametrize("tab", ["details", "outline", "filters", "run"])
def test_a_phone_shows_all_without_scrolling_sideways(page, tab):
    page.open("", PHONE)
    page.select("hidden/product")
    page.js("window.flowgraph.set({run: 1, step: 4})")
    page.click(".sheet-handle")
    page.click(f"#tab-{tab}")
    assert page.js("return document.documentElement.scrollWidth") == 360
    assert page.js(WIDE) == []


@pytest.mark.parametrize("tab", ["details", "outline", "filters", "run"])
def test_fingers_can_hit_everything_on_a_phone(page, tab):
    page.open("", PHONE)
    page.select("hidden/product")
    page.js("window.flowgraph.set({run: 1, step: 4})")
    page.click(".sheet-handle")
    page.click(f"#tab-{tab}")
    assert page.js(SMALL) == []


def test_the_sheet_of_a_phone_opens_and_closes(page):
    page.open("", PHONE)
    low = page.js("return document.getElementById('panel').offsetHeight")
    page.click(".sheet-handle")
    assert page.js("return document.getElementById('panel').offsetHeight") > 300 > 60 > low
    page.click(".sheet-handle")
    assert page.js("return document.getElementById('panel').offsetHeight") == low


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tab", ["details", "outline", "filters", "run"])
def test_all_text_can_be_read(page, theme, tab):
    page.set(theme=theme)
    page.select("hidden/product")
    page.js("window.flowgraph.set({run: 1, step: 4, query: 'mul', color: 'time'})")
    page.click(f"#tab-{tab}")
    page.press("/")
    assert page.js(CONTRAST, "body *") == []


def test_the_system_may_choose_dark_or_light(page):
    def prefer(theme):
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme}]})
        return page.until("getComputedStyle(document.body).backgroundColor === arguments[0]",
                          {"dark": "rgb(23, 25, 28)", "light": "rgb(255, 255, 255)"}[theme])
    assert prefer("dark")
    assert prefer("light")


# ---- what strangers may send ---------------------------------------------------------------------

@pytest.fixture(scope="module")
def hostile(chrome, tmp_path_factory):
    b = Builder()
    x = b.placeholder("</script><script>hacked=1</script>", (None,))
    b.op("<img src=x onerror=hacked=1>", "evil\u202egnp.exe", x, shape=(3,),
         note="<b onclick=hacked=1>\x00\u2028")
    b.op("Neg", "a" * 3000, x, shape=(None,))
    return Panels(chrome, tmp_path_factory.mktemp("hostile"), page_of(b.graph, name="<i>&amp;"))


def test_names_of_a_graph_are_only_text(hostile):
    hostile.open()
    for name in hostile.js("return window.flowgraph.model.ops.map((op) => op.name)"):
        hostile.select(name)
        for tab in ("outline", "filters", "run", "details"):
            hostile.click(f"#tab-{tab}")
    hostile.set(query="evil")
    hostile.press("/")
    assert hostile.js("return typeof hacked") == "undefined"
    assert hostile.js("return document.querySelectorAll('img, i, b[onclick]').length") == 0
    assert "evil\\u202egnp.exe" in hostile.text("#found")
    hostile.select("evil\u202egnp.exe")
    assert "<b onclick=hacked=1>\\x00\\u2028" in hostile.text("#body-details")
    assert hostile.js("return document.documentElement.scrollWidth") == 1400
    assert hostile.chrome.errors() == []


# ---- large graphs --------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def large(chrome, tmp_path_factory):
    b = Builder()
    kind = b.op("Neg", "first", shape=(2,)).op.op_def
    for i in range(10_000):
        b.graph.add_operation(kind, (), {}, (), f"block_{i // 100}/op_{i}")
    return Panels(chrome, tmp_path_factory.mktemp("large"), page_of(b.graph, name="large"))


@pytest.mark.slow
def test_ten_thousand_matches_are_a_short_list_of_elements(large):
    large.open()
    large.press("/", "op_")
    assert large.text("#search-status") == "10,000"
    assert len(large.texts("#found .result")) < 60
    spent = large.js("const t = performance.now(); window.flowgraph.set({query: '/op_.*7$/'});"
                     "return performance.now() - t")
    assert large.text("#search-status") == "1,000"
    assert spent < 2000
    large.press("\ue010")
    large.js("document.querySelector('#found .rows').scrollTop = 1e9")
    large.until("document.querySelector('#found .rows').innerText.includes('op_9997')")
    assert large.chrome.errors() == []


# ---- print ---------------------------------------------------------------------------------------

def test_the_whole_graph_is_printed_in_light_colours(page):
    page.set(theme="dark")
    page.select("hidden/product")
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("return document.documentElement.dataset.theme") == "light"
    boxes = page.js("return window.flowgraph.app.view.drawing.nodes.length")
    assert len(page.texts("#print .node, #print .beside")) == boxes > 5
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = page.js("return ['#panel', '#scene', '#search', '#print svg', '#legend', 'h1'].map("
                    "(s) => document.querySelector(s).getClientRects().length > 0)")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == [False, False, False, True, True, True]
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js("return [document.documentElement.dataset.theme, "
                   "document.getElementById('print')]") == ["dark", None]
