/** Short words for things with no place of their own, and the polite voice for screen readers. */

import { h } from "./dom.js";

const STAYS = 6000; // ms
const SLOW = 1000; // ms after which people are told how far something is, and then again

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

/**
 * Words for work that may take a while: nothing is said of what is done at once.
 * @param {string} words
 * @returns {{say: (words: string) => void, end: () => void}} say: how far it is now
 */
export function tellSlow(words) {
  let latest = words;
  const timer = setInterval(() => showToast(latest), SLOW);
  return {
    say: (now) => {
      latest = now;
    },
    end: () => clearInterval(timer),
  };
}

/** Say it politely to who does not see the page. @param {string} message */
export function announce(message) {
  if (!voice?.isConnected) {
    voice = h("div", { class: "aloud", role: "status", "aria-live": "polite" });
    document.body.append(voice);
  }
  voice.textContent = message;
}
