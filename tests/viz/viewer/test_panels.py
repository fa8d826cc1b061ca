"""The viewer's panels in a browser: cards, search, filters, colours, runs, steps."""

import pytest

ENTER, ESCAPE = "\ue007", "\ue00c"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"


# ---- the card ------------------------------------------------------------------------------------

@pytest.mark.parametrize(("name", "words"), [
    ("hidden/product", ["MatMul", "hidden/product", "in hidden", "?×3 float32", "transpose_a False",
                        "panel_page.py:", "fg.matmul(x, w", "?×4 float32", "as x",
                        "GRADIENT", "self time", "120 B", "5×3 float32", "np.dot("]),
    ("x", ["Placeholder", "fed in each run", "?×4 float32", "as a"]),
    ("loss/mean", ["fetched", "scalar float32 4 B", "step 5", "mean 2.151"]),
    ("hidden/w", ["VariableV2", "variable", "4×3 float32 48 B"]),
    ("broken", ["Log", "NaN 1"]),
])
def test_the_card_of_an_operation_tells_all_about_it(page, name, words):
    page.select(name)
    text = page.text("#body-details")
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(("name", "words"), [
    ("hidden", ["scope", "operations", "variables 1", "parameters 12 (48 B)", "MatMul 1",
                "GOES IN", "x ?×4 float32", "COMES OUT", "loss/squares"]),
    ("powers/While", ["loop in powers", "Close", "calls", "Less 1", "GOES IN"]),
    ("gradients: gradients", ["gradients", "Open"]),
])
def test_the_card_of_a_group_tells_what_is_inside(page, name, words):
    page.js("const f = window.flowgraph; f.app.view.show(f.model.byPath.get(arguments[0]))", name)
    text = page.text("#body-details")
    assert [word for word in words if word not in text] == []


BOX = """const f = window.flowgraph, e = f.app.view.element(f.model.byPath.get('%s')
    || f.model.find('%s')).getBoundingClientRect();
    return [e.left + e.width / 2, e.top + e.height / 2]"""
EDGE = """const e = [...document.querySelectorAll('#scene .edge')].find((e) => e.drawn
    && e.drawn.line.edge.links.some((l) => l.tail.name === 'hidden/product'));
    const path = e.querySelector('.hit'), p = path.getPointAtLength(path.getTotalLength() / 2);
    const at = new DOMPoint(p.x, p.y).matrixTransform(path.getScreenCTM());
    return [at.x, at.y]"""


def test_a_click_on_a_node_shows_its_card_and_a_double_click_opens_a_group(page):
    page.point(BOX % (2 * ("hidden/product",)))
    assert page.selected() == "hidden/product"
    assert page.text("#body-details h2") == "MatMul"
    assert "hidden/w" not in page.state("open")
    page.point(BOX % (2 * ("hidden/w",)), times=2)
    assert "hidden/w" in page.state("open")
    assert page.text("#body-details h2") == "w"


def test_a_click_on_an_edge_lists_its_tensors(page):
    page.point(EDGE)
    text = page.text("#body-details")
    assert [word for word in ("Edge", "from hidden/product", "to hidden/relu", "1 TENSOR",
                              "?×3 float32") if word not in text] == []
    page.press("t")
    assert page.state("trace") == "none"
    page.click("#body-details .item-link .item-name", "hidden/relu")
    assert page.selected() == "hidden/relu"


def test_links_of_the_card_select_and_open_the_groups_around(page):
    page.js("window.flowgraph.set({open: new Set()})")
    page.select("loss/squares")
    page.js("window.flowgraph.set({open: new Set()})")
    page.click("#body-details .item-link .item-name", "hidden/relu")
    assert page.selected() == "hidden/relu"
    assert "hidden" in page.state("open")
    page.click("#body-details .crumb", "hidden")
    assert page.selected() == "hidden"


def test_nothing_selected_shows_the_graph(page):
    assert "variables 1" in page.text("#body-details")
    page.click("#body-details .item-link .item-name", "x")
    assert page.selected() == "x"


# ---- search --------------------------------------------------------------------------------------

@pytest.mark.parametrize(("query", "found"), [
    ("squares -role:gradients", ["loss/squares"]),
    ("/^hidden.(product|relu)$/", ["hidden/product", "hidden/relu"]),
    ("type:matmul -role:gradients", ["hidden/product"]),
    ("shape:?×3 type:Relu -type:/Grad$/", ["hidden/relu"]),
    ("shape:4,3 type:/^Variable/", ["hidden/w"]),
    ("role:placeholder", ["x"]),
    ("hidden/product:0 -role:gradients", ["hidden/product"]),
    ("dtype:bool type:less", ["powers/Less"]),
    ("file:panel_page.py type:Log", ["broken"]),
    ("\"loss/mean\" type:Mean", ["loss/mean"]),
    ("nothing_is_called_so", []),
])
def test_search_finds(page, query, found):
    page.set(query=query)
    assert page.js("return window.flowgraph.found().map((op) => op.name)") == found
    assert page.text("#search-status") == (str(len(found)) if found else "no match")


@pytest.mark.parametrize(("query", "message"), [
    ("/(/", "Unterminated group"),
    ("shape:4×many", "not a shape: 4×many"),
    ("color:/red/", "no such field: color:"),
    ("constructor:/x/", "no such field: constructor:"),
])
def test_search_says_what_is_wrong_with_a_query(page, query, message):
    page.set(query=query)
    assert message in page.text("#search-status")
    assert page.js("return document.getElementById('query').getAttribute('aria-invalid')") == "true"


def test_enter_goes_from_match_to_match(page):
    page.press("/")
    page.press("/^hidden.(product|relu)$/", ENTER)
    assert (page.selected(), page.text("#search-status")) == ("hidden/product", "1 / 2")
    page.press(ENTER)
    assert (page.selected(), page.text("#search-status")) == ("hidden/relu", "2 / 2")
    page.press(ENTER)
    assert page.selected() == "hidden/product"
    assert "match 1 of 2" in page.said()
    page.press(ESCAPE, ESCAPE)
    assert page.state("query") == ""


def test_matches_are_marked_also_on_closed_groups(page):
    page.js("window.flowgraph.set({open: new Set(), query: '/^hidden.(product|relu)$/'})")
    assert page.texts("#scene .match-badge text") == ["2"]
    page.js("const f = window.flowgraph; f.set({open: new Set([f.model.find('hidden')])})")
    assert len(page.texts("#scene .node.match")) == 2


# ---- filters -------------------------------------------------------------------------------------

def nodes(page):
    """The names of the boxes in the picture."""
    return page.js("const { elements } = window.flowgraph.app.view.drawing;"
                   "return [...elements.keys()].map((item) => item.path)")


def test_a_type_is_hidden_and_shown_again(page):
    page.select("hidden/relu")
    page.click("#tab-filters")
    page.click("#body-filters .type-row .type", "Relu")
    assert "hidden/relu" not in nodes(page)
    assert page.state("hidden") == ["Relu"]
    assert "1 of " in page.text(".filter-count")
    page.click("#body-filters button", "Show all")
    assert "hidden/relu" in nodes(page)


def test_chips_hide_parts(page):
    page.click("#tab-filters")
    before = set(nodes(page))
    page.click("#body-filters [data-chip=gradients]")
    assert before - set(nodes(page)) == {"gradients: gradients"}
    assert page.js("return document.querySelector('[data-chip=gradients]').ariaPressed") == "false"
    page.click("#body-filters [data-chip=gradients]")
    assert set(nodes(page)) == before


def test_trace_shows_what_an_operation_needs(page):
    page.select("hidden/product")
    page.click("#body-details .segments button", "Inputs")
    assert page.state("trace") == "in"
    lit = page.js("return [...window.flowgraph.app.view.drawing.elements].filter(([, e]) =>"
                  "e.classList.contains('lit')).map(([i]) => i.path)")
    assert {"x", "hidden/product"} <= set(lit)
    assert "hidden/relu" not in lit
    page.click("#body-details .segments button", "Inputs")
    assert page.state("trace") == "none"


# ---- colours and runs ----------------------------------------------------------------------------

@pytest.mark.parametrize(("color", "legend", "on_nodes"), [
    ("time", "µs", "µs"),
    ("memory", " B", "120 B"),
    ("values", "NaN or infinity", "NaN/inf"),
])
def test_colours_say_their_numbers_in_words(page, color, legend, on_nodes):
    page.js("const f = window.flowgraph; f.expandAll()")
    page.js("const e = document.getElementById('color'); e.value = arguments[0];"
            "e.dispatchEvent(new Event('change'))", color)
    page.open_legend()
    page.until("document.querySelector('#legend .tint') !== null")
    assert legend in page.text("#legend")
    assert any(on_nodes in text for text in page.texts("#scene .measure"))
    assert page.state("color") == color


def test_the_legend_explains_only_what_is_there(page):
    page.open_legend()
    page.js("window.flowgraph.set({open: new Set()})")
    page.until("!document.querySelector('#legend').innerText.includes('variable:')")
    text = page.text("#legend")
    assert "scope" in text and "placeholder" in text and "gradients" in text
    assert "summary" not in text and "branch" not in text and "loop" not in text
    page.select("powers/While")
    page.until("document.querySelector('#legend').innerText.includes('loop')")


def test_the_table_of_a_run_sorts_and_selects(page):
    page.click("#tab-run")
    assert "all 2 runs" in page.text("#body-run")
    names = page.texts("#body-run .row .cost-name bdi")
    page.click("#body-run .cost-head .cost-name")
    by_name = page.texts("#body-run .row .cost-name bdi")
    assert sorted(by_name, key=str.lower) == by_name
    assert set(names) & set(by_name)
    page.click("#body-run .row", None)
    assert page.selected() == by_name[0]
    page.click("#body-run .segments button", "By scope")
    assert "hidden" in page.texts("#body-run .row .cost-name bdi")


def test_stepping_shows_each_operation_with_its_line_and_values(page):
    page.click("#tab-run")
    page.click("#body-run button", "Step through")
    assert page.state("step") == 0
    assert page.focus() == "step"
    steps = page.js("const { model, state } = window.flowgraph;"
                    "return model.runs[state.run].steps.length")
    place = page.js("const f = window.flowgraph; return f.model.runs[f.state.run].steps"
                    ".findIndex((s) => f.model.ops[s[0]].name === 'hidden/product')")
    page.set(step=place)
    assert page.selected() == "hidden/product"
    assert "np.dot(" in page.text(".step-source")
    assert page.text(".step-place") == f"{place + 1} / {steps}"
    page.click("#runs button", "values")
    detail = page.text(".step-detail")
    assert "min 1.467" in detail and "ALIVE" in detail and "5×3 float32" in detail
    page.js("document.querySelector('#runs input').focus()")
    page.press(RIGHT)
    assert page.state("step") == place + 1
    page.press(LEFT, ESCAPE)
    assert page.state("step") == -1


def test_steps_of_a_loop_say_their_round(page):
    place = page.js("""const f = window.flowgraph; f.set({run: 1});
        return f.model.runs[1].steps.findLastIndex((s) => s[10] === 2)""")
    page.set(step=place)
    assert "round 3" in page.text(".step-line")
    assert "powers" in page.state("open")


def test_playing_ends_at_the_last_step(page):
    page.js("window.flowgraph.set({run: 1, step: 0})")
    page.js("const e = document.querySelector('.step-speed'); e.value = '60';"
            "e.dispatchEvent(new Event('change'))")
    page.click("#runs [aria-label=Play]")
    page.until("window.flowgraph.state.step === window.flowgraph.model.runs[1].steps.length - 1")
    page.until("document.querySelector('#runs [aria-label=Play]') !== null")


# ---- the address ---------------------------------------------------------------------------------

def test_the_address_brings_back_what_was_seen(page):
    page.js("""window.flowgraph.set({query: 'type:MatMul', color: 'time', run: 1, step: 2,
        hidden: new Set(['Relu']), theme: 'dark', trace: 'in'})""")
    address = page.until("location.hash.includes('query=type') && location.hash.slice(1)")
    page.open(address)
    found = {key: page.state(key) for key in ("query", "color", "run", "step", "hidden", "theme",
                                              "trace")}
    assert found == {"query": "type:MatMul", "color": "time", "run": 1, "step": 2,
                     "hidden": ["Relu"], "theme": "dark", "trace": "in"}
    assert page.js("return document.getElementById('query').value") == "type:MatMul"
    assert page.js("return document.documentElement.dataset.theme") == "dark"
