// Search: what the words in the box mean, which operations they find, and the box itself.
//
//     conv/w            names that hold "conv/w"
//     /^conv\d+\/w$/    names that a regular expression matches (add i to ignore case)
//     type:MatMul       op types that begin so        type:/Grad$/   or by a regular expression
//     shape:?×128       an output of this shape       * = any size, ? = unknown, … = any sizes
//     dtype:int32  role:variable  file:model.py:21  device:gpu  doc:softmax
//     -type:Const       without                       several terms: all of them hold
//
// `Search.found` is what the rest of the page asks: the operations, the one that is current, and for
// each group how many matches are inside (the badge of a closed group).

const Search = (() => {
  const FIELDS = {
    type: (op, term) => term.test(op.type, "start"),
    file: (op, term) => !!op.frame && term.test(`${op.frame.path || op.frame.file}:${op.frame.line}`),
    dtype: (op, term) => op.outputs.some((spec) => term.test(spec.dtype, "start")),
    shape: (op, term) => op.outputs.some((spec) => term.shape(spec.shape)),
    role: (op, term) => term.test(op.role, "start"),
    device: (op, term) => term.test(op.device || "", "part"),
    doc: (op, term) => term.test(op.doc || "", "part"),
    name: (op, term) => term.test(op.name, "part"),
  };
  const none = { query: "", ops: [], set: new Set(), groups: new Map(), at: -1, error: "" };
  let found = none;
  let list, box, status, popup, shownFor;

  // ---- what the words mean ---------------------------------------------------------------------

  // The terms of a query: [{field, without, test, shape}]. Throws an Error that says what is wrong.
  function parse(query) {
    const terms = [];
    const pattern = /(-?)(?:(\w+):)?(?:\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^\/\\[])+)\/([a-z]*)(?=\s|$)|"([^"]*)"|(\S+))/gy;
    let rest = query.trim();
    while (rest) {
      pattern.lastIndex = 0;
      const hit = pattern.exec(rest);
      if (!hit) throw new Error(`not understood: ${rest}`);
      const [all, minus, field, regex, flags, quoted, word] = hit;
      rest = rest.slice(all.length).trimStart();
      terms.push(term(minus, field, regex, flags, quoted, word));
    }
    return terms;
  }

  function term(minus, field, regex, flags, quoted, word) {
    const known = field === undefined || Object.hasOwn(FIELDS, field.toLowerCase());
    if (!known && regex === undefined) [field, word] = [undefined, `${field}:${word ?? quoted}`];
    const key = field === undefined ? "name" : field.toLowerCase();
    if (!Object.hasOwn(FIELDS, key)) throw new Error(`no such field: ${field}: (${Object.keys(FIELDS).join(", ")})`);
    let text = (quoted ?? word ?? "").toLowerCase();
    if (key === "name") text = text.replace(/^\^|:\d+$/g, ""); // "op:0" is a tensor, "^op" an order
    if (field === undefined && minus && text === "" && regex === undefined) text = "-";
    if (regex === undefined && /^\/./.test(word || "")) {
      // "/" with no end yet: say so only when it cannot become one.
      try { new RegExp(word.slice(1)); } catch (error) { throw new Error(reason(error)); }
    }
    let matches;
    if (regex === undefined) {
      matches = (value, where) => (where === "start" ? value.toLowerCase().startsWith(text)
        : value.toLowerCase().includes(text));
    } else {
      let compiled;
      try {
        compiled = new RegExp(regex, flags.replace(/[gy]/g, ""));
      } catch (error) { throw new Error(reason(error)); }
      matches = (value) => compiled.test(value);
    }
    const wanted = key === "shape" && regex === undefined ? sizes(text) : null;
    return { field: key, without: minus === "-", test: matches,
      shape: (dims) => (wanted ? sameShape(wanted, dims) : matches(shapeText(dims), "part")) };
  }

  const reason = (error) => error.message.replace(/^Invalid regular expression: /, "");
  const shapeText = (dims) => (dims === null ? "any" : dims.length === 0 ? "scalar"
    : dims.map((n) => (n === null || n < 0 ? "?" : n)).join("×"));

  function sizes(text) {
    const inner = text.replace(/[[\]()\s]/g, "");
    if (inner === "scalar" || inner === "") return [];
    if (inner === "any") return null;
    const parts = inner.replace(/,$/, "").split(/[×x,]/);
    for (const part of parts) {
      if (!/^(\d+|\?|\*|…|\.\.\.)$/.test(part)) {
        throw new Error(`not a shape: ${text} (write shape:?×128; * any size, … any sizes)`);
      }
    }
    return parts.map((part) => (part === "..." ? "…" : part));
  }

  function sameShape(wanted, dims) {
    if (dims === null) return false;
    const at = wanted.indexOf("…");
    const one = (want, n) => want === "*" || (want === "?" ? n === null || n < 0 : Number(want) === n);
    if (at < 0) return wanted.length === dims.length && wanted.every((want, i) => one(want, dims[i]));
    const head = wanted.slice(0, at), tail = wanted.slice(at + 1);
    return dims.length >= head.length + tail.length && head.every((want, i) => one(want, dims[i]))
      && tail.every((want, i) => one(want, dims[dims.length - tail.length + i]));
  }

  // ---- finding ---------------------------------------------------------------------------------

  function find(query) {
    if (!query.trim()) return none;
    let terms;
    try {
      terms = parse(query);
    } catch (error) {
      return { ...none, query, error: error.message };
    }
    const ops = model.ops.filter((op) => terms.every(
      (term) => FIELDS[term.field](op, term) !== term.without));
    const groups = new Map();
    for (const op of ops) {
      for (let group = op.parent; group.parent; group = group.parent) {
        groups.set(group, (groups.get(group) || 0) + 1);
      }
    }
    return { query, ops, set: new Set(ops), groups, at: -1, error: "" };
  }

  // ---- going through what was found ------------------------------------------------------------

  function go(at) {
    if (!found.ops.length) return;
    found.at = (at + found.ops.length) % found.ops.length;
    const op = found.ops[found.at];
    reveal(op);
    list.go(found.at);
    tell();
    Dom.announce(`match ${found.at + 1} of ${found.ops.length}: ${op.name}`);
  }

  function next(by) {
    const at = found.ops.indexOf(state.selected);
    go(at >= 0 ? at + by : found.at < 0 && by < 0 ? -1 : found.at + by);
  }

  function tell() {
    const number = found.ops.length;
    status.classList.toggle("error", !!found.error);
    status.textContent = found.error || (!found.query.trim() ? ""
      : !number ? "no match"
        : found.at >= 0 ? `${formatCount(found.at + 1)} / ${formatCount(number)}` : formatCount(number));
    status.title = found.error;
    box.setAttribute("aria-invalid", String(!!found.error));
  }

  function run(query) {
    found = find(query);
    shownFor = query;
    if (box.value.trim() !== query.trim()) box.value = query;
    document.getElementById("search").classList.toggle("has-query", !!query.trim());
    list.show(found.ops);
    if (!popup.hidden) list.element.scrollTop = 0;
    tell();
    Dom.announce(!query.trim() ? "" : found.error ? `not understood: ${found.error}`
      : plural(found.ops.length, "match", "matches"));
    app.view.drawing.paint();
  }

  // ---- the box ---------------------------------------------------------------------------------

  function build(parent) {
    list = new Dom.RowList({ role: "listbox", rowRole: "option", label: "operations found",
      height: 34, draw: row, keys: (event) => {
        if (event.key === "Escape") { close(); box.focus(); }
        return event.key === "Escape";
      }, choose: (op, i) => { go(i); if (Dom.narrow()) close(); } });
    list.element.id = "found-list";
    box = el("input", { type: "search", id: "query", placeholder: "Search", autocomplete: "off",
      spellcheck: "false", role: "combobox", "aria-label": "Search operations",
      "aria-expanded": "false", "aria-controls": "found-list", "aria-haspopup": "listbox", "aria-keyshortcuts": "/",
      title: "name, /regex/, type:MatMul, shape:?×128, file:model.py, dtype:int32, role:variable (/)",
      oninput: () => { set({ query: box.value }); open(); }, onfocus: open, onkeydown: key });
    status = el("span", { id: "search-status", class: "search-status" });
    popup = el("div", { id: "found", class: "popup", hidden: true }, hints(), list.element);
    parent.setAttribute("role", "search");
    fill(parent, {}, [Dom.icon("search"), box, status,
      el("span", { class: "search-buttons" },
        Dom.iconButton("up", "Previous match", () => next(-1), "Shift+Enter"),
        Dom.iconButton("down", "Next match", () => next(1), "Enter"),
        Dom.iconButton("close", "Clear the search", () => { set({ query: "" }); box.focus(); })),
      popup]);
    document.addEventListener("pointerdown", (event) => {
      if (!parent.contains(event.target)) close();
    });
    parent.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !parent.contains(event.relatedTarget)) close();
    });
    on((changed) => {
      if (has(changed, "query") && state.query !== shownFor) run(state.query || "");
      if (has(changed, "selected") && found.ops.length) {
        const at = found.ops.indexOf(state.selected);
        if (at >= 0) { found.at = at; tell(); }
      }
    });
    run(state.query || "");
    Object.assign(Search, { box });
  }

  function hints() {
    const samples = ["/regex/", "type:MatMul", "shape:?×128", "dtype:int32", "role:variable",
      "file:model.py", "-type:Const"];
    return el("p", { class: "hints" }, samples.map((sample) => el("button", { type: "button",
      class: "hint", tabindex: "-1", onclick: () => {
        set({ query: sample === "/regex/" ? "//" : sample.includes("MatMul") ? "type:" : sample });
        box.focus();
        if (sample === "/regex/") box.setSelectionRange(1, 1);
      } }, sample)));
  }

  function row(op, i) {
    const cut = op.name.lastIndexOf("/") + 1;
    return el("div", { class: i === found.at ? "result current" : "result", title: op.name },
      swatchOf(kindOf(op)),
      el("span", { class: "result-name" }, el("span", { class: "path" }, op.name.slice(0, cut)),
        el("b", {}, op.name.slice(cut))),
      el("span", { class: "result-type" }, op.type));
  }

  function open() {
    const shown = !popup.hidden;
    popup.hidden = false;
    popup.classList.toggle("empty", !found.ops.length);
    box.setAttribute("aria-expanded", "true");
    list.drawn = "";
    if (shown) list.render();
    else list.go(Math.max(0, found.at)); // where one is
    list.at = found.at;
  }

  function close() {
    popup.hidden = true;
    box.setAttribute("aria-expanded", "false");
  }

  function key(event) {
    if (event.key === "Enter") {
      next(event.shiftKey ? -1 : 1);
      close(); // the picture shows the match
    }
    else if (event.key === "ArrowDown" && found.ops.length) {
      open();
      list.element.focus();
    } else if (event.key === "Escape") {
      if (!popup.hidden) close();
      else if (box.value) set({ query: "" });
      else box.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { build, parse, find, next, close, get found() { return found; } };
})();
