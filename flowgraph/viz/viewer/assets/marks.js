// Marks of the search in the picture: an outline around what was found, and on each closed group a
// badge that says how many matches are inside. From far away, where boxes are no elements of their
// own, one path marks them all.

const BADGE_H = 16;

// Called by the drawing after each change; nothing is drawn anew.
function paintMarks(drawing) {
  const { found } = Search;
  for (const [item, element] of drawing.elements) {
    const open = item.isGroup && element.classList.contains("open");
    const inside = item.isGroup ? found.groups.get(item) || 0 : 0;
    const hit = item.isGroup ? inside > 0 && !open : found.set.has(item);
    element.classList.toggle("match", hit);
    const mark = hit && inside ? String(inside) : "";
    if ((element.mark || "") === mark) continue;
    element.mark = mark;
    element.querySelector(":scope > .match-badge")?.remove();
    if (mark) element.append(badge(drawing.places.get(item), inside));
  }
  const spots = drawing.level === 0 && found.ops.length ? [matchSpots(drawing, found)] : [];
  drawing.layers.over.append(...spots);
}

function badge(place, count) {
  const text = formatCount(count), w = Math.max(BADGE_H, textWidth(text, DETAIL_SIZE, true) + 10);
  const g = svg("g", { class: "match-badge", transform: `translate(${-place.w / 2},${-place.h / 2})` });
  g.append(svg("rect", { x: -w / 2, y: -BADGE_H / 2, width: w, height: BADGE_H, rx: BADGE_H / 2 }),
    svg("text", { y: 3.6, "font-size": DETAIL_SIZE }, text), svg("title", {}, plural(count, "match", "matches")));
  return g;
}

function matchSpots(drawing, found) {
  const list = [];
  for (const { item, x, y, w, h, beside } of drawing.nodes) {
    if (beside || !(item.isGroup ? found.groups.has(item) : found.set.has(item))) continue;
    list.push(`M${Math.round(x)},${Math.round(y)}h${w}v${h}h${-w}z`);
  }
  return svg("path", { class: "match-spots", d: list.join("") });
}
