// The outline: all groups and operations as a tree to open and to walk through with the arrow keys.
// It says the same as the picture, for those who do not see it and for those who like lists.

const Outline = (() => {
  const open = new Set();
  let panel, list, stale = true;

  function build(parent) {
    panel = parent;
    list = new Dom.RowList({ role: "tree", rowRole: "treeitem", label: "outline of the graph", height: 28,
      draw: row, choose: (entry, i, event) => {
        if (event.target.closest?.(".twist")) flip(entry);
        else reveal(entry.item);
      }, keys });
    parent.append(list.element);
    on((changed) => {
      if (has(changed, "selected") && state.selected && !isEdge(state.selected)) follow(state.selected);
      if (has(changed, "query") && !panel.hidden) show();
      if (has(changed, "hidden", "hiddenRoles")) stale = true;
    });
  }

  // What a variable or a loop is when closed needs no row beside it.
  const inside = (group) => group.children.filter((item) => item !== group.op);

  function entries() {
    const rows = [];
    const walk = (group, level) => {
      const items = inside(group);
      items.forEach((item, i) => {
        rows.push({ item, level, place: i + 1, size: items.length });
        if (isGroup(item) && open.has(item)) walk(item, level + 1);
      });
    };
    walk(model.root, 1);
    return rows;
  }

  function show() {
    const item = list.at >= 0 && list.items[list.at] ? list.items[list.at].item : state.selected;
    const rows = entries();
    stale = false;
    list.show(rows, rows.findIndex((entry) => entry.item === item));
  }

  function follow(item) {
    const shownItem = item.parent.op === item ? item.parent : item;
    for (const group of model.around(shownItem)) {
      if (!open.has(group)) stale = true;
      open.add(group);
    }
    if (panel.hidden) { stale = true; list.at = -1; return; }
    if (stale) show();
    const at = list.items.findIndex((entry) => entry.item === shownItem);
    if (at >= 0 && at !== list.at) list.go(at);
  }

  function flip(entry, wanted = !open.has(entry.item)) {
    if (!isGroup(entry.item) || open.has(entry.item) === wanted) return;
    if (wanted) open.add(entry.item); else open.delete(entry.item);
    list.at = list.items.indexOf(entry);
    show();
  }

  function keys(event, entry) {
    if (!entry) return false;
    const group = isGroup(entry.item);
    if (event.key === "ArrowRight") {
      if (group && !open.has(entry.item)) flip(entry, true);
      else if (group) list.go(list.at + 1);
    } else if (event.key === "ArrowLeft") {
      if (group && open.has(entry.item)) flip(entry, false);
      else {
        const up = entry.item.parent;
        const at = list.items.findIndex((one) => one.item === up);
        if (at >= 0) list.go(at);
      }
    } else return false;
    return true;
  }

  function row({ item, level, place, size }) {
    const group = isGroup(item), isOpen = group && open.has(item);
    const hits = group ? Search.found.groups.get(item) : 0;
    const parts = [group && !inside(item).length ? "" : "twist", isOpen ? "open" : ""];
    return el("div", { class: `outline-row${Search.found.set.has(item) ? " match" : ""}`, title: nameOf(item),
      "aria-label": `${item.title}, ${group ? `${kindWords(item)}, ${plural(item.count, "operation")}` : item.type}`
        + (hits > 0 ? `, ${plural(hits, "match", "matches")}` : ""), "aria-level": level, "aria-posinset": place, "aria-setsize": size,
      "aria-expanded": group ? String(isOpen) : undefined, style: `--level: ${level - 1}` },
    el("span", { class: group ? parts.join(" ") : "leaf", "aria-hidden": "true" }, group && Dom.icon("right")),
    swatchOf(kindOf(item)), el("bdi", { class: "outline-name" }, item.title),
    el("span", { class: "soft outline-type" }, group ? formatCount(item.count)
      : item.type === item.title ? "" : item.type),
    hits > 0 && el("span", { class: "badge", title: plural(hits, "match", "matches") }, formatCount(hits)));
  }

  return { build, show };
})();
