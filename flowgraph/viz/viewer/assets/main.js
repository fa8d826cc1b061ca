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
  address.model = model;
  address.defaultOpen = JSON.stringify([...openAtFirst(model)].map((group) => group.path).sort());
  const patch = { open: openAtFirst(model), direction: model.direction, run: model.runs.length ? 0 : -1,
    ...readAddress(location.hash, model) };
  Object.assign(state, patch);
  app.colors = new Colors(model, state);
  app.minimap = new Minimap(app);
  app.view = new View(app);
  app.tip = { show: (content, x, y) => showTip(app, content, x, y), hide: () => hideTip(app) };
  Object.assign(app, { exportSvg, exportPng, expandAll, collapseAll });
  app.view.relayout();
  if (patch.view) app.view.draw(true);
  else app.view.fit(false);
  app.view.draw(true);
  timings.laidOut = performance.now();
  requestAnimationFrame(() => {
    timings.firstPicture = performance.now();
    startPointer(app);
    for (const part of parts) part(app);
    keepAddress(model, (found) => {
      set({ open: openAtFirst(model), selected: null, trace: "none", ...found });
    });
    timings.ready = performance.now();
    document.documentElement.setAttribute("data-ready", "");
  });
  window.flowgraph = { app, model, state, set, fit, expandAll, exportSvg: app.exportSvg, timings };
}

const READABLE = 40; // so many boxes can be read at first sight

// The groups that are open at first: level after level while few enough boxes are in sight.
function openAtFirst(model) {
  const open = new Set();
  const isMain = (group) => group.kind === "scope" || group.kind === "loop" || group.kind === "branches" || group.kind === "branch";
  const seen = (group) => group.children.filter((item) => item.look !== "constant" && item.look !== "summary").length;
  let level = model.root.groups.filter(isMain);
  let boxes = seen(model.root);
  while (level.length) {
    const alone = level.length === 1 && boxes < 12 && seen(level[0]) <= 120;
    const more = level.reduce((sum, group) => sum + seen(group), 0);
    if (boxes + more > READABLE && !alone) {
      // Not all of them: then those that cost nothing to look at, if any.
      break;
    }
    for (const group of level) open.add(group);
    boxes += more;
    level = level.flatMap((group) => group.groups.filter(isMain));
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
