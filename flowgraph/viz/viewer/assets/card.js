// The info card: all that is known about what is selected. An operation, a group, or an edge.

const Card = (() => {
  const FEW = 12, MORE = 200;

  function build(parent) {
    const show = () => {
      const inside = parent.contains(document.activeElement); // on a link that is gone then
      Dom.fill(parent, card(state.selected));
      parent.scrollTop = 0;
      if (inside) parent.focus();
    };
    on((changed) => {
      if (has(changed, "selected")) {
        show();
        if (state.selected) Dom.announce(wordsOf(state.selected));
      } else if (has(changed, "run", "step", "trace", "open")) {
        const at = parent.scrollTop, focus = document.activeElement;
        const key = parent.contains(focus) && focus.dataset.keep;
        Dom.fill(parent, card(state.selected));
        parent.scrollTop = at;
        if (key) parent.querySelector(`[data-keep="${key}"]`)?.focus();
      }
    });
    show();
  }

  function card(item) {
    if (!item) return overview();
    if (isOp(item)) return opCard(item);
    return isGroup(item) ? groupCard(item) : edgeCard(item);
  }

  // ---- parts -----------------------------------------------------------------------------------

  function part(title, ...content) {
    if (!content.flat(Infinity).some((one) => one)) return null;
    return el("section", { class: "panel-part" }, el("h3", {}, title), content);
  }

  function facts(rows) {
    const given = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
    return given.length ? el("dl", { class: "facts" }, given.map(([key, value]) => [
      el("dt", {}, key), el("dd", {}, value)])) : null;
  }

  // A list of which the first are shown, and a button for the next.
  function list(items, draw, className) {
    if (!items.length) return null;
    const ul = el("ul", { class: className || "links" });
    let shown = 0;
    const more = el("button", { type: "button", class: "quiet", onclick: () => extend(MORE) });
    function extend(by) {
      const until = Math.min(items.length, shown + by);
      const before = shown;
      for (; shown < until; shown++) ul.insertBefore(el("li", {}, draw(items[shown])), more.parentNode);
      more.textContent = `show more (${formatCount(items.length - shown)} left)`;
      if (before && ul.children[before]) ul.children[before].querySelector("button")?.focus();
      if (shown === items.length) more.parentNode.remove();
    }
    ul.append(el("li", { class: "more" }, more));
    extend(items.length <= FEW + 3 ? items.length : FEW);
    return ul;
  }

  const specText = (spec) => el("code", { class: "spec" }, spec.text,
    spec.bytes >= 0 && el("span", { class: "soft" }, ` ${formatBytes(spec.bytes)}`));

  async function copy(text, button) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page opened as a file may not be allowed to: the old way still works there
      const area = el("textarea", { class: "sr-only" });
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.classList.toggle("done", done);
    Dom.announce(done ? "name copied" : "the browser did not allow copying");
    setTimeout(() => button.classList.remove("done"), 1200);
  }

  function head(item, title, subtitle) {
    const button = Dom.iconButton("copy", "Copy the name", () => copy(nameOf(item), button));
    button.dataset.keep = "copy";
    return el("header", { class: "card-head" },
      swatchOf(kindOf(item), "large"),
      el("div", { class: "card-title" }, el("h2", {}, title), subtitle),
      el("div", { class: "card-buttons" }, !isEdge(item) && button,
        !isEdge(item) && Dom.iconButton("centre", "Bring it into the middle", () => reveal(item)),
        Dom.iconButton("close", "Close", () => set({ selected: null }), "Esc")));
  }

  const fullName = (item) => el("p", { class: "full-name" }, Dom.name(item.path));

  // in layer1 › dense, each a link
  function crumbs(item) {
    return model.around(item).map((group, i) => [i ? " › " : " in ", el("button", { type: "button",
      class: "crumb", title: group.path, onclick: () => reveal(group) }, el("bdi", {}, group.title))]);
  }

  function traceButtons() {
    const words = { in: "Inputs", out: "Outputs", both: "Both" };
    return el("div", { class: "tools" }, el("div", { class: "segments", role: "group",
      "aria-label": "Trace: show only what is connected" }, el("span", { class: "segment-label",
      title: "Shows only what the selection needs, what needs it, or both (t)" }, "Trace"),
    Object.entries(words).map(([key, word]) => el("button", { type: "button",
      "data-keep": `trace-${key}`, "aria-pressed": state.trace === key,
      onclick: () => set({ trace: state.trace === key ? "none" : key }) }, word))));
  }

  // ---- an operation ----------------------------------------------------------------------------

  function opCard(op) {
    const run = Runs.current();
    const data = op.ins.filter((link) => link.kind !== "control");
    const waits = op.ins.filter((link) => link.kind === "control");
    const users = op.outs.filter((link) => link.kind !== "control");
    const before = op.outs.filter((link) => link.kind === "control");
    const kind = kindWords(op);
    return [
      head(op, op.type, fullName(op)),
      el("p", { class: "role" }, kind, crumbs(op), " ", op.fetched && el("span", { class: "tag" },
        "fetched"), op.unused && el("span", { class: "tag" }, "not needed by the fetches")),
      op.doc && el("p", { class: "doc" }, op.doc),
      traceButtons(),
      part(op.outputs.length === 1 ? "Output" : "Outputs", list(op.outputs.map((spec, i) => [spec, i]),
        ([spec, i]) => [specText(spec), op.outputs.length > 1 && el("span", { class: "param" }, `:${i}`)]),
      op.label && el("pre", { class: "code" }, op.label)),
      part("Inputs", list(data, (link) => linkRow(link, link.tail, true))),
      part("Runs after", list(waits, (link) => itemLink(link.tail))),
      part(`Used by${users.length > 3 ? ` (${formatCount(users.length)})` : ""}`,
        list(users, (link) => linkRow(link, link.head, false))),
      part("Runs before", list(before, (link) => itemLink(link.head))),
      pair(op),
      part("Belongs to", op.owner && op.owner !== op && itemLink(op.owner)),
      part("Attributes", facts(op.attrs)),
      part("Where", op.device && facts([["device", op.device]]), source(op.frame)),
      run && costs(run, op),
      run && stats(op),
    ];
  }

  function linkRow(link, other, incoming) {
    return [itemLink(other, undefined, link.spec && el("code", { class: "spec" }, link.spec.text)),
      el("span", { class: "param" }, [incoming ? link.param : link.param && `as ${link.param}`,
        link.kind === "ref" && " (changes it)", link.kind === "next" && " (next round)"])];
  }

  // Forward and gradient side by side.
  function pair(op) {
    if (!op.forward && !(op.gradients || []).length) return null;
    const column = (title, ops) => el("div", {}, el("h4", {}, title), list(ops, (one) => (
      one === op ? el("span", { class: "here" }, el("bdi", {}, one.title)) : itemLink(one, one.title,
        !one.title.startsWith(one.type) && el("span", { class: "soft" }, one.type)))));
    const forward = op.forward || op;
    return part("Forward and gradient", el("div", { class: "columns" }, column("forward", [forward]),
      column("gradient", forward.gradients || [])));
  }

  function source(frame) {
    if (!frame) return null;
    return [el("p", { class: "file", title: frame.path }, el("bdi", {}, `${frame.file}:${frame.line}`),
      frame.fn && frame.fn !== "<module>" && el("span", { class: "soft" }, ` in ${frame.fn}`)),
    frame.text && el("pre", { class: "code" }, frame.text)];
  }

  function costs(run, item) {
    const cost = run.cost(item);
    if (!cost) {
      const kept = Runs.stepped(), whole = kept && kept.within.get(item);
      return part("In the run", el("p", { class: "soft" }, `no step of its own${whole ? "; ran as a part of" : ""}`),
        whole && itemLink(whole));
    }
    return part("In the run", facts([["self time", `${formatTime(cost.self)}, ${Dom.share(cost.self, run.total)}`],
      ["calls", formatCount(cost.calls)], ["memory", cost.bytes > 0 ? formatBytes(cost.bytes) : ""],
      ["GFLOP/s", cost.flops > 0 ? Dom.rate(cost.flops, cost.self) : ""]]));
  }

  function stats(op) {
    const kept = Runs.stepped(), step = Runs.stepFor(kept, op);
    if (!step) return null;
    const go = () => set({ run: model.runs.indexOf(kept.raw), step: step.index });
    const words = `step ${formatCount(step.index + 1)}${step.round > 0 ? `, round ${step.round}` : ""}`;
    return part(step.outputs.length ? "Values" : "Step",
      el("button", { type: "button", class: "quiet", onclick: go }, words), valueTable(step),
      step.source && el("pre", { class: "code" }, step.source));
  }

  // Statistics of what a step left behind, one column per output.
  function valueTable(step) {
    const given = step.outputs.map((output, i) => [output, i]).filter(([output]) => output);
    if (!given.length) return null;
    const rows = ["", "min", "max", "mean", "std", "NaN", "inf", "zeros"];
    return given.map(([output, i]) => {
      // What was not noted, and a number of no NaN, needs no row.
      const table = facts(rows.map((title, k) => [title, k === 0 || output[k] === null
        || (k > 4 && output[k] <= 0) ? "" : Dom.value(output[k])]));
      for (const dt of table ? table.querySelectorAll("dt") : []) {
        if (dt.textContent !== "NaN" && dt.textContent !== "inf") continue;
        dt.classList.add("warn");
        dt.nextSibling.classList.add("warn");
      }
      return [given.length > 1 && el("h4", {}, `output ${i}`), el("p", {}, el("code", {}, output[0])),
        table, output[8] && el("pre", { class: "code" }, output[8])];
    });
  }

  // ---- a group ---------------------------------------------------------------------------------

  function groupCard(group) {
    const ops = model.allOps(group), inside = new Set(ops), run = Runs.current();
    const counts = new Map();
    for (const op of ops) counts.set(op.type, (counts.get(op.type) || 0) + 1);
    const types = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const into = [], out = [];
    for (const op of ops) {
      for (const link of op.ins) if (!inside.has(link.tail)) into.push(link);
      for (const link of op.outs) if (!inside.has(link.head)) out.push(link);
    }
    const open = state.open.has(group);
    return [
      head(group, group.title, group.path !== group.title && fullName(group)),
      el("p", { class: "role" }, kindWords(group), crumbs(group), ` · ${plural(ops.length, "operation")}`),
      el("div", { class: "tools" }, el("button", { type: "button", class: "button",
        "data-keep": "open", onclick: () => toggle(group) }, open ? "Close" : "Open")),
      traceButtons(),
      group.op && part(group.kind === "variable" ? "The variable" : "The operation", itemLink(group.op, undefined,
        group.op.outputs[0] && el("code", { class: "spec" }, group.op.outputs[0].text))),
      part("Size", facts(size(ops))),
      run && costs(run, group),
      part("Operations by type", list(types, ([type, count]) => [el("span", { class: "type" }, type),
        el("span", { class: "soft" }, formatCount(count))], "counts")),
      part("Goes in", list(once(into, "tail"), (link) => linkRow(link, link.tail, false))),
      part("Comes out", list(once(out, "head"), (link) => linkRow(link, link.head, false))),
    ];
  }

  function once(links, end) {
    const seen = new Set();
    return links.filter((link) => link.kind !== "control" && !seen.has(link[end]) && seen.add(link[end]));
  }

  function size(ops) {
    const variables = ops.filter((op) => op.role === "variable" && (!op.owner || op.owner === op));
    let elements = 0, bytes = 0;
    for (const op of variables) {
      if (!op.outputs.length) continue;
      elements += op.outputs[0].elements;
      bytes += Math.max(0, op.outputs[0].bytes);
    }
    return [["variables", variables.length ? formatCount(variables.length) : ""],
      ["parameters", variables.length ? `${formatCount(elements)} (${formatBytes(bytes)})` : ""]];
  }

  // ---- an edge, and nothing --------------------------------------------------------------------

  function edgeCard(edge) {
    const words = { data: "tensor", bridge: "tensor, by way of hidden operations",
      ref: "variable handed over to be changed", control: "order only", next: "taken by the next round" };
    return [head(edge, "Edge", el("p", { class: "role" }, words[edge.kind])),
      el("div", { class: "panel-part columns" }, [["from", "tail"], ["to", "head"]].map(([title, end]) => (
        el("div", {}, el("h4", {}, title), itemLink(endOf(edge, end)))))),
      part(edge.kind === "control" ? "Waits" : plural(edge.links.length, "tensor"), list(edge.links, (link) => [
        el("div", { class: "edge-row" }, el("span"), itemLink(link.tail, link.index > 0
          ? `${link.tail.name}:${link.index}` : link.tail.name), link.spec && specText(link.spec)),
        el("div", { class: "edge-row" }, el("span", { "aria-hidden": "true" }, "→"), itemLink(link.head),
          link.param && el("span", { class: "param" }, `as ${link.param}`))], "edges"))];
  }

  function overview() {
    const types = new Set(model.ops.map((op) => op.type));
    const variables = model.ops.filter((op) => op.role === "variable" && (!op.owner || op.owner === op));
    return [el("header", { class: "card-head" }, el("div", { class: "card-title" }, el("h2", {},
      model.title || "Graph"), el("p", { class: "soft" },
      "Nothing is selected: click a node, or press / to search."))),
    part("Graph", facts([["operations", formatCount(model.ops.length)], ["types", formatCount(types.size)],
      ["edges", formatCount(model.links.length)], ...size(model.ops)])),
    part("Fetched", list(model.fetched, (op) => itemLink(op))),
    part("Placeholders", list(model.ops.filter((op) => op.role === "placeholder"), (op) => itemLink(op, undefined,
      op.outputs[0] && el("code", { class: "spec" }, op.outputs[0].text)))),
    part("Variables", list(variables, (op) => itemLink(op, undefined, op.outputs[0]
      && el("code", { class: "spec" }, op.outputs[0].text))))];
  }

  return { build, valueTable };
})();
