// Small tools of the panels: elements, icons, and a list that draws only the rows that are on screen
// (10,000 search results are no more than 30 elements).

const Dom = (() => {
  // Puts children in place of those that are there.
  function refill(parent, ...children) {
    parent.replaceChildren();
    return fill(parent, {}, children);
  }

  // ---- icons: strokes on a 16 × 16 grid --------------------------------------------------------

  const ICONS = {
    search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5 14 14",
    plus: "M8 3v10M3 8h10", minus: "M3 8h10", close: "M4 4l8 8M12 4l-8 8",
    fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
    up: "M3.5 10 8 5.5l4.5 4.5", down: "M3.5 6 8 10.5 12.5 6", right: "M6 3.5 10.5 8 6 12.5",
    left: "M10 3.5 5.5 8l4.5 4.5", menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
    more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
    copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7", centre: "M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
    play: "M5 3l8 5-8 5z", pause: "M5 3v10M11 3v10", first: "M4 3v10M13 3 7 8l6 5z",
    last: "M12 3v10M3 3l6 5-6 5z", previous: "M11 3 5 8l6 5z", next: "M5 3l6 5-6 5z",
    moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
    sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
    help: "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M8 12.3h.01",
    eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  };

  // A name that may break after each part of it.
  function name(text) {
    const parts = printable(text).split(/(?<=[/_])/);
    return el("bdi", {}, parts.map((part, i) => (i ? [document.createElement("wbr"), part] : part)));
  }

  function icon(name) {
    return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
      svg("path", { d: ICONS[name] }));
  }

  // A button that shows an icon; `label` is its name for readers and its tooltip, with the key.
  function iconButton(name, label, onclick, key) {
    return el("button", { type: "button", class: "icon-button", "aria-label": label, onclick,
      title: key ? `${label} (${key})` : label, "aria-keyshortcuts": key }, icon(name));
  }

  // ---- numbers ---------------------------------------------------------------------------------

  const share = (part, whole) => (whole > 0 ? `${(100 * part / whole).toFixed(1)} %` : "–");
  const rate = (flops, us) => (flops > 0 && us > 0 ? (flops / us / 1000).toPrecision(3) : "–");

  function value(n) {
    if (n === null || n === undefined) return "–";
    if (typeof n !== "number") return String(n);
    if (Number.isInteger(n) && Math.abs(n) < 1e7) return String(n);
    const text = n.toPrecision(4);
    return text.includes("e") ? text : String(Number(text));
  }

  // ---- telling those who do not see the picture ------------------------------------------------

  function announce(text) {
    const live = document.getElementById("announce");
    if (live && live.textContent !== printable(text)) live.textContent = printable(text);
  }

  const narrow = () => matchMedia("(max-width: 719px)").matches;

  // ---- a list of rows of which only those on screen exist --------------------------------------

  // draw(item, i) -> the row's element. The list's element holds the focus; the row that the keys
  // are on is told by aria-activedescendant, since most rows are not there.
  class RowList {
    constructor({ role, rowRole, label, height, draw, choose, keys }) {
      Object.assign(this, { rowRole, height, draw, choose, keys, items: [], at: -1 });
      this.sizer = el("div", { class: "rows-size", role: "presentation" });
      this.element = el("div", { class: "rows", role, "aria-label": label, tabindex: "0",
        onscroll: () => this.render(), onkeydown: (event) => this.key(event),
        onfocus: () => { if (this.at < 0 && this.items.length) this.go(0); } }, this.sizer);
      this.id = `rows${RowList.made = (RowList.made || 0) + 1}`;
      if (window.ResizeObserver) new ResizeObserver(() => this.render()).observe(this.element);
    }

    rowHeight() {
      return narrow() ? Math.max(40, this.height) : this.height;
    }

    show(items, at = -1) {
      this.items = items;
      this.at = Math.min(at, items.length - 1);
      this.drawn = "";
      this.render();
    }

    // Does nothing while the list is not on the page to be seen: asking for its size is dear there.
    render() {
      if (this.element.closest("[hidden]")) return;
      const height = this.rowHeight();
      const seen = this.element.clientHeight || 400;
      const first = Math.max(0, Math.floor(this.element.scrollTop / height) - 5);
      const end = Math.min(this.items.length, first + Math.ceil(seen / height) + 11);
      const key = `${first} ${end} ${this.at} ${height}`;
      if (key === this.drawn) return;
      this.drawn = key;
      this.sizer.style.height = `${this.items.length * height}px`;
      const rows = [];
      for (let i = first; i < end; i++) {
        const row = this.draw(this.items[i], i);
        row.setAttribute("role", this.rowRole);
        row.id = `${this.id}-${i}`;
        row.classList.add("row");
        row.style.top = `${i * height}px`;
        row.style.height = `${height}px`;
        if (this.rowRole === "option") {
          row.setAttribute("aria-posinset", i + 1);
          row.setAttribute("aria-setsize", this.items.length);
        }
        row.setAttribute("aria-selected", String(i === this.at));
        row.addEventListener("click", (event) => {
          this.at = i;
          if (!event.defaultPrevented) this.choose(this.items[i], i, event);
          this.drawn = "";
          this.render();
        });
        rows.push(row);
      }
      this.sizer.replaceChildren(...rows);
      if (this.at >= first && this.at < end) {
        this.element.setAttribute("aria-activedescendant", `${this.id}-${this.at}`);
      } else this.element.removeAttribute("aria-activedescendant");
    }

    go(i) {
      this.at = Math.max(0, Math.min(this.items.length - 1, i));
      if (this.element.closest("[hidden]")) return;
      const height = this.rowHeight(), top = this.at * height, box = this.element;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + height > box.scrollTop + box.clientHeight) {
        box.scrollTop = top + height - box.clientHeight;
      }
      this.drawn = "";
      this.render();
    }

    key(event) {
      const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight()) - 1);
      const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page,
        Home: -this.items.length, End: this.items.length };
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (this.keys && this.keys(event, this.items[this.at])) event.preventDefault();
      else if (event.key in moves && this.items.length) {
        this.go(this.at < 0 ? 0 : this.at + moves[event.key]);
        event.preventDefault();
      } else if ((event.key === "Enter" || event.key === " ") && this.at >= 0) {
        this.choose(this.items[this.at], this.at, event);
        event.preventDefault();
      } else return;
      event.stopPropagation();
    }
  }

  return { fill: refill, icon, iconButton, name, share, rate, value, announce, narrow, RowList };
})();

// Whether one of `keys` is among those of the state that changed.
const has = (changed, ...keys) => keys.some((key) => changed.has(key));
