// The keyboard, for all that the mouse does. Keys of lists, menus and dialogs are their own; here are
// those of the picture and of the whole page.

const Keys = (() => {
  const TRACES = ["none", "in", "out", "both"];
  const WAYS = { up: { ArrowUp: "out", ArrowDown: "in" }, down: { ArrowDown: "out", ArrowUp: "in" },
    right: { ArrowRight: "out", ArrowLeft: "in" } };

  const ACTIONS = {
    "/": () => { Search.box.focus(); Search.box.select(); },
    f: () => fit(), "+": () => zoomBy(1.3), "=": () => zoomBy(1.3), "-": () => zoomBy(1 / 1.3),
    e: () => { expandAll(); Dom.announce("all groups open"); },
    c: () => { collapseAll(); Dom.announce("all groups closed"); }, d: () => Theme.flip(), p: () => Panel.hidden(),
    r: () => Steps.open(), "?": () => Help.open(), n: () => Search.next(1), N: () => Search.next(-1),
    o: () => focusTab("outline"), i: () => focusTab("details"),
    t: () => {
      if (!state.selected || isEdge(state.selected)) return Dom.announce("select a node to trace");
      const trace = TRACES[(TRACES.indexOf(state.trace) + 1) % TRACES.length];
      set({ trace });
      return Dom.announce({ none: "trace off", in: "what it needs", out: "what needs it", both: "both ways" }[trace]);
    },
    Escape: () => {
      if (state.trace !== "none") {
        set({ trace: "none" });
        Dom.announce("trace off");
      } else if (state.step >= 0) Steps.end();
      else if (state.selected) {
        set({ selected: null });
        Dom.announce("nothing selected");
      }
      else if (state.query) set({ query: "" });
    },
  };

  function focusTab(tab) {
    Panel.hidden(false);
    Panel.show(tab);
    const body = document.getElementById(`body-${tab}`);
    (body.querySelector(".rows") || body).focus();
  }

  function build() {
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target, tag = target.tagName;
      if (tag === "INPUT" || tag === "SELECT" || tag === "TEXTAREA" || target.closest?.("dialog")) return;
      const free = target === document.body || target.closest?.("#stage") && tag !== "BUTTON";
      if (free && walk(event)) return event.preventDefault();
      const action = ACTIONS[event.key];
      if (!action) return undefined;
      action();
      event.preventDefault();
      return undefined;
    });
  }

  // ---- walking over the picture ----------------------------------------------------------------

  function walk(event) {
    const item = state.selected;
    if (event.key.startsWith("Arrow")) {
      if (!item || isEdge(item)) reveal(start());
      else {
        const to = neighbour(item, event.key);
        if (to) reveal(to);
        else Dom.announce("nothing further this way");
      }
      return true;
    }
    if (event.key === "Enter" || event.key === " ") {
      const group = isGroup(item) ? item : item && isOp(item) && item.parent.op === item ? item.parent : null;
      if (group) {
        toggle(group);
        Dom.announce(`${group.title} ${state.open.has(group) ? "open" : "closed"}`);
      } else if (!item) reveal(start());
      return true;
    }
    if (event.key === "Backspace" && item && item.parent && item.parent.parent) {
      reveal(item.parent);
      return true;
    }
    return false;
  }

  const start = () => model.fetched[0] || model.root.children[0];
  const boxOf = (op) => model.boxOf(op, state.open);

  function neighbour(item, key) {
    const way = (WAYS[state.direction] || WAYS.up)[key];
    return way ? alongEdges(item, way) : beside(item, key === "ArrowRight" || key === "ArrowDown" ? 1 : -1);
  }

  // The boxes that an item is connected with, tensors before orders; the nearest is first.
  function alongEdges(item, way) {
    const [links, end] = way === "in" ? ["ins", "tail"] : ["outs", "head"];
    const inside = new Set(model.allOps(item)), found = new Map();
    for (const op of inside) {
      for (const link of op[links]) {
        const other = link[end], box = boxOf(other);
        if (inside.has(other) || box === item || isHidden(other, state)) continue;
        const weight = (link.kind === "control" ? 1e6 : link.kind === "next" || box.look === "constant" ? 1e5 : 0)
          + distance(item, box);
        if (!(found.get(box) <= weight)) found.set(box, weight);
      }
    }
    return [...found].sort((a, b) => a[1] - b[1]).map(([box]) => box)[0] || null;
  }

  function distance(one, other) {
    const a = nodeBox(one), b = nodeBox(other);
    if (!a || !b) return 0;
    return Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2);
  }

  // The next of its group, in the order in which they stand.
  function beside(item, by) {
    const across = state.direction === "right" ? "y" : "x";
    const all = item.parent.children.filter((one) => model.boxOf(one, state.open) === one && nodeBox(one));
    all.sort((a, b) => nodeBox(a)[across] - nodeBox(b)[across] || a.id - b.id);
    return all[all.indexOf(item) + by] || null;
  }

  return { build };
})();
