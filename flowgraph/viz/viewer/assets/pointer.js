// The pointer: mouse, pen and fingers on the stage. Drag moves, wheel and two fingers zoom, a click
// selects, a double click or the round button opens and closes; pointing shows what an edge carries.

function startPointer(app) {
  const { view } = app;
  const { scene, stage } = app.el;
  const down = new Map(); // pointers on the stage
  let start = null; // of a click or drag: {x, y, moved}
  let lastTap = { time: 0, item: null };

  const middle = () => {
    const list = [...down.values()];
    const x = list.reduce((sum, p) => sum + p.x, 0) / list.length;
    const y = list.reduce((sum, p) => sum + p.y, 0) / list.length;
    const far = list.length > 1 ? Math.hypot(list[0].x - list[1].x, list[0].y - list[1].y) : 0;
    return { x, y, far };
  };

  scene.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    cancelAnimationFrame(view.moving);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (down.size === 1) start = { x: event.clientX, y: event.clientY, moved: false };
    else if (start) start.moved = true;
    hideTip(app);
  });

  addEventListener("pointermove", (event) => {
    const pointer = down.get(event.pointerId);
    if (!pointer) {
      if (event.target instanceof Node && scene.contains(event.target)) pointed(event);
      return;
    }
    const before = middle();
    pointer.x = event.clientX;
    pointer.y = event.clientY;
    const now = middle();
    if (start && !start.moved && Math.hypot(now.x - start.x, now.y - start.y) < 4) return;
    if (start && !start.moved) {
      start.moved = true;
      try { scene.setPointerCapture(event.pointerId); } catch { /* the pointer is gone already */ }
      stage.classList.add("dragging");
      view.panBy(now.x - start.x, now.y - start.y);
      return;
    }
    if (now.far && before.far) {
      const box = stage.getBoundingClientRect();
      view.zoomBy(now.far / before.far, now.x - box.left, now.y - box.top);
    }
    view.panBy(now.x - before.x, now.y - before.y);
  });

  const up = (event) => {
    if (!down.delete(event.pointerId)) return;
    stage.classList.remove("dragging");
    if (event.type === "pointerup" && start && !start.moved && event.button === 0) clicked(event);
    if (!down.size) start = null;
  };
  addEventListener("pointerup", up);
  addEventListener("pointercancel", up);

  function clicked(event) {
    scene.focus({ preventScroll: true });
    const button = view.signAt(event.clientX, event.clientY);
    if (button) {
      lastTap = { time: 0, item: null };
      view.toggle(button);
      return;
    }
    const item = view.itemAt(event.clientX, event.clientY);
    const twice = item && lastTap.item === item && event.timeStamp - lastTap.time < 400;
    lastTap = { time: twice ? 0 : event.timeStamp, item };
    if (twice) {
      if (item.isGroup) view.toggle(item);
      else view.fitItem(item);
      return;
    }
    const edge = edgeAt(event.target);
    const isBox = item && !(item.isGroup && app.state.open.has(item));
    set({ selected: edge && !isBox ? pickedEdge(view, edge) : item });
  }

  scene.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    const unit = event.deltaMode === 1 ? 24 : event.deltaMode === 2 ? 240 : 1;
    const amount = Math.max(-120, Math.min(120, event.deltaY * unit));
    if (event.shiftKey && !event.ctrlKey) { view.panBy(-(event.deltaX || event.deltaY) * unit, 0); return; }
    view.zoomBy(Math.exp(-amount * (event.ctrlKey ? 0.01 : 0.0022)), event.clientX - box.left, event.clientY - box.top);
    hideTip(app);
  }, { passive: false });

  scene.addEventListener("pointerleave", () => {
    hideTip(app);
    if (app.state.hovered) set({ hovered: null });
  });

  let lastPoint = null;
  function pointed(event) {
    if (event.pointerType === "touch") return;
    if (lastPoint) { lastPoint = event; return; }
    lastPoint = event;
    requestAnimationFrame(() => {
      const { clientX, clientY, target } = lastPoint;
      lastPoint = null;
      const edge = edgeAt(target);
      const item = view.itemAt(clientX, clientY);
      const box = item && !(item.isGroup && app.state.open.has(item)) ? item : null;
      if (app.state.hovered !== box) set({ hovered: box });
      stage.classList.toggle("pointing", Boolean(box || view.signAt(clientX, clientY)));
      if (box) showTip(app, itemTip(app, box), clientX, clientY);
      else if (edge) showTip(app, edgeTip(edge), clientX, clientY);
      else hideTip(app);
    });
  }
}

function edgeAt(target) {
  const element = target instanceof Element ? target.closest(".edge") : null;
  return element && element.drawn ? element.drawn.line.edge : null;
}

// An edge as something selected: from box to box, also where a part of it ends at a border.
function pickedEdge(view, edge) {
  const { tail, head } = edge.links[0];
  return { tail: edge.tail || view.drawing.visible(tail) || tail, head: edge.head || view.drawing.visible(head) || head,
    links: edge.links, kind: edge.kind };
}

// ---- what is said about what one points at ----

const MOST_LINES = 10;

function showTip(app, content, x, y) {
  const { tip, stage } = app.el;
  if (tip.shown !== content.key) {
    tip.replaceChildren(...content.rows);
    tip.shown = content.key;
  }
  tip.hidden = false;
  const box = stage.getBoundingClientRect();
  const { offsetWidth: w, offsetHeight: h } = tip;
  const left = x - box.left + 16 + w > box.width ? x - box.left - w - 12 : x - box.left + 16;
  const top = Math.min(y - box.top + 18, box.height - h - 8);
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function hideTip(app) {
  app.el.tip.hidden = true;
  app.el.tip.shown = null;
}

function itemTip(app, item) {
  const rows = [el("div", { class: "tip-title" }, shorten(item.title, 80))];
  const add = (text, name = "tip-line") => { if (text) rows.push(el("div", { class: name }, text)); };
  if (item.isGroup) {
    add(item.path === item.title ? "" : shorten(item.path, 90), "tip-soft");
    add(groupNote(item));
  } else {
    add(`${item.type}${item.name === item.title ? "" : ` · ${shorten(item.name, 90)}`}`, "tip-soft");
    item.outputs.slice(0, 4).forEach((spec, i) => add(`:${i}  ${spec.text}`));
    if (item.outputs.length > 4) add(`… ${plural(item.outputs.length - 4, "more output")}`);
    if (item.label !== null) add(`= ${shorten(item.label, 60)}`);
    if (item.frame) add(`${item.frame.file}:${item.frame.line}`, "tip-soft");
  }
  const { text } = app.colors.of(item);
  if (text) add(`${Tints.TITLES[app.state.color]}: ${text}`);
  return { key: `${item.key}${app.state.color}`, rows };
}

function edgeTip(edge) {
  const rows = [];
  const what = { data: "tensor", ref: "variable handed over", control: "order", next: "value for the next round",
    bridge: "tensor, by way of hidden ops" }[edge.kind] || "tensor";
  const tensors = new Map();
  for (const link of edge.links) {
    const name = link.kind === "control" ? link.tail.name : `${link.tail.name}:${Math.max(0, link.index)}`;
    if (!tensors.has(name)) tensors.set(name, { link, users: new Set() });
    tensors.get(name).users.add(link.head);
  }
  rows.push(el("div", { class: "tip-title" }, tensors.size === 1 ? what : `${formatCount(tensors.size)} × ${what}`));
  for (const [name, { link, users }] of [...tensors].slice(0, MOST_LINES)) {
    rows.push(el("div", { class: "tip-line" }, shorten(name, 70), el("span", { class: "tip-spec" }, link.spec ? `  ${link.spec.text}` : "")));
    const first = [...users][0];
    rows.push(el("div", { class: "tip-soft" }, `→ ${shorten(first.name, 60)}${link.param ? ` (${link.param})` : ""}${users.size > 1 ? ` and ${users.size - 1} more` : ""}`));
  }
  if (tensors.size > MOST_LINES) rows.push(el("div", { class: "tip-soft" }, `… and ${tensors.size - MOST_LINES} more`));
  return { key: edge, rows };
}
