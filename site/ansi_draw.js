/**
 * Terminal lines on the page. Colours become tokens of the look, so that they can be read on both
 * grounds.
 */

import { LONGEST_LINE, Terminal, cutLine, lengthOf, runsOf } from "./ansi.js";

/** @typedef {import("./ansi.js").Line} Line */
/** @typedef {import("./ansi.js").Style} Style */

/**
 * Lines as text nodes and spans, "\n" between them.
 * @param {Line[]} lines
 * @returns {DocumentFragment}
 */
export function drawLines(lines) {
  const fragment = document.createDocumentFragment();
  let plain = "";
  const flush = () => {
    if (plain) fragment.append(plain);
    plain = "";
  };
  lines.forEach((line, i) => {
    if (i) plain += "\n";
    const over = lengthOf(line) - LONGEST_LINE;
    for (const { text, style } of runsOf(over > 0 ? cutLine(line, 0, LONGEST_LINE) : line)) {
      if (!style) plain += text;
      else {
        flush();
        fragment.append(drawRun(text, style));
      }
    }
    if (over > 0) {
      flush();
      fragment.append(drawCut(over));
    }
  });
  flush();
  return fragment;
}

/**
 * @param {string} text
 * @param {Style} style
 */
function drawRun(text, style) {
  const span = document.createElement("span");
  span.textContent = text;
  for (const name of /** @type {const} */ (["bold", "dim", "italic", "underline", "strike"])) {
    if (style[name]) span.classList.add(`ansi-${name}`);
  }
  const [fg, bg] = style.inverse ? [style.bg ?? "paper", style.fg ?? "ink"] : [style.fg, style.bg];
  if (bg) paint(span, bg, "bg", Boolean(fg));
  if (fg) paint(span, fg, "fg", Boolean(bg));
  return span;
}

/**
 * @param {HTMLElement} span
 * @param {string} colour
 * @param {"fg" | "bg"} side
 * @param {boolean} isPair whether both sides are given
 */
function paint(span, colour, side, isPair) {
  const channels = colour.split(" ").map(Number);
  const [red = 0, green = 0, blue = 0] = channels;
  if (channels.length === 1) span.classList.add(`ansi-${side}-${colour}`);
  else if (side === "bg") {
    span.style.backgroundColor = `rgb(${colour})`;
    span.style.color = 2 * red + 5 * green + blue > 1024 ? "#14181D" : "#FFFFFF";
  } else if (isPair && span.style.backgroundColor) span.style.color = `rgb(${colour})`;
  else if (Math.max(...channels) - Math.min(...channels) < 24) {
    // Greys mean nearness to the terminal's ground, which is not known: near white is plain ink.
    span.classList.add(red > 150 ? "ansi-fg-ink" : "ansi-fg-white");
  } else {
    span.classList.add("ansi-rgb");
    span.style.setProperty("--rgb", `rgb(${colour})`);
  }
}

/** @param {number} count */
function drawCut(count) {
  const span = document.createElement("span");
  span.className = "line-cut";
  span.textContent = ` … ${count.toLocaleString("en")} more characters`;
  return span;
}

/**
 * A whole text at once.
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function renderAnsi(text) {
  const terminal = new Terminal();
  terminal.write(text);
  return drawLines(terminal.lines);
}
