// Text and elements: what every other file needs to write something on the page. Names of a graph
// come from strangers, so they enter by textContent and setAttribute only, and what cannot be seen
// in them is written as its escape.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const SVG = "http://www.w3.org/2000/svg";

function printable(text) {
  return String(text).replace(HIDDEN, (c) => {
    const code = c.codePointAt(0);
    if (code < 256) return "\\x" + code.toString(16).padStart(2, "0");
    return code < 65536 ? "\\u" + code.toString(16).padStart(4, "0")
                        : "\\U" + code.toString(16).padStart(8, "0");
  });
}

// The middle is left out: names of graphs differ at both ends.
function shorten(text, limit = 28) {
  if (text.length <= limit) return text;
  const letters = Array.from(text.length > 400 ? text.slice(0, 200) + text.slice(-200) : text);
  if (letters.length <= limit) return text;
  const head = Math.floor(limit / 2);
  return letters.slice(0, head).join("") + "…" + letters.slice(head + 1 - limit).join("");
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-")) element.setAttribute(name, printable(value)); // false is said too
    else if (value !== false) element.setAttribute(name, value === true ? "" : printable(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : printable(child));
  }
  return element;
}

// el("button", {class: "x", onclick: f}, "text", child)
function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function plural(number, noun, several = `${noun}s`) {
  return `${formatCount(number)} ${number === 1 ? noun : several}`;
}

const counts = new Intl.NumberFormat("en-US");

function formatCount(number) {
  return counts.format(number);
}

function formatBytes(bytes) {
  if (!(bytes >= 0)) return "unknown";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; unit += 1; }
  return `${bytes >= 100 || unit === 0 ? Math.round(bytes) : bytes.toPrecision(3)} ${units[unit]}`;
}

// A time given in microseconds.
function formatTime(micros) {
  if (!(micros >= 0)) return "unknown";
  if (micros < 1000) return `${micros < 100 ? Number(micros.toPrecision(2)) : Math.round(micros)} µs`;
  const [number, unit] = micros < 1e6 ? [micros / 1e3, "ms"] : [micros / 1e6, "s"];
  return `${number >= 100 ? Math.round(number) : number.toPrecision(3)} ${unit}`;
}

const ruler = document.createElement("canvas").getContext("2d");
const FONT = "Helvetica, Arial, sans-serif";
const widths = new Map(); // of characters, by style

// Width of a line of text in pixels: the sum of its characters', each measured once.
function textWidth(text, size, bold) {
  let known = widths.get(Boolean(bold));
  if (!known) widths.set(Boolean(bold), known = new Map());
  let width = 0;
  for (const character of text) {
    let one = known.get(character);
    if (one === undefined) {
      ruler.font = `${bold ? "600 " : ""}100px ${FONT}`;
      one = ruler.measureText(character).width / 100;
      known.set(character, one);
    }
    width += one;
  }
  return width * size;
}
