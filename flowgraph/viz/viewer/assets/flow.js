// What is to be drawn: for each open group the boxes directly inside and the edges between them.
//
// A link between two ops becomes pieces. Where both ends are inside, its piece goes from box to
// box; where one end is outside of an open group, the piece inside ends at a port on its border:
//
//     +- A -----------+     +- B ----------+
//     |  op -> port   | --> | port -> op   |      three pieces of one link
//     +---------------+     +--------------+
//
// Links between a side job (gradients, optimizer, save, init) and the rest would bury the model;
// they are kept apart and are drawn for what is selected or pointed at.

const MOST_BESIDE = 4; // so many boxes may show the same small constant beside them
const HUB = 40; // a box with more neighbours hides its edges until asked, in a crowded group
const CROWD = 50;

class Flow {
  constructor(model, state) {
    this.model = model;
    this.state = state;
    this.scenes = new Map(); // group -> {group, items, edges, beside, sides}
    this.extra = new Map(); // "tail>head" -> edge drawn on demand
    this.extraOf = new Map(); // item -> its edges on demand
    this.boxes = new Map();
    this._visible = new Set();
    this._boxOf = new Array(model.groups.length);
    this._findBoxes(model.root);
    for (const link of visibleLinks(model, state)) this._add(link);
    for (const scene of this.scenes.values()) this._finish(scene);
  }

  // The box that stands for an op, or null when it is hidden.
  box(op) {
    if (isHidden(op, this.state)) return null;
    const closed = op.parent.id < 0 ? null : this._boxOf[op.parent.id];
    return closed || op;
  }

  _findBoxes(group) {
    const { open } = this.state;
    const items = group.children.filter((item) => hasVisible(item, this.state));
    this.scenes.set(group, { group, items, edges: new Map(), beside: new Map(), sides: [] });
    for (const inner of group.groups) {
      this._boxOf[inner.id] = null;
      if (open.has(inner)) this._findBoxes(inner);
      else this._close(inner, inner);
    }
  }

  _close(group, box) {
    this._boxOf[group.id] = box;
    for (const inner of group.groups) this._close(inner, box);
  }

  _add(link) {
    const tail = this.box(link.tail);
    const head = this.box(link.head);
    if (tail === head) return;
    if (sideOf(tail) !== sideOf(head)) this._keepForLater(tail, head, link);
    else this._addPieces(tail, head, link);
  }

  _keepForLater(tail, head, link) {
    const key = `${tail.key}>${head.key}`;
    let edge = this.extra.get(key);
    if (!edge) {
      edge = { key, tail, head, kind: link.kind, links: [] };
      this.extra.set(key, edge);
      for (const end of [tail, head]) {
        if (!this.extraOf.has(end)) this.extraOf.set(end, []);
        this.extraOf.get(end).push(edge);
      }
    }
    edge.links.push(link);
  }

  _addPieces(tail, head, link) {
    let tailPort = "", headPort = "";
    let a = depthOf(tail), b = depthOf(head);
    while (tail.parent !== head.parent) {
      if (a >= b) {
        this._piece(tail.parent, tail, tailPort, null, `out:${tail.key}`, link);
        tailPort = `out:${tail.key}`;
        tail = tail.parent;
        a -= 1;
      } else {
        this._piece(head.parent, null, `in:${head.key}`, head, headPort, link);
        headPort = `in:${head.key}`;
        head = head.parent;
        b -= 1;
      }
      // A link from a group's inside to that group itself has nothing left to draw.
      if (tail === head) return;
    }
    this._piece(tail.parent, tail, tailPort, head, headPort, link);
  }

  _piece(group, tail, tailPort, head, headPort, link) {
    const { edges } = this.scenes.get(group);
    const kind = link.bridge ? "bridge" : link.kind;
    const key = `${tail ? tail.key : ""}/${tailPort}>${head ? head.key : ""}/${headPort}|${kind}`;
    let edge = edges.get(key);
    if (!edge) {
      edge = { key: `${group.key}|${key}`, group, tail, tailPort, head, headPort, kind, links: [],
        hub: false, hiddenBy: false };
      edges.set(key, edge);
    }
    edge.links.push(link);
  }

  _finish(scene) {
    const edges = scene.edges = [...scene.edges.values()];
    // An order between two boxes says nothing new where a tensor goes the same way.
    const data = new Set(edges.filter((e) => e.kind !== "control").map(pairOf));
    for (const edge of edges) edge.hiddenBy = edge.kind === "control" && data.has(pairOf(edge));
    scene.sides = scene.items.filter((item) => item.kind === "side");
    this._dropIdle(scene);
    this._putBeside(scene);
    this._findHubs(scene);
  }

  // Inside a loop, the op that is the loop says nothing: its tensors go to and come from what is there.
  _dropIdle(scene) {
    const { op } = scene.group;
    if (!op || scene.group.kind === "variable" || op.fetched) return;
    if (scene.edges.some((edge) => edge.tail === op || edge.head === op)) return;
    scene.items = scene.items.filter((item) => item !== op);
  }

  // Small constants and summaries stand beside the box that uses or feeds them.
  _putBeside(scene) {
    const outs = new Map(), ins = new Map();
    for (const edge of scene.edges) {
      if (edge.tail) addTo(outs, edge.tail, edge);
      if (edge.head) addTo(ins, edge.head, edge);
    }
    const isHost = (item) => item && !(item.isGroup && this.state.open.has(item))
      && item.kind !== "side";
    for (const item of scene.items) {
      const isConstant = item.type === "Const" && !ins.has(item) && !item.fetched;
      const isSummary = item.look === "summary" && !outs.has(item) && !item.fetched;
      if (!isConstant && !isSummary) continue;
      const own = (isConstant ? outs : ins).get(item) || [];
      const hosts = [...new Set(own.map((edge) => (isConstant ? edge.head : edge.tail)))];
      const most = isConstant ? MOST_BESIDE : 1;
      if (!hosts.length || hosts.length > most || !hosts.every(isHost)) continue;
      if (hosts.some((host) => host.type === "Const" || host.look === "summary")) continue;
      const side = isConstant ? "left" : "right";
      if (hosts.some((host) => countBeside(scene, host, side) >= 6)) continue;
      for (const host of hosts) {
        addTo(scene.beside, host, { item, side, host,
          links: own.filter((e) => e.head === host || e.tail === host).flatMap((e) => e.links) });
      }
      for (const edge of own) edge.beside = true;
      item.isBeside = scene;
    }
    const gone = new Set([...scene.beside.values()].flat().map((entry) => entry.item));
    scene.items = scene.items.filter((item) => !gone.has(item));
    scene.edges = scene.edges.filter((edge) => !edge.beside);
  }

  _findHubs(scene) {
    if (scene.items.length < CROWD) return;
    const neighbours = new Map();
    for (const edge of scene.edges) {
      if (!edge.tail || !edge.head || edge.hiddenBy) continue;
      addTo(neighbours, edge.tail, edge);
      addTo(neighbours, edge.head, edge);
    }
    for (const [item, edges] of neighbours) {
      const ins = new Set(edges.filter((e) => e.head === item).map((e) => e.tail)).size;
      const outs = new Set(edges.filter((e) => e.tail === item).map((e) => e.head)).size;
      for (const edge of edges) {
        const many = edge.tail === item ? outs : ins;
        if (many > HUB) edge.hub = true;
      }
    }
  }
}

function pairOf(edge) {
  return `${edge.tail ? edge.tail.key : edge.tailPort}>${edge.head ? edge.head.key : edge.headPort}`;
}

function addTo(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function countBeside(scene, host, side) {
  return (scene.beside.get(host) || []).filter((entry) => entry.side === side).length;
}

function depthOf(item) {
  let depth = 0;
  for (let group = item.parent; group; group = group.parent) depth += 1;
  return depth;
}

// The outermost side job around an item, or the one that it is.
function sideOf(item) {
  if (item.side === undefined) {
    const outer = item.parent && item.parent.parent ? sideOf(item.parent) : null;
    item.side = outer || (item.kind === "side" ? item : null);
  }
  return item.side;
}

function isHidden(op, state) {
  return state.hidden.has(op.type) || state.hiddenRoles.has(op.role);
}

function hasVisible(item, state) {
  if (!state.hidden.size && !state.hiddenRoles.size) return true;
  return item.isGroup ? item.children.some((inner) => hasVisible(inner, state))
                      : !isHidden(item, state);
}

// The links between ops that are shown. What goes through hidden ops is bridged: x -> hidden -> y
// becomes x -> y, unless that would be a link from everything to everything.
const MOST_BRIDGES = 200;

function visibleLinks(model, state) {
  if (!state.hidden.size && !state.hiddenRoles.size) return model.links;
  const found = model.links.filter((link) => !isHidden(link.tail, state) && !isHidden(link.head, state));
  const known = new Map();
  const tailsOf = (op) => { // the shown ops that reach a hidden one
    if (known.has(op)) return known.get(op);
    const tails = new Set();
    const seen = new Set([op]);
    const stack = [op];
    while (stack.length && tails.size <= MOST_BRIDGES) {
      for (const link of stack.pop().ins) {
        if (link.kind === "next" || seen.has(link.tail)) continue;
        seen.add(link.tail);
        if (isHidden(link.tail, state)) stack.push(link.tail);
        else tails.add(link.tail);
      }
    }
    known.set(op, tails);
    return tails;
  };
  const bridged = new Set();
  for (const link of model.links) {
    if (isHidden(link.head, state) || !isHidden(link.tail, state) || link.kind === "next") continue;
    const tails = tailsOf(link.tail);
    if (tails.size > MOST_BRIDGES) continue;
    for (const tail of tails) {
      const key = `${tail.id}>${link.head.id}`;
      if (tail === link.head || bridged.has(key)) continue;
      bridged.add(key);
      found.push({ id: -1, tail, index: -1, head: link.head, kind: "data", spec: link.spec,
        param: link.param, bridge: link.tail });
    }
  }
  return found;
}
