// Relax: a second way to place boxes across the flow, for large nets in which alignment drifts off.
// Again and again each rank takes the places nearest to where its neighbours pull it, in the order
// that it has and without overlap; that is a regression under an order, solved by pooling.

const STRAIGHT = 4; // how much more strongly the middle of a long edge is pulled

function relaxed(ordered, start, rounds) {
  const { layers, width, ups, downs, real } = ordered;
  const u = [...start];
  const weight = (s) => s.weight * (s.tail >= real && s.head >= real ? STRAIGHT : 1);
  for (let round = 0; round < rounds; round += 1) {
    const forward = round % 2 === 0;
    for (let i = 0; i < layers.length; i += 1) {
      const layer = layers[forward ? i : layers.length - 1 - i];
      const aims = [], weights = [];
      for (const v of layer) {
        let sum = 0, total = 0;
        for (const s of ups[v]) { const w = weight(s) * (forward ? 2 : 1); sum += w * u[s.tail]; total += w; }
        for (const s of downs[v]) { const w = weight(s) * (forward ? 1 : 2); sum += w * u[s.head]; total += w; }
        aims.push(total ? sum / total : u[v]);
        weights.push(total || 0.1);
      }
      pool(layer, aims, weights, width, real, u);
    }
  }
  return u;
}

// Gives the boxes of a rank the places nearest to their aims that keep order and distance.
function pool(layer, aims, weights, width, real, u) {
  const blocks = []; // {sum, weight, from}: neighbours that push against each other
  const offsets = [];
  let offset = 0;
  layer.forEach((v, i) => {
    if (i) {
      const before = layer[i - 1];
      offset += (width[before] + width[v]) / 2 + distance(before, v, real);
    }
    offsets.push(offset);
    let block = { sum: (aims[i] - offset) * weights[i], weight: weights[i], from: i };
    while (blocks.length) {
      const last = blocks[blocks.length - 1];
      if (last.sum / last.weight <= block.sum / block.weight) break;
      blocks.pop();
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, from: last.from };
    }
    blocks.push(block);
  });
  blocks.forEach((block, b) => {
    const to = b + 1 < blocks.length ? blocks[b + 1].from : layer.length;
    for (let i = block.from; i < to; i += 1) u[layer[i]] = block.sum / block.weight + offsets[i];
  });
}

// The space between two neighbours of a rank: edges that pass may stand closer.
function distance(a, b, real) {
  if (a < real && b < real) return SPACE;
  return a >= real && b >= real ? POINT : SPACE / 2;
}

// How far edges go sideways, and how wide the whole is.
function costOf(ordered, u) {
  const { downs, width } = ordered;
  let sideways = 0, low = Infinity, high = -Infinity;
  u.forEach((value, v) => {
    for (const s of downs[v]) sideways += s.weight * Math.abs(u[s.head] - value);
    low = Math.min(low, value - width[v] / 2);
    high = Math.max(high, value + width[v] / 2);
  });
  return { sideways, wide: high - low };
}

// Each rank packed around one middle line: a start from which nothing can drift away.
function centred(ordered) {
  const { layers, width, real } = ordered;
  const u = [];
  for (const layer of layers) {
    let at = 0;
    layer.forEach((v, i) => {
      if (i) at += (width[layer[i - 1]] + width[v]) / 2 + distance(layer[i - 1], v, real);
      u[v] = at;
    });
    for (const v of layer) u[v] -= at / 2;
  }
  return u;
}

const ALIGNABLE = 2500; // more vertices than these are relaxed only, which is faster

// The better of the two ways; alignment is best for all but large nets.
function bestPlaces(ordered) {
  const size = ordered.width.length;
  if (size > ALIGNABLE) return relaxed(ordered, centred(ordered), size > 8000 ? 6 : 10);
  const aligned = placeNet(ordered);
  if (size < 60) return aligned;
  const now = costOf(ordered, aligned);
  const other = relaxed(ordered, centred(ordered), 16);
  const then = costOf(ordered, other);
  return then.sideways < now.sideways * 0.7 || then.wide < now.wide * 0.7 ? other : aligned;
}
