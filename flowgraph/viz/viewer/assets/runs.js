// What a recorded run tells: its costs by operation and by group, what each step left behind, what
// was alive; and the panel "Run" with the choice of run and the tables.
//
// `Runs.current()` is the run that is chosen (null for none), with sums that are made once:
//     cost(item)   {self, calls, bytes, flops} of an operation, or of all inside a group
//     lastUse[i]   the last step that takes what step i made
//     alive[i]     bytes alive after step i
//     within       for an operation that ran as a part of another one's step: that operation

const Runs = (() => {
  const made = new Map();

  function current() {
    const raw = model.runs[Math.max(0, state.run)];
    return raw ? prepared(raw) : null;
  }

  function prepared(raw) {
    if (!made.has(raw)) made.set(raw, prepare(raw));
    return made.get(raw);
  }

  // The chosen run if it was kept step by step, else the last one that was; null for none.
  function stepped() {
    const chosen = current();
    if (chosen && chosen.steps.length) return chosen;
    const raw = model.runs.findLast((run) => run.steps.length);
    return raw ? prepared(raw) : null;
  }

  function prepare(raw) {
    const costs = new Map();
    for (const [op, { seconds: self, calls, bytes, flops }] of raw.costs) {
      const given = { self, calls, bytes: Math.max(0, bytes), flops: Math.max(0, flops) };
      for (let item = op; item.parent; item = item.parent) {
        const sum = costs.get(item) || { self: 0, calls: 0, bytes: 0, flops: 0 };
        for (const key of Object.keys(given)) sum[key] += given[key];
        costs.set(item, sum);
      }
    }
    const steps = raw.steps.map((step, index) => ({ index, op: model.ops[step[0]], start: step[1],
      duration: step[2], self: step[3], parent: step[4], bytes: step[5], source: step[6] || "",
      inputs: step[7], outputs: step[8], alive: step[9], round: step[10] + 1, calls: step[11],
      others: step[12].map((id) => model.ops[id]) }));
    const run = { raw, title: raw.title, seconds: raw.seconds, costs, steps, stepsOf: new Map(),
      total: [...raw.costs.values()].reduce((sum, cost) => sum + cost.seconds, 0),
      cost: (item) => costs.get(item) || null };
    follow(run);
    run.top = { self: 0, bytes: 0 };
    for (const [item, cost] of costs) {
      if (isOp(item)) {
        run.top.self = Math.max(run.top.self, cost.self);
        run.top.bytes = Math.max(run.top.bytes, cost.bytes);
      }
    }
    return run;
  }

  // Until when the result of each step is needed.
  function follow(run) {
    const latest = new Map();
    run.within = new Map();
    run.lastUse = run.steps.map((step) => step.index);
    for (const step of run.steps) {
      for (const link of step.op.ins) {
        const maker = latest.get(link.tail);
        if (maker !== undefined && link.kind !== "control") run.lastUse[maker] = step.index;
      }
      for (const other of step.others) if (!run.within.has(other)) run.within.set(other, step.op);
      latest.set(step.op, step.index);
      if (!run.stepsOf.has(step.op)) run.stepsOf.set(step.op, []);
      run.stepsOf.get(step.op).push(step.index);
    }
    run.alive = run.steps.map((step) => step.alive);
    run.peak = run.alive.reduce((most, bytes) => Math.max(most, bytes), 0);
  }

  // The steps whose results are there while step `at` runs, the largest first.
  function aliveAt(run, at) {
    return run.steps.filter((step) => step.index <= at && run.lastUse[step.index] >= at
      && step.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  }

  // The step that shows the values of `op`: the current one, or the last one of this operation.
  function stepFor(run, op) {
    const steps = run && run.stepsOf.get(op);
    if (!steps) return null;
    const now = state.step;
    const before = now >= 0 ? steps.filter((i) => i <= now) : steps;
    return run.steps[(before.length ? before : steps).at(-1)];
  }

  // ---- the panel -------------------------------------------------------------------------------

  const COLUMNS = [["name", "Operation"], ["self", "Self time"], ["share", "Share"],
    ["calls", "Calls"], ["bytes", "Memory"], ["rate", "GFLOP/s"]];
  let panel, table, by = "op", order = "self", falling = true;

  function build(parent) {
    panel = parent;
    on((changed) => { if (has(changed, "run") && !panel.hidden) show(); });
  }

  function show() {
    const run = current();
    if (!run) {
      Dom.fill(panel, el("div", { class: "panel-empty" }, el("p", {}, "No run was recorded."),
        el("p", { class: "soft" }, "Times, memory and values of a run appear here when the page "
          + "is made with one.")));
      return;
    }
    const choose = model.runs.length > 1 && el("label", { class: "field" }, "Run ", el(
      "select", { onchange: (event) => set({ run: Number(event.target.value), step: -1 }) },
      model.runs.map((one, i) => el("option", { value: i, selected: i === Math.max(0, state.run) },
        titleOf(one)))));
    const facts = [`${formatTime(run.seconds * 1e6)} in all`,
      run.steps.length > 0 && plural(run.steps.length, "step"),
      run.peak > 0 && `${formatBytes(run.peak)} alive at most`];
    const choice = (kind, title) => el("button", { type: "button", "aria-pressed": by === kind, "data-by": kind,
      onclick: () => { by = kind; show(); panel.querySelector(`[data-by=${kind}]`).focus(); } }, title);
    const tabs = el("div", { class: "segments", role: "group", "aria-label": "rows" },
      choice("op", "By operation"), choice("scope", "By scope"));
    table = new Dom.RowList({ role: "listbox", rowRole: "option", label: "costs", height: 48, draw: row,
      choose: (item) => reveal(item) });
    const head = el("div", { class: "cost-row cost-head", role: "group", "aria-label": "Sort by" },
      COLUMNS.map(([key, title]) => sorter(key, key === "name" && by === "scope" ? "Scope" : title)));
    Dom.fill(panel, el("div", { class: "panel-part run-head" }, choose || el("h2", {}, run.title
      || "Run"), el("p", { class: "soft" }, facts.filter(Boolean).join(" · ")), curve(run),
    el("div", { class: "tools" }, tabs, stepped() && el("button", { type: "button", class: "button",
      onclick: () => Steps.open() }, Dom.icon("play"), "Step through"))),
    head, table.element);
    table.show(rows(run));
  }

  // The head of a column, which sorts by it; once more turns the order around.
  function sorter(key, title) {
    const hint = order !== key ? `Sort by ${title.toLowerCase()}` : falling ? "largest first" : "smallest first";
    return el("button", { type: "button", class: `cost-${key}`, "aria-pressed": order === key, title: hint,
      onclick: () => {
        falling = order === key ? !falling : key !== "name";
        order = key;
        show();
        panel.querySelector(`.cost-head .cost-${key}`).focus();
      } }, title, order === key && el("span", { class: "sort", "aria-hidden": "true" }, falling ? "▾" : "▴"));
  }

  // Runs of a training are called alike, so they are numbered.
  function titleOf(raw) {
    const number = model.runs.filter((run) => run.steps.length).indexOf(raw) + 1;
    return shorten(raw.steps.length ? `${number}. ${raw.title}` : raw.title, 44);
  }

  function rows(run) {
    const value = { name: (item) => nameOf(item).toLowerCase(), self: (item) => run.cost(item).self,
      calls: (item) => run.cost(item).calls, bytes: (item) => run.cost(item).bytes,
      rate: (item) => run.cost(item).flops / Math.max(1e-9, run.cost(item).self) };
    value.share = value.self;
    const items = [...run.costs.keys()].filter((item) => (by === "op") === isOp(item));
    const key = value[order], sign = falling ? -1 : 1;
    return items.map((item) => [key(item), item])
      .sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0)).map(([, item]) => item);
  }

  function row(item) {
    const run = current(), cost = run.cost(item);
    const part = run.total > 0 ? cost.self / run.total : 0;
    const cells = { name: nameOf(item), self: formatTime(cost.self), share: Dom.share(cost.self, run.total),
      calls: formatCount(cost.calls), bytes: formatBytes(cost.bytes), rate: Dom.rate(cost.flops, cost.self) };
    const words = [cells.name, `self time ${cells.self}`, cells.share, plural(cost.calls, "call"),
      cells.bytes].join(", ");
    return el("div", { class: "cost-row", title: nameOf(item), "aria-label": words },
      COLUMNS.map(([key]) => el("span", { class: `cost-${key}`,
        style: key === "share" && `--part: ${part.toFixed(4)}` }, key !== "name" ? cells[key]
        : [el("bdi", {}, cells.name), el("span", { class: "soft" }, isOp(item) ? item.type : "")])));
  }

  // Bytes alive over the steps; a click goes to the step.
  function curve(run) {
    if (run.steps.length < 3 || run.peak <= 0) return null;
    const wide = 300, high = 44, columns = Math.min(wide, run.alive.length);
    const tops = Array.from({ length: columns }, () => 0);
    run.alive.forEach((bytes, i) => {
      const at = Math.floor(i * columns / run.alive.length);
      tops[at] = Math.max(tops[at], bytes);
    });
    const points = tops.map((bytes, i) => `${(i * wide / columns).toFixed(1)},${(high - high * bytes
      / run.peak).toFixed(1)} ${((i + 1) * wide / columns).toFixed(1)},${(high - high * bytes
      / run.peak).toFixed(1)}`).join(" ");
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const area = document.createElementNS(ns, "polygon");
    area.setAttribute("points", `0,${high} ${points} ${wide},${high}`);
    svg.append(area);
    return el("figure", { class: "curve" }, el("button", { type: "button",
      "aria-label": "Memory over the steps; opens the step of the peak", onclick: (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const at = event.detail === 0 ? run.alive.indexOf(run.peak)
          : Math.floor((event.clientX - box.left) / box.width * run.steps.length);
        set({ step: Math.max(0, Math.min(run.steps.length - 1, at)) });
      } }, svg), el("figcaption", { class: "soft" }, `Memory over the steps, up to ${formatBytes(run.peak)}`));
  }

  return { current, stepped, aliveAt, stepFor, build, show };
})();
