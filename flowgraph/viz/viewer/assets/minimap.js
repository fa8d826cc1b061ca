// The minimap: the whole graph in a corner, with a frame around what is in sight. Dragging in it
// moves the view. It hides while everything is in sight anyway.

const MAP_W = 180, MAP_H = 130;

class Minimap {
  constructor(app) {
    this.app = app;
    this.canvas = el("canvas", {});
    this.frameBox = el("div", { class: "minimap-frame" });
    app.el.minimap.append(this.canvas, this.frameBox);
    const move = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const { view } = app;
      const { k } = app.state.view;
      const x = (event.clientX - box.left) / this.scale, y = (event.clientY - box.top) / this.scale;
      view.go({ k, x: view.width / 2 - x * k, y: view.height / 2 - y * k }, false);
    };
    app.el.minimap.addEventListener("pointerdown", (event) => {
      app.el.minimap.setPointerCapture(event.pointerId);
      move(event);
      event.preventDefault();
    });
    app.el.minimap.addEventListener("pointermove", (event) => { if (event.buttons & 1) move(event); });
  }

  // Draws the map of a new layout, when the browser has time.
  show() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this._draw(); this.update(); }, 60);
  }

  _draw() {
    const { layout, drawing } = this.app.view;
    this.scale = Math.min(MAP_W / Math.max(1, layout.w), MAP_H / Math.max(1, layout.h));
    const sharp = devicePixelRatio || 1;
    const w = Math.max(8, layout.w * this.scale), h = Math.max(8, layout.h * this.scale);
    this.canvas.width = Math.ceil(w * sharp);
    this.canvas.height = Math.ceil(h * sharp);
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    this.app.el.minimap.style.width = `${w}px`;
    this.app.el.minimap.style.height = `${h}px`;
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const known = new Map();
    const colour = (text) => {
      if (!known.has(text)) {
        const name = /^var\((.+)\)$/.exec(text);
        known.set(text, name ? style.getPropertyValue(name[1]).trim() : text);
      }
      return known.get(text);
    };
    const s = this.scale * sharp;
    for (const { x, y, w: gw, h: gh, depth } of drawing.groups) {
      pen.fillStyle = colour(`var(--group-${depth % 3})`);
      pen.fillRect(x * s, y * s, gw * s, gh * s);
    }
    for (const { item, x, y, w: nw, h: nh } of drawing.nodes) {
      const paint = this.app.colors.of(item);
      pen.fillStyle = colour(this.app.state.color === "structure" ? paint.line : paint.fill);
      pen.fillRect(x * s, y * s, Math.max(1, nw * s), Math.max(1, nh * s));
    }
  }

  update() {
    const { view } = this.app;
    if (!this.scale || !view.layout) return;
    const { x, y, k } = this.app.state.view;
    const { w, h } = view.layout;
    const all = x >= -2 && y >= -2 && x + w * k <= view.width + 2 && y + h * k <= view.height + 2;
    this.app.el.minimap.classList.toggle("away", all || !w || !h);
    const s = this.scale;
    const clip = (value, most) => Math.max(0, Math.min(most, value));
    const left = clip((-x / k) * s, w * s), top = clip((-y / k) * s, h * s);
    const right = clip(((view.width - x) / k) * s, w * s), bottom = clip(((view.height - y) / k) * s, h * s);
    Object.assign(this.frameBox.style, { left: `${left}px`, top: `${top}px`,
      width: `${Math.max(4, right - left)}px`, height: `${Math.max(4, bottom - top)}px` });
  }
}
