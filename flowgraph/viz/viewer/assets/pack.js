// Packing: parts of a group that nothing connects are put side by side, so that the whole has the
// proportions of a screen; side jobs stand in columns at the right.

// Boxes without any edge, in rows.
function gridBlock(list, sideways, gap) {
  const area = list.reduce((sum, box) => sum + (box.fullW + SPACE) * (box.fullH + gap), 0);
  const target = Math.sqrt(area * (sideways ? 0.8 : 1.6));
  const places = [];
  let u = 0, v = 0, row = 0, widest = 0;
  for (const box of list) {
    const [w, h] = sideways ? [box.fullH, box.fullW] : [box.fullW, box.fullH];
    if (u > 0 && u + w > target) { v += row + gap; u = 0; row = 0; }
    places.push({ box, u: u + w / 2, v: v + h / 2 });
    u += w + SPACE;
    widest = Math.max(widest, u - SPACE);
    row = Math.max(row, h);
  }
  return { w: widest, h: v + row, grid: places };
}

// Blocks side by side in rows, of the width that makes the whole most like a screen.
function packParts(blocks, sideways) {
  const space = 36;
  const ratio = sideways ? 0.7 : 1.4;
  const area = blocks.reduce((sum, b) => sum + (b.w + space) * (b.h + space), 0);
  const widest = Math.max(0, ...blocks.map((b) => b.w));
  const sorted = [...blocks].sort((a, b) => (b.grid ? 0 : b.h) - (a.grid ? 0 : a.h));
  let best = null;
  for (const share of blocks.length > 1 ? [1, 0.7, 1.3, 1.7, 2.3] : [1]) {
    const tried = packRows(sorted, Math.max(widest, Math.sqrt(area * ratio) * share), space);
    tried.off = Math.abs(Math.log(Math.max(1, tried.w) / Math.max(1, tried.h) / ratio));
    if (!best || tried.off < best.off - 0.15) best = tried;
  }
  sorted.forEach((block, i) => { [block.u, block.v] = best.places[i]; });
  return { blocks, w: best.w, h: best.h };
}

function packRows(blocks, target, space) {
  let u = 0, v = 0, row = 0, w = 0;
  const places = [];
  for (const block of blocks) {
    if (u > 0 && u + block.w > target + 1) { v += row + space; u = 0; row = 0; }
    places.push([u, v]);
    u += block.w + space;
    w = Math.max(w, u - space);
    row = Math.max(row, block.h);
  }
  return { places, w, h: v + row };
}

// Side jobs: a column at the right, or several where one would be too tall.
function placeSides(layout, sides) {
  if (!sides.length) return;
  const area = sides.reduce((sum, box) => sum + (box.w + SPACE) * (box.h + 16), layout.w * layout.h);
  const least = Math.max(layout.h, 260, ...sides.map((box) => box.h));
  let best = null;
  for (const tallest of [least, Math.sqrt(area / 1.5), least * 1.3, least * 1.7, least * 2.2]) {
    const tried = sideColumns(layout, sides, Math.max(least, tallest));
    tried.off = Math.abs(Math.log(tried.w / tried.h / 1.4));
    // Beside a model that is larger, one column at the top looks calmest.
    if (!best || tried.off < best.off - (best.w / best.h > 2.6 ? 0.1 : 0.6)) best = tried;
  }
  sides.forEach((box, i) => {
    [box.x, box.y] = best.places[i];
    layout.boxes.push(box);
  });
  layout.w = best.w;
  layout.h = best.h;
}

function sideColumns(layout, sides, tallest) {
  let x = layout.w ? layout.w + 56 : 0, y = 0, widest = 0, h = layout.h;
  const places = [];
  for (const box of sides) {
    if (y > 0 && y + box.h > tallest) {
      x += widest + SPACE;
      y = 0;
      widest = 0;
    }
    places.push([x, y]);
    h = Math.max(h, y + box.h);
    y += box.h + 16;
    widest = Math.max(widest, box.w);
  }
  return { places, w: Math.max(layout.w, x + widest), h };
}
