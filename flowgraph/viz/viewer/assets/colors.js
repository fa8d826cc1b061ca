// Colours: what fills a box. By structure that is its kind's own colour; by device, time, memory or
// values it is what tints.js says. All are variables of the page's style, so that both themes have
// theirs.

class Colors {
  constructor(state) {
    this.state = state;
    this.cache = new Map();
  }

  // Called when the mode, the run or its step changes.
  refresh() {
    this.cache.clear();
  }

  // {fill, line, ink, text}: of an op, or of all that is in a group. `ink` is the colour of what is
  // written on it, `text` says in words what the fill says; both are "" by structure.
  of(item) {
    let found = this.cache.get(item);
    if (!found) {
      found = Tints.of(item) || { fill: `var(--fill-${item.look})`, line: `var(--line-${item.look})`, ink: "",
        text: "" };
      this.cache.set(item, found);
    }
    return found;
  }
}
