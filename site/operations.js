/** What the page asks to be done to cells: it makes commands and says where the selection goes. */

import { newId } from "./catalogue.js";
import { Clipboard } from "./clipboard.js";
import { messageOf } from "./files.js";
import { flipped } from "./hiding.js";
import { showToast } from "./toast.js";
import { plural } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").CellType} CellType */
/** @typedef {import("./clipboard.js").Copied} Copied */

/** What was copied last; the system's clipboard gets the text. */
const clipboard = new Clipboard();

export class CellOperations {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {"above" | "below"} where @param {CellType} [type] @param {string} [beside] a cell; else the active one */
  insert(where, type = "code", beside) {
    if (!this.page.rights.allows("edit")) return;
    const { active } = this.page.select;
    const near = beside ?? (where === "below" && active ? (this.page.folds.under(active).at(-1) ?? active) : active);
    const cell_id = newId();
    const place = near === null ? {} : where === "below" ? { after: near } : { before: near };
    this.page.send({ do: "create_cell", cell_id, cell_type: type, source: "", ...place });
    this.page.select.set(cell_id);
    if (type === "markdown") this.page.select.edit();
  }

  /** A new cell at the very start or end, ready to type. @param {CellType} type @param {string | null} [after] null: at the start; not given: at the end */
  add(type, after) {
    if (!this.page.rights.allows("edit")) return;
    const cell_id = newId();
    const place = after === undefined ? {} : { after };
    this.page.send({ do: "create_cell", cell_id, cell_type: type, source: "", ...place });
    this.page.select.set(cell_id);
    this.page.select.edit();
  }

  /** @param {CellType} type */
  setType(type) {
    const { ids } = this.page.select;
    const cell_ids = ids.filter((id) => this.page.model.cell(id)?.type !== type);
    if (cell_ids.length) this.page.send({ do: "set_cell_type", cell_ids, cell_type: type });
  }

  /** Text whose first line is a heading of this level. @param {number} level */
  setHeading(level) {
    const { active } = this.page.select;
    if (!active) return;
    this.setType("markdown");
    const source = this.page.model.source(active);
    const old = source.match(/^#{1,6} +/)?.[0] ?? "";
    this._replace(active, old, `${"#".repeat(level)} `);
  }

  /** Put `next` in the place of the text `old` that the cell begins with. @param {string} id @param {string} old @param {string} next */
  _replace(id, old, next) {
    this.page.sheet.cell(id)?.openEditor();
    this.page.texts.editor(id)?.view.dispatch({ changes: { from: 0, to: old.length, insert: next } });
    this.page.select.leave();
    this.page.redraw();
  }

  /** @returns {Copied[]} */
  _selected() {
    const { model, select } = this.page;
    return select.whole.flatMap((id) => {
      const cell = model.cell(id);
      if (!cell) return [];
      return [{ cell_type: cell.type, source: model.source(id), metadata: cell.metadata, attachments: cell.attachments ?? {} }];
    });
  }

  copy() {
    const selected = this._selected();
    if (selected.length === 0) return;
    clipboard.copy(selected, this.page.id, (digest) => this.page.link.blob(digest));
    // The page may be refused the clipboard; its own copy is there all the same.
    navigator.clipboard?.writeText(selected.map((cell) => cell.source).join("\n\n")).catch(() => {});
  }

  cut() {
    this.copy();
    this.remove();
  }

  /** @param {"above" | "below"} where */
  paste(where) {
    if (clipboard.cells.length === 0) return showToast("Nothing is copied. C copies the selected cell.");
    const { order } = this.page.model.view;
    const at = order.indexOf(this.page.select.active ?? "");
    const after = where === "below" ? (this.page.select.active ?? undefined) : (order[at - 1] ?? null);
    if (clipboard.isAtHome(this.page.id) || !this.page.canEdit) this._pasteAfter(clipboard.cells, after);
    else this._bring(after);
  }

  /** Paste cells of another notebook, whose large values come along. @param {string | null | undefined} after */
  async _bring(after) {
    try {
      const { cells, lost } = await clipboard.bring((data) => this.page.link.putBlob(data));
      this._pasteAfter(cells, after);
      if (lost) showToast(`Pasted without ${plural(lost, "large value")} that could not be read.`);
    } catch (error) {
      this.page.banners.show("file", { look: "bad", title: "Nothing was pasted.", words: messageOf(error), canClose: true });
    }
  }

  duplicate() {
    const last = this.page.select.whole.at(-1);
    if (last) this._pasteAfter(this._selected(), last);
  }

  /** @param {Copied[]} copied @param {string | null | undefined} after */
  _pasteAfter(copied, after) {
    const cells = copied.map((cell) => ({ ...cell, cell_id: newId() }));
    const place = after === undefined ? {} : { after };
    this.page.send({ do: "paste_cells", cells, ...place });
    this.page.select.set(cells.at(-1)?.cell_id ?? null);
  }

  remove() {
    const cell_ids = this.page.select.whole;
    if (cell_ids.length === 0) return;
    this.page.send({ do: "delete_cells", cell_ids });
    const what = cell_ids.length === 1 ? "Cell deleted." : `${plural(cell_ids.length, "cell")} deleted.`;
    showToast(what, {
      label: "Undo",
      run: () => this.page.select.awaitNew({ do: "restore_cells", cell_ids }),
    });
  }

  /** @param {number} by */
  move(by) {
    const { select, folds } = this.page;
    const cell_ids = select.whole;
    const [only] = select.ids;
    if (only && select.ids.length === 1 && cell_ids.length > 1) {
      const place = folds.placeFor(cell_ids, by);
      if (place) this.moveTo(cell_ids, place);
      return;
    }
    const next = select.beside((by < 0 ? cell_ids[0] : cell_ids.at(-1)) ?? "", by);
    const beside = next && by > 0 ? (folds.under(next).at(-1) ?? next) : next; // past a section that is folded
    if (!beside || cell_ids.length === 0) return;
    this.moveTo(cell_ids, by < 0 ? { before: beside } : { after: beside });
  }

  /** @param {string[]} cell_ids @param {{after?: string | null, before?: string}} place */
  moveTo(cell_ids, place) {
    this.page.send({ do: "move_cells", cell_ids, ...place });
    this.page.redraw();
    this.page.select.focus();
    if (this.page.select.active) this.page.sheet.reveal(this.page.select.active);
  }

  merge() {
    const { order } = this.page.model.view;
    const { ids } = this.page.select;
    const below = order[order.indexOf(ids[0] ?? "") + 1];
    const cell_ids = ids.length > 1 ? ids : [...ids, ...(below ? [below] : [])];
    if (cell_ids.length < 2) return showToast("There is no cell below to merge with.");
    this._sayWhen("The cells are merged");
    this.page.afterTyping(cell_ids, () => this.page.send({ do: "merge_cells", cell_ids }));
    this.page.select.set(cell_ids[0] ?? null);
  }

  split() {
    const cell_id = this.page.select.active;
    const editor = cell_id && this.page.texts.editor(cell_id);
    if (!cell_id || !editor || !this.page.select.isEditing)
      return showToast("Put the caret where the cell is to be split.");
    const at = editor.position();
    const new_id = newId();
    this._sayWhen("The cell is split");
    this.page.afterTyping([cell_id], () => {
      this.page.select.await(new_id, this.page.send({ do: "split_cell", cell_id, at, new_id }));
    });
  }

  /** Most things are drawn at once; this one waits for the notebook's worker. @param {string} what */
  _sayWhen(what) {
    if (this.page.status.preparing) showToast(`${what} when Python is ready.`);
  }

  clear() {
    this.page.send({ do: "clear_outputs", cell_ids: this.page.select.ids });
  }

  clearAll() {
    this.page.send({ do: "clear_all_outputs" });
  }

  toggleOutputs() {
    for (const id of this.page.select.ids) {
      const values = flipped(this.page.model.cell(id)?.metadata ?? {});
      this.page.send({ do: "set_cell_metadata", cell_id: id, values });
    }
  }

  undo() {
    if (!this.page.model.canUndo) return showToast("There is nothing of yours to undo.");
    this.page.select.awaitNew({ do: "undo" });
  }

  redo() {
    if (!this.page.model.canRedo) return showToast("There is nothing to redo.");
    this.page.select.awaitNew({ do: "redo" });
  }
}
