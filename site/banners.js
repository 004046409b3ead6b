/** What has no cell to stand in but must not pass: read-only, no room left, Python that did not start. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} Banner
 * @property {"" | "warn" | "bad"} look
 * @property {string} title
 * @property {string} words
 * @property {Array<{label: string, run: () => void}>} [acts]
 * @property {boolean} [canClose]
 */

export class Banners {
  constructor() {
    this.element = h("div", { class: "banners" });
    /** @type {Map<string, {key: string, element: HTMLElement}>} */
    this._shown = new Map();
  }

  /** @param {string} name one banner of a name at a time @param {Banner | null} banner null takes it away */
  show(name, banner) {
    const key = JSON.stringify(banner);
    const old = this._shown.get(name);
    if (old?.key === key) return;
    old?.element.remove();
    this._shown.delete(name);
    if (!banner) return;
    const element = this._draw(name, banner);
    this.element.append(element);
    this._shown.set(name, { key, element });
  }

  /** @param {string} name @param {Banner} banner */
  _draw(name, { look, title, words, acts = [], canClose = false }) {
    return h(
      "div",
      { class: `banner ${look}`, role: look === "bad" ? "alert" : "status" },
      h("b", null, title),
      h("span", null, words.charAt(0).toUpperCase() + words.slice(1)),
      h(
        "span",
        { class: "acts" },
        acts.map(({ label, run }) => h("button", { class: "btn s line", type: "button", onclick: run }, label)),
        canClose
          ? h("button", { class: "btn s sq", type: "button", "aria-label": "Close", title: "Close", onclick: () => this.show(name, null) }, icon("x"))
          : null,
      ),
    );
  }
}
