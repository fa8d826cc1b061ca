// The start: payload -> model -> first picture -> everything else.

const timings = {};
let app = null;
let model = null;

// What the other files call by name.
const fit = () => app.view.fit();
const zoomBy = (factor) => app.view.zoomBy(factor, undefined, undefined, true);
const toggle = (group) => app.view.toggle(group);
const reveal = (item) => app.view.show(item);
const expandAll = () => { set({ open: new Set(model.groups) }); fit(); };
const collapseAll = () => { set({ open: new Set() }); fit(); };

// Where an item, or the closed group around it, stands in the picture.
function nodeBox(item) {
  const place = app.view.place(item);
  return place && { x: place.x, y: place.y, width: place.w, height: place.h };
}

function start() {
  const find = (id) => document.getElementById(id);
  const payload = JSON.parse(find("graph").textContent);
  timings.parsed = performance.now();
  model = new Model(payload);
  timings.model = performance.now();
  const elements = { bar: find("bar"), search: find("search"), tools: find("tools"), stage: find("stage"), scene: find("scene"),
    panel: find("panel"), legend: find("legend"), runs: find("runs"), tip: find("tip"), status: find("status"),
    announce: find("announce"), minimap: find("minimap") };
  app = { payload, model, state, set, on, el: elements, timings };
  elements.scene.classList.add("graph");
  state.direction = model.direction;
  state.run = model.runs.length ? 0 : -1;
  app.colors = new Colors(state);
  app.minimap = new Minimap(app);
  app.view = new View(app);
  const first = openAtFirst();
  address.model = model;
  address.defaultOpen = openText(first);
  const patch = { open: first, ...readAddress(location.hash, model) };
  Object.assign(state, patch);
  app.colors.refresh();
  app.tip = { show: (content, x, y) => showTip(app, content, x, y), hide: () => hideTip(app) };
  Object.assign(app, { exportSvg, exportPng, expandAll, collapseAll });
  app.view.relayout();
  if (!patch.view) app.view.fit(false);
  app.view.draw(true);
  timings.laidOut = performance.now();
  requestAnimationFrame(() => {
    startPointer(app);
    if (!model.ops.length) showNothing();
    for (const part of parts) part(app);
    if (!patch.view) app.view.fit(false); // now that the legend has its size
    else app.view.keepInSight(); // a link from a larger window
    keepAddress(model, (found) => {
      set({ open: first, selected: null, trace: "none", color: "structure", direction: model.direction, hidden: new Set(),
        hiddenRoles: new Set(), ...found });
    });
    timings.ready = performance.now();
    afterPaint(() => {
      timings.firstPicture = performance.now();
      document.documentElement.setAttribute("data-ready", "");
    });
  });
  window.flowgraph = { app, model, state, set, fit, expandAll, exportSvg: app.exportSvg, timings };
}

// An empty stage would look like a page that is broken.
function showNothing() {
  app.el.legend.hidden = true;
  app.el.minimap.hidden = true;
  app.el.stage.append(el("p", { class: "nothing" }, "This graph has no operations."));
}

// Runs something when the frame that is being made has been painted.
function afterPaint(run) {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { channel.port1.close(); run(); };
  channel.port2.postMessage(0);
}

const MOST_BOXES = 60; // so many can be read at first sight
const MOST_OF_ONE = 80; // where they are all of one group
const READABLE = 0.62; // zoom at which text is still read with ease

// The groups that are open at first: level after level, while few enough boxes are in sight and
// they can be read when all of them fit on the stage.
function openAtFirst() {
  const { view, el: { stage } } = app;
  const open = new Set();
  const isMain = (group) => ["scope", "loop", "branches", "branch"].includes(group.kind);
  const seen = (group) => group.children.filter((item) => item.look !== "constant" && item.look !== "summary").length;
  const isPhone = stage.clientWidth < 600;
  const room = isPhone ? [stage.clientWidth, stage.clientHeight]
    : [Math.max(1000, stage.clientWidth), Math.max(680, stage.clientHeight)];
  const layouts = view.layouts;
  const zoomOf = (groups) => {
    const flow = new Flow(model, { ...state, open: groups });
    const layout = layouts.of(flow, model.root, model.direction);
    return Math.min(room[0] / (layout.w + 80), room[1] / (layout.h + 80));
  };
  let level = model.root.groups.filter(isMain);
  let boxes = seen(model.root);
  while (level.length) {
    const opened = [];
    const tryOpen = (groups) => {
      const more = groups.reduce((sum, group) => sum + seen(group), 0);
      // One group that holds nearly all may be larger: closed, it would show nothing.
      const all = level.reduce((sum, group) => sum + group.count, 0);
      const isMost = boxes < 12 && groups.length === 1 && groups[0].count > all * 0.7;
      if (boxes + more > (isMost ? MOST_OF_ONE : MOST_BOXES)) return false;
      if (zoomOf(new Set([...open, ...groups])) < (isMost ? FINE : READABLE)) return false;
      for (const group of groups) open.add(group);
      opened.push(...groups);
      boxes += more;
      return true;
    };
    // All of a level, or else those of it, block1 to block5 together, that hold most of the graph.
    if (!tryOpen(level) && level.length > 1) {
      const alike = new Map();
      for (const group of level) {
        const stem = group.title.replace(/[_\d]+$/, "");
        alike.set(stem, [...(alike.get(stem) || []), group]);
      }
      const size = (groups) => groups.reduce((sum, group) => sum + group.count, 0);
      const large = [...alike.values()].filter((groups) => size(groups) > size(level) * 0.4);
      large.sort((a, b) => size(b) - size(a));
      for (const groups of large) tryOpen(groups);
    }
    level = opened.flatMap((group) => group.groups.filter(isMain));
  }
  return open;
}

// A message to the reader, which goes away by itself.
function say(text) {
  app.el.status.textContent = text;
  app.el.status.classList.add("said");
  app.el.announce.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => app.el.status.classList.remove("said"), 8000);
}

start();
