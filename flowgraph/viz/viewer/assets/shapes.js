// Faces: what stands on a box and how large that makes it, and the outline of each kind of box.
// The kinds and their shapes are those of the pictures that flowgraph draws without a browser.

const TITLE_SIZE = 12, DETAIL_SIZE = 10, SMALL_SIZE = 9.5;
const TITLE_BAR = 24; // of an open group

// {w, h, lines: [{text, size, bold, soft}]} of a closed box.
function faceOf(item) {
  if (!item.face) item.face = makeFace(item);
  return item.face;
}

function makeFace(item) {
  const lines = item.isGroup ? groupLines(item) : opLines(item);
  let w = 0, h = 0;
  for (const line of lines) {
    w = Math.max(w, textWidth(line.text, line.size, line.bold));
    h += line.size * 1.28;
  }
  const look = item.look;
  const round = look === "op" || look === "gradient" || look === "update" || look === "placeholder";
  w += round ? 28 : 22;
  h += look === "variable" ? 18 : 11;
  return { w: Math.max(round ? 54 : 60, Math.ceil(w)), h: Math.ceil(Math.max(26, h)), lines };
}

function line(text, size, bold, soft) {
  return { text: shorten(printable(text), size === TITLE_SIZE ? 26 : 30), size, bold, soft };
}

// As the static pictures say it: the type, and the name where that says more.
function opLines(op) {
  const name = op.title;
  const spec = op.outputs.length ? op.outputs[0].text : "";
  if (["placeholder", "variable", "constant", "loop_variable"].includes(op.look)) {
    const value = op.look === "constant" && op.label !== null ? op.label : spec;
    if (STAND_INS.has(op.type)) return [line(name, TITLE_SIZE), line(spec, DETAIL_SIZE, false, true)];
    return [line(name, TITLE_SIZE, true), line(value, DETAIL_SIZE, false, true)];
  }
  const stem = name.replace(/_\d+$/, "");
  if (stem.toLowerCase() === op.type.toLowerCase()) return [line(name, TITLE_SIZE)];
  return [line(op.type, TITLE_SIZE), line(name, DETAIL_SIZE, false, true)];
}

function groupLines(group) {
  if (group.kind === "variable") {
    const spec = group.op && group.op.outputs.length ? group.op.outputs[0].text : "";
    return [line(group.title, TITLE_SIZE, true), line(spec, DETAIL_SIZE, false, true)];
  }
  return [line(group.title, TITLE_SIZE, true), line(groupNote(group), DETAIL_SIZE, false, true)];
}

const KIND_NOTES = { loop: "loop", branches: "branches", series: "series" };

function groupNote(group) {
  const variables = countVariables(group);
  const what = group.kind in KIND_NOTES ? `${KIND_NOTES[group.kind]} · ` : "";
  const kept = variables && group.kind !== "side" ? ` · ${plural(variables, "variable")}` : "";
  return `${what}${plural(group.count, "op")}${kept}`;
}

function countVariables(group) {
  if (group.variables === undefined) {
    group.variables = group.groups.reduce((sum, inner) =>
      sum + (inner.kind === "variable" ? 1 : countVariables(inner)), 0);
  }
  return group.variables;
}

// What a small constant or summary says beside a box.
function besideFace(op) {
  const text = shorten(printable(op.label !== null ? op.label : op.title), 16);
  return { w: Math.ceil(textWidth(text, SMALL_SIZE)) + 12, h: 17, text };
}

// The outline of a closed box of w × h, its middle at 0,0, as the text of a path.
function outline(look, w, h) {
  const x = w / 2, y = h / 2;
  if (look === "placeholder") {
    const s = Math.min(10, h * 0.3);
    return `M${-x + s},${-y}H${x}L${x - s},${y}H${-x}Z`;
  }
  if (look === "variable") {
    const e = 6;
    return `M${-x},${-y + e}A${x},${e} 0 0 1 ${x},${-y + e}V${y - e}A${x},${e} 0 0 1 ${-x},${y - e}Z`
      + `M${x},${-y + e}A${x},${e} 0 0 1 ${-x},${-y + e}`; // turning the same way, or it would be a hole
  }
  if (look === "summary") {
    const c = 8;
    return `M${-x},${-y}H${x - c}L${x},${-y + c}V${y}H${-x}ZM${x - c},${-y}V${-y + c}H${x}`;
  }
  const round = ["op", "gradient", "update"].includes(look) ? y : 6;
  const r = Math.min(round, x, y);
  return `M${-x + r},${-y}H${x - r}A${r},${r} 0 0 1 ${x},${-y + r}V${y - r}A${r},${r} 0 0 1 ${x - r},${y}`
    + `H${-x + r}A${r},${r} 0 0 1 ${-x},${y - r}V${-y + r}A${r},${r} 0 0 1 ${-x + r},${-y}Z`;
}

function outlineOf(item, w, h) {
  if (item.isGroup && ["gradients", "optimizer"].includes(item.look)) return outline("scope", w, h);
  return outline(item.look, w, h);
}

// Width of an edge by its largest tensor, on a logarithmic scale.
function edgeWidth(links) {
  let most = 1;
  for (const link of links) if (link.spec) most = Math.max(most, link.spec.elements);
  return Math.min(4, 1 + 0.4 * Math.log10(most));
}

// What is written on an edge: the shape of its tensor, or how many there are.
function edgeLabel(links) {
  if (links.length === 1) return links[0].spec ? shapeText(links[0].spec) : "";
  const tensors = new Map();
  for (const link of links) {
    if (link.spec) tensors.set(link.tail.id * 4096 + link.index, link.spec);
  }
  if (!tensors.size) return "";
  const specs = new Set(tensors.values());
  const text = specs.size === 1 ? shapeText([...specs][0]) : "";
  if (tensors.size === 1) return text;
  return text ? `${tensors.size} × (${text})` : `${tensors.size} tensors`;
}

function shapeText(spec) {
  if (spec.short === undefined) spec.short = shorten(printable(spec.text.replace(/ float32$/, "")), 24);
  return spec.short;
}
