// Place: the third step. Gives every box its coordinate across the flow, by the method of Brandes
// and Köpf: boxes are aligned with the middle one of their neighbours in four ways (looking back or
// ahead, from the left or from the right), each packed tightly, and the four are averaged. Long
// edges come out straight.

function placeNet(ordered) {
  const { layers, width, ups, downs, real } = ordered;
  const total = width.length;
  const place = new Array(total);
  for (const layer of layers) layer.forEach((v, i) => { place[v] = i; });
  const conflicts = findConflicts(ordered, place);
  const results = [];
  for (const back of [true, false]) {
    for (const left of [true, false]) {
      const root = alignBlocks(layers, back ? ups : downs, back ? "tail" : "head", back, left, place,
        conflicts);
      let x = packBlocks(layers, root, width, left, real);
      if (!left) x = x.map((value) => -value);
      results.push(x);
    }
  }
  return balance(results, width);
}

// Edges that cross the straight middle part of a long edge give way to it.
function findConflicts({ layers, ups, real }, place) {
  const conflicts = new Set();
  for (let r = 1; r < layers.length; r += 1) {
    const layer = layers[r];
    let low = 0, done = 0;
    const innerTail = (v) => {
      if (v < real) return -1;
      const segment = ups[v].find((s) => s.tail >= real);
      return segment ? segment.tail : -1;
    };
    for (let i = 0; i < layer.length; i += 1) {
      const tail = innerTail(layer[i]);
      if (tail < 0 && i < layer.length - 1) continue;
      const high = tail < 0 ? layers[r - 1].length : place[tail];
      for (; done <= i; done += 1) {
        for (const s of ups[layer[done]]) {
          const at = place[s.tail];
          const inner = s.tail >= real && layer[done] >= real;
          if ((at < low || at > high) && !inner) conflicts.add(s);
        }
      }
      low = high;
    }
  }
  return conflicts;
}

function alignBlocks(layers, links, end, back, left, place, conflicts) {
  const root = [], next = [];
  for (const layer of layers) for (const v of layer) { root[v] = v; next[v] = v; }
  const walk = back ? layers : [...layers].reverse();
  const sign = left ? 1 : -1;
  for (const layer of walk) {
    let limit = -Infinity;
    const size = layer.length;
    for (let i = 0; i < size; i += 1) {
      const v = layer[left ? i : size - 1 - i];
      const own = links[v];
      if (!own.length) continue;
      const sorted = own.length === 1 ? own : [...own].sort((a, b) => sign * (place[a[end]] - place[b[end]]));
      const middle = (sorted.length - 1) / 2;
      for (let m = Math.floor(middle); m <= Math.ceil(middle); m += 1) {
        const s = sorted[m];
        const w = s[end];
        const at = sign * place[w];
        if (next[v] === v && limit < at && !conflicts.has(s)) {
          next[w] = v;
          next[v] = root[v] = root[w];
          limit = at;
        }
      }
    }
  }
  return root;
}

// Packs the blocks: each as far to one side as the blocks before it allow, then back towards the
// blocks behind it, so that no gap is left in the middle.
function packBlocks(layers, root, width, left, real) {
  const outs = new Map(), count = new Map(), blocks = [];
  for (const layer of layers) {
    const size = layer.length;
    let before = -1;
    for (let i = 0; i < size; i += 1) {
      const v = layer[left ? i : size - 1 - i];
      const b = root[v];
      if (!outs.has(b)) {
        outs.set(b, []);
        count.set(b, 0);
        blocks.push(b);
      }
      if (before >= 0) {
        outs.get(root[before]).push([b, (width[before] + width[v]) / 2 + distance(before, v, real)]);
        count.set(b, count.get(b) + 1);
      }
      before = v;
    }
  }
  const x = new Map();
  const order = blocks.filter((b) => !count.get(b));
  for (const b of order) x.set(b, 0);
  for (let i = 0; i < order.length; i += 1) {
    const b = order[i];
    for (const [c, space] of outs.get(b)) {
      x.set(c, Math.max(x.has(c) ? x.get(c) : -Infinity, x.get(b) + space));
      count.set(c, count.get(c) - 1);
      if (!count.get(c)) order.push(c);
    }
  }
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const b = order[i];
    let most = Infinity;
    for (const [c, space] of outs.get(b)) most = Math.min(most, x.get(c) - space);
    if (most < Infinity) x.set(b, Math.max(x.get(b), most));
  }
  return root.map((b) => x.get(b));
}

function balance(results, width) {
  const extent = results.map((x) => {
    let low = Infinity, high = -Infinity;
    x.forEach((value, v) => {
      low = Math.min(low, value - width[v] / 2);
      high = Math.max(high, value + width[v] / 2);
    });
    return [low, high];
  });
  let best = 0;
  extent.forEach(([low, high], i) => { if (high - low < extent[best][1] - extent[best][0]) best = i; });
  const shifts = extent.map(([low, high], i) =>
    (i % 2 === 0 ? extent[best][0] - low : extent[best][1] - high));
  return results[0].map((_, v) => {
    const four = results.map((x, i) => x[v] + shifts[i]).sort((a, b) => a - b);
    return (four[1] + four[2]) / 2;
  });
}
