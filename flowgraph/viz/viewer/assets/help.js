// The help: which keys there are and what the search box understands.

const Help = (() => {
  const KEYS = [
    ["Moving", [["↑ ↓", "what takes the result, what is taken (along the edges)"],
      ["← →", "what stands beside it"], ["Enter", "open or close the group"], ["Backspace", "the group around it"],
      ["Esc", "end the trace, the stepping, the selection"]]],
    ["Looking", [["f", "show all of it"], ["+ −", "zoom"], ["e  c", "open, close all groups"],
      ["t", "trace: inputs, outputs, both, none"], ["d", "dark or light"], ["p", "side panel"], ["?", "this help"]]],
    ["Finding", [["/", "search"], ["Enter  Shift+Enter", "next, previous match"],
      ["n  N", "the same, from the picture"], ["o  i", "outline, details"]]],
    ["Running", [["r", "step through the run"], ["← →", "in the step bar: previous, next step"],
      ["Space", "in the step bar: play, pause"]]],
  ];
  const SEARCH = [["conv/w", "names that hold it"], ["/^conv\\d+\\/w$/", "a regular expression (…/i ignores case)"],
    ["type:MatMul", "op types that begin so"], ["shape:?×128", "? an unknown size, * any size, … any sizes"],
    ["dtype:int32", "outputs of this dtype"], ["role:variable", "placeholder, constant, gradients, optimizer, save, init, summary, op"],
    ["file:model.py:21", "made by this file, or line"], ["device:gpu", "placed there"], ["-type:Const", "without"]];
  let dialog, before;

  function open() {
    if (!dialog) build();
    before = document.activeElement;
    dialog.showModal();
    dialog.querySelector("h2").focus();
  }

  function build() {
    const rows = (list, tag) => el("dl", { class: "keys" }, list.map(([key, text]) => [
      el("dt", {}, tag === "kbd" ? key.split(" ").filter(Boolean).map((one) => el("kbd", {}, one))
        : el("code", {}, key)), el("dd", {}, text)]));
    dialog = el("dialog", { class: "help", "aria-labelledby": "help-title" },
      el("header", { class: "card-head" }, el("h2", { id: "help-title", tabindex: "-1" }, "Keys and help"),
        Dom.iconButton("close", "Close", () => dialog.close(), "Esc")),
      el("div", { class: "help-columns" }, KEYS.map(([title, list]) => el("section", {},
        el("h3", {}, title), rows(list, "kbd")))),
      el("section", {}, el("h3", {}, "The search box understands"), rows(SEARCH, "code"),
        el("p", { class: "soft" }, "Several terms: all of them hold. Matches inside closed groups are "
          + "counted on the group.")),
      el("p", { class: "soft" }, "Click a node to select it, double-click a group to open it, drag to move, "
        + "wheel or pinch to zoom. What you see is in the page's address: copy it to show it to others. ",
      model.generator));
    dialog.addEventListener("close", () => before && before.focus());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("keydown", trap);
    document.body.append(dialog);
  }

  // Tab stays in the dialog.
  function trap(event) {
    event.stopPropagation();
    if (event.key !== "Tab") return;
    const all = [...dialog.querySelectorAll("button, [href], input, select")];
    const at = all.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
    all[(at + all.length) % all.length].focus();
    event.preventDefault();
  }

  return { open };
})();
