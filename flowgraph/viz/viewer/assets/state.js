// THE state: what is open, selected, hidden, how things are coloured, and where one looks. Whoever
// changes it calls `set`; whoever shows it listens with `on`. What is worth sharing is kept in the
// page's address, by names, so that a link shows another reader the same.

const parts = []; // what main.js starts after the first picture

const state = {
  open: new Set(), selected: null, hovered: null, trace: "none", hidden: new Set(),
  hiddenRoles: new Set(), color: "structure", run: -1, step: -1, query: "", theme: "auto",
  labels: true, direction: "up", view: { x: 0, y: 0, k: 1 },
};
const listeners = [];
const TRACES = ["none", "in", "out", "both"];
const COLORS = ["structure", "device", "time", "memory", "values"];
const DIRECTIONS = ["up", "down", "right"];
const THEMES = ["auto", "light", "dark"];

// Changes some of the state and tells the listeners which keys changed.
function set(patch) {
  const changed = new Set();
  for (const [key, value] of Object.entries(patch)) {
    if (!(key in state)) throw new Error(`the state has no ${key}`);
    if (state[key] !== value) {
      state[key] = value;
      changed.add(key);
    }
  }
  if (changed.size) for (const listener of listeners) listener(changed, state);
}

function on(listener) {
  listeners.push(listener);
}

// ---- the address --------------------------------------------------------------------------------

const address = { model: null, defaultOpen: "", timer: 0, written: "", step: false };

function stateText() {
  const words = new URLSearchParams();
  const text = openText(state.open);
  if (text !== address.defaultOpen) {
    if (text.length < LONGEST_LIST) words.set("open", text);
    else words.set("opened", rangesText([...state.open].map((group) => group.id)));
  }
  if (state.selected && state.selected.isGroup !== undefined) {
    words.set(state.selected.isGroup ? "group" : "op", state.selected.path);
  }
  if (state.trace !== "none") words.set("trace", state.trace);
  if (state.color !== "structure") words.set("color", state.color);
  if (state.direction !== address.model.direction) words.set("direction", state.direction);
  if (state.theme !== "auto") words.set("theme", state.theme);
  if (!state.labels) words.set("labels", "off");
  if (state.run > 0) words.set("run", state.run);
  if (state.step >= 0) words.set("step", state.step);
  if (state.query) words.set("query", state.query);
  for (const type of state.hidden) words.append("hide", type);
  for (const role of state.hiddenRoles) words.append("hiderole", role);
  const { x, y, k } = state.view;
  words.set("view", [Math.round(x), Math.round(y), Number(k.toPrecision(3))].join(","));
  return words.toString();
}

const LONGEST_LIST = 6000; // characters; longer lists of names become ranges of numbers

function openText(open) {
  return JSON.stringify([...open].map((group) => group.path).sort());
}

// [0, 1, 2, 5] as "0-2.5"
function rangesText(numbers) {
  const ranges = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const last = ranges[ranges.length - 1];
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(".");
}

function readRanges(text, most) {
  const numbers = [];
  for (const range of text.split(".")) {
    const [from, to = from] = range.split("-").map(Number);
    for (let i = from; i >= 0 && i <= Math.min(to, most - 1); i += 1) numbers.push(i);
  }
  return numbers;
}

// What an address says, as a patch of the state; what it says wrongly is left out.
function readAddress(hash, model) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const patch = {};
  const one = (key, allowed, name = key) => {
    if (allowed.includes(words.get(key))) patch[name] = words.get(key);
  };
  one("trace", TRACES); one("color", COLORS); one("direction", DIRECTIONS); one("theme", THEMES);
  if (words.has("opened")) {
    patch.open = new Set(readRanges(words.get("opened"), model.groups.length).map((i) => model.groups[i]));
  } else if (words.has("open")) {
    try {
      const paths = JSON.parse(words.get("open"));
      patch.open = new Set(paths.map((path) => model.byPath.get(path)).filter(Boolean));
    } catch { /* a link cut short: the graph opens as it does without one */ }
  }
  const selected = words.has("op") ? model.byName.get(words.get("op"))
                                   : model.byPath.get(words.get("group"));
  if (selected) patch.selected = selected;
  if (words.get("labels") === "off") patch.labels = false;
  const run = Number(words.get("run") || 0);
  if (model.runs[run]) {
    patch.run = run;
    const step = Number(words.get("step") || -1);
    if (model.runs[run].steps[step]) patch.step = step;
  }
  if (words.has("query")) patch.query = words.get("query").slice(0, 1000);
  if (words.has("hide")) patch.hidden = new Set(words.getAll("hide"));
  if (words.has("hiderole")) patch.hiddenRoles = new Set(words.getAll("hiderole"));
  const view = (words.get("view") || "").split(",").map(Number);
  if (view.length === 3 && view.every(Number.isFinite) && view[2] > 0) {
    patch.view = { x: view[0], y: view[1], k: view[2] };
  }
  return patch;
}

// Keeps the address up to date: selecting and opening make a step to go back to, moving does not.
function keepAddress(model, apply) {
  address.model = model;
  on((changed) => {
    if (changed.has("open") || changed.has("selected")) address.step = true;
    clearTimeout(address.timer);
    address.timer = setTimeout(writeAddress, 250);
  });
  addEventListener("popstate", () => {
    const hash = location.hash.slice(1);
    if (hash === address.written) return;
    address.written = hash; // what is restored is no new step
    apply(readAddress(location.hash, model));
    address.step = false;
  });
}

function writeAddress() {
  const text = stateText();
  const { step } = address;
  address.step = false;
  if (text === address.written) return;
  const method = step && address.written ? "pushState" : "replaceState";
  address.written = text;
  try {
    history[method](null, "", `#${text}`);
  } catch { /* some frames forbid it; the viewer works without */ }
}
