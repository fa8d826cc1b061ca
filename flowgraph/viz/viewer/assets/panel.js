// What stands around the picture: the toolbar and the side panel with its tabs, which is a sheet at
// the bottom on a narrow screen. The panels themselves are in card.js, outline.js, filters.js and
// runs.js; this file builds them all.

const Panel = (() => {
  const TABS = [["details", "Details", Card], ["outline", "Outline", Outline],
    ["filters", "Filters", Filters], ["run", "Run", Runs]];
  const bodies = {}, buttons = {};
  let current = "details", side, handle;

  // Shows a tab; `quietly` leaves the sheet of a narrow screen as high as it is.
  function show(tab, quietly) {
    current = tab;
    for (const [key, , part] of TABS) {
      bodies[key].hidden = key !== tab;
      buttons[key].setAttribute("aria-selected", String(key === tab));
      buttons[key].tabIndex = key === tab ? 0 : -1;
      if (key === tab && part.show) part.show();
    }
    if (!quietly) sheet("open");
  }

  // The sheet: "open" for half of the screen, "peek" for its first line. The stage above it changes
  // its size; what is selected, or else the whole graph, stays in sight.
  function sheet(wanted) {
    const other = side.dataset.sheet !== wanted && side.dataset.sheet;
    side.dataset.sheet = wanted;
    if (other && Dom.narrow()) {
      app.view.measure();
      if (state.selected && !isEdge(state.selected)) app.view.center(state.selected, false);
      else app.view.fit(false);
    }
    handle.setAttribute("aria-expanded", String(wanted === "open"));
    handle.setAttribute("aria-label", wanted === "open" ? "Lower the panel" : "Raise the panel");
  }

  function hidden(wanted = !document.body.classList.contains("no-panel")) {
    if (wanted && side.contains(document.activeElement)) document.getElementById("scene").focus();
    document.body.classList.toggle("no-panel", wanted);
    dispatchEvent(new Event("resize"));
  }

  function tabKeys(event) {
    const keys = TABS.map(([key]) => key), at = keys.indexOf(current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: keys.length - 1 }[event.key];
    if (to === undefined) return;
    show(keys[(to + keys.length) % keys.length]);
    buttons[current].focus();
    event.preventDefault();
    event.stopPropagation();
  }

  function buildSide() {
    side = document.getElementById("panel");
    side.setAttribute("aria-label", "panel");
    handle = el("button", { type: "button", class: "sheet-handle", "aria-expanded": "false",
      onclick: () => sheet(side.dataset.sheet === "open" ? "peek" : "open") },
    el("span", { class: "sheet-text" }), Dom.icon("down"));
    const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "panel", onkeydown: tabKeys });
    for (const [key, title] of TABS) {
      buttons[key] = el("button", { type: "button", role: "tab", id: `tab-${key}`, class: "tab",
        "aria-controls": `body-${key}`, onclick: () => show(key) }, title);
      bodies[key] = el("div", { role: "tabpanel", id: `body-${key}`, class: `tab-body body-${key}`,
        "aria-labelledby": `tab-${key}`, tabindex: key === "details" ? "0" : undefined });
      tabs.append(buttons[key]);
    }
    fill(side, {}, [handle, tabs, ...Object.values(bodies)]);
    sheet("peek");
    for (const [key, , part] of TABS) part.build(bodies[key]);
    show("details", true);
    const name = () => {
      handle.firstChild.textContent = state.selected ? printable(nameOf(state.selected))
        : "Details, outline, filters, run";
    };
    name();
    on((changed) => {
      if (changed.has("selected")) name();
      if (!changed.has("selected") || !state.selected) return;
      // What was chosen in the picture is told; what was chosen in another tab leaves that tab open.
      if (!side.contains(document.activeElement) && current !== "run") show("details", true);
    });
  }

  async function save(kind) {
    const name = (model.title.replace(/[^\w.-]+/g, "_") || "graph").slice(0, 60);
    try {
      download(`${name}.${kind}`, kind === "png" ? await exportPng()
        : new Blob([exportSvg()], { type: "image/svg+xml" }));
    } catch (problem) {
      say(problem.message);
    }
  }

  // ---- the toolbar -----------------------------------------------------------------------------

  function buildBar() {
    const tools = document.getElementById("tools");
    const colors = el("select", { id: "color", "aria-label": "Colour the nodes by", title: "Colour the nodes by",
      onchange: () => set({ color: colors.value }) }, Tints.MODES.map((mode) => el("option", {
      value: mode, disabled: !Tints.usable(mode) }, Tints.TITLES[mode])));
    colors.value = Tints.mode();
    on((changed) => {
      if (changed.has("color")) colors.value = Tints.mode();
    });
    const directions = [["up", "upwards"], ["down", "downwards"], ["right", "to the right"]];
    const menu = Menu.build("more", "More", [
      { title: "Open all groups", key: "e", run: expandAll },
      { title: "Close all groups", key: "c", run: collapseAll },
      { title: "Shapes on edges", checked: () => state.labels, run: () => set({ labels: !state.labels }) },
      { title: "Side panel", key: "p", checked: () => !document.body.classList.contains("no-panel"),
        run: () => hidden(), when: () => !Dom.narrow() },
      { heading: "Colour by", when: Dom.narrow },
      ...Tints.MODES.map((mode) => ({ title: Tints.TITLES[mode], group: "color", run: () => set({ color: mode }),
        checked: () => Tints.mode() === mode, when: () => Dom.narrow() && Tints.usable(mode) })),
      { heading: "Theme" },
      ...["auto", "light", "dark"].map((theme) => ({ title: { auto: "as the system", light: "light",
        dark: "dark" }[theme], group: "theme", key: theme === "dark" ? "d" : undefined,
      checked: () => (state.theme || "auto") === theme, run: () => set({ theme }) })),
      { heading: "Data flows" },
      ...directions.map(([direction, title]) => ({ title, group: "direction", checked: () => state.direction
        === direction, run: () => { set({ direction }); fit(); } })),
      { heading: "Save" },
      { title: "Picture as SVG", run: () => save("svg") },
      { title: "Picture as PNG", run: () => save("png") },
      { title: "Print", run: () => print() },
      { title: "Keys and help", key: "?", run: () => Help.open() },
    ]);
    fill(tools, {}, [
      el("label", { class: "color-field" }, el("span", { class: "soft" }, "Colour"), colors),
      el("div", { class: "group", role: "group", "aria-label": "zoom" },
        Dom.iconButton("minus", "Zoom out", () => zoomBy(1 / 1.3), "-"),
        Dom.iconButton("fit", "Show all of it", () => fit(), "f"),
        Dom.iconButton("plus", "Zoom in", () => zoomBy(1.3), "+")),
      Theme.button(), Dom.iconButton("help", "Keys and help", () => Help.open(), "?"), menu]);
  }

  // What a reader is told of the picture: its keys, and where the same is said in words.
  function describeScene() {
    const scene = document.getElementById("scene");
    scene.setAttribute("role", "application");
    scene.setAttribute("aria-description", "Arrow keys walk along the edges, Enter opens and closes groups. "
      + "The outline, key o, says the same as a tree.");
  }

  function build() {
    Theme.build();
    buildBar();
    Search.build(document.getElementById("search"));
    buildSide();
    Legend.build(document.getElementById("legend"));
    Steps.build(document.getElementById("runs"));
    Keys.build();
    Print.build();
    describeScene();
    // The first picture did not know of the legend; this is before the browser shows it.
    if (!readAddress(location.hash, model).view) app.view.fit(false);
    Legend.makeRoom();
    window.flowgraph.found = () => Search.found.ops;
  }

  return { build, show, sheet, hidden, get tab() { return current; } };
})();

parts.push(Panel.build);
