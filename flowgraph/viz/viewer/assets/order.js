// Order: the second step. Boxes of one rank are put in the order in which few edges cross.
//
// An edge over several ranks gets a small point on each rank between, so that it has a way of its
// own past the boxes there. Edges that leave one box, or reach one box, share their points: a
// tensor with forty users is one line that branches.

const SPACE = 22; // between boxes of a rank
const POINT = 6; // width of an edge that passes a rank

// Layers of vertices; vertices from net.size on are points of edges. Each edge gets its `path`.
function orderNet(net, rank) {
  const n = net.size;
  const width = [...net.w];
  const ranks = 1 + rank.reduce((most, r) => Math.max(most, r), 0);
  const layers = Array.from({ length: ranks }, () => []);
  const vertexRank = [...rank];
  const ups = Array.from({ length: n }, () => []); // neighbours one rank before, with weights
  const downs = Array.from({ length: n }, () => []);
  const segments = new Map();
  const join = (a, b, weight) => {
    const key = a * 4194304 + b;
    const known = segments.get(key);
    if (known) { known.weight += weight; return; }
    const segment = { tail: a, head: b, weight };
    segments.set(key, segment);
    downs[a].push(segment);
    ups[b].push(segment);
  };
  const points = new Map();
  const point = (key, r) => {
    let v = points.get(key);
    if (v === undefined) {
      v = width.length;
      width.push(POINT);
      vertexRank.push(r);
      ups.push([]);
      downs.push([]);
      points.set(key, v);
    }
    return v;
  };
  const longOuts = new Array(n).fill(0), longIns = new Array(n).fill(0);
  let needed = 0;
  const isLong = (e) => rank[e.head] - rank[e.tail] > 1;
  for (const e of net.edges) {
    if (!isLong(e)) continue;
    longOuts[e.tail] += 1;
    longIns[e.head] += 1;
    needed += rank[e.head] - rank[e.tail];
  }
  const longest = longestDrawn(net, rank, needed);
  net.edges.forEach((e, number) => {
    const span = rank[e.head] - rank[e.tail];
    e.path = [];
    if (span <= 0 || span > longest) return; // drawn freely
    let before = e.tail;
    const share = longOuts[e.tail] > 1 && longOuts[e.tail] >= longIns[e.head] ? `t${e.tail}`
      : longIns[e.head] > 1 ? `h${e.head}` : `e${number}`;
    for (let r = rank[e.tail] + 1; r < rank[e.head]; r += 1) {
      const v = point(`${share},${r}`, r);
      e.path.push(v);
      join(before, v, before < n ? e.weight : e.weight * 2);
      before = v;
    }
    join(before, e.head, e.weight);
  });
  startOrder(n, width.length, vertexRank, layers, ups, downs);
  const work = width.length + segments.size;
  sweep(layers, ups, downs, work > 20000 ? 3 : work > 4000 ? 8 : 24);
  return { layers, width, ups, downs, rank: vertexRank, real: n };
}

const MOST_POINTS = 20000; // more points than these would take longer than a reader waits

// The longest span that gets points; longer edges are drawn freely, when there are too many points.
function longestDrawn(net, rank, needed) {
  if (needed <= MOST_POINTS) return Infinity;
  const spans = net.edges.map((e) => rank[e.head] - rank[e.tail]).sort((a, b) => a - b);
  let sum = 0;
  for (const span of spans) {
    sum += Math.max(0, span - 1);
    if (sum > MOST_POINTS) return Math.max(4, span - 1);
  }
  return Infinity;
}

// A walk from the sources, in the order of creation, puts what belongs together side by side.
function startOrder(n, total, vertexRank, layers, ups, downs) {
  const seen = new Uint8Array(total);
  const visit = (start) => {
    const stack = [start];
    while (stack.length) {
      const v = stack.pop();
      if (seen[v]) continue;
      seen[v] = 1;
      layers[vertexRank[v]].push(v);
      const next = [...downs[v].map((s) => s.head), ...ups[v].map((s) => s.tail)];
      for (let i = next.length - 1; i >= 0; i -= 1) if (!seen[next[i]]) stack.push(next[i]);
    }
  };
  for (let v = 0; v < n; v += 1) if (!ups[v].length) visit(v);
  for (let v = 0; v < total; v += 1) visit(v);
}

// Sorts rank after rank by the middle of the neighbours, forwards and backwards, and keeps the best.
function sweep(layers, ups, downs, rounds) {
  const place = [];
  const number = (layer) => layer.forEach((v, i) => { place[v] = i; });
  layers.forEach(number);
  let best = crossings(layers, downs, place);
  let kept = layers.map((layer) => [...layer]);
  let idle = 0;
  for (let round = 0; round < rounds && best > 0 && idle < 6; round += 1) {
    const forward = round % 2 === 0;
    for (let i = 1; i < layers.length; i += 1) {
      const r = forward ? i : layers.length - 1 - i;
      sortLayer(layers[r], forward ? ups : downs, forward ? "tail" : "head", place, round % 4 > 1);
      number(layers[r]);
    }
    if (layers.length < 400) swapNeighbours(layers, ups, downs, place);
    const now = crossings(layers, downs, place);
    idle += 1;
    if (now < best) {
      best = now;
      kept = layers.map((layer) => [...layer]);
      idle = 0;
    }
  }
  kept.forEach((layer, r) => { layers[r] = layer; number(layer); });
}

// What has no neighbours keeps its place; the others fill the rest by their middles.
function sortLayer(layer, links, end, place, reverse) {
  const moving = [];
  const slots = [];
  layer.forEach((v, i) => {
    const own = links[v];
    if (!own.length) return;
    let sum = 0, weight = 0;
    for (const s of own) {
      sum += place[s[end]] * s.weight;
      weight += s.weight;
    }
    moving.push({ v, middle: sum / weight, i });
    slots.push(i);
  });
  moving.sort((a, b) => a.middle - b.middle || (reverse ? b.i - a.i : a.i - b.i));
  moving.forEach((entry, i) => { layer[slots[i]] = entry.v; });
}

// Swaps two boxes side by side wherever that leaves fewer crossings.
function swapNeighbours(layers, ups, downs, place) {
  for (const layer of layers) {
    if (layer.length > 120) continue;
    for (let i = 0; i + 1 < layer.length; i += 1) {
      const [a, b] = [layer[i], layer[i + 1]];
      const now = pairCrossings(ups[a], ups[b], "tail", place)
        + pairCrossings(downs[a], downs[b], "head", place);
      if (!now) continue;
      const then = pairCrossings(ups[b], ups[a], "tail", place)
        + pairCrossings(downs[b], downs[a], "head", place);
      if (then < now) {
        layer[i] = b;
        layer[i + 1] = a;
        place[b] = i;
        place[a] = i + 1;
      }
    }
  }
}

function pairCrossings(left, right, end, place) {
  let found = 0;
  for (const a of left) for (const b of right) if (place[a[end]] > place[b[end]]) found += 1;
  return found;
}

// How often edges cross between all ranks, counted with a tree of sums.
function crossings(layers, downs, place) {
  let total = 0;
  for (let r = 0; r + 1 < layers.length; r += 1) {
    const size = layers[r + 1].length;
    const tree = new Float64Array(size + 1);
    let inserted = 0;
    for (const v of layers[r]) {
      const ends = downs[v].map((s) => place[s.head]).sort((a, b) => a - b);
      for (const p of ends) {
        let below = 0;
        for (let i = p + 1; i > 0; i -= i & -i) below += tree[i];
        total += inserted - below;
      }
      for (const p of ends) {
        for (let i = p + 1; i <= size; i += i & -i) tree[i] += 1;
        inserted += 1;
      }
    }
  }
  return total;
}
