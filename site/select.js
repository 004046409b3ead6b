/** Which cell the keys act on, which others are selected with it, and whether keys type. */

import { announce } from "./toast.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

export class Selection {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** The cell that the keys act on. @type {string | null} */
    this.active = null;
    /** Where an extended selection began. @type {string | null} */
    this.anchor = null;
    this.isEditing = false;
    /** Cells that are selected as soon as they are there. @type {{k: number, isIt: (id: string) => boolean} | null} */
    this._awaited = null;
  }

  get _order() {
    return this.page.model.view.order;
  }

  /** The selected cells in their order. @returns {string[]} */
  get ids() {
    const from = this._order.indexOf(this.anchor ?? "");
    const to = this._order.indexOf(this.active ?? "");
    if (to < 0) return [];
    if (from < 0) return [/** @type {string} */ (this.active)];
    return this._order.slice(Math.min(from, to), Math.max(from, to) + 1);
  }

  /** Whether keys pressed on this element are for the cells. @param {HTMLElement} target */
  holds(target) {
    return target === document.body || target.closest(".nb") !== null;
  }

  /**
   * @param {string | null} id
   * @param {{focus?: boolean, scroll?: boolean, extend?: boolean}} [how]
   */
  set(id, how = {}) {
    if (id !== null && !this._order.includes(id)) return;
    if (id !== null && !how.extend) this.page.folds.show(id);
    const wasEditing = this.isEditing && this.active !== id;
    if (wasEditing) this.isEditing = false;
    this.active = id;
    if (!how.extend) this.anchor = id;
    this.page.redrawSelection();
    if (how.focus !== false) this.focus();
    if (id && how.scroll !== false) this.page.sheet.reveal(id);
  }

  /** Put the keyboard on the active cell. */
  focus() {
    const cell = this.page.sheet.cell(this.active ?? "");
    if (this.isEditing) this.page.texts.editor(this.active ?? "")?.focus();
    else (cell?.element ?? this.page.sheet.scroller).focus({ preventScroll: true });
  }

  /** @param {number} by */
  step(by) {
    const next = this._order.includes(this.active ?? "") ? this.beside(this.active ?? "", by) : this._order[0];
    this.set(next ?? this.active);
  }

  /** The next cell that is to be seen, below or above. @param {string} id @param {number} by */
  beside(id, by) {
    const at = this._order.indexOf(id);
    const isSeen = (/** @type {string} */ each) => !this.page.folds.isHidden(each);
    return by > 0 ? this._order.slice(at + 1).find(isSeen) : this._order.slice(0, at).findLast(isSeen);
  }

  /** The selected cells, and those that are hidden under them. @returns {string[]} */
  get whole() {
    const chosen = new Set(this.ids);
    return this._order.filter((id) => chosen.has(id) || chosen.has(this.page.folds.headOf(id) ?? ""));
  }

  /** @param {number} by */
  extend(by) {
    const next = this.beside(this.active ?? "", by);
    if (!next) return;
    this.set(next, { extend: true });
    announce(`${this.ids.length} cells selected`);
  }

  all() {
    const first = this._order[0];
    const last = this._order.at(-1);
    if (!first || !last) return;
    this.set(last, { scroll: false });
    this.anchor = first;
    this.page.redrawSelection();
    announce(`${this.ids.length} cells selected`);
  }

  /** @param {number} side -1: first, 1: last */
  end(side) {
    const seen = this._order.filter((id) => !this.page.folds.isHidden(id));
    this.set((side < 0 ? seen[0] : seen.at(-1)) ?? null);
  }

  /**
   * Let the keys type into the active cell.
   * @param {{at?: "start" | "end", line?: number}} [how]
   */
  edit(how = {}) {
    const id = this.active;
    const cell = id && this.page.sheet.cell(id);
    if (!id || !cell) return;
    this.anchor = id;
    this.isEditing = true;
    cell.openEditor();
    this.page.redrawSelection();
    const editor = this.page.texts.editor(id);
    if (how.line) editor?.goToLine(how.line);
    else editor?.focus(how.at);
  }

  /** Back to the keys that act on the cell. */
  leave() {
    if (!this.isEditing) {
      this.anchor = this.active;
      this.page.redrawSelection();
      return;
    }
    this.isEditing = false;
    this.page.redrawSelection();
    this.focus();
  }

  /** An editor took the focus by itself: a click into it. @param {string} id */
  tookFocus(id) {
    if (this.isEditing && this.active === id) return;
    this.active = id;
    this.anchor = id;
    this.isEditing = true;
    this.page.redrawSelection();
  }

  /** An editor lost the focus to something that is not of its cell. @param {string} id */
  lostFocus(id) {
    if (this.active !== id || !this.isEditing || !document.hasFocus()) return;
    const now = document.activeElement;
    if (now && now.closest(`.keyrow, .edit-hd, dialog, [popover], .cm-tooltip`)) return;
    if (this.page.texts.editor(id)?.hasFocus()) return;
    this.isEditing = false;
    this.page.redrawSelection();
  }

  /**
   * The order changed: where the active cell went, its neighbour is active.
   * @param {string[]} before the order until now
   * @returns {boolean} whether the focus goes with the cell that went
   */
  follow(before) {
    if (this.anchor && !this._order.includes(this.anchor)) this.anchor = null;
    if (this.active === null || this._order.includes(this.active)) return false;
    const at = before.indexOf(this.active);
    const now = document.activeElement;
    const hadFocus = now === document.body || this.page.sheet.cell(this.active)?.element.contains(now) === true;
    const living = (/** @type {string} */ id) => this._order.includes(id);
    const near = before.slice(at).find(living) ?? before.slice(0, at).findLast(living);
    const next = near ?? this._order[0] ?? null;
    this.isEditing = false;
    this.active = this.anchor = next;
    return hadFocus;
  }

  /** Select a cell that the worker makes as soon as it is there. @param {string} cellId @param {number} k its command */
  await(cellId, k) {
    this._awaited = { k, isIt: (id) => id === cellId };
  }

  /** Select what a command brings back. @param {import("./types.js").Command} command */
  awaitNew(command) {
    const known = new Set(this._order);
    this._awaited = { k: this.page.send(command), isIt: (id) => !known.has(id) };
  }

  /** What was awaited may have come. */
  meet() {
    if (!this._awaited) return;
    const { k, isIt } = this._awaited;
    const id = this._order.find(isIt);
    if (id || this.page.model.acked >= k) this._awaited = null;
    if (id) this.set(id);
  }
}
