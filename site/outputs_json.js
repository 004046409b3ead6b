/** A JSON value as a tree that opens where the reader opens it. */

import { h } from "./dom.js";

const STEP = 100;
const LONGEST = 2000;

/**
 * @param {unknown} value
 * @param {boolean} [isOpen] whether the outermost level is open
 * @returns {HTMLElement}
 */
export function drawJson(value, isOpen = false) {
  return h("div", { class: "json" }, drawValue(value, null, isOpen));
}

/**
 * @param {unknown} value
 * @param {string | number | null} key
 * @param {boolean} isOpen
 * @returns {HTMLElement}
 */
function drawValue(value, key, isOpen) {
  const name = key === null ? null : [h("span", { class: "key" }, String(key)), ": "];
  if (typeof value !== "object" || value === null) return h("div", null, name, drawLeaf(value));
  const isList = Array.isArray(value);
  const entries = isList ? [...value.entries()] : Object.entries(value);
  const open = isList ? "[" : "{";
  const close = isList ? "]" : "}";
  if (entries.length === 0) return h("div", null, name, open + close);
  const words = isList ? "items" : "keys";
  const size = `${entries.length.toLocaleString("en")} ${entries.length === 1 ? words.slice(0, -1) : words}`;
  const inside = h("div", { class: "inside" });
  const details = h(
    "details",
    null,
    h("summary", null, name, open, h("span", { class: "size" }, ` ${size} `), close),
    inside,
  );
  details.addEventListener("toggle", () => {
    if (details.open && !inside.firstChild) addEntries(inside, entries, 0);
  });
  details.open = isOpen;
  return details;
}

/**
 * @param {HTMLElement} inside
 * @param {Array<[string | number, unknown]>} entries
 * @param {number} from
 */
function addEntries(inside, entries, from) {
  const end = Math.min(entries.length, from + STEP);
  inside.append(...entries.slice(from, end).map(([key, value]) => drawValue(value, key, false)));
  if (end === entries.length) return;
  const more = h("button", { class: "more lnk", type: "button" });
  more.textContent = `${(entries.length - end).toLocaleString("en")} more`;
  more.addEventListener("click", () => {
    more.remove();
    addEntries(inside, entries, end);
  });
  inside.append(more);
}

/** @param {unknown} value */
function drawLeaf(value) {
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const kind = typeof value === "string" ? "tok-str" : typeof value === "number" ? "tok-num" : "tok-kw";
  return h("span", { class: kind }, shown);
}
