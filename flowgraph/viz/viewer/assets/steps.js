// Step through a run: a bar under the picture with play, back, on and a slider. Each step selects
// its operation, also in the rounds of a loop, and tells the NumPy line, what went in, what came
// out and what is alive.

const Steps = (() => {
  const SPEEDS = [["slow", 2000], ["normal", 900], ["fast", 300], ["very fast", 60]];
  let bar, play, slider, place, line, detail, speed = 900, timer = 0, playing = false;

  const run = () => Runs.current();
  const size = () => (run() ? run().steps.length : 0);

  function build(parent) {
    bar = parent;
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "step through the run");
    bar.hidden = true;
    play = Dom.iconButton("play", "Play", () => start(!playing), "Space");
    slider = el("input", { type: "range", min: "0", step: "1", "aria-label": "step",
      oninput: () => go(Number(slider.value)) });
    place = el("span", { class: "step-place" });
    line = el("div", { class: "step-line" });
    detail = el("div", { class: "step-detail", hidden: true });
    const more = el("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: () => {
      detail.hidden = !detail.hidden;
      more.setAttribute("aria-expanded", String(!detail.hidden));
      more.textContent = detail.hidden ? "values" : "less";
      show();
    } }, "values");
    fill(bar, {}, [el("div", { class: "step-tools" },
      Dom.iconButton("first", "First step", () => go(0), "Home"),
      Dom.iconButton("previous", "Previous step", () => go(state.step - 1), "←"), play,
      Dom.iconButton("next", "Next step", () => go(state.step + 1), "→"),
      Dom.iconButton("last", "Last step", () => go(size() - 1), "End"), slider, place,
      el("select", { "aria-label": "speed", class: "step-speed", onchange: (event) => {
        speed = Number(event.target.value);
        if (playing) { start(false); start(true); }
      } }, SPEEDS.map(([title, ms]) => el("option", { value: String(ms), selected: ms === speed }, title))),
      more, Dom.iconButton("close", "End stepping", end, "Esc")), line, detail]);
    bar.addEventListener("keydown", keys);
    on((changed) => {
      if (has(changed, "run") && state.step >= size()) set({ step: -1 });
      else if (has(changed, "step", "run")) arrive();
    });
    if (state.step >= 0) arrive(true);
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    const to = { ArrowLeft: state.step - 1, ArrowRight: state.step + 1, ArrowDown: state.step - 1,
      ArrowUp: state.step + 1, Home: 0, End: size() - 1, PageUp: state.step + 10,
      PageDown: state.step - 10 }[event.key];
    if (to !== undefined) go(to);
    else if (event.key === " " && (event.target === slider || event.target === bar)) start(!playing);
    else if (event.key === "Escape") end();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function go(step) {
    if (size()) set({ step: Math.max(0, Math.min(size() - 1, step)) });
  }

  // Opens the bar at the step of what is selected, or at the first.
  function open() {
    const kept = Runs.stepped();
    if (!kept) return Dom.announce("no steps were recorded");
    if (kept !== run()) set({ run: model.runs.indexOf(kept.raw) });
    const steps = isOp(state.selected) && run().stepsOf.get(state.selected);
    go(state.step >= 0 ? state.step : steps ? steps[0] : 0);
    slider.focus();
    return undefined;
  }

  function end() {
    start(false);
    const inside = bar.contains(document.activeElement);
    set({ step: -1 });
    if (inside) document.getElementById("scene").focus();
  }

  function start(wanted) {
    clearInterval(timer);
    playing = wanted && size() > 0;
    if (playing) {
      if (state.step >= size() - 1) go(0);
      timer = setInterval(() => {
        if (state.step < size() - 1) go(state.step + 1);
        if (state.step >= size() - 1) start(false);
      }, speed);
    }
    play.replaceChildren(Dom.icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  function arrive(first) {
    const step = run() && run().steps[state.step];
    if (bar.hidden !== !step) {
      bar.hidden = !step;
      app.view.measure();
    }
    document.body.classList.toggle("stepping", !!step);
    if (!step) return start(false);
    if (!first || !state.selected) reveal(step.op);
    show();
    if (!playing) Dom.announce(`step ${step.index + 1} of ${size()}: ${wordsOf(step.op)}`);
    return undefined;
  }

  function show() {
    const now = run(), step = now && now.steps[state.step];
    if (!step) return;
    slider.max = size() - 1;
    slider.value = step.index;
    slider.setAttribute("aria-valuetext", `step ${step.index + 1} of ${size()}, ${step.op.name}`);
    place.textContent = `${formatCount(step.index + 1)} / ${formatCount(size())}`;
    Dom.fill(line, itemLink(step.op), el("span", { class: "type" }, step.op.type),
      step.round > 0 && el("span", { class: "tag" }, `round ${step.round}`),
      el("span", { class: "soft" }, formatTime(step.self)),
      step.calls > 1 && el("span", { class: "soft" }, `${formatCount(step.calls)} rounds in one`),
      step.source && el("code", { class: "step-source" }, step.source));
    if (!detail.hidden) Dom.fill(detail, inputs(step), outputs(step), living(now, step));
  }

  const column = (title, ...content) => el("section", {}, el("h3", {}, title), content);

  function inputs(step) {
    if (!step.inputs.length) return column("Goes in", el("p", { class: "soft" }, "nothing"));
    return column("Goes in", el("ul", { class: "links" }, step.inputs.map((name) => {
      const op = model.find(name);
      return el("li", {}, op ? itemLink(op, name) : el("bdi", {}, name));
    })));
  }

  function outputs(step) {
    return column("Comes out", Card.valueTable(step) || el("p", { class: "soft" }, "no values were kept"));
  }

  function living(now, step) {
    const alive = Runs.aliveAt(now, step.index), most = 8;
    return column(`Alive: ${formatBytes(step.alive)}`, el("ul", { class: "links" },
      alive.slice(0, most).map((one) => el("li", {}, itemLink(one.op, undefined,
        el("span", { class: "soft" }, formatBytes(one.bytes))))),
      alive.length > most && el("li", { class: "soft" }, `and ${formatCount(alive.length - most)} smaller`)));
  }

  return { build, open, go, end, get playing() { return playing; } };
})();
