/** The menu of one cell. */

import { action, keyWords } from "./actions.js";
import { openMenu } from "./menus.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Cell} Cell */

const SHARED = ["duplicate", "cut", "copy", "paste", "merge", "move-up", "move-down"];

/** @type {Record<string, Array<string | null>>} */
const ITEMS = {
  code: [
    "run", "run-above", "run-below", null,
    "to-text", "to-raw", null,
    ...SHARED, null,
    "fold-outputs", "clear", null, "delete",
  ],
  markdown: ["edit", "to-code", "to-raw", null, "flip-section", null, ...SHARED, null, "delete"],
  raw: ["edit", "to-code", "to-text", null, ...SHARED, null, "delete"],
};

/** @param {Page} page @param {Cell} cell @param {HTMLElement} anchor */
export function cellMenu(page, cell, anchor) {
  const items = (ITEMS[cell.type] ?? []).map((id) => {
    if (id === null) return null;
    const { label, keys } = action(id);
    return {
      label,
      keys: keys?.[0] ? keyWords(keys[0]) : undefined,
      danger: id === "delete",
      why: page.rights.whyNotAct(action(id)),
      run: () => page.actById(id),
    };
  });
  openMenu(anchor, items, { label: "Cell", align: "end" });
}
