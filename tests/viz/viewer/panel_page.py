"""The page that the tests of the panels click through: a small model that was trained twice."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

import flowgraph as fg
from flowgraph.viz.viewer.page import page

# What a reader sees: the fill behind an element, and whether its text can be read on it.
CONTRAST = """
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const over = (top, below) => { const a = top[3] === undefined ? 1 : top[3];
  return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)); };
const ground = (e) => { const layers = [];
  for (; e; e = e.parentElement) layers.push(rgb(getComputedStyle(e).backgroundColor));
  return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]); };
const poor = [];
for (const e of document.querySelectorAll(arguments[0])) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.getClientRects().length || e.closest(".sr-only, #announce, option, svg")) continue;
  const below = ground(e), ink = over(rgb(getComputedStyle(e).color), below);
  const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < 4.5) {
    poor.push(`${e.className || e.tagName} "${e.textContent.slice(0, 30)}" ${a} ${b}`);
  }
}
return poor;
"""


def model() -> tuple[fg.Graph, list[Any], Any]:
    """A layer, a loss, a training step, a loop and a value that is NaN; what ran twice."""
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [None, 4], name="x")
        with fg.name_scope("hidden"):
            w = fg.Variable(fg.fill([4, 3], 0.5), name="w")
            h = fg.nn.relu(fg.matmul(x, w, name="product"), name="relu")
        with fg.name_scope("loss"):
            loss = fg.reduce_mean(fg.square(h, name="squares"), name="mean")
        step = fg.train.GradientDescentOptimizer(0.1, name="SGD").minimize(loss, name="train")
        _, total = fg.while_loop(lambda i, t: i < 3, lambda i, t: (i + 1, t * 2.0), [0, loss],
                                 name="powers")
        broken = fg.log(fg.reduce_mean(x, name="middle") - 100.0, name="broken")
        fetches = [step, loss, total, broken]
        with fg.Session() as session:
            session.run(fg.global_variables_initializer())
            with fg.profile(values=True) as profile:
                for _ in range(2):
                    session.run(fetches, {x: np.ones([5, 4], np.float32)})
    return graph, fetches, profile


@functools.cache
def model_page() -> str:
    """The page of `model`, as text."""
    graph, fetches, profile = model()
    return page(graph, fetches, name="small model", profile=profile)


class Panels:
    """A page in a browser, with the words that the tests use.

    Args:
        chrome: a page of `tests.chromium`.
        folder: where the HTML file goes.
        text: the page.
    """

    def __init__(self, chrome: Any, folder: Path, text: str) -> None:
        self.chrome = chrome
        self.driver = chrome.driver
        self.path = folder / "graph.html"
        self.path.write_text(text, encoding="utf-8")

    def open(self, address: str = "", size: tuple[int, int] = (1400, 900)) -> None:
        """Opens the page anew; `address` is what stands behind #."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500})
        self.chrome.open(f"{self.path.as_uri()}#{address}")
        self.chrome.until(lambda: self.js("return document.documentElement.dataset.ready === ''"))

    def js(self, script: str, *given: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *given)

    def until(self, script: str, *given: Any) -> Any:
        """Waits until an expression is true; gives its value."""
        return self.chrome.until(lambda: self.js(f"return {script}", *given), 10)

    def select(self, name: str) -> None:
        """Selects an op or a group as a link of the panel does."""
        self.js("const f = window.flowgraph; f.app.view.show(f.model.find(arguments[0]))", name)

    def selected(self) -> str | None:
        """The name of what is selected."""
        return self.js("const s = window.flowgraph.state.selected; return s && s.path")

    def state(self, key: str) -> Any:
        """One of the state's values; of a Set its list."""
        return self.js("const v = window.flowgraph.state[arguments[0]];"
                       "return v instanceof Set ? [...v].map((i) => i.path || i) : v", key)

    def set(self, **patch: Any) -> None:
        """Changes the state."""
        self.js("window.flowgraph.set(arguments[0])", patch)

    def text(self, selector: str) -> str:
        """What an element says, in one line."""
        return self.js("const e = document.querySelector(arguments[0]); return e ? e.innerText"
                       ".replace(/\\s+/g, ' ').trim() : ''", selector)

    def texts(self, selector: str) -> list[str]:
        """What each element says."""
        return self.chrome.each(selector,
                                "(e.innerText ?? e.textContent).replace(/\\s+/g, ' ').trim()")

    def click(self, selector: str, text: str | None = None) -> None:
        """Clicks the first element that a selector finds, and that says `text`."""
        assert self.js("""const e = [...document.querySelectorAll(arguments[0])].find((e) =>
            arguments[1] === null || e.innerText.trim() === arguments[1]);
            if (e) e.click(); return !!e""", selector, text), f"nothing to click: {selector} {text}"

    def open_legend(self) -> None:
        """Opens the legend, which is closed where it would hide a part of the picture."""
        if self.js("return document.getElementById('legend-body').hidden"):
            self.click(".legend-title")

    def point(self, script: str, times: int = 1) -> None:
        """Clicks with the mouse at [x, y] of the window, which a script returns."""
        x, y = self.js(script)
        for kind in ("mousePressed", "mouseReleased") * times:
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {
                "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})

    def press(self, *keys: str) -> None:
        """Types where the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focus(self) -> str:
        """What has the focus: its id, or its name."""
        return self.js("const e = document.activeElement;"
                       "return e.id || e.getAttribute('aria-label') || e.className || e.tagName")

    def said(self) -> str:
        """The last thing that a screen reader was told."""
        return self.js("return document.getElementById('announce').textContent")
