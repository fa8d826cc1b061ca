// Labels: where the shapes of tensors are written, so that they stand in nobody's way.

// What is written on edges: once for each tensor of a box, where nothing stands in the way.
function placeLabels(layout, sideways) {
  const taken = new Room();
  for (const box of layout.boxes) {
    taken.add(box.x, box.y, box.w, box.h);
    for (const entry of box.beside) taken.add(entry.x, entry.y, entry.w, entry.h);
  }
  const named = new Set();
  for (const line of layout.edges) {
    const { edge, steps } = line;
    if (!edge.head || (edge.kind !== "data" && edge.kind !== "ref") || edge.hub) continue;
    const text = edgeLabel(edge.links);
    const key = `${edge.tail ? edge.tail.key : edge.tailPort}|${edge.tailPort}|${text}`;
    if (!text || named.has(key)) continue;
    const w = textWidth(text, SMALL_SIZE) + 4;
    for (const { x, y } of labelPlaces(steps, sideways, w)) {
      if (!taken.isFree(x - w / 2, y - 6, w, 12)) continue;
      taken.add(x - w / 2, y - 6, w, 12);
      named.add(key);
      Object.assign(line, { label: text, labelX: x, labelY: y });
      break;
    }
  }
}

// Places on a way where its label may stand: the middle of its curves, then elsewhere on them.
function labelPlaces(steps, sideways, w) {
  const found = [];
  for (const t of [0.5, 0.3, 0.7]) {
    for (let i = 1; i < steps.length && found.length < 24; i += 1) {
      const a = steps[i - 1], b = steps[i];
      if (b.c !== "S" && Math.abs(a.y - b.y) + Math.abs(a.x - b.x) < (sideways ? w + 20 : 40)) continue;
      const e = b.c === "S" ? t * t * (3 - 2 * t) : t; // about where the curve is
      found.push(sideways ? { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * e }
                          : { x: a.x + (b.x - a.x) * e, y: a.y + (b.y - a.y) * t });
    }
  }
  return found;
}

// Rectangles that are taken, found by the cells that they touch.
class Room {
  constructor() {
    this.cells = new Map();
    this.large = [];
  }

  _each(x, y, w, h, visit) {
    const x1 = Math.floor((x + w) / 100), y1 = Math.floor((y + h) / 100);
    for (let i = Math.floor(x / 100); i <= x1; i += 1) {
      for (let j = Math.floor(y / 100); j <= y1; j += 1) if (visit(`${i},${j}`)) return true;
    }
    return false;
  }

  add(x, y, w, h) {
    const r = { x, y, w, h };
    if (w * h > 400000) this.large.push(r);
    else this._each(x, y, w, h, (cell) => { addTo(this.cells, cell, r); });
  }

  isFree(x, y, w, h) {
    const hits = (r) => r.x < x + w && r.y < y + h && r.x + r.w > x && r.y + r.h > y;
    return !this.large.some(hits) && !this._each(x, y, w, h, (cell) => (this.cells.get(cell) || []).some(hits));
  }
}
