/** What a cell offers to a hand: tools at its corner, and places for new cells below it. */

import { hint } from "./actions.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

/**
 * @param {(id: string) => void} act
 * @param {(anchor: HTMLElement) => void} openMenu
 */
export function cellTools(act, openMenu) {
  const tool = (/** @type {string} */ id, /** @type {import("./icons.js").IconName} */ sign) =>
    h(
      "button",
      { class: "btn s sq", type: "button", tabindex: -1, "aria-label": hint(id).replace(/ \(.*/, ""), title: hint(id), onclick: () => act(id) },
      icon(sign),
    );
  const more = h(
    "button",
    {
      class: "btn s sq", type: "button", tabindex: -1, "aria-label": "More for this cell", title: "More",
      "aria-haspopup": "menu", onclick: () => openMenu(more),
    },
    icon("ellipsis"),
  );
  return h(
    "div",
    { class: "tools", role: "toolbar", "aria-label": "Cell tools" },
    tool("move-up", "arrow-up"),
    tool("move-down", "arrow-down"),
    tool("delete", "trash-2"),
    more,
  );
}

/**
 * The row between two blocks.
 * @param {Page} page
 * @param {string | null} after
 */
export function insertRow(page, after) {
  const add = (/** @type {import("./types.js").CellType} */ type, /** @type {string} */ word) =>
    h(
      "button",
      { class: "btn", type: "button", tabindex: -1, "aria-label": `Insert ${word.toLowerCase()} here`, onclick: () => page.cells.add(type, after) },
      icon("plus"),
      word,
    );
  return h("div", { class: after === null ? "ins first" : "ins" }, h("div", null, add("code", "Code"), add("markdown", "Text")));
}
