/** Keys: which action a key asks for, in a selected cell and while typing. */

import { ACTIONS } from "./actions.js";
import { hasMod, isApple } from "./dom.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./actions.js").Action} Action */

const PATIENCE = 800; // ms between the two strokes of "D D"

/** @type {Map<string, Action>} */
const BY_KEYS = new Map(ACTIONS.flatMap((action) => (action.keys ?? []).map((keys) => [keys, action])));
const FIRST_STROKES = new Set([...BY_KEYS.keys()].filter((keys) => keys.includes(" ")).map((keys) => keys[0]));

/**
 * How the table of actions writes this key: "Shift+Enter", "D", "Mod+K".
 * @param {KeyboardEvent} event
 * @returns {string}
 */
export function chordOf(event) {
  const mod = hasMod(event);
  const ctrl = isApple && event.ctrlKey;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // "?" and "_" need Shift on most keyboards; the sign itself says enough.
  const shift = event.shiftKey && !(key.length === 1 && key.toLowerCase() === key && key !== "-");
  return `${mod ? "Mod+" : ""}${ctrl ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${key}`;
}

export class Keys {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this._first = "";
    this._firstAt = 0;
    document.addEventListener("keydown", this._captured, true);
    document.addEventListener("keydown", this._bubbled);
  }

  /** What must come before the editor: running, splitting, the palette. @param {KeyboardEvent} event */
  _captured = (event) => {
    if (event.isComposing || inDialog(event)) return;
    const wanted = findAction(event);
    if (!wanted?.always || !isNoText(event) || !isOurs(event, wanted)) return;
    event.preventDefault();
    event.stopPropagation();
    this.page.act(wanted);
  };

  /** @param {KeyboardEvent} event */
  _bubbled = (event) => {
    if (event.isComposing || event.defaultPrevented || inDialog(event)) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (isField(target)) return this._typing(event, target);
    if (!this.page.select.holds(target)) return;
    const wanted = this._twoStrokes(event) ?? findAction(event);
    if (!wanted || (wanted.id === "edit" && target.closest("button, a, summary"))) return;
    event.preventDefault();
    this.page.act(wanted);
  };

  /** @param {KeyboardEvent} event @param {HTMLElement} target */
  _typing(event, target) {
    if (event.key !== "Escape" || !this.page.select.holds(target)) return;
    event.preventDefault();
    this.page.select.leave();
  }

  /** @param {KeyboardEvent} event @returns {Action | undefined} */
  _twoStrokes(event) {
    const stroke = chordOf(event);
    const isSecond = this._first === stroke && event.timeStamp - this._firstAt < PATIENCE;
    this._first = !isSecond && FIRST_STROKES.has(stroke) && !event.repeat ? stroke : "";
    this._firstAt = event.timeStamp;
    return isSecond ? BY_KEYS.get(`${stroke} ${stroke}`) : undefined;
  }

  /** Header, toolbar, panel, notebook, status bar, and round again. @param {number} step */
  nextRegion(step) {
    const regions = /** @type {HTMLElement[]} */ (
      [...document.querySelectorAll("[data-region]")].filter((region) => region.getClientRects().length)
    );
    const at = regions.findIndex((region) => region.contains(document.activeElement));
    const next = regions[(at + step + regions.length) % regions.length];
    if (!next) return;
    if (next.dataset.region === "notebook") this.page.select.focus();
    else firstControl(next).focus();
  }
}

/** @param {KeyboardEvent} event @returns {Action | undefined} */
function findAction(event) {
  const chord = chordOf(event);
  // Ctrl+Shift+- is Ctrl on every machine, and some keyboards call that key "_".
  if (event.ctrlKey && event.shiftKey && event.code === "Minus") return BY_KEYS.get("Ctrl+Shift+-");
  if (isApple && event.ctrlKey && event.key === "Enter") return BY_KEYS.get("Mod+Enter");
  return BY_KEYS.get(chord);
}

/** A letter by itself is typed; it never acts while typing. @param {KeyboardEvent} event */
function isNoText(event) {
  return hasMod(event) || event.ctrlKey || event.altKey || event.key.length > 1;
}

/** @param {HTMLElement} region @returns {HTMLElement} */
function firstControl(region) {
  const found = region.querySelector("a[href], button:not(:disabled), input, [tabindex='0']");
  return /** @type {HTMLElement} */ (found ?? region);
}

/** @param {Event} event */
function inDialog(event) {
  return /** @type {HTMLElement} */ (event.target).closest?.("dialog, [popover]") !== null;
}

/** Running keys belong to the cells; the palette's and the panel's to the whole page. @param {KeyboardEvent} event @param {Action} wanted */
function isOurs(event, wanted) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest?.(".ask")) return false;
  if (wanted.group !== "Run" && wanted.group !== "Cells") return true;
  return target === document.body || target.closest?.(".cell, .nb") !== null;
}

/** @param {HTMLElement} target */
export function isField(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
