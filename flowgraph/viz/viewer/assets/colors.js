// Colours: what fills a box, by structure, device, or what a recorded run measured.
//
// Measured quantities spread over orders of magnitude, so their ramp is logarithmic, and so is the
// eye that reads it: light is little, dark is much. A ramp's colours differ in lightness too, so
// that they are told apart without hue.

const RAMPS = {
  time: ["#fff3d6", "#fdc15f", "#e8743b", "#a8261f"],
  memory: ["#e6f2fb", "#8cc4e8", "#2f86c2", "#0b3f73"],
  values: ["#e9f6ec", "#8fd0a6", "#2f9468", "#0f4f3a"],
};
const DEVICES = [["#d6e9f8", "#00578a"], ["#fde8c8", "#b35900"], ["#d7f0e6", "#00664b"],
  ["#f6e4ef", "#96467a"], ["#fbe0d3", "#a33c00"], ["#ececd0", "#6b6b00"], ["#e2e0f5", "#4b43a0"]];
const MODE_NAMES = { time: "time per run", memory: "bytes given out", values: "largest value" };

class Colors {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.devices = [...new Set(model.ops.map((op) => op.device))].sort();
    this.cache = new Map();
    this.refresh();
  }

  // Called when the mode or the run changes.
  refresh() {
    this.cache.clear();
    this.amounts = new Map();
    this.min = Infinity;
    this.max = -Infinity;
    const run = this.model.runs[Math.max(0, this.state.run)];
    if (!RAMPS[this.state.color] || !run) return;
    const values = this.state.color === "values" ? valuesOf(run, this.model) : null;
    for (const op of this.model.ops) {
      const cost = run.costs.get(op);
      const amount = values ? values.get(op) : cost && (this.state.color === "time" ? cost.seconds : cost.bytes);
      if (!(amount >= 0)) continue;
      this.amounts.set(op, amount);
      if (amount > 0) this.min = Math.min(this.min, amount);
      this.max = Math.max(this.max, amount);
    }
  }

  // {fill, line, value}: of an op, or of all that is in a group.
  of(item) {
    let found = this.cache.get(item);
    if (!found) this.cache.set(item, found = this._find(item));
    return found;
  }

  _find(item) {
    const mode = this.state.color;
    if (mode === "device") {
      const devices = [...new Set(this.model.allOps(item).map((op) => op.device))];
      if (devices.length > 1) return { fill: "var(--fill-scope)", line: "var(--line-scope)", value: null };
      const place = this.devices.indexOf(devices[0]);
      const [fill, line] = devices[0] === "" ? ["var(--fill-op)", "var(--line-op)"]
        : DEVICES[place % DEVICES.length];
      return { fill, line, value: devices[0], dark: devices[0] !== "" };
    }
    if (RAMPS[mode]) {
      const amount = this.amountOf(item);
      if (amount === null) return { fill: "var(--bg)", line: "var(--hair)", value: null };
      const share = this.shareOf(amount);
      return { fill: this.ramp(share), line: "var(--line)", value: amount, light: share > 0.55, dark: share <= 0.55 };
    }
    return { fill: `var(--fill-${item.look})`, line: `var(--line-${item.look})`, value: null };
  }

  // The sum of what is inside; the largest for values. Null when nothing was recorded.
  amountOf(item) {
    if (!item.isGroup) return this.amounts.has(item) ? this.amounts.get(item) : null;
    let total = null;
    for (const op of this.model.allOps(item)) {
      const amount = this.amounts.get(op);
      if (amount === undefined) continue;
      total = total === null ? amount : this.state.color === "values" ? Math.max(total, amount) : total + amount;
    }
    return total;
  }

  shareOf(amount) {
    if (!(amount > 0) || this.max <= 0) return 0;
    const low = Math.max(this.min, this.max / 1e4);
    if (low >= this.max) return 1;
    return Math.min(1, Math.max(0, Math.log(amount / low) / Math.log(this.max / low)));
  }

  ramp(share) {
    const stops = RAMPS[this.state.color];
    const at = share * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(at));
    const mix = (from) => {
      const [a, b] = [stops[i], stops[i + 1]].map((c) => parseInt(c.slice(from, from + 2), 16));
      return Math.round(a + (b - a) * (at - i));
    };
    return `rgb(${mix(1)}, ${mix(3)}, ${mix(5)})`;
  }

  // What a legend has to explain.
  scale() {
    const mode = this.state.color;
    if (RAMPS[mode]) {
      return { mode, kind: "ramp", entries: [], stops: RAMPS[mode], min: Math.max(this.min, this.max / 1e4),
        max: this.max, unit: mode === "time" ? "time" : mode === "memory" ? "bytes" : "",
        title: MODE_NAMES[mode], missing: !this.amounts.size };
    }
    const entries = mode === "device"
      ? this.devices.map((device, i) => ({ label: device || "any device", look: "op",
        fill: device ? DEVICES[i % DEVICES.length][0] : "var(--fill-op)",
        line: device ? DEVICES[i % DEVICES.length][1] : "var(--line-op)" }))
      : looksOf(this.model).map((look) => ({ label: look, look, fill: `var(--fill-${look})`,
        line: `var(--line-${look})` }));
    return { mode, kind: "classes", entries, stops: [], min: 0, max: 0, unit: "", missing: false };
  }
}

function looksOf(model) {
  return [...new Set([...model.ops, ...model.groups].map((item) => item.look))];
}

// The largest absolute value that each op gave in a run.
function valuesOf(run, model) {
  const found = new Map();
  for (const step of run.steps) {
    const op = model.ops[step[0]];
    for (const out of step[8] || []) {
      if (!out || out[1] === null) continue;
      const most = Math.max(Math.abs(out[1]), Math.abs(out[2]));
      if (Number.isFinite(most)) found.set(op, Math.max(found.get(op) || 0, most));
    }
  }
  return found;
}
