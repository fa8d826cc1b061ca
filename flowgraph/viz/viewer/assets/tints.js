// What the picture's nodes are coloured by, and the marks that say the same in words.
//
//     structure   what a node is: the kinds' own colours and shapes (panel.css)
//     device      where it runs
//     time        its share of the run's longest operation or of all
//     memory      bytes of its outputs
//     values      what its outputs held: ordinary, mostly zero, all zero, NaN or infinity
//
// A mode gives each node colours (they stand in panel.css, light and dark) and a short text, so that
// nothing is said by colour alone.

const Tints = (() => {
  const MODES = ["structure", "device", "time", "memory", "values"];
  const TITLES = { structure: "Structure", device: "Device", time: "Time", memory: "Memory",
    values: "Values" };
  const LEVELS = 6;
  const VALUES = [["bad", "NaN or infinity"], ["huge", "beyond a million"], ["zero", "all zero"],
    ["tiny", "all below a millionth"], ["sparse", "over 90 % zero"], ["good", "ordinary"],
    ["none", "not computed"]];
  const [BAD, HUGE, ZERO, TINY, SPARSE, GOOD, NONE] = VALUES.keys();

  const mode = () => (MODES.includes(state.color) ? state.color : "structure");
  const usable = (one) => one === "structure" || one === "memory" || (one === "device"
    ? model.ops.some((op) => op.device) : model.runs.length > 0);

  // {key, text, fill, line, ink} of a node: its colours and the words on it; null in "structure".
  function of(item) {
    const found = { device, time, memory, values, structure: () => null }[mode()](item);
    return found && { ...found, fill: `var(--${found.key})`, line: `var(--${found.key}-line)`,
      ink: `var(--${found.key}-ink)` };
  }

  const byDevice = (op) => op.device || "any device";
  let names;

  function devices() {
    names = names || [...new Set(model.ops.map(byDevice))].sort();
    return names;
  }

  const opsOf = (item) => model.allOps(item);

  function device(item) {
    const found = [...new Set(opsOf(item).map(byDevice))];
    if (found.length !== 1) return { key: "mixed", text: `${found.length} devices` };
    const short = found[0].replace(/^.*\/(?:device:)?/i, "").replace(/^any device$/, "");
    return { key: `device-${devices().indexOf(found[0]) % 6}`, text: short, what: found[0] };
  }

  // A ramp has six steps, each four times the one before: what is slow or large stands out, and
  // differences among the small can still be seen. The bounds are round numbers.
  function bounds(top, round) {
    return Array.from({ length: LEVELS }, (_, i) => (i ? round(top * 4 ** (i - LEVELS)) : 0));
  }

  const timeBounds = () => bounds(timeTop(), (us) => Number(us.toPrecision(1)));
  const memoryBounds = () => bounds(memoryTop(), (n) => 2 ** Math.round(Math.log2(n)));
  const level = (amount, steps) => Math.max(0, steps.findLastIndex((bound) => amount >= bound));

  function time(item) {
    const run = Runs.current(), cost = run && run.cost(item);
    if (!cost) return { key: "values-none", text: "" };
    return { key: `time-${level(cost.self, timeBounds())}`, text: formatTime(cost.self) };
  }

  const timeTop = () => (Runs.current() ? Math.max(1e-9, Runs.current().total) : 0);

  function bytesOf(item) {
    const run = Runs.current(), cost = run && run.cost(item);
    if (cost) return cost.bytes;
    if (run) { // what did not run has no bytes, but for the variables, which are there
      const variable = item.look === "variable" && (item.isGroup ? item.op : item);
      return variable && variable.outputs.length ? variable.outputs[0].bytes : -1;
    }
    let sum = 0;
    for (const op of opsOf(item)) {
      for (const spec of op.outputs) {
        if (spec.bytes < 0) { if (isOp(item)) return -1; } else sum += spec.bytes;
      }
    }
    return sum;
  }

  const tops = new Map();

  function memoryTop() {
    const run = Runs.current() || "none";
    if (!tops.has(run)) {
      let top = 1;
      for (const op of model.ops) top = Math.max(top, bytesOf(op));
      tops.set(run, top);
    }
    return tops.get(run);
  }

  function memory(item) {
    const bytes = bytesOf(item);
    if (bytes < 0) return { key: "values-none", text: Runs.current() ? "" : "?" };
    return { key: `memory-${level(bytes, memoryBounds())}`, text: formatBytes(bytes) };
  }

  // Of a group the worst, where something is wrong inside; zeros are a group's only when all are.
  function values(item) {
    const run = Runs.stepped();
    let worst = NONE, best = -1, broken = 0, most = -1;
    for (const op of run ? opsOf(item) : []) {
      const step = Runs.stepFor(run, op);
      for (const output of step ? step.outputs : []) {
        const found = output[5] < 0 ? NONE : judge(output);
        if (found === BAD) broken += 1;
        worst = Math.min(worst, found);
        if (found !== NONE) best = Math.max(best, found);
        if (output[1] !== null) most = Math.max(most, -output[1], output[2]);
      }
    }
    if (worst > HUGE && best >= 0) worst = best;
    const text = { [BAD]: broken > 1 ? `${broken} × NaN/inf` : "NaN/inf", [ZERO]: "zeros", [SPARSE]: "> 90 % 0",
      [NONE]: "" }[worst];
    const range = most < 0 ? "" : `|x| ≤ ${Number(most.toPrecision(2))}`;
    return { key: `values-${VALUES[worst][0]}`, text: text ?? range };
  }

  function judge([spec, min, max, , , nans, infs, zeros]) {
    if (nans > 0 || infs > 0) return BAD;
    const size = sizeOf(spec), most = min === null ? 1 : Math.max(-min, max);
    if (most > 1e6) return HUGE;
    if (size > 1 && zeros >= size) return ZERO;
    if (most > 0 && most < 1e-6) return TINY;
    return size > 9 && zeros > 0.9 * size ? SPARSE : GOOD;
  }

  function sizeOf(spec) {
    const dims = typeof spec === "string" ? spec.split(" ")[0].split("×") : [];
    return dims.every((n) => /^\d+$/.test(n)) ? dims.reduce((a, b) => a * Number(b), 1) : 1;
  }

  return { MODES, TITLES, VALUES, mode, usable, of, timeBounds, memoryBounds };
})();
