// Elements: the SVG of one box, one edge, one open group; fine, or coarse for thousands of them.

function nodeElement(place, colors, level) {
  const { item, w, h } = place;
  const paint = colors.of(item);
  const classes = ["node", `look-${item.look}`];
  if (item.isGroup) classes.push("group", `kind-${item.kind}`);
  if (item.fetched) classes.push("fetched");
  if (item.unused) classes.push("unused");
  const g = svg("g", { class: classes.join(" "), "data-key": item.key,
    transform: `translate(${place.x + w / 2},${place.y + h / 2})` });
  if (item.isGroup && item.kind !== "variable") { // a second sheet behind: there is more inside
    g.append(svg("path", { class: "sheet", d: outlineOf(item, w, h), transform: "translate(4,4)",
      style: `fill:${paint.fill};stroke:${paint.line}` }));
  }
  g.append(svg("path", { class: "shape", d: outlineOf(item, w, h), style: `fill:${paint.fill};stroke:${paint.line}` }));
  const { lines } = faceOf(item);
  const ink = paint.ink ? `fill:${paint.ink}` : null;
  const total = lines.reduce((sum, l) => sum + l.size * 1.28, 0);
  let y = -total / 2 + (item.look === "variable" ? 4 : 0);
  for (const l of level === 2 ? lines : lines.slice(0, 1)) {
    y += l.size * 1.28;
    const at = level === 2 ? y - l.size * 0.34 : 4;
    g.append(svg("text", { y: at, "font-size": l.size, style: ink,
      class: l.bold ? "strong" : l.soft ? "soft" : null }, l.text));
  }
  if (paint.text && level === 2) {
    g.append(svg("text", { class: "measure", x: w / 2 + 4, y: h / 2 + 5, "font-size": SMALL_SIZE }, paint.text));
  }
  if (item.isGroup && level === 2) g.append(sign(w / 2, -h / 2, "+"));
  return g;
}

// The round button that opens or closes a group.
function sign(x, y, text) {
  return svg("g", { class: "sign", transform: `translate(${x},${y})` },
    svg("circle", { r: 7.5 }), svg("path", { d: text === "+" ? "M-3.5,0H3.5M0,-3.5V3.5" : "M-3.5,0H3.5" }));
}

function besideElement(place, level) {
  const { item, x, y, w, h } = place;
  const g = svg("g", { class: `beside look-${item.look}`, "data-key": item.key });
  const middle = y + h / 2;
  g.append(svg("path", { class: "tie", d: tieText(place) }));
  g.append(svg("rect", { class: "shape", x, y, width: w, height: h, rx: item.type === "Const" ? 4 : 1 }));
  if (level === 2) {
    g.append(svg("text", { x: x + w / 2, y: middle + 3.2, "font-size": SMALL_SIZE }, besideFace(item).text));
  }
  return g;
}

// The line between a small box and its host. It reaches a bit into the host, behind it: ends are round.
function tieText({ x, y, w, h, host }) {
  const clip = (value, low, high) => Math.min(Math.max(value, low), high);
  if (y + h <= host.y || y >= host.y + host.h) {
    const at = x + w / 2, inside = clip(at, host.x + 10, host.x + host.w - 10);
    return y < host.y ? `M${at},${y + h}L${inside},${host.y + 4}` : `M${at},${y}L${inside},${host.y + host.h - 4}`;
  }
  const at = y + h / 2, inside = clip(at, host.y + 6, host.y + host.h - 6);
  return x < host.x ? `M${x + w},${at}L${host.x + 8},${inside}` : `M${x},${at}L${host.x + host.w - 8},${inside}`;
}

function edgeElement(drawn, level) {
  const { line, x, y } = drawn;
  const { edge } = line;
  const isUnused = edge.links.every((link) => link.tail.unused || link.head.unused);
  const classes = `edge kind-${edge.kind}${edge.hub ? " hub" : ""}${line.free ? " free" : ""}${isUnused ? " unused" : ""}`;
  const g = svg("g", { class: classes, transform: x || y ? `translate(${x},${y})` : null });
  const arrow = level === 2 && edge.head && !edge.hub ? `url(#arrow-${edge.kind})` : null;
  g.append(svg("path", { class: "stroke", d: line.d, "stroke-width": line.width, "marker-end": arrow }));
  if (level === 2 && !edge.hub) g.append(svg("path", { class: "hit", d: line.d }));
  g.drawn = drawn;
  return g;
}

function labelElement({ line, x, y }) {
  return svg("text", { class: "edge-label", x: x + line.labelX, y: y + line.labelY + 3, "font-size": SMALL_SIZE }, line.label);
}

function groupElement(place, k, level) {
  const { item, x, y, w, h, depth } = place;
  const g = svg("g", { class: `open kind-${item.kind} look-${item.look} depth-${depth % 3}`, "data-key": item.key,
    transform: `translate(${x},${y})` });
  g.append(svg("rect", { class: "frame", width: w, height: h, rx: 8 }));
  if (level === 0) return g;
  const bar = ["loop", "branches", "branch"].includes(item.kind);
  if (bar) g.append(svg("path", { class: "bar", d: `M0,${TITLE_BAR}V8A8,8 0 0 1 8,0H${w - 8}A8,8 0 0 1 ${w},8V${TITLE_BAR}Z` }));
  const title = shorten(printable(item.title), 40);
  g.append(svg("text", { class: "strong title", x: 10, y: 16.5, "font-size": TITLE_SIZE }, title));
  if (level === 2) {
    const at = 10 + textWidth(title, TITLE_SIZE, true) + 8;
    const said = KIND_NOTES[item.kind];
    const note = said ? `${said} · ${plural(item.count, "op")}` : plural(item.count, "op");
    g.append(svg("text", { class: "soft title", x: at, y: 16.5, "font-size": DETAIL_SIZE }, note));
    g.append(sign(w - 13, 12, "−"));
  }
  return g;
}

// The names of open groups across them, readable however far away, as on a map: the outer ones
// first, and what would stand over another name is left out.
function groupNames(groups, k) {
  const taken = new Room(), names = [];
  for (const place of groups) {
    const title = shorten(printable(place.item.title), 24);
    const wide = textWidth(title, 10, true);
    const size = Math.min(13, ((place.w * k * 0.9) / Math.max(1, wide)) * 10);
    const w = (wide * size) / 10;
    if (size < 7 || size * 1.6 > place.h * k) continue;
    const x = (place.x + place.w / 2) * k, y = place.y * k;
    if (!taken.isFree(x - w / 2, y, w, size * 1.4)) continue;
    taken.add(x - w / 2, y, w, size * 1.4);
    names.push(svg("text", { class: "strong map-name", x: place.x + place.w / 2, y: place.y + (size * 1.25) / k,
      "font-size": size / k }, title));
  }
  return names;
}

function coarseEdges(edges) {
  const texts = new Map();
  for (const { line, x, y } of edges) {
    const { edge } = line;
    if (edge.hub) continue;
    const a = line.steps[0];
    const kind = edge.kind === "ref" ? "data" : edge.kind;
    let d = `M${Math.round(x + a.x)},${Math.round(y + a.y)}`;
    for (let i = 1; i < line.steps.length; i += 1) {
      d += `L${Math.round(x + line.steps[i].x)},${Math.round(y + line.steps[i].y)}`;
    }
    if (!texts.has(kind)) texts.set(kind, []);
    texts.get(kind).push(d);
  }
  return [...texts].map(([kind, list]) => svg("path", { class: `coarse kind-${kind}`, d: list.join("") }));
}

function coarseNodes(nodes, colors) {
  const texts = new Map();
  for (const { item, x, y, w, h } of nodes) {
    const { fill, line } = colors.of(item);
    const key = `${fill}|${line}`;
    if (!texts.has(key)) texts.set(key, []);
    texts.get(key).push(`M${Math.round(x)},${Math.round(y)}h${w}v${h}h${-w}z`);
  }
  return [...texts].map(([key, list]) => {
    const [fill, line] = key.split("|");
    return svg("path", { class: "coarse-nodes", d: list.join(""), style: `fill:${fill};stroke:${line}` });
  });
}

function litSpots(lit, places) {
  const list = [];
  for (const item of lit.boxes) {
    const place = places.get(item);
    if (place && !place.box?.inner) list.push(`M${Math.round(place.x)},${Math.round(place.y)}h${place.w}v${place.h}h${-place.w}z`);
  }
  return [svg("path", { class: "spot lit", d: list.join("") })];
}
