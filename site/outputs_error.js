/** An error as the reader needs it: what, where in this cell, and the rest folded away. */

import { stripAnsi } from "./ansi.js";
import { renderAnsi } from "./ansi_draw.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { reachByKeys } from "./scrollers.js";
import { describeFrames, notesOf, parseTraceback } from "./traceback.js";

/**
 * @typedef {import("./traceback.js").Frame} Frame
 * @typedef {object} ErrorOptions
 * @property {number | null} [count] the run that the error belongs to
 * @property {(line: number) => void} [onGoToLine]
 */

const LONGEST_MESSAGE = 4000;

/**
 * @param {import("./types.js").Output} output
 * @param {ErrorOptions} options
 * @returns {HTMLElement}
 */
export function drawError(output, options) {
  const lines = output.traceback ?? [];
  const parsed = parseTraceback(lines);
  const own = parsed?.frames.filter((frame) => !isLibrary(frame)) ?? [];
  const rest = parsed?.frames.filter(isLibrary) ?? [];
  const here = own.findLast((frame) => frame.count !== null && isThisCell(frame, own, options));
  const whole = h("pre", { class: "text whole", hidden: true });
  reachByKeys(whole);
  return h(
    "div",
    { class: "tbk" },
    h("div", { class: "en" }, messageOf(output)),
    drawNotes(output),
    own.map((frame) => drawFrame(frame, isThisCell(frame, own, options))),
    drawFold(parsed, rest, lines, whole),
    whole,
    h("div", { class: "acts" }, here && goTo(here.line, options), lines.length > 0 && copy(lines)),
  );
}

/** What helps on, where something does. @param {import("./types.js").Output} output */
function drawNotes({ ename = "", evalue = "", traceback = [] }) {
  const notes = notesOf(traceback, ename, evalue).slice(0, LONGEST_MESSAGE);
  return notes && h("div", { class: "notes" }, notes);
}

/** @param {import("./types.js").Output} output */
function messageOf({ ename = "", evalue = "" }) {
  const name = stripAnsi(ename) || "Error";
  // IPython adds the file to what a syntax error says; the next line says it better.
  const value = stripAnsi(evalue).replace(/ \((?:<ipython-input-[^)]*>|\d+\.py), line \d+\)$/, "");
  const message = value ? `${name}: ${value}` : name;
  if (message.length <= LONGEST_MESSAGE) return message;
  const over = (message.length - LONGEST_MESSAGE).toLocaleString("en");
  return `${message.slice(0, LONGEST_MESSAGE)} … ${over} more characters`;
}

/** @param {Frame} frame */
function isLibrary(frame) {
  return frame.count === null && frame.library !== "";
}

/**
 * Where the count of the run is not known, the outermost cell frame is this cell.
 * @param {Frame} frame
 * @param {Frame[]} own
 * @param {ErrorOptions} options
 */
function isThisCell(frame, own, options) {
  if (frame.count === null) return false;
  const outermost = own.find((each) => each.count !== null)?.count;
  return frame.count === (options.count ?? outermost);
}

/**
 * @param {Frame} frame
 * @param {boolean} isHere
 */
function drawFrame(frame, isHere) {
  const place = isHere ? "In this cell" : frame.file ? `In ${frame.file}` : `In [${frame.count}]`;
  const inside = frame.name ? `, in ${frame.name}` : "";
  return [
    h("div", { class: "fr" }, `${place}, line ${frame.line}${inside}`),
    frame.code && drawHit(frame.code.trim()),
  ];
}

/** @param {string} code */
function drawHit(code) {
  const hit = h("div", { class: "hit" }, code);
  reachByKeys(hit);
  return hit;
}

/**
 * @param {import("./traceback.js").Traceback | null} parsed
 * @param {Frame[]} rest
 * @param {string[]} lines
 * @param {HTMLElement} whole
 */
function drawFold(parsed, rest, lines, whole) {
  if (lines.length === 0) return null;
  if (!parsed) {
    // Not IPython's: shown as it came, unless it says no more than the message did.
    if (lines.length === 1 && !lines[0]?.includes("\n")) return null;
    return h("pre", { class: "text" }, renderAnsi(lines.join("\n")));
  }
  const causes = parsed.causes === 1 ? "1 exception before this" : `${parsed.causes} before this`;
  const words = [rest.length && describeFrames(rest), parsed.causes && causes].filter(Boolean);
  const button = h("button", { class: "lnk", type: "button", "aria-expanded": "false" }, "Show");
  button.addEventListener("click", () => {
    if (!whole.firstChild) whole.append(renderAnsi(lines.join("\n")));
    whole.hidden = !whole.hidden;
    button.textContent = whole.hidden ? "Show" : "Hide";
    button.setAttribute("aria-expanded", String(!whole.hidden));
  });
  return h("div", { class: "fr fold" }, words.join(", ") || "Whole traceback", " ", button);
}

/**
 * @param {number} line
 * @param {ErrorOptions} options
 */
function goTo(line, { onGoToLine }) {
  if (!onGoToLine) return null;
  const onclick = () => onGoToLine(line);
  const props = { class: "btn s", type: "button", onclick };
  return h("button", props, icon("corner-down-left"), `Go to line ${line}`);
}

/** @param {string[]} lines */
function copy(lines) {
  const words = document.createTextNode("Copy traceback");
  const onclick = async () => {
    await navigator.clipboard.writeText(stripAnsi(lines.join("\n")));
    words.data = "Copied";
  };
  return h("button", { class: "btn s", type: "button", onclick }, icon("copy"), words);
}
