/** Going to a line of a cell, and folding its code, by a command. */

import { askLine } from "./dialogs.js";
import { showToast } from "./toast.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

/** Ask for a line of the active cell, and go there. @param {Page} page */
export async function goToLine(page) {
  const id = page.select.active;
  if (!id) return;
  const lines = page.model.source(id).split("\n").length;
  const wanted = await askLine({ title: "Go to line", label: `Line, 1 to ${lines}`, value: "", act: "Go" });
  if (wanted === null) return;
  const line = Number(wanted);
  if (!Number.isInteger(line) || line < 1 || line > lines) {
    showToast(`A line from 1 to ${lines} was expected; ${wanted} came.`);
    return;
  }
  page.select.set(id, { focus: false });
  page.select.edit({ line });
}

/** In the active cell. @param {Page} page @param {"fold" | "unfold" | "foldAll" | "unfoldAll"} how */
export function foldCode(page, how) {
  const id = page.select.active ?? "";
  page.sheet.cell(id)?.openEditor();
  page.texts.editor(id)?.fold(how);
}
