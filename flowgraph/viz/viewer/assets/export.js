// Export: the graph as it is opened now, all of it, as a file. The SVG stands alone: its style is
// written into it with the colours of the current theme.

const PNG_SCALE = 2;
const PNG_SIDE = 16000, PNG_AREA = 1.2e8; // what browsers' canvases hold

// The text of a whole SVG file.
function exportSvg() {
  const { drawing, layout } = app.view;
  const edge = 24;
  const w = Math.ceil(layout.w + 2 * edge), h = Math.ceil(layout.h + 2 * edge);
  const root = svg("svg", { xmlns: SVG, viewBox: `${-edge} ${-edge} ${w} ${h}`, width: w, height: h,
    "font-family": FONT, class: "graph" });
  root.append(svg("title", {}, app.model.title), svg("style", {}, exportStyle()), markers(),
    svg("rect", { class: "paper", x: -edge, y: -edge, width: w, height: h }));
  for (const place of drawing.groups) root.append(groupElement(place, 1, 2));
  for (const drawn of drawing.edges) {
    if (!drawn.line.edge.hub) root.append(edgeElement(drawn, 2));
  }
  for (const drawn of drawing.edges) {
    if (drawn.line.label && app.state.labels) root.append(labelElement(drawn));
  }
  for (const place of drawing.nodes) {
    root.append(place.beside ? besideElement(place, 2) : nodeElement(place, app.colors, 2));
  }
  for (const element of root.querySelectorAll(".hit, .sign")) element.remove();
  for (const element of root.querySelectorAll("[style]")) {
    element.setAttribute("style", resolved(element.getAttribute("style")));
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
}

// The page's rules for drawings, with each variable replaced by its value.
function exportStyle() {
  const rules = [];
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule.selectorText && rule.selectorText.startsWith(".graph")) rules.push(rule.cssText);
    }
  }
  return resolved(rules.join("\n"));
}

function resolved(text) {
  const style = getComputedStyle(document.documentElement);
  return text.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
}

// A PNG at twice the size on the screen; rejects with what to do when it would be too large.
async function exportPng() {
  const { w, h } = app.view.layout;
  const width = Math.ceil((w + 48) * PNG_SCALE), height = Math.ceil((h + 48) * PNG_SCALE);
  if (width > PNG_SIDE || height > PNG_SIDE || width * height > PNG_AREA) {
    throw new Error(`The picture would have ${formatCount(width)} × ${formatCount(height)} pixels, more than a `
      + "browser can draw. Close some groups, or save it as SVG.");
  }
  const url = URL.createObjectURL(new Blob([exportSvg()], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = el("canvas", { width, height });
    canvas.getContext("2d").drawImage(image, 0, 0, width, height);
    const blob = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
    if (!blob) throw new Error("The browser could not draw the picture. Save it as SVG instead.");
    return blob;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// Offers a file to the reader.
function download(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
