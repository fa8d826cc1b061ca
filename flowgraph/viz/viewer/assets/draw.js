// Drawing: the layout as SVG. Only what is in sight is drawn, and only as finely as it can be seen:
//
//     level 2   shapes, text, labels on edges, arrows
//     level 1   shapes and titles
//     level 0   thousands of boxes as a few paths, with the names of open groups like on a map

const FINE = 0.42, COARSE = 0.17; // zoom from which on levels 2 and 1 are drawn
const MOST_NODES = 1300; // more in sight are drawn at level 0
const MARGIN = 0.35; // of the stage, drawn beyond its border

class Drawing {
  constructor(app) {
    this.app = app;
    this.svg = app.el.scene;
    this.world = svg("g", { class: "world" });
    this.layers = {};
    for (const name of ["groups", "edges", "labels", "nodes", "names", "over"]) {
      this.layers[name] = svg("g", { class: `layer-${name}` });
      this.world.append(this.layers[name]);
    }
    this.svg.append(markers(), this.world);
    this.elements = new Map();
    this.window = null;
    this.level = -1;
  }

  // Takes a new layout: everything in one list with its place in the world.
  show(flow, layout) {
    this.flow = flow;
    this.layout = layout;
    this.groups = [];
    this.nodes = [];
    this.edges = [];
    this.places = new Map();
    this._flatten(layout, 0, 0, 0);
    this.window = null;
  }

  _flatten(layout, x, y, depth) {
    for (const line of layout.edges) this.edges.push({ line, x, y });
    for (const box of layout.boxes) {
      const place = { item: box.item, x: x + box.x, y: y + box.y, w: box.w, h: box.h, depth, box };
      this.places.set(box.item, place);
      for (const entry of box.beside) {
        const small = { item: entry.item, x: x + entry.x, y: y + entry.y, w: entry.w, h: entry.h,
          depth, beside: entry, host: place };
        this.nodes.push(small);
        if (!this.places.has(entry.item)) this.places.set(entry.item, small);
      }
      if (box.inner) {
        this.groups.push(place);
        this._flatten(box.inner, place.x, place.y, depth + 1);
      } else this.nodes.push(place);
    }
  }

  // Draws what the view sees; does nothing while that is drawn already.
  update(view, width, height, force) {
    const { k } = view;
    this.world.setAttribute("transform", `translate(${view.x},${view.y}) scale(${k})`);
    const sight = { x0: -view.x / k, y0: -view.y / k, x1: (width - view.x) / k, y1: (height - view.y) / k };
    const w = this.window;
    const inside = w && sight.x0 >= w.x0 && sight.y0 >= w.y0 && sight.x1 <= w.x1 && sight.y1 <= w.y1;
    const zoomed = w && (k > w.k * 1.6 || k < w.k / 1.6);
    const level = k >= FINE ? 2 : k >= COARSE ? 1 : 0;
    if (!force && inside && !zoomed && (level === w.wanted)) return false;
    const mx = (sight.x1 - sight.x0) * MARGIN, my = (sight.y1 - sight.y0) * MARGIN;
    this.window = { x0: sight.x0 - mx, y0: sight.y0 - my, x1: sight.x1 + mx, y1: sight.y1 + my, k, wanted: level };
    this._draw(level, k);
    return true;
  }

  _draw(wanted, k) {
    const w = this.window;
    const seen = (p) => p.x < w.x1 && p.y < w.y1 && p.x + p.w > w.x0 && p.y + p.h > w.y0;
    const nodes = this.nodes.filter(seen);
    const level = nodes.length > MOST_NODES ? 0 : wanted;
    this.level = level;
    const groups = this.groups.filter(seen);
    const edges = this.edges.filter(({ line, x, y }) => x + line.x0 < w.x1 && y + line.y0 < w.y1
      && x + line.x1 > w.x0 && y + line.y1 > w.y0);
    this.elements.clear();
    this.svg.setAttribute("data-level", level);
    const out = { groups: [], edges: [], labels: [], nodes: [], names: [] };
    for (const place of groups) out.groups.push(this._keep(place.item, groupElement(place, k, level)));
    if (level === 0) {
      out.edges.push(...coarseEdges(edges));
      out.nodes.push(...coarseNodes(nodes, this.app.colors));
      out.names.push(...groupNames(groups, k));
    } else {
      for (const drawn of edges) {
        const element = edgeElement(drawn, level);
        if (element) out.edges.push(element);
        if (level === 2 && drawn.line.label && this.app.state.labels) out.labels.push(labelElement(drawn));
      }
      for (const place of nodes) {
        const element = place.beside ? besideElement(place, level) : nodeElement(place, this.app.colors, level);
        if (element) out.nodes.push(place.beside && this.elements.has(place.item) ? element : this._keep(place.item, element));
      }
    }
    for (const [name, list] of Object.entries(out)) this.layers[name].replaceChildren(...list);
    this.paint();
  }

  _keep(item, element) {
    this.elements.set(item, element);
    return element;
  }

  // What is selected, pointed at, traced: by classes, without drawing anew.
  paint() {
    const { state } = this.app;
    const lit = this._lit();
    this.svg.classList.toggle("tracing", lit !== null);
    const isEdgePicked = state.selected && state.selected.isGroup === undefined;
    const picked = isEdgePicked ? new Set(state.selected.links) : null;
    for (const [item, element] of this.elements) {
      const list = element.classList;
      list.toggle("selected", item === state.selected);
      list.toggle("hovered", item === state.hovered);
      list.toggle("lit", lit !== null && lit.boxes.has(item));
      list.toggle("partner", this.partners !== undefined && this.partners.has(item));
    }
    for (const element of this.layers.edges.children) {
      const { drawn } = element;
      if (!drawn) continue;
      const { edge } = drawn.line;
      const own = (item) => item && (edge.tail === item || edge.head === item);
      const isPicked = picked !== null && edge.links.some((link) => picked.has(link));
      element.classList.toggle("near", Boolean(isPicked || own(state.selected) || own(state.hovered)));
      element.classList.toggle("lit", lit !== null && edge.links.some((link) => lit.ops.has(link.tail) && lit.ops.has(link.head)));
    }
    this._drawOver(lit);
    paintMarks(this);
  }

  // The ops on the trace and the boxes that stand for them; null without a trace.
  _lit() {
    const { state, model } = this.app;
    if (state.trace === "none" || !state.selected || state.selected.isGroup === undefined) return null;
    const key = `${state.trace}|${state.selected.key}`;
    if (this.traced !== key || this.tracedFlow !== this.flow) {
      this.traced = key;
      this.tracedFlow = this.flow;
      const ops = model.reach(state.selected, state.trace);
      const boxes = new Set();
      for (const op of ops) {
        const box = this.flow.box(op);
        if (!box) continue;
        boxes.add(box);
        for (let group = box.parent; group && !boxes.has(group); group = group.parent) boxes.add(group);
      }
      this.litNow = { ops, boxes };
    }
    return this.litNow;
  }

  // Over everything: edges kept apart (to side jobs, of crowded boxes), and gradients' arcs.
  _drawOver(lit) {
    const { state } = this.app;
    const found = [];
    const pointed = [state.selected, state.hovered].filter((item) => item && item.isGroup !== undefined);
    const items = new Set(pointed.map((item) => this.visible(item)).filter(Boolean));
    for (const item of items) {
      const edges = [...(this.flow.extraOf.get(item) || []), ...this._hubEdges(item)];
      if (edges.length <= 120) for (const edge of edges) found.push(this._overEdge(edge));
    }
    const before = this.partners;
    this.partners = new Set();
    const { selected } = state;
    if (selected && selected.isGroup === false) {
      const own = this.visible(selected);
      for (const op of [...selected.gradients, ...(selected.forward ? [selected.forward] : [])]) {
        const partner = this.visible(op);
        if (!partner || partner === own || this.partners.has(partner)) continue;
        this.partners.add(partner);
        found.push(this._arc(own, partner, selected.gradients.includes(op)));
      }
    }
    for (const item of new Set([...(before || []), ...this.partners])) {
      const element = this.elements.get(item);
      if (element) element.classList.toggle("partner", this.partners.has(item));
    }
    if (this.level === 0) {
      for (const item of items) {
        const place = this.places.get(item);
        if (place) found.push(svg("rect", { class: "spot", x: place.x, y: place.y, width: place.w, height: place.h }));
      }
      if (lit) found.push(...litSpots(lit, this.places));
    }
    this.layers.over.replaceChildren(...found.filter(Boolean));
  }

  _hubEdges(item) {
    if (!item || !item.parent) return [];
    const scene = this.flow.scenes.get(item.parent);
    return scene ? scene.edges.filter((edge) => edge.hub && (edge.tail === item || edge.head === item)) : [];
  }

  // The box that stands for an item now.
  visible(item) {
    const box = this.app.model.boxOf(item, this.app.state.open);
    return this.places.has(box) ? box : null;
  }

  _overEdge(edge) {
    const a = this.places.get(edge.tail), b = this.places.get(edge.head);
    if (!a || !b) return null;
    const [p, q] = nearest(a, b);
    const bend = (q.x - p.x) / 2;
    const d = Math.abs(q.x - p.x) > Math.abs(q.y - p.y)
      ? `M${p.x},${p.y}C${p.x + bend},${p.y} ${q.x - bend},${q.y} ${q.x},${q.y}`
      : `M${p.x},${p.y}C${p.x},${(p.y + q.y) / 2} ${q.x},${(p.y + q.y) / 2} ${q.x},${q.y}`;
    const element = svg("path", { class: `edge extra kind-${edge.kind}`, d, "marker-end": "url(#arrow-on)" });
    element.drawn = { line: { edge }, x: 0, y: 0 };
    return element;
  }

  _arc(own, partner, isGradient) {
    const a = this.places.get(own), b = this.places.get(partner);
    if (!a || !b) return null;
    const [from, to] = isGradient ? [a, b] : [b, a];
    const p = { x: from.x + from.w / 2, y: from.y }, q = { x: to.x + to.w / 2, y: to.y };
    const high = Math.min(p.y, q.y) - 30 - Math.abs(p.x - q.x) * 0.12;
    return svg("path", { class: "arc", d: `M${p.x},${p.y}C${p.x},${high} ${q.x},${high} ${q.x},${q.y}` });
  }
}

function nearest(a, b) {
  const middle = (p) => ({ x: p.x + p.w / 2, y: p.y + p.h / 2 });
  const m = middle(a), n = middle(b);
  const clip = (p, c, other) => {
    const dx = other.x - c.x, dy = other.y - c.y;
    const t = Math.min(1, Math.min(dx ? p.w / 2 / Math.abs(dx) : 9, dy ? p.h / 2 / Math.abs(dy) : 9));
    return { x: c.x + dx * t, y: c.y + dy * t };
  };
  return [clip(a, m, n), clip(b, n, m)];
}

function markers() {
  const list = ["data", "ref", "control", "next", "bridge", "on"].map((kind) =>
    svg("marker", { id: `arrow-${kind}`, class: `arrow arrow-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4,
      markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
    svg("path", { d: "M0,0.6L8,4L0,7.4Z" })));
  return svg("defs", {}, ...list);
}
