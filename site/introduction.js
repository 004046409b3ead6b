/** How others see the reader: the name and the hue, kept in this browser and told to each notebook. */

import { HUES, hueVariable } from "./actors.js";
import { setSetting, setting } from "./catalogue.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

/** @returns {Promise<string>} what others read beside one's changes; empty where never said */
export async function personName() {
  return (await setting("name", "")) || "";
}

/** @returns {Promise<string>} empty: the one that others give */
export async function personHue() {
  return (await setting("hue", "")) || "";
}

/**
 * A row of hues, one of them chosen.
 * @param {string} label id of the words for it
 * @param {string} chosen empty: none yet
 * @param {(hue: string) => void} choose
 */
export function hueRow(label, chosen, choose) {
  const name = `hue-${label}`;
  return h(
    "div",
    { class: "hues", role: "radiogroup", "aria-labelledby": label },
    HUES.map((hue) => {
      const box = h("label", { title: hue }, h("input", { type: "radio", name, value: hue, "aria-label": hue, ".checked": hue === chosen, onchange: () => choose(hue) }), h("span", null, icon("check")));
      box.style.setProperty("--c", hueVariable(hue));
      return box;
    }),
  );
}

export class Introduction {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** @type {HTMLElement | null} */
    this.element = null;
  }

  /** Say in this notebook's log how the reader wants to be seen, where that is not known there. */
  async say() {
    const { page } = this;
    const [name, hue] = [await personName(), await personHue()];
    const me = page.model.view.actors[page.model.me];
    const isKnown = me?.name === name && (!hue || me.hue === hue);
    if (name && !isKnown && !page.isReadOnly) page.send({ do: "introduce", name, ...(hue ? { hue } : {}) });
  }

  /** Ask once, and in nobody's way: the first shared notebook of somebody without a name. */
  async offer() {
    const isDone = (await personName()) || (await setting("asked-name", false));
    if (isDone || this.element) return;
    const field = h("input", { id: "intro-name", maxlength: 60, autocomplete: "name", placeholder: "Your name" });
    const given = this.page.model.view.actors[this.page.model.me]?.hue ?? "";
    let hue = ""; // the given one may change, when others come with the same
    const done = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (!name) return field.focus();
      await setSetting("name", name);
      if (hue) await setSetting("hue", hue);
      this._leave();
      await this.say();
    };
    this.element = h(
      "form",
      { class: "banner intro", "aria-label": "Introduce yourself", onsubmit: done },
      h("label", { for: "intro-name" }, h("b", null, "Others see your name here.")),
      h("div", { class: "inp" }, field),
      h("span", { class: "aloud", id: "intro-hue" }, "Your colour"),
      hueRow("intro-hue", given, (chosen) => (hue = chosen)),
      h(
        "span",
        { class: "acts" },
        h("button", { class: "btn s line", type: "submit" }, "Use this name"),
        h("button", { class: "btn s sq", type: "button", "aria-label": "Close", title: "Close", onclick: () => this._leave() }, icon("x")),
      ),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this._leave();
    });
    this.page.banners.element.append(this.element);
  }

  _leave() {
    const hadFocus = this.element?.contains(document.activeElement);
    this.element?.remove();
    this.element = null;
    setSetting("asked-name", true);
    if (hadFocus) this.page.select.focus();
  }
}
