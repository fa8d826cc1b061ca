// One connected net: rank, order, place, and then, where that would be a sliver, folding it into
// columns as a newspaper folds text. Everything here is in the flow's own coordinates: u across
// the flow, v along it; layout.js turns them to the direction that the reader chose.

const GAP = 36; // between ranks, where data flows up or down
const LANE = 7; // between edges that go from one column to the next
const TALLEST = 640; // what is shorter is never folded

// Returns {w, h, u[], v[], ranks}: the size of the whole, the middle of each box, and for each edge
// of the net its `route`: steps {c: "M" | "L" | "S" | "R", u, v}. "S" is a curve that leaves and
// arrives along the flow, "R" a rounded corner.
function layoutNet(net, shape) {
  const rank = rankNet(net, shape.widest);
  const ordered = orderNet(net, rank);
  const u = bestPlaces(ordered);
  const columns = foldColumns(net, ordered, u, shape);
  return routeNet(net, ordered, u, columns);
}

function rankSizes(net, ordered, u, gap) {
  const { layers, real, downs } = ordered;
  const thick = layers.map((layer) => layer.reduce((most, v) => (v < real ? Math.max(most, net.h[v]) : most), 0));
  const gaps = layers.map((layer) => {
    let far = 0, count = 0;
    for (const v of layer) {
      for (const s of downs[v]) {
        far = Math.max(far, Math.abs(u[s.head] - u[v]));
        count += 1;
      }
    }
    return gap + Math.min(50, far * 0.05) + Math.min(24, count * 0.25);
  });
  return { thick, gaps };
}

// Columns: [{from, to, shift, width, starts: {rank: v}, length}] for the ranks from..to; as many as
// it takes for the whole to be no sliver.
function foldColumns(net, ordered, u, shape) {
  const { thick, gaps } = rankSizes(net, ordered, u, shape.gap);
  const measures = { thick, gaps, ends: [], length: 0 };
  thick.forEach((size, r) => {
    measures.ends[r] = measures.length + size;
    measures.length += size + (r < thick.length - 1 ? gaps[r] : 0);
  });
  const whole = cutColumns(ordered, u, measures, 1);
  if (measures.length <= TALLEST || measures.length <= whole.w * shape.tall) return whole;
  let count = Math.max(2, Math.round(Math.sqrt((measures.length / (whole.w + 60)) * shape.ratio)));
  let best = null;
  for (let round = 0; round < 5; round += 1, count = Math.ceil(count * 1.3)) {
    const folded = cutColumns(ordered, u, measures, count);
    if (best && folded.h / folded.w > best.h / best.w) break;
    best = folded;
    if (best.h < best.w * shape.tall) break;
  }
  return best;
}

// The ranks behind which `count` columns end: about equally long, where few edges are cut.
function findCuts(ordered, { ends, length }, count) {
  const { layers, downs } = ordered;
  const cost = layers.map((layer) => layer.reduce((sum, v) => sum + downs[v].length, 0));
  const cuts = [];
  for (let i = 1; i < count; i += 1) {
    const aim = (length * i) / count;
    const slack = (length / count) * 0.2;
    let best = -1, bestCost = Infinity;
    for (let r = (cuts[cuts.length - 1] ?? -1) + 1; r < layers.length - 1; r += 1) {
      const away = Math.abs(ends[r] - aim);
      const total = away <= slack ? cost[r] * 0.5 + 4 * (away / slack) ** 2 : 1e6 + away;
      if (total < bestCost) { best = r; bestCost = total; }
    }
    if (best >= 0) cuts.push(best);
  }
  return cuts;
}

function cutColumns(ordered, u, measures, count) {
  const { layers, width, downs } = ordered;
  const { thick, gaps } = measures;
  const columns = [];
  let from = 0;
  for (const to of [...findCuts(ordered, measures, count), layers.length - 1]) {
    const column = { from, to, starts: new Map(), length: 0, lanes: 0 };
    let left = Infinity, right = -Infinity, v0 = 0;
    for (let r = from; r <= to; r += 1) {
      column.starts.set(r, v0);
      v0 += thick[r] + (r < to ? gaps[r] : 0);
      for (const v of layers[r]) {
        left = Math.min(left, u[v] - width[v] / 2);
        right = Math.max(right, u[v] + width[v] / 2);
      }
    }
    column.length = v0;
    column.left = left;
    column.width = Math.max(0, right - left);
    column.lanes = to < layers.length - 1 ? layers[to].reduce((sum, v) => sum + downs[v].length, 0) : 0;
    columns.push(column);
    from = to + 1;
  }
  const most = Math.max(...columns.map((c) => c.lanes));
  const margin = columns.length > 1 ? 18 + LANE * Math.min(12, most) : 0;
  let at = 0;
  for (const column of columns) {
    column.shift = at - column.left;
    column.end = at + column.width;
    at += column.width + 30 + LANE * Math.min(12, column.lanes + 1);
    column.top = margin;
  }
  return { columns, thick, gaps, margin, w: columns[columns.length - 1].end,
    h: Math.max(...columns.map((c) => c.length)) + 2 * margin };
}

function routeNet(net, ordered, u, folded) {
  const { columns, thick, margin, w, h } = folded;
  const { rank, real } = ordered;
  const columnOf = [];
  columns.forEach((column) => {
    for (let r = column.from; r <= column.to; r += 1) columnOf[r] = column;
  });
  const across = (v) => u[v] + columnOf[rank[v]].shift;
  const start = (r) => columnOf[r].top + columnOf[r].starts.get(r);
  const placedU = [], placedV = [];
  for (let v = 0; v < real; v += 1) {
    placedU.push(across(v));
    placedV.push(start(rank[v]) + thick[rank[v]] / 2);
  }
  for (const column of columns) column.lane = 0;
  const lanes = new Map(); // one lane per way between two columns
  for (const edge of net.edges) {
    const stops = [edge.tail, ...(edge.path || []), edge.head];
    const free = Math.abs(rank[edge.head] - rank[edge.tail]) !== stops.length - 1;
    const steps = [];
    const from = edge.tail, to = edge.head;
    const endOf = (v) => placedV[v] + net.core[v] / 2;
    if (free || rank[from] === rank[to]) {
      edge.route = [{ c: "M", u: placedU[from], v: endOf(from) },
        { c: "S", u: placedU[to], v: placedV[to] - net.core[to] / 2 }];
      edge.free = true;
      continue;
    }
    const tailAt = placedU[from] + edge.tailAt, headAt = placedU[to] + edge.headAt;
    steps.push({ c: "M", u: tailAt, v: endOf(from) });
    let lastU = tailAt;
    const rankEnd = start(rank[from]) + thick[rank[from]];
    if (rankEnd - endOf(from) > 1) steps.push({ c: "L", u: lastU, v: rankEnd });
    for (let i = 1; i < stops.length; i += 1) {
      const v = stops[i], r = rank[v];
      const column = columnOf[r], before = columnOf[rank[stops[i - 1]]];
      const nextU = i === stops.length - 1 ? headAt : across(v);
      const into = start(r);
      if (column === before) steps.push({ c: "S", u: nextU, v: into });
      else {
        // Up to the end of the column, down beside it, and in from below the next one.
        const key = `${stops[i - 1]}`;
        if (!lanes.has(key)) { lanes.set(key, before.lane); before.lane += 1; }
        const lane = (lanes.get(key) % 12) * LANE;
        const beside = before.end + 16 + lane;
        steps.push({ c: "R", u: lastU, v: margin + before.length + 12 + lane },
          { c: "R", u: beside, v: margin + before.length + 12 + lane },
          { c: "R", u: beside, v: margin - 12 - lane }, { c: "R", u: nextU, v: margin - 12 - lane },
          { c: "L", u: nextU, v: into });
      }
      lastU = nextU;
      if (i < stops.length - 1) steps.push({ c: "L", u: nextU, v: into + thick[r] });
      else if (placedV[to] - net.core[to] / 2 - into > 1) {
        steps.push({ c: "L", u: nextU, v: placedV[to] - net.core[to] / 2 });
      }
    }
    edge.route = steps;
  }
  return { w, h, u: placedU, v: placedV };
}

// The steps of a route as the text of an SVG path.
function pathText(steps, sideways) {
  let text = "";
  const n = (value) => Math.round(value * 10) / 10;
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i], last = steps[i - 1];
    if (step.c === "S" && last) {
      const [x1, y1, x2, y2] = sideways
        ? [(last.x + step.x) / 2, last.y, (last.x + step.x) / 2, step.y]
        : [last.x, (last.y + step.y) / 2, step.x, (last.y + step.y) / 2];
      const straight = sideways ? Math.abs(last.y - step.y) < 0.5 : Math.abs(last.x - step.x) < 0.5;
      text += straight ? `L${n(step.x)},${n(step.y)}`
        : `C${n(x1)},${n(y1)} ${n(x2)},${n(y2)} ${n(step.x)},${n(step.y)}`;
    } else if (step.c === "B") { // a free curve with its own handles
      text += `C${step.handles.map(n).join(",")},${n(step.x)},${n(step.y)}`;
    } else if (step.c === "R" && steps[i + 1]) {
      const next = steps[i + 1];
      const radius = (a, b) => Math.min(10, Math.hypot(a.x - b.x, a.y - b.y) / 2);
      const towards = (a, b, r) => {
        const d = Math.hypot(b.x - a.x, b.y - a.y) || 1;
        return [a.x + ((b.x - a.x) * r) / d, a.y + ((b.y - a.y) * r) / d];
      };
      const r = Math.min(radius(last, step), radius(step, next));
      const [ax, ay] = towards(step, last, r), [bx, by] = towards(step, next, r);
      text += `L${n(ax)},${n(ay)}Q${n(step.x)},${n(step.y)} ${n(bx)},${n(by)}`;
    } else text += `${step.c === "M" ? "M" : "L"}${n(step.x)},${n(step.y)}`;
  }
  return text;
}
