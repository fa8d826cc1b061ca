// Filters: which parts of the graph are drawn. Chips for what operations are there for (the model,
// gradients, an optimizer…), and a list of all op types with their counts and a check box each.

const Filters = (() => {
  // A chip switches the roles of payload's operations that it stands for.
  const CHIPS = [["model", "Model", ["op"]], ["placeholder", "Placeholders", ["placeholder"]],
    ["variable", "Variables", ["variable"]], ["constant", "Constants", ["constant"]],
    ["gradients", "Gradients", ["gradients"]], ["optimizer", "Optimizer", ["optimizer"]],
    ["summary", "Summaries", ["summary"]], ["save", "Save", ["save"]], ["init", "Init", ["init"]]];
  const SWATCHES = { model: "op", gradients: "gradient", optimizer: "update" };
  let panel, chips, list, head, word = "", counts;

  function build(parent) {
    panel = parent;
    counts = new Map();
    for (const op of model.ops) counts.set(op.type, (counts.get(op.type) || 0) + 1);
    chips = el("div", { class: "chips", role: "group", "aria-label": "parts of the graph" });
    list = new Dom.RowList({ role: "listbox", rowRole: "option", label: "op types; the space bar shows or hides",
      height: 30, draw: row, choose: ([type]) => flip(type) });
    list.element.setAttribute("aria-multiselectable", "true");
    head = el("p", { class: "soft filter-count" });
    fill(parent, {}, [el("div", { class: "panel-part" }, el("h3", {}, "Parts"), chips),
      el("div", { class: "panel-part types-head" }, el("h3", {}, "Op types"), head,
        el("input", { type: "search", class: "types-search", placeholder: "Find a type",
          "aria-label": "Find an op type", oninput: (event) => { word = event.target.value.toLowerCase(); show(); } }),
        el("div", { class: "tools" }, el("button", { type: "button", class: "button small",
          onclick: () => set({ hidden: new Set(), hiddenRoles: new Set() }) }, "Show all"),
        el("button", { type: "button", class: "button small", onclick: () => set({ hidden: new Set(counts.keys()) }) },
          "Hide all"))), list.element]);
    on((changed) => {
      if (has(changed, "hidden", "hiddenRoles") && !panel.hidden) show();
      if (has(changed, "hidden", "hiddenRoles")) {
        Dom.announce(summary());
        if (model.ops.every((op) => isHidden(op, state))) say("Everything is hidden. “Show all” in the filters brings it back.");
      }
    });
    show();
  }

  function summary() {
    let number = 0;
    for (const op of model.ops) number += isHidden(op, state);
    return number ? `${formatCount(number)} of ${plural(model.ops.length, "operation")} hidden` : "everything is shown";
  }

  function show() {
    const roles = new Map();
    for (const op of model.ops) roles.set(op.role, (roles.get(op.role) || 0) + 1);
    const focused = chips.contains(document.activeElement) ? document.activeElement.dataset.chip : "";
    Dom.fill(chips, CHIPS.filter(([, , own]) => own.some((role) => roles.has(role))).map(([key, title, own]) => {
      const on = !own.some((role) => state.hiddenRoles.has(role));
      return el("button", { type: "button", class: "chip", "aria-pressed": on, "data-chip": key,
        title: `${on ? "Hide" : "Show"} ${title.toLowerCase()}`, onclick: () => flipRoles(own) },
      swatchOf(SWATCHES[key] || key), title,
      el("span", { class: "soft" }, formatCount(own.reduce((sum, role) => sum + (roles.get(role) || 0), 0))));
    }));
    if (focused) chips.querySelector(`[data-chip="${focused}"]`)?.focus();
    head.textContent = summary();
    const types = [...counts].filter(([type]) => type.toLowerCase().includes(word))
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    list.show(types, list.at);
  }

  function flipped(values, some) {
    const made = new Set(values);
    const off = some.some((one) => made.has(one));
    for (const one of some) if (off) made.delete(one); else made.add(one);
    return made;
  }

  const flip = (type) => set({ hidden: flipped(state.hidden, [type]) });
  const flipRoles = (roles) => set({ hiddenRoles: flipped(state.hiddenRoles, roles) });

  function row([type, count]) {
    const on = !state.hidden.has(type);
    return el("div", { class: "type-row", "aria-checked": String(on) }, el("span", { class: "check",
      "aria-hidden": "true" }, on ? "✓" : ""), el("span", { class: "type" }, type),
    el("span", { class: "soft" }, formatCount(count)), el("button", { type: "button", class: "quiet only",
      tabindex: "-1", "aria-label": `search ${type}`, title: "Search for this type", onclick: (event) => {
        event.preventDefault();
        event.stopPropagation();
        set({ query: `type:/^${type}$/` });
      } }, "find"));
  }

  return { build, show };
})();
