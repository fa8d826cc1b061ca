// The view: looking around (pan, zoom, fit), opening and closing, and pointing. All moving goes
// through `state.view` = {x, y, k}: a point p of the world stands at p * k + (x, y) on the stage.

const MIN_ZOOM = 0.004, MAX_ZOOM = 4;
const FIT_ZOOM = 1.2; // fitting never makes things larger than this

class View {
  constructor(app) {
    this.app = app;
    this.drawing = new Drawing(app);
    this.layouts = new Layouts();
    this.moving = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.measure();
    new ResizeObserver(() => { this.measure(); this.frame(); }).observe(app.el.stage);
    on((changed) => this.changed(changed));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.minimap.show());
  }

  measure() {
    const box = this.app.el.stage.getBoundingClientRect();
    this.width = box.width || 800;
    this.height = box.height || 600;
  }

  // ---- what listens to the state ----

  changed(changed) {
    const values = this.app.state.color === "values" && has(changed, "step"); // they change from step to step
    if (has(changed, "color", "run") || values) this.app.colors.refresh();
    if (has(changed, "open", "hidden", "hiddenRoles", "direction")) this.relayout();
    else if (has(changed, "color", "run", "labels", "theme") || values) this.draw(true);
    else if (has(changed, "selected", "hovered", "trace")) this.drawing.paint();
    if (has(changed, "color", "run", "theme")) this.app.minimap.show();
    if (has(changed, "hidden", "hiddenRoles", "direction")) this.keepInSight();
    if (has(changed, "view")) this.frame();
  }

  // What was looked at may be gone: then all is shown.
  keepInSight() {
    const { x, y, k } = this.app.state.view;
    const seen = this.drawing.nodes.some((p) => p.x * k + x < this.width && p.y * k + y < this.height
      && (p.x + p.w) * k + x > 0 && (p.y + p.h) * k + y > 0);
    if (!seen) this.fit(false);
  }

  relayout() {
    const { model, state } = this.app;
    this.flow = new Flow(model, state);
    this.layout = this.layouts.of(this.flow, model.root, state.direction);
    this.drawing.show(this.flow, this.layout);
    this.draw(true);
    this.app.minimap.show();
  }

  frame() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw(false);
      this.app.minimap.update();
    });
  }

  draw(force) {
    this.drawing.update(this.app.state.view, this.width, this.height, force);
  }

  // ---- moving ----

  // Moves the view, smoothly unless the reader asked for less motion.
  go(view, smooth = true) {
    cancelAnimationFrame(this.moving);
    const from = this.app.state.view;
    if (!smooth || this.still.matches || document.hidden) return set({ view });
    const start = performance.now();
    const step = (now) => {
      const t = Math.min(1, Math.max(0, (now - start) / 220));
      const e = 1 - (1 - t) ** 3;
      const k = from.k * (view.k / from.k) ** e;
      // The middle moves on a straight line while the zoom changes.
      const share = view.k === from.k ? e : (k - from.k) / (view.k - from.k);
      const mid = (v) => [(this.width / 2 - v.x) / v.k, (this.height / 2 - v.y) / v.k];
      const [ax, ay] = mid(from), [bx, by] = mid(view);
      const w = view.k === from.k ? e : (share * view.k) / k;
      const cx = ax + (bx - ax) * w, cy = ay + (by - ay) * w;
      set({ view: t >= 1 ? view : { x: this.width / 2 - cx * k, y: this.height / 2 - cy * k, k } });
      if (t < 1) this.moving = requestAnimationFrame(step);
    };
    this.moving = requestAnimationFrame(step);
    return undefined;
  }

  fitBox(x, y, w, h, most = FIT_ZOOM, smooth = true) {
    const views = this._rooms().map(([left, width]) => {
      const edge = Math.min(40, width * 0.05);
      const k = Math.max(MIN_ZOOM, Math.min(most, (width - 2 * edge) / Math.max(1, w), (this.height - 2 * edge) / Math.max(1, h)));
      return { k, x: left + width / 2 - (x + w / 2) * k, y: this.height / 2 - (y + h / 2) * k };
    });
    // Beside the legend only where the whole stage would put boxes behind it, and they stay readable.
    const beside = views.length > 1 && views[1].k > views[0].k * 0.75 && this._covers(views[0]);
    this.go(beside ? views[1] : views[0], smooth);
  }

  // Where a picture may go, as [left, width]: the stage, and what is right of an open legend.
  _rooms() {
    const { legend, stage } = this.app.el;
    const box = legend.getBoundingClientRect();
    const right = box.right - stage.getBoundingClientRect().left;
    const isLarge = box.height > 80 && right > 40 && right < this.width / 2;
    return isLarge ? [[0, this.width], [right, this.width - right]] : [[0, this.width]];
  }

  // Whether the legend stands before a box in a view.
  _covers({ x, y, k }) {
    const box = this.app.el.legend.getBoundingClientRect();
    const stage = this.app.el.stage.getBoundingClientRect();
    const [left, top, right, bottom] = [box.left - stage.left, box.top - stage.top, box.right - stage.left, box.bottom - stage.top];
    return this.drawing.nodes.some((p) => p.x * k + x < right && (p.x + p.w) * k + x > left
      && p.y * k + y < bottom && (p.y + p.h) * k + y > top);
  }

  fit(smooth = true) {
    this.fitBox(0, 0, this.layout.w, this.layout.h, FIT_ZOOM, smooth);
  }

  fitItem(item) {
    const place = this.place(item);
    if (place) this.fitBox(place.x, place.y, place.w, place.h);
  }

  center(item, smooth = true) {
    const place = this.place(item);
    if (!place) return;
    let { k } = this.app.state.view;
    const room = Math.min(this.width / place.w, this.height / place.h) * 0.9;
    if (place.box && place.box.inner) k = Math.min(k, room);
    else k = Math.min(Math.max(k, 0.6), Math.max(room, 0.1));
    this.go({ k, x: this.width / 2 - (place.x + place.w / 2) * k, y: this.height / 2 - (place.y + place.h / 2) * k }, smooth);
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2, smooth = false) {
    const from = this.app.state.view;
    const k = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, from.k * factor));
    this.go({ k, x: x - ((x - from.x) * k) / from.k, y: y - ((y - from.y) * k) / from.k }, smooth);
  }

  panBy(dx, dy) {
    const { x, y, k } = this.app.state.view;
    this.go({ x: x + dx, y: y + dy, k }, false);
  }

  // ---- opening ----

  toggle(group) {
    if (this.app.state.open.has(group)) this.close(group);
    else this.open(group);
  }

  open(group) { this._setOpen(group, true); }

  close(group) { this._setOpen(group, false); }

  // The group stays where it is on the screen, unless it then does not fit there.
  _setOpen(group, isOpen) {
    const { state } = this.app;
    const before = this.place(group);
    const open = new Set(state.open);
    if (isOpen) open.add(group);
    else open.delete(group);
    const old = new Map(this.drawing.places);
    const view = state.view;
    const anchor = before && { x: before.x + before.w / 2, y: before.y + before.h / 2 };
    const patch = { open };
    if (!isOpen && state.selected && state.selected !== group
        && this.app.model.around(state.selected).includes(group)) patch.selected = group;
    set(patch);
    const after = this.place(group);
    if (!anchor || !after) return;
    const to = { x: after.x + after.w / 2, y: after.y + after.h / 2 };
    const moved = { k: view.k, x: view.x + (anchor.x - to.x) * view.k, y: view.y + (anchor.y - to.y) * view.k };
    this.go(moved, false);
    this._slide(old, anchor.x - to.x, anchor.y - to.y);
    if (!isOpen) return;
    const { k } = view;
    const [left, top] = [after.x * k + moved.x, after.y * k + moved.y];
    const fits = left >= 0 && top >= 0 && left + after.w * k <= this.width && top + after.h * k <= this.height;
    if (!fits) this.fitBox(after.x, after.y, after.w, after.h, Math.max(k, 0.8));
    else if (k < FINE && after.w * k < this.width / 3) this.fitBox(after.x, after.y, after.w, after.h, 0.9);
  }

  // Boxes glide from their old places; only while they are few enough for that to be smooth.
  _slide(old, dx, dy) {
    const { elements, level, places } = this.drawing;
    if (this.still.matches || level !== 2 || elements.size > 260) return;
    const time = { duration: 220, easing: "cubic-bezier(.2,.7,.3,1)" };
    for (const [item, element] of elements) {
      const now = places.get(item), was = old.get(item);
      if (!now || now.beside || element.classList.contains("open")) continue;
      if (!was) {
        element.animate([{ opacity: 0 }, { opacity: 1 }], time);
        continue;
      }
      const x = now.x + now.w / 2, y = now.y + now.h / 2;
      const x0 = was.x + was.w / 2 - dx, y0 = was.y + was.h / 2 - dy;
      if (Math.hypot(x - x0, y - y0) < 1) continue;
      element.animate([{ transform: `translate(${x0}px,${y0}px)` }, { transform: `translate(${x}px,${y}px)` }], time);
    }
    for (const name of ["edges", "labels"]) this.drawing.layers[name].animate([{ opacity: 0 }, { opacity: 0, offset: 0.4 }, { opacity: 1 }], time);
  }

  // Opens what is around an item, selects it and brings it into sight.
  show(item) {
    const { model, state } = this.app;
    const around = model.around(item);
    const patch = { selected: item };
    if (!around.every((group) => state.open.has(group))) patch.open = new Set([...state.open, ...around]);
    if (!item.isGroup && isHidden(item, state)) {
      patch.hidden = new Set([...state.hidden].filter((type) => type !== item.type));
      patch.hiddenRoles = new Set([...state.hiddenRoles].filter((role) => role !== item.role));
    }
    set(patch);
    this.center(item);
  }

  // ---- finding ----

  // Where the box of an item stands in the world: its own, or that of the closed group around it.
  place(item) {
    return this.drawing.places.get(item)
      || this.drawing.places.get(this.app.model.boxOf(item, this.app.state.open)) || null;
  }

  element(item) {
    return this.drawing.elements.get(item) || null;
  }

  // All that is drawn, as one reads: along the flow, then across; groups before their contents.
  items() {
    const found = [];
    const walk = (layout) => {
      const { direction } = this.app.state;
      const flow = (b) => (direction === "right" ? b.x : direction === "down" ? b.y : -b.y - b.h);
      const across = (b) => (direction === "right" ? b.y : b.x);
      const boxes = [...layout.boxes].sort((a, b) => flow(a) - flow(b) || across(a) - across(b));
      for (const box of boxes) {
        found.push(box.item);
        for (const entry of box.beside) if (!found.includes(entry.item)) found.push(entry.item);
        if (box.inner) walk(box.inner);
      }
    };
    walk(this.layout);
    return found;
  }

  // The nearest box in a direction on the screen.
  neighbour(item, direction) {
    const from = this.place(item);
    if (!from) return null;
    const middle = (p) => [p.x + p.w / 2, p.y + p.h / 2];
    const [x, y] = middle(from);
    const [ux, uy] = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] }[direction];
    let best = null, bestCost = Infinity;
    for (const place of this.drawing.nodes) {
      if (place === from || place.item === item) continue;
      const [px, py] = middle(place);
      const ahead = (px - x) * ux + (py - y) * uy;
      const aside = Math.abs((px - x) * uy) + Math.abs((py - y) * ux);
      if (ahead < 4 || aside > ahead * 3) continue;
      const cost = ahead + aside * 2;
      if (cost < bestCost) { best = place.item; bestCost = cost; }
    }
    return best;
  }

  point(clientX, clientY) {
    const box = this.app.el.stage.getBoundingClientRect();
    const { x, y, k } = this.app.state.view;
    return { x: (clientX - box.left - x) / k, y: (clientY - box.top - y) / k };
  }

  // The innermost box at a place on the screen; open groups only by their title bar or empty room.
  itemAt(clientX, clientY) {
    const p = this.point(clientX, clientY);
    const holds = (b) => p.x >= b.x && p.x <= b.x + b.w && p.y >= b.y && p.y <= b.y + b.h;
    for (const place of this.drawing.nodes) if (holds(place)) return place.item;
    let found = null;
    for (const place of this.drawing.groups) if (holds(place)) found = place.item;
    return found;
  }

  // The button of a group at a place on the screen.
  signAt(clientX, clientY) {
    if (this.drawing.level !== 2) return null;
    const p = this.point(clientX, clientY);
    const near = (x, y) => Math.hypot(p.x - x, p.y - y) <= 11;
    for (const place of this.drawing.nodes) {
      if (place.item.isGroup && near(place.x + place.w, place.y)) return place.item;
    }
    for (const place of this.drawing.groups) {
      if (near(place.x + place.w - 13, place.y + 12)) return place.item;
    }
    return null;
  }
}
