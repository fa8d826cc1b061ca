// The legend: a sample of each thing that is in the picture now, and of no others; for the other
// colours a ramp with its numbers and units.

const Legend = (() => {
  const EDGES = { data: ["tensor; wide: many elements", "edge-data"], ref: ["changes the variable", "edge-ref"],
    control: ["order only: runs after", "edge-control"], next: ["taken by the next round", "edge-next"] };
  let box, body, button, timer = 0;

  function build(parent) {
    box = parent;
    body = el("div", { id: "legend-body" });
    button = el("button", { type: "button", class: "legend-title", "aria-expanded": "true",
      "aria-controls": "legend-body", onclick: () => open(body.hidden) }, "Legend", Dom.icon("down"));
    fill(box, {}, [button, body]);
    on((changed) => {
      if (has(changed, "open", "hidden", "hiddenRoles", "color", "run", "trace", "step")) later();
    });
    open(!Dom.narrow());
  }

  function open(wanted) {
    body.hidden = !wanted;
    button.setAttribute("aria-expanded", String(wanted));
    show();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(show, 120);
  }

  // Closes it where it stands before boxes of the first picture; who opens it wants it there.
  function makeRoom() {
    if (!body.hidden && app.view._covers(state.view)) open(false);
  }

  // What is drawn now: operations, and groups that are closed.
  function visible() {
    const found = [];
    const walk = (group) => {
      for (const item of group.children) {
        if (isGroup(item) && state.open.has(item)) {
          if (OWN_KINDS.includes(item.kind)) found.push(item);
          walk(item);
        } else if (isGroup(item) || !isHidden(item, state)) found.push(item);
      }
    };
    walk(model.root);
    return found;
  }

  function edgeKinds() {
    const kinds = new Set(), wanted = new Set(model.links.map((link) => link.kind));
    for (const link of model.links) {
      if (!kinds.has(link.kind) && model.boxOf(link.tail, state.open) !== model.boxOf(link.head, state.open)) {
        kinds.add(link.kind);
        if (kinds.size === wanted.size) break;
      }
    }
    return Object.keys(EDGES).filter((kind) => kinds.has(kind));
  }

  function show() {
    if (body.hidden) return;
    const mode = Tints.mode();
    button.firstChild.textContent = mode === "structure" ? "Legend" : Tints.TITLES[mode];
    Dom.fill(body, mode === "structure" ? structure() : mode === "device" ? devices()
      : mode === "values" ? values() : ramp(mode));
  }

  const row = (sample, words) => el("li", {}, sample, el("span", {}, words));
  const swatch = (key) => el("span", { class: `swatch tint ${key}`, style: `--tint: var(--${key}); `
    + `--tint-line: var(--${key}-line)` });

  function structure() {
    const items = visible(), order = Object.keys(KIND_WORDS);
    const seen = new Map(items.map((item) => [kindWords(item), kindOf(item)]));
    const rows = [...seen].sort((a, b) => order.indexOf(a[1]) - order.indexOf(b[1]));
    return el("ul", {}, rows.map(([words, kind]) => row(swatchOf(kind),
      kind === "scope" ? "scope: double-click opens it" : words)),
    items.some((item) => item.fetched) && row(swatchOf("op", "fetched"), "asked for"),
    items.some((item) => item.unused) && row(swatchOf("op", "unused"), "pale: not asked for"),
    edgeKinds().map((kind) => row(el("span", { class: `line ${EDGES[kind][1]}` }), EDGES[kind][0])));
  }

  function devices() {
    const seen = new Map();
    for (const item of visible()) {
      const tint = Tints.of(item);
      if (tint) seen.set(tint.key === "mixed" ? "several devices" : tint.what, tint.key);
    }
    return el("ul", {}, [...seen].sort().map(([name, key]) => row(swatch(key), name)));
  }

  function values() {
    const seen = new Set(visible().map((item) => Tints.of(item).key));
    return el("ul", {}, Tints.VALUES.filter(([key]) => seen.has(`values-${key}`)).map(([key, words]) => row(
      swatch(`values-${key}`), words)));
  }

  function ramp(mode) {
    const [bounds, format, words] = mode === "time" ? [Tints.timeBounds(), formatTime, "self time in the run"]
      : [Tints.memoryBounds(), formatBytes, Runs.current() ? "bytes that it made" : "bytes of its outputs"];
    const round = (bound) => format(bound).replace(/\.?0+ /, (zeros) => (zeros.startsWith(".") ? " " : zeros));
    const absent = visible().some((item) => Tints.of(item).key === "values-none");
    return [el("p", { class: "soft" }, words), el("ul", {}, bounds.map((bound, i) => row(swatch(`${mode}-${i}`),
      i === 0 ? `under ${round(bounds[1])}` : `from ${round(bound)}`)),
    absent && row(swatch("values-none"), Runs.current() ? "no step of its own" : "size not known"))];
  }

  return { build, show, makeRoom };
})();
