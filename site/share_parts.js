/** What the share dialog and the menu of the runtimes are made of. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./toast.js";

const COPIED_STAYS = 2000; // ms

/**
 * Draw a part anew only where something of it changed. The focus stays on the control of the same
 * name, whatever that has become.
 * @param {HTMLElement} place
 * @param {unknown} state all that it is made of
 * @param {() => import("./dom.js").Child} make
 */
export function redraw(place, state, make) {
  const key = JSON.stringify(state);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const now = /** @type {HTMLElement | null} */ (place.contains(document.activeElement) ? document.activeElement : null);
  fill(place, make());
  if (!now) return;
  const named = (/** @type {string | undefined} */ name) => name && place.querySelector(`[data-name="${CSS.escape(name)}"]:not(:disabled)`);
  const next = named("safe") || named(now.dataset.back) || named(now.dataset.name) || named("main") || place.closest("dialog")?.querySelector("button");
  /** @type {HTMLElement | null | undefined} */ (next)?.focus({ preventScroll: true });
}

/**
 * A question in its place; the focus is on what changes nothing, and goes back to what asked.
 * @param {string} back name of the control that asked
 * @param {string} words @param {string} keep @param {() => void} onKeep @param {string} act @param {() => void} onAct
 */
export function confirmRow(back, words, keep, onKeep, act, onAct) {
  return h(
    "div",
    { class: "share-confirm", role: "group", "aria-label": act },
    h("p", null, words),
    h(
      "div",
      { class: "acts" },
      h("button", { class: "btn line", type: "button", "data-name": "safe", "data-back": back, onclick: onKeep }, keep),
      h("button", { class: "btn dan", type: "button", "data-back": back, onclick: onAct }, act),
    ),
  );
}

/**
 * Words that cannot be changed, in a field, and the button that copies them.
 * @param {string} value
 * @param {string} what it is: "link"
 * @param {string} label of the field
 * @param {string} words on the button
 * @param {string} [spoken] its name, where that says more
 */
export function copyField(value, what, label, words, spoken) {
  const field = h("input", { ".value": value, readonly: true, spellcheck: "false", "aria-label": label, "data-name": "field", onfocus: () => field.select() });
  const shown = h("span", null, words);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      shown.textContent = "Copied";
      announce(`The ${what} is copied`);
      setTimeout(() => (shown.textContent = words), COPIED_STAYS);
    } catch {
      field.focus(); // the browser refuses: then by hand
      announce(`The browser does not let the page copy. The ${what} is selected: copy it by keyboard`);
    }
  };
  return [h("div", { class: "inp m" }, field), h("button", { class: "btn pri", type: "button", "data-name": "main", "aria-label": spoken, onclick: copy }, icon("copy"), shown)];
}
