// Draws the curves of the JSON in #curves: one card per tag, with the values under the pointer.
// Drag across a card to zoom in, double-click to see all again. No name ever becomes markup.
(() => {
"use strict";
const data = JSON.parse(document.getElementById("curves").textContent);
const HEIGHT = 240, LEFT = 56, RIGHT = 12, TOP = 8, BOTTOM = 34, NS = "http://www.w3.org/2000/svg";
const hasTimes = data.panels.every(panel => panel.lines.every(line => line.t));
const state = { smoothing: data.smoothing, log: data.log, x: data.x, hidden: new Set(), query: "" };
for (const panel of data.panels) for (const line of panel.lines) line.y = line.y.map(Number);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function draw(parent, tag, attributes = {}, text = "") {
  const element = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

// The running mean of flowgraph.plots.smooth: the newest value counts 1, each before it `weight`.
function smooth(values, weight) {
  let mean = 0, weights = 0;
  return values.map(value => {
    if (!Number.isFinite(value)) return value;
    weights = weights * weight + 1;
    mean += (value - mean) / weights;
    return mean;
  });
}

const xsOf = line => state.x === "step" ? line.x
  : state.x === "time" ? line.t : line.t.map(time => time - line.t[0]);

function number(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(3);
  return String(Number(value.toPrecision(5)));
}

function span(seconds) {
  if (seconds < 120) return number(seconds) + " s";
  if (seconds < 7200) return number(seconds / 60) + " min";
  return number(seconds / 3600) + " h";
}

const clock = seconds => new Date(seconds * 1000).toLocaleString();
const xText = value => state.x === "step" ? number(value) : state.x === "time" ? clock(value) : span(value);

function axisText(value, width) {
  if (state.x === "relative") return span(value);
  if (state.x === "step") return Math.abs(value) >= 1e4 && value % 100 === 0 ? value / 1000 + "k" : number(value);
  const date = new Date(value * 1000);
  return width > 2 * 86400 ? date.toLocaleDateString() : date.toLocaleTimeString();
}

function ticks(low, high, count, whole = false) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough) || rough;
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && found.length < 50; i++)
    found.push(Number((i * step).toPrecision(12)));
  return found;
}

function logTicks(low, high) {
  const found = [];
  const decades = Math.log10(high / low), factors = decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const factor of factors) {
      const value = factor * 10 ** e;
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  const every = Math.ceil(found.length / 7);
  return found.filter((_, i) => i % every === 0);
}

class Card {
  constructor(panel) {
    this.panel = panel;
    this.zoom = null;
    this.note = make("div", { class: "note" });
    this.svg = document.createElementNS(NS, "svg");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", "curves of " + panel.title);
    this.tip = make("div", { class: "tip", hidden: "" });
    const title = make("h2");
    title.textContent = panel.title;
    this.element = make("section", {}, title, this.note, this.svg, this.tip);
    this.svg.addEventListener("pointermove", event => this.hover(event));
    this.svg.addEventListener("pointerleave", () => this.leave());
    this.svg.addEventListener("pointerdown", event => {
      this.from = this.xAt(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointerup", event => this.drop(event));
    this.svg.addEventListener("dblclick", () => { this.zoom = null; this.redraw(); });
  }

  redraw() {
    const lines = this.panel.lines.filter(line => !state.hidden.has(line.name));
    this.drawn = lines.map(line => ({ line, xs: xsOf(line), ys: state.smoothing ? smooth(line.y, state.smoothing) : line.y }));
    this.width = Math.max(this.element.clientWidth - 20, 200);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    this.svg.replaceChildren();
    this.tell(lines);
    if (!this.scale()) {
      draw(this.svg, "text", { x: this.width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "nothing to draw");
      return;
    }
    this.axes();
    const clip = "clip" + data.panels.indexOf(this.panel);
    draw(draw(draw(this.svg, "defs"), "clipPath", { id: clip }), "rect",
      { x: LEFT, y: TOP - 3, width: this.width - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM + 6 });
    const group = draw(this.svg, "g", { "clip-path": `url(#${clip})`, fill: "none" });
    for (const { line, xs, ys } of this.drawn) {
      const stroke = colour(line.name);
      if (state.smoothing)
        draw(group, "path", { d: this.path(xs, line.y), stroke, "stroke-width": 1, "stroke-opacity": 0.28 });
      draw(group, "path", { d: this.path(xs, ys), stroke, "stroke-width": 1.8, "stroke-dasharray": dash(line.name) });
      if (xs.length === 1) draw(group, "circle", { cx: this.px(xs[0]), cy: this.py(ys[0]), r: 3, fill: stroke });
      const places = broken(line), every = Math.ceil(places.length / 9);
      for (const i of places.filter((_, place) => place % every === 0))
        draw(group, "text", { x: this.px(xs[i]) - 3, y: HEIGHT - BOTTOM - 3, style: "fill:" + stroke }, "×");
    }
    this.marks = draw(this.svg, "g");
  }

  tell(lines) {
    const count = lines.reduce((sum, line) => sum + broken(line).length, 0);
    const low = state.log ? lines.reduce((sum, line) => sum + line.y.filter(y => y <= 0).length, 0) : 0;
    this.note.textContent = [count ? `× NaN or infinite: ${count}` : "", low ? `${low} not above 0 left out` : "",
      this.zoom ? "double-click to see all" : ""].filter(Boolean).join(" · ");
  }

  scale() {
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { line, xs, ys } of this.drawn)
      for (let i = 0; i < xs.length; i++) {
        if (this.zoom && (xs[i] < this.zoom[0] || xs[i] > this.zoom[1])) continue;
        x0 = Math.min(x0, xs[i]);
        x1 = Math.max(x1, xs[i]);
        for (const y of [ys[i], line.y[i]])
          if (Number.isFinite(y) && !(state.log && y <= 0)) {
            y0 = Math.min(y0, y);
            y1 = Math.max(y1, y);
          }
      }
    if (!(y0 <= y1)) return false;
    if (this.zoom) [x0, x1] = this.zoom;
    if (x0 === x1) [x0, x1] = [x0 - 0.5, x1 + 0.5];
    if (state.log) {
      [this.low, this.high] = y0 === y1 ? [y0 / 2, y1 * 2] : [y0 / (y1 / y0) ** 0.04, y1 * (y1 / y0) ** 0.04];
    } else {
      const pad = y0 === y1 ? Math.abs(y0) * 0.1 || 0.5 : (y1 - y0) * 0.05;
      [this.low, this.high] = [y0 - pad, y1 + pad];
    }
    [this.x0, this.x1] = [x0, x1];
    return true;
  }

  px(x) { return LEFT + (x - this.x0) / (this.x1 - this.x0) * (this.width - LEFT - RIGHT); }

  py(y) {
    const share = state.log ? Math.log(y / this.low) / Math.log(this.high / this.low) : (y - this.low) / (this.high - this.low);
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  }

  xAt(event) {
    const box = this.svg.getBoundingClientRect();
    const at = (event.clientX - box.left) * this.width / box.width;
    return this.x0 + (at - LEFT) / (this.width - LEFT - RIGHT) * (this.x1 - this.x0);
  }

  // A path with at most a few points per pixel: of each pixel its first, least, greatest and last.
  path(xs, ys) {
    const parts = [];
    let pen = false, column = null, held = [];
    const put = i => {
      parts.push((pen ? "L" : "M") + this.px(xs[i]).toFixed(1) + " " + this.py(ys[i]).toFixed(1));
      pen = true;
    };
    const flush = () => {
      if (held.length > 4) {
        const least = held.reduce((a, b) => ys[b] < ys[a] ? b : a), most = held.reduce((a, b) => ys[b] > ys[a] ? b : a);
        held = [...new Set([held[0], Math.min(least, most), Math.max(least, most), held[held.length - 1]])];
      }
      held.forEach(put);
      held = [];
    };
    for (let i = 0; i < xs.length; i++) {
      if (!Number.isFinite(ys[i]) || (state.log && ys[i] <= 0)) {
        flush();
        pen = false;
        continue;
      }
      const at = Math.round(this.px(xs[i]));
      if (at !== column) flush();
      column = at;
      held.push(i);
    }
    flush();
    return parts.join("");
  }

  axes() {
    const right = this.width - RIGHT, bottom = HEIGHT - BOTTOM;
    for (const y of state.log ? logTicks(this.low, this.high) : ticks(this.low, this.high, 5)) {
      const at = this.py(y);
      draw(this.svg, "line", { class: "grid", x1: LEFT, x2: right, y1: at, y2: at });
      draw(this.svg, "text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, number(y));
    }
    const width = this.x1 - this.x0, count = state.x === "step" ? this.width / 80 : this.width / 120;
    for (const x of ticks(this.x0, this.x1, count, state.x === "step" && width > 3)) {
      const at = this.px(x);
      draw(this.svg, "line", { class: "grid", x1: at, x2: at, y1: TOP, y2: bottom });
      draw(this.svg, "text", { x: at, y: bottom + 14, "text-anchor": "middle" }, axisText(x, width));
    }
    const label = state.x === "step" ? data.xlabel : state.x === "time" ? "time" : "time since the run began";
    draw(this.svg, "text", { x: (LEFT + right) / 2, y: HEIGHT - 5, "text-anchor": "middle" }, label);
  }

  hover(event) {
    if (!this.marks) return;
    this.marks.replaceChildren();
    const x = this.xAt(event);
    if (this.from !== undefined && event.buttons) {
      const [a, b] = [this.px(this.from), this.px(x)].sort((p, q) => p - q);
      draw(this.marks, "rect", { x: a, y: TOP, width: b - a, height: HEIGHT - TOP - BOTTOM, fill: "#5f6368", "fill-opacity": 0.2 });
    }
    const rows = [];
    for (const { line, xs, ys } of this.drawn) {
      const i = nearest(xs, x);
      if (i >= 0 && xs[i] >= this.x0 && xs[i] <= this.x1) rows.push({ line, i, x: xs[i], y: ys[i] });
    }
    if (!rows.length) return this.leave();
    const box = this.svg.getBoundingClientRect(), at = (event.clientY - box.top) * this.width / box.width;
    const off = row => Number.isFinite(row.y) ? Math.abs(this.py(row.y) - at) : Infinity;
    const near = rows.reduce((a, b) => off(b) < off(a) ? b : a);
    const hair = this.px(near.x);
    draw(this.marks, "line", { class: "hair", x1: hair, x2: hair, y1: TOP, y2: HEIGHT - BOTTOM });
    for (const row of rows)
      if (Number.isFinite(row.y) && !(state.log && row.y <= 0))
        draw(this.marks, "circle", { cx: this.px(row.x), cy: this.py(row.y), r: row === near ? 4.5 : 3, fill: colour(row.line.name) });
    this.fill(rows, near);
    const inside = this.element.getBoundingClientRect(), left = event.clientX - inside.left;
    this.tip.hidden = false;
    const wide = this.tip.offsetWidth;
    this.tip.style.left = Math.max(0, left + 16 + wide > inside.width ? left - wide - 12 : left + 16) + "px";
    this.tip.style.top = event.clientY - inside.top + 14 + "px";
  }

  fill(rows, near) {
    const table = make("table");
    for (const row of rows.sort((a, b) => b.y - a.y)) {
      const cells = [number(row.y), state.smoothing ? number(row.line.y[row.i]) : "", xText(row.x)];
      const tr = make("tr", row === near ? { class: "near" } : {});
      tr.append(make("td", {}, sample(row.line.name)));
      for (const text of [data.names[row.line.name] || this.panel.title, ...cells.filter(Boolean)]) {
        const td = make("td");
        td.textContent = text;
        tr.append(td);
      }
      table.append(tr);
    }
    const head = make("tr");
    for (const text of ["", "", state.smoothing ? "smoothed" : "value", state.smoothing ? "value" : "", data.x === state.x && state.x === "step" ? data.xlabel : state.x])
      if (text || head.children.length < 2) {
        const td = make("td");
        td.textContent = text;
        head.append(td);
      }
    table.prepend(head);
    this.tip.replaceChildren(table);
  }

  leave() {
    if (this.marks) this.marks.replaceChildren();
    this.tip.hidden = true;
  }

  drop(event) {
    const to = this.xAt(event), from = this.from;
    this.from = undefined;
    if (from === undefined || Math.abs(this.px(to) - this.px(from)) < 6) return;
    this.zoom = [from, to].sort((a, b) => a - b);
    this.leave();
    this.redraw();
  }
}

const colour = name => data.colours[name % data.colours.length];
const dash = name => ["none", "6 3", "2 2", "7 2 2 2"][Math.floor(name / data.colours.length) % 4];
const broken = line => line.y.map((y, i) => Number.isFinite(y) ? -1 : i).filter(i => i >= 0);

function nearest(xs, x) {
  let low = 0, high = xs.length - 1;
  for (let i = 1; i < xs.length; i++)
    if (xs[i] < xs[i - 1]) // a run that went back: search all
      return xs.reduce((best, value, j) => Math.abs(value - x) < Math.abs(xs[best] - x) ? j : best, 0);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle; else high = middle;
  }
  return high < 0 ? -1 : Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
}

function sample(name) {
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of Object.entries({ width: 18, height: 10, viewBox: "0 0 18 10", style: "width:18px" })) svg.setAttribute(key, value);
  draw(svg, "line", { x1: 0, x2: 18, y1: 5, y2: 5, stroke: colour(name), "stroke-width": 3, "stroke-dasharray": dash(name) });
  return svg;
}

// ---- the page --------------------------------------------------------------------------------

const cards = data.panels.map(panel => new Card(panel));
const main = make("main", {}, ...cards.map(card => card.element));

function redraw() {
  for (const card of cards) {
    card.element.hidden = !card.panel.title.toLowerCase().includes(state.query);
    card.element.style.display = card.element.hidden ? "none" : "";
    if (!card.element.hidden) card.redraw();
  }
}

function control(text, input, event, change) {
  input.addEventListener(event, () => { change(input); redraw(); });
  return make("label", {}, text, input);
}

const header = make("header");
if (data.title) {
  const title = make("h1");
  title.textContent = data.title;
  header.append(title);
}
const slider = make("input", { type: "range", min: "0", max: "0.99", step: "0.01", value: String(state.smoothing) });
const shown = make("output");
shown.textContent = state.smoothing.toFixed(2);
const smoothing = control("smoothing", slider, "input", input => {
  state.smoothing = Number(input.value);
  shown.textContent = state.smoothing.toFixed(2);
});
smoothing.append(shown);
const log = make("input", { type: "checkbox" });
log.checked = state.log;
header.append(smoothing, control("log", log, "change", input => { state.log = input.checked; }));
if (hasTimes) {
  const select = make("select");
  for (const kind of ["step", "relative", "time"]) {
    const option = make("option", { value: kind });
    option.textContent = kind;
    select.append(option);
  }
  select.value = state.x;
  header.append(control("x", select, "change", input => {
    state.x = input.value;
    for (const card of cards) card.zoom = null;
  }));
}
if (cards.length > 1)
  header.append(control("tags", make("input", { type: "search", placeholder: "part of a name" }), "input",
    input => { state.query = input.value.toLowerCase(); }));
const runs = make("div", { class: "runs" });
data.names.forEach((name, i) => {
  if (!name) return;
  const button = make("button", { type: "button", "aria-pressed": "true" }, sample(i));
  const text = make("span");
  text.textContent = name;
  button.append(text);
  button.addEventListener("click", () => {
    if (!state.hidden.delete(i)) state.hidden.add(i);
    button.setAttribute("aria-pressed", String(!state.hidden.has(i)));
    redraw();
  });
  runs.append(button);
});
if (runs.children.length) header.append(runs);
document.body.append(header, main);
redraw();
addEventListener("resize", redraw);
window.flowgraphCurves = { state, cards, redraw, smooth };
})();
