// Ranks: the first of three steps that lay out boxes along the flow (rank, order, place).
//
// A `Net` holds boxes by number, with their size across the flow (w) and along it (h), and edges.
// Ranking turns edges that close a cycle around, puts every box behind those it needs, moves boxes
// close to those that need them, and breaks ranks too wide to read into several.

class Net {
  constructor() {
    this.w = [];
    this.h = [];
    this.core = []; // what of h is the box itself, without what stands beside it
    this.pin = []; // "first", "last" or "": ports stand at the ends of the flow
    this.edges = []; // {tail, head, weight, data, turned}
  }

  add(w, h, core = h, pin = "") {
    this.w.push(w);
    this.h.push(h);
    this.core.push(core);
    this.pin.push(pin);
    return this.w.length - 1;
  }

  connect(tail, head, weight, data) {
    const edge = { tail, head, weight, data, turned: false, path: null, tailAt: 0, headAt: 0 };
    this.edges.push(edge);
    return edge;
  }

  get size() { return this.w.length; }
}

// Gives each box of the net its rank.
function rankNet(net, widest) {
  const n = net.size;
  const outs = Array.from({ length: n }, () => []);
  const ins = Array.from({ length: n }, () => []);
  breakCycles(net);
  for (const edge of net.edges) {
    outs[edge.tail].push(edge);
    ins[edge.head].push(edge);
  }
  const order = sortByFlow(n, outs, ins);
  const rank = new Array(n).fill(0);
  for (const v of order) for (const e of outs[v]) rank[e.head] = Math.max(rank[e.head], rank[v] + 1);
  pullTogether(order, rank, outs, ins);
  pinEnds(net, rank);
  return splitWide(net, rank, widest, outs, ins);
}

function breakCycles(net) {
  const n = net.size;
  const outs = Array.from({ length: n }, () => []);
  for (const edge of net.edges) outs[edge.tail].push(edge);
  const mark = new Uint8Array(n); // 1 on the way, 2 done
  const next = new Uint32Array(n);
  for (let start = 0; start < n; start += 1) {
    if (mark[start]) continue;
    const stack = [start];
    mark[start] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      if (next[top] === outs[top].length) {
        mark[top] = 2;
        stack.pop();
        continue;
      }
      const edge = outs[top][next[top]];
      next[top] += 1;
      if (mark[edge.head] === 1) edge.turned = true;
      else if (!mark[edge.head]) {
        mark[edge.head] = 1;
        stack.push(edge.head);
      }
    }
  }
  for (const edge of net.edges) {
    if (!edge.turned) continue;
    [edge.tail, edge.head] = [edge.head, edge.tail];
    [edge.tailAt, edge.headAt] = [edge.headAt, edge.tailAt];
  }
}

function sortByFlow(n, outs, ins) {
  const left = ins.map((list) => list.length);
  const order = [];
  for (let v = 0; v < n; v += 1) if (!left[v]) order.push(v);
  for (let i = 0; i < order.length; i += 1) {
    for (const e of outs[order[i]]) {
      left[e.head] -= 1;
      if (!left[e.head]) order.push(e.head);
    }
  }
  return order;
}

// Boxes move where their edges become shorter: a label fed to the loss stands by the loss.
function pullTogether(order, rank, outs, ins) {
  for (let round = 0; round < 4; round += 1) {
    let moved = false;
    const walk = round % 2 ? order : [...order].reverse();
    for (const v of walk) {
      let inWeight = 0, outWeight = 0, lowest = 0, highest = Infinity;
      for (const e of ins[v]) {
        inWeight += e.weight;
        lowest = Math.max(lowest, rank[e.tail] + 1);
      }
      for (const e of outs[v]) {
        outWeight += e.weight;
        highest = Math.min(highest, rank[e.head] - 1);
      }
      const to = outWeight > inWeight && highest < Infinity ? highest
        : inWeight > outWeight ? lowest : rank[v];
      if (to !== rank[v]) {
        rank[v] = to;
        moved = true;
      }
    }
    if (!moved) break;
  }
}

function pinEnds(net, rank) {
  let low = Infinity, high = -Infinity;
  for (let v = 0; v < net.size; v += 1) {
    if (net.pin[v]) continue;
    low = Math.min(low, rank[v]);
    high = Math.max(high, rank[v]);
  }
  if (low === Infinity) { low = 1; high = 0; }
  for (let v = 0; v < net.size; v += 1) {
    if (net.pin[v] === "first") rank[v] = low - 1;
    else if (net.pin[v] === "last") rank[v] = high + 1;
  }
}

// Ranks in use become 0, 1, 2 …; one that is wider than `widest` becomes several.
function splitWide(net, rank, widest, outs, ins) {
  const members = new Map();
  for (let v = 0; v < net.size; v += 1) addTo(members, rank[v], v);
  const ranks = [];
  for (const r of [...members.keys()].sort((a, b) => a - b)) {
    const list = members.get(r);
    const total = list.reduce((sum, v) => sum + net.w[v] + SPACE, 0);
    if (total <= widest * 1.25 || net.pin[list[0]]) {
      ranks.push(list);
      continue;
    }
    // Those with nothing behind them come last, so that fewer edges pass other boxes.
    const key = (v) => (outs[v].length ? 0 : 1) - (ins[v].length ? 0 : 1);
    list.sort((a, b) => key(b) - key(a) || a - b);
    const rows = Math.ceil(total / widest);
    let row = [], width = 0;
    const rowsAt = ranks.length;
    for (const v of list) {
      if (width > total / rows && row.length) {
        ranks.push(row);
        row = [];
        width = 0;
      }
      row.push(v);
      width += net.w[v] + SPACE;
    }
    ranks.push(row);
    if (ranks.length - rowsAt > 1) ranks.slice(rowsAt).forEach((list2) => list2.sort((a, b) => a - b));
  }
  const result = new Array(net.size);
  ranks.forEach((list, r) => { for (const v of list) result[v] = r; });
  return result;
}
