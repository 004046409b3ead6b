/** What the parts of the share dialog have in common. */

import { fill, h } from "./dom.js";

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
