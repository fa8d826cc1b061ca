// What the panels call an operation, a group or an edge, in one place: its name, its kind (which is
// also the key of its colours in panel.css), and a link that goes to it.

const isOp = (item) => !!item && item.isGroup === false;
const isGroup = (item) => !!item && item.isGroup === true;
const isEdge = (item) => !!item && item.isGroup === undefined;
const nameOf = (item) => (isEdge(item) ? `${endOf(item, "tail").path} → ${endOf(item, "head").path}` : item.path);

// One end of an edge; of one that leaves an open group, the operation there.
const endOf = (edge, end) => edge[end] || edge.links[0][end];

const KIND_WORDS = { placeholder: "placeholder: fed in each run", variable: "variable: kept between runs",
  constant: "constant", op: "operation", summary: "summary: logged",
  gradient: "operation of a gradient", update: "operation of an optimizer", scope: "scope",
  gradients: "gradients", optimizer: "optimizer", save: "save and restore", init: "initialization",
  loop: "loop", branches: "choice between branches", branch: "branch", series: "series: the same many times",
  repeat: "repeated block", loop_variable: "loop variable: changes each round",
  condition: "condition: decides what runs", choice: "condition: decides what runs" };
const OWN_KINDS = ["loop", "branches", "branch", "series", "repeat"];

function kindOf(item) {
  if (isEdge(item)) return "edge";
  return item.isGroup && OWN_KINDS.includes(item.kind) ? item.kind : item.look;
}

// What its kind is, in words. Stand-ins inside loops and branches look like placeholders.
function kindWords(item) {
  const kind = kindOf(item);
  return kind === "placeholder" && !item.type.startsWith("Placeholder") ? "what a loop or branch takes"
    : KIND_WORDS[kind] || kind;
}

// What a reader hears when the item is selected.
function wordsOf(item) {
  if (isOp(item)) {
    const shapes = item.outputs.map((spec) => spec.text).join(", ");
    return `${item.type} ${item.name}, ${kindWords(item)}${shapes ? `, ${shapes}` : ""}`;
  }
  if (isGroup(item)) {
    const open = state.open.has(item) ? "open" : "closed";
    return `${KIND_WORDS[kindOf(item)]} ${item.title}, ${open}, `
      + plural(item.count, "operation");
  }
  return `edge from ${endOf(item, "tail").path} to ${endOf(item, "head").path}`;
}

// The sample of a kind: its colours and shape.
const swatchOf = (kind, more = "") => el("span", { class: `swatch ${more}`, "data-kind": kind });

// A link that selects `item`, opens the groups around it and brings it into the middle.
function itemLink(item, text, after) {
  const name = nameOf(item);
  return el("button", { type: "button", class: "item-link", title: `${name}${isOp(item)
    ? ` (${item.type})` : ""}`, onclick: (event) => { event.preventDefault(); reveal(item); } },
  swatchOf(kindOf(item)),
  el("span", { class: "item-name" }, Dom.name(text || name)), after && [" ", after]);
}
