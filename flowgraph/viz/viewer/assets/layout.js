// Layout: where everything stands. Each open group is laid out by itself, the innermost first, and
// kept until something inside it changes. In a group
//
//     parts that hang together are laid out along the flow (fold.js),
//     the parts, and boxes that nothing connects, are packed into a block of readable proportions,
//     side jobs stand in a column at the right margin.
//
// A layout: {w, h, boxes: [{item, x, y, w, h, inner, beside}], edges: [{edge, d, label …}],
// ports: Map(key -> {x, y})}, in pixels from the group's upper left corner.

const PADDING = 16;
const MOST_PORTS = 18; // more than these are not given a way of their own
const STUB = 12; // pixels of an edge that has none
const BESIDE_GAP = 5, BESIDE_H = 17;

class Layouts {
  constructor() {
    this.kept = new Map(); // group -> {key, layout}
  }

  // The layout of a group and of all that is open inside it.
  of(flow, group, direction) {
    const scene = flow.scenes.get(group);
    const inner = new Map();
    for (const item of scene.items) {
      if (item.isGroup && flow.scenes.has(item)) inner.set(item, this.of(flow, item, direction));
    }
    const key = this._key(scene, inner, direction);
    const kept = this.kept.get(group);
    if (kept && kept.key === key && [...inner.values()].every((l) => kept.inner.has(l))) {
      this._renew(kept.layout, scene);
      return kept.layout;
    }
    const layout = layoutGroup(scene, inner, direction);
    layout.group = group;
    this.kept.set(group, { key, layout, inner: new Set(inner.values()) });
    return layout;
  }

  _key(scene, inner, direction) {
    const words = [direction, inner.size];
    for (const item of scene.items) words.push(item.key);
    for (const edge of scene.edges) words.push(edge.key, edge.links.length);
    for (const [host, list] of scene.beside) words.push(host.key, list.length);
    return words.join("|");
  }

  // The same drawing for the edges of a new flow.
  _renew(layout, scene) {
    const edges = new Map(scene.edges.map((edge) => [edge.key, edge]));
    for (const drawn of layout.edges) drawn.edge = edges.get(drawn.edge.key);
    layout.scene = scene;
  }
}

function layoutGroup(scene, inner, direction) {
  const sideways = direction === "right";
  const boxes = new Map();
  for (const item of scene.items) boxes.set(item, newBox(item, scene, inner, sideways));
  const main = scene.items.filter((item) => item.kind !== "side");
  const ports = findPorts(scene);
  const drawn = scene.edges.filter((e) => !e.hiddenBy && !e.hub && e.kind !== "next"
    && !(e.tail && e.tail.kind === "side") && !(e.head && e.head.kind === "side"));
  const blocks = [];
  const loose = [];
  for (const part of findParts(main, drawn, ports)) {
    if (part.members.length === 1 && !part.edges.length) loose.push(part.members[0]);
    else blocks.push(partBlock(part, boxes, sideways));
  }
  const gap = [...ports.values()].some((port) => port.free) ? 2 * STUB + 20 : 18;
  if (loose.length) blocks.push(gridBlock(loose.map((item) => boxes.get(item)), sideways, gap));
  const whole = packParts(blocks, sideways);
  const layout = turn(whole, boxes, direction, scene);
  placeSides(layout, scene.items.filter((item) => item.kind === "side").map((i) => boxes.get(i)));
  layout.scene = scene;
  finishLayout(layout, scene, boxes, ports, direction);
  return layout;
}

// A box with the small ones beside it: left and right of it, or above and below where data flows
// from left to right.
function newBox(item, scene, inner, sideways) {
  const face = faceOf(item);
  const open = inner.get(item) || null;
  const box = { item, inner: open, w: open ? open.w : face.w, h: open ? open.h : face.h, x: 0, y: 0,
    beside: [], left: 0, right: 0, sideways };
  for (const entry of scene.beside.get(item) || []) box.beside.push({ ...entry, ...besideFace(entry.item) });
  const lists = ["left", "right"].map((side) => box.beside.filter((entry) => entry.side === side));
  if (sideways) {
    const row = (list) => list.reduce((sum, entry) => sum + entry.w + BESIDE_GAP, 0);
    box.fullW = Math.max(box.w, ...lists.map(row));
    box.fullH = box.h + (box.beside.length ? 2 * (BESIDE_H + 8) : 0);
    return box;
  }
  [box.left, box.right] = lists.map((list) => (list.length ? Math.max(...list.map((entry) => entry.w)) + 12 : 0));
  box.fullW = box.w + 2 * Math.max(box.left, box.right);
  box.fullH = Math.max(box.h, ...lists.map((list) => list.length * (BESIDE_H + 3)));
  return box;
}

// The ports that get a vertex of their own: "in:…" at the start of the flow, "out:…" at its end.
function findPorts(scene) {
  const ports = new Map();
  const count = { in: 0, out: 0 };
  for (const edge of scene.edges) {
    const key = !edge.tail ? edge.tailPort : !edge.head ? edge.headPort : "";
    if (!key || ports.has(key) || edge.hiddenBy) continue;
    const end = edge.tail ? "out" : "in";
    count[end] += 1;
    ports.set(key, { key, end, item: edge.tail || edge.head, free: false });
  }
  for (const port of ports.values()) port.free = count[port.end] > MOST_PORTS;
  return ports;
}

// Parts that hang together, the largest first: {members: [item or port key], edges}.
function findParts(items, edges, ports) {
  const parent = new Map();
  const find = (v) => {
    let root = v;
    while (parent.get(root) !== root) root = parent.get(root);
    while (parent.get(v) !== root) { const next = parent.get(v); parent.set(v, root); v = next; }
    return root;
  };
  for (const item of items) parent.set(item, item);
  const usable = [];
  for (const edge of edges) {
    const port = !edge.tail ? edge.tailPort : !edge.head ? edge.headPort : "";
    if (port) {
      if (!ports.has(port) || ports.get(port).free) continue;
      if (!parent.has(port)) parent.set(port, port);
    }
    const tail = edge.tail || port, head = edge.head || port;
    if (!parent.has(tail) || !parent.has(head)) continue;
    usable.push([edge, tail, head]);
    parent.set(find(tail), find(head));
  }
  const parts = new Map();
  for (const v of parent.keys()) {
    const root = find(v);
    if (!parts.has(root)) parts.set(root, { members: [], edges: [] });
    parts.get(root).members.push(v);
  }
  for (const entry of usable) parts.get(find(entry[1])).edges.push(entry);
  return [...parts.values()].sort((a, b) => b.members.length - a.members.length);
}

function partBlock(part, boxes, sideways) {
  const net = new Net();
  const number = new Map();
  let area = 0;
  for (const member of part.members) {
    if (typeof member === "string") {
      number.set(member, net.add(10, 2, 2, member.startsWith("in:") ? "first" : "last"));
    } else {
      const box = boxes.get(member);
      const [w, h] = sideways ? [box.fullH, box.fullW] : [box.fullW, box.fullH];
      number.set(member, net.add(w, h, sideways ? box.w : box.h));
      area += (w + SPACE) * (h + GAP);
    }
  }
  for (const [edge, tail, head] of part.edges) {
    const weight = edge.kind === "control" ? 1 : 2;
    const line = net.connect(number.get(tail), number.get(head), weight, edge);
    line.tailAt = portOffset(boxes.get(tail), edge.tailPort, sideways);
    line.headAt = portOffset(boxes.get(head), edge.headPort, sideways);
  }
  separate(net);
  const ratio = sideways ? 0.7 : 1.4;
  const shape = { widest: Math.max(sideways ? 500 : 900, Math.sqrt(area * ratio * 1.5)),
    tall: sideways ? 3.2 : 2.2, ratio, gap: sideways ? 72 : GAP };
  const placed = layoutNet(net, shape);
  return { w: placed.w, h: placed.h, net, number, placed, members: part.members };
}

// Edges between the same two boxes, in either direction, run side by side.
function separate(net) {
  const pairs = new Map();
  for (const edge of net.edges) addTo(pairs, `${Math.min(edge.tail, edge.head)},${Math.max(edge.tail, edge.head)}`, edge);
  for (const edges of pairs.values()) {
    const loose = edges.filter(({ data }) => !data.tailPort && !data.headPort);
    if (loose.length < 2 || loose.length > 4) continue;
    loose.forEach((edge, i) => { edge.tailAt = edge.headAt = (i - (loose.length - 1) / 2) * 14; });
  }
}

// How far from the middle of a box an edge leaves it: open groups have ports.
function portOffset(box, port, sideways) {
  const at = box && box.inner && box.inner.ports.get(port);
  if (!at) return 0;
  return sideways ? at.y - box.h / 2 : at.x - box.w / 2;
}

// From the flow's coordinates to the screen's.
function turn(whole, boxes, direction, scene) {
  const [w, h] = direction === "right" ? [whole.h, whole.w] : [whole.w, whole.h];
  const point = (u, v) => (direction === "right" ? { x: v, y: u }
    : direction === "down" ? { x: u, y: v } : { x: u, y: whole.h - v });
  const layout = { w, h, boxes: [], edges: [], ports: new Map(), direction, portAt: new Map() };
  for (const block of whole.blocks) {
    const put = (box, u, v) => {
      const at = point(block.u + u, block.v + v);
      box.x = at.x - box.w / 2;
      box.y = at.y - box.h / 2;
      layout.boxes.push(box);
    };
    if (block.grid) {
      for (const { box, u, v } of block.grid) put(box, u, v);
      continue;
    }
    for (const [member, i] of block.number) {
      const u = block.placed.u[i], v = block.placed.v[i];
      if (typeof member === "string") layout.portAt.set(member, point(block.u + u, block.v + v));
      else put(boxes.get(member), u, v);
    }
    for (const line of block.net.edges) {
      // Against the flow, the ports of open groups are on the wrong side: those edges go freely.
      if (line.turned && (line.data.tailPort || line.data.headPort)) continue;
      let steps = line.route.map((step) => ({ c: step.c, ...point(block.u + step.u, block.v + step.v) }));
      if (line.turned) steps = reverseSteps(steps);
      layout.edges.push({ edge: line.data, steps });
    }
  }
  return layout;
}

function reverseSteps(steps) {
  const result = steps.map(({ x, y }) => ({ c: "L", x, y })).reverse();
  result[0].c = "M";
  for (let i = 1; i < steps.length; i += 1) {
    const kind = steps[steps.length - i].c;
    result[i].c = kind === "S" ? "S" : steps[steps.length - 1 - i].c === "R" ? "R" : "L";
  }
  return result;
}

// Padding and title; ports reach the border; edges that have no way of their own get a curve.
function finishLayout(layout, scene, boxes, ports, direction) {
  const isRoot = !scene.group.parent;
  const dx = isRoot ? 0 : PADDING, dy = isRoot ? 0 : TITLE_BAR + 10;
  const title = isRoot ? 0 : textWidth(shorten(printable(scene.group.title), 40), TITLE_SIZE, true) + 110;
  const extra = Math.max(0, title - layout.w - 2 * dx) / 2;
  layout.w += 2 * dx + 2 * extra;
  layout.h += dy + (isRoot ? 0 : PADDING);
  const shift = (p) => { p.x += dx + extra; p.y += dy; };
  for (const box of layout.boxes) {
    shift(box);
    placeBeside(box);
  }
  for (const line of layout.edges) line.steps.forEach(shift);
  for (const at of layout.portAt.values()) shift(at);
  const border = (end, at) => {
    const start = (end === "in") !== (direction === "up");
    if (direction === "right") return { x: end === "in" ? 0 : layout.w, y: at.y };
    return { x: at.x, y: start ? 0 : layout.h };
  };
  for (const port of ports.values()) {
    const at = layout.portAt.get(port.key) || { x: layout.w / 2, y: layout.h / 2 };
    layout.ports.set(port.key, border(port.end, at));
  }
  const done = new Set(layout.edges.map((line) => line.edge));
  for (const line of layout.edges) {
    const { edge } = line;
    if (!edge.tail) line.steps.unshift({ c: "M", ...layout.ports.get(edge.tailPort) });
    if (!edge.tail && line.steps[1]) line.steps[1].c = "L";
    if (!edge.head) line.steps.push({ c: "L", ...layout.ports.get(edge.headPort) });
  }
  for (const edge of scene.edges) {
    if (done.has(edge) || edge.hiddenBy) continue;
    const port = ports.get(edge.tail ? edge.headPort : edge.tailPort);
    if (port && port.free && !(edge.tail && edge.head)) {
      layout.edges.push({ edge, steps: stubSteps(edge, boxes, direction), free: true });
      continue;
    }
    layout.edges.push({ edge, steps: freeSteps(edge, boxes, layout, direction), free: true });
  }
  const sideways = direction === "right";
  for (const line of layout.edges) finishEdge(line, sideways);
  placeLabels(layout, sideways);
}

function placeBeside(box) {
  for (const side of ["left", "right"]) {
    const list = box.beside.filter((entry) => entry.side === side);
    let at = box.x + box.w / 2 - list.reduce((sum, entry) => sum + entry.w + BESIDE_GAP, -BESIDE_GAP) / 2;
    list.forEach((entry, i) => {
      if (box.sideways) {
        entry.x = at;
        entry.y = side === "left" ? box.y - 8 - BESIDE_H : box.y + box.h + 8;
        at += entry.w + BESIDE_GAP;
      } else {
        entry.x = side === "left" ? box.x - 12 - entry.w : box.x + box.w + 12;
        entry.y = box.y + box.h / 2 + (i - (list.length - 1) / 2) * (BESIDE_H + 3) - BESIDE_H / 2;
      }
    });
  }
}

// A short end of an edge from or to the border, in a group that has too many of them: whole, they
// would run behind other boxes.
function stubSteps(edge, boxes, direction) {
  const box = boxes.get(edge.tail || edge.head);
  const atEnd = Boolean(edge.tail) === (direction !== "up");
  const [dx, dy] = direction === "right" ? [atEnd ? 1 : -1, 0] : [0, atEnd ? 1 : -1];
  const near = { x: box.x + box.w / 2 + (dx * box.w) / 2, y: box.y + box.h / 2 + (dy * box.h) / 2 };
  const far = { x: near.x + dx * STUB, y: near.y + dy * STUB };
  return edge.tail ? [{ c: "M", ...near }, { c: "L", ...far }] : [{ c: "M", ...far }, { c: "L", ...near }];
}

// A curve for an edge without a way: the next round of a loop swings around at the right.
function freeSteps(edge, boxes, layout, direction) {
  const side = (item, port, out) => {
    if (!item) return { ...layout.ports.get(port) };
    const box = boxes.get(item);
    const inner = box.inner && box.inner.ports.get(port);
    if (inner) return { x: box.x + inner.x, y: box.y + inner.y };
    const end = out === (direction !== "up");
    if (direction === "right") return { x: out ? box.x + box.w : box.x, y: box.y + box.h / 2 };
    return { x: box.x + box.w / 2, y: end ? box.y + box.h : box.y };
  };
  if (edge.kind === "next" && edge.tail && edge.head) {
    const a = boxes.get(edge.tail), b = boxes.get(edge.head);
    const from = { x: a.x + a.w, y: a.y + a.h / 2 }, to = { x: b.x + b.w, y: b.y + b.h / 2 };
    const bend = Math.max(from.x, to.x) + 24 + Math.min(120, Math.abs(from.y - to.y) * 0.25);
    return [{ c: "M", ...from }, { c: "B", ...to, handles: [bend, from.y, bend, to.y] }];
  }
  return [{ c: "M", ...side(edge.tail, edge.tailPort, true) },
    { c: "S", ...side(edge.head, edge.headPort, false) }];
}

// The path's text and its extent.
function finishEdge(line, sideways) {
  const { edge, steps } = line;
  line.d = pathText(steps, sideways);
  line.width = edge.kind === "data" || edge.kind === "ref" ? edgeWidth(edge.links) : 1;
  const xs = steps.map((s) => s.x), ys = steps.map((s) => s.y);
  line.x0 = Math.min(...xs); line.x1 = Math.max(...xs);
  line.y0 = Math.min(...ys); line.y1 = Math.max(...ys);
  line.label = "";
}
