/** Short words for things with no place of their own, and the polite voice for screen readers. */

import { h } from "./dom.js";

const STAYS = 6000; // ms

/** @type {HTMLElement | null} */
let shelf = null;
/** @type {HTMLElement | null} */
let voice = null;

/**
 * @param {string} message
 * @param {{label: string, run: () => void}} [action]
 */
export function showToast(message, action) {
  if (!shelf?.isConnected) document.body.append((shelf = h("div", { class: "toasts" })));
  const toast = h("div", { class: "toast", role: "status" }, h("span", null, message));
  const leave = () => toast.remove();
  let timer = setTimeout(leave, STAYS);
  if (action) {
    const run = () => {
      leave();
      action.run();
    };
    toast.append(h("button", { class: "btn s line", type: "button", onclick: run }, action.label));
  }
  // It does not go while somebody reads it or is on its button.
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(leave, STAYS)));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  shelf.replaceChildren(toast);
}

/** Say it politely to who does not see the page. @param {string} message */
export function announce(message) {
  if (!voice?.isConnected) {
    voice = h("div", { class: "aloud", role: "status", "aria-live": "polite" });
    document.body.append(voice);
  }
  voice.textContent = message;
}
