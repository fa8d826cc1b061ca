// The model: the payload's numbers as objects that know each other. An item is an operation or a
// group; all of it is made once and never changes. `root` is the group around everything.
//
//   op    name, type, group, ins, outs …          link  tail, head, kind, spec, param
//   group title, path, kind, groups, ops …         spec  text, shape, dtype, bytes, elements

const LINK_KINDS = ["data", "ref", "control", "next"];
const STAND_INS = new Set(["Parameter", "VariableParameter"]); // what a loop or branch is given
const GROUP_LOOKS = { loop: "loop", branches: "loop", branch: "loop", series: "series" };
const SIDE_LOOKS = { gradients: "gradient", optimizer: "update" };

class Model {
  constructor(data) {
    const text = data.text;
    const say = (number) => (number < 0 ? "" : text[number]);
    this.title = data.title;
    this.generator = data.generator;
    this.direction = data.direction;
    this.types = data.types.map(([name, doc]) => ({ name, doc, ops: [] }));
    this.specs = data.specs.map(([words, shape, dtype, bytes, elements]) =>
      ({ text: words, shape, dtype, bytes, elements }));
    const frames = data.frames.map(([file, path, line, fn, source]) =>
      ({ file, path, line, fn, text: source }));

    this.root = newGroup(-1, "root", "", "", "root", null, "");
    this.root.title = data.title;
    this.groups = [];
    for (const [title, path, parent, kind, , role] of data.groups) {
      const around = parent < 0 ? this.root : this.groups[parent];
      const group = newGroup(this.groups.length, `g${this.groups.length}`, say(title), say(path),
        say(kind), around, say(role));
      around.groups.push(group);
      this.groups.push(group);
    }
    this.ops = data.ops.map((row, id) => {
      const [name, type, group, role, frame, device, outputs, attrs, , , label] = row;
      const parent = group < 0 ? this.root : this.groups[group];
      const op = {
        id, key: `o${id}`, isGroup: false, parent, name: say(name), path: say(name),
        title: lastPart(say(name)), type: this.types[type].name, doc: this.types[type].doc, group:
        group < 0 ? null : parent, role: say(role), frame: frame < 0 ? null : frames[frame],
        device: say(device), outputs: outputs.map((spec) => this.specs[spec]),
        attrs: attrs.map(([key, value]) => [say(key), say(value)]), owner: null, forward: null,
        gradients: [], label: label < 0 ? null : say(label), ins: [], outs: [], fetched: false,
        unused: false, look: "op",
      };
      op.look = SIDE_LOOKS[op.role] || (["save", "init"].includes(op.role) ? "op" : op.role);
      if (op.role === "variable") op.look = "op";
      if (STAND_INS.has(op.type)) op.look = "placeholder";
      this.types[type].ops.push(op);
      parent.ops.push(op);
      return op;
    });
    data.ops.forEach((row, id) => {
      const op = this.ops[id];
      if (row[8] >= 0) op.owner = this.ops[row[8]];
      if (row[9] >= 0) {
        op.forward = this.ops[row[9]];
        op.forward.gradients.push(op);
      }
    });
    data.groups.forEach((row, id) => { this.groups[id].op = row[4] < 0 ? null : this.ops[row[4]]; });
    this.links = data.links.map(([tail, index, head, kind, spec, param], id) => {
      const link = { id, tail: this.ops[tail], index, head: this.ops[head], kind: LINK_KINDS[kind],
        spec: spec < 0 ? null : this.specs[spec], param: say(param) };
      if (link.kind === "next") link.head.look = "loop_variable";
      link.tail.outs.push(link);
      link.head.ins.push(link);
      return link;
    });
    this.fetched = data.fetched.map((id) => this.ops[id]);
    for (const op of this.fetched) op.fetched = true;
    for (const id of data.unused) this.ops[id].unused = true;
    this.byName = new Map(this.ops.map((op) => [op.name, op]));
    this.byPath = new Map(this.groups.map((group) => [group.path, group]));
    this._finishGroups();
    this.runs = data.runs.map((run) => this._run(run));
  }

  _finishGroups() {
    for (const group of [...this.groups].reverse()) {
      this._finish(group);
      group.look = this._lookOf(group);
    }
    this._finish(this.root);
    for (const op of this.ops) {
      if (op.parent.op === op && op.parent.kind === "variable") op.look = "variable";
    }
  }

  // Children in the order of creation; a group stands where its first op does.
  _finish(group) {
    group.count = group.ops.length;
    for (const inner of group.groups) group.count += inner.count;
    group.first = Math.min(group.ops.length ? group.ops[0].id : Infinity,
      ...group.groups.map((inner) => inner.first));
    const number = (item) => (item.isGroup ? item.first : item.id);
    const filled = group.groups.filter((inner) => inner.count);
    group.unused = group.count > 0 && [...group.ops, ...filled].every((item) => item.unused);
    group.fetched = [...group.ops, ...filled].some((item) => item.fetched);
    group.children = [...filled, ...group.ops].sort((a, b) => number(a) - number(b));
  }

  _lookOf(group) {
    if (group.kind === "variable") return "variable";
    if (group.kind === "side") return group.role;
    if (group.kind in GROUP_LOOKS) return GROUP_LOOKS[group.kind];
    let around = group.parent;
    while (around.parent && around.kind !== "side") around = around.parent;
    return around.kind === "side" && around.role in SIDE_LOOKS ? around.role : "scope";
  }

  _run(run) {
    const costs = new Map();
    for (const [op, seconds, calls, bytes, flops] of run.costs) {
      costs.set(this.ops[op], { seconds, calls, bytes, flops });
    }
    return { ...run, costs };
  }

  // What is called so: an op's name, a tensor's name "op:0", or a group's path.
  find(text) {
    return this.byName.get(text) || this.byName.get(text.replace(/:\d+$/, "").replace(/^\^/, ""))
      || this.byPath.get(text) || null;
  }

  // The groups around an item, the outermost first, without the root.
  around(item) {
    const found = [];
    for (let group = item.parent; group && group.parent; group = group.parent) found.push(group);
    return found.reverse();
  }

  // What stands for an item when only the groups in `open` are open: it, or a closed group.
  boxOf(item, open) {
    let box = item;
    for (let group = item.parent; group && group.parent; group = group.parent) {
      if (!open.has(group)) box = group;
    }
    return box;
  }

  allOps(item) {
    if (!item.isGroup) return [item];
    const found = [...item.ops];
    for (const group of item.groups) for (const op of this.allOps(group)) found.push(op);
    return found;
  }

  // The ops that an item needs ("in"), those that need it ("out"), or both; with its own.
  reach(item, direction) {
    const own = this.allOps(item);
    const found = new Set(own);
    const walk = (links, end) => {
      const seen = new Set(own);
      const stack = [...own];
      while (stack.length) {
        for (const link of stack.pop()[links]) {
          if (!seen.has(link[end])) {
            seen.add(link[end]);
            found.add(link[end]);
            stack.push(link[end]);
          }
        }
      }
    };
    if (direction === "in" || direction === "both") walk("ins", "tail");
    if (direction === "out" || direction === "both") walk("outs", "head");
    return found;
  }
}

function newGroup(id, key, title, path, kind, parent, role) {
  return { id, key, isGroup: true, title, path, name: path, kind, parent, role, op: null,
    groups: [], ops: [], children: [], count: 0, first: 0, look: "scope", unused: false, fetched: false };
}

function lastPart(name) {
  const at = name.lastIndexOf("/");
  return at < 0 || at === name.length - 1 ? name : name.slice(at + 1);
}
