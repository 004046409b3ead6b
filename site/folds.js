/** Folded sections: what one person does not want to see now. Kept in this browser, and in no log. */

import { attr, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { headingAbove, headingBelow, hiddenUnder, levelOf, placeFor } from "./sections.js";
import { announce, showToast } from "./toast.js";
import { plural } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./cell.js").CellView} CellView */
/** @typedef {{button: HTMLElement, note: HTMLElement, drawn: {isHead: boolean, isFolded: boolean, count: number} | null}} Head */

export class Folds {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this._key = `folded:${page.id}`;
    /** @type {Set<string>} */
    this._folded = new Set(listOf(localStorage.getItem(this._key)));
    /** Hidden cell -> the one whose section is folded. @type {Map<string, string>} */
    this._hidden = new Map();
    /** @type {Map<string, {source: string, type: string, level: number}>} */
    this._levels = new Map();
  }

  /** @param {string} id */
  isHidden(id) {
    return this._hidden.has(id);
  }

  /** The level of the section that a cell begins; 0: none. @param {string} id */
  level = (id) => {
    const { model } = this.page;
    const cell = model.cell(id);
    if (!cell) return 0;
    const source = model.source(id);
    const known = this._levels.get(id);
    if (known && known.source === source && known.type === cell.type) return known.level;
    const level = levelOf(cell.type, source);
    this._levels.set(id, { source, type: cell.type, level });
    return level;
  };

  /** @param {string} id */
  isFolded(id) {
    return this._folded.has(id) && this.level(id) > 0;
  }

  /** The folded cell that a hidden one stands under. @param {string} id */
  headOf(id) {
    return this._hidden.get(id);
  }

  /** The cells that are hidden under a folded one. @param {string} id */
  under(id) {
    return this._order.filter((each) => this._hidden.get(each) === id);
  }

  /** Where a folded section would go next. @param {string[]} section @param {number} by */
  placeFor(section, by) {
    return placeFor(this._order, this.level, section, by);
  }

  get _order() {
    return this.page.model.view.order;
  }

  /** Show and hide cells as the notebook is now. */
  follow() {
    this._hidden = this._folded.size ? hiddenUnder(this._order, this.level, this._folded) : new Map();
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const head of this._hidden.values()) counts.set(head, (counts.get(head) ?? 0) + 1);
    for (const id of this._order) {
      const cell = this.page.sheet.cell(id);
      if (!cell) continue;
      const isHidden = this._hidden.has(id);
      if (cell.element.hidden !== isHidden) cell.element.hidden = isHidden;
      this._drawHead(cell, this.level(id) > 0, this.isFolded(id), counts.get(id) ?? 0);
    }
  }

  /** @param {CellView} cell @param {boolean} isHead @param {boolean} isFolded @param {number} count */
  _drawHead(cell, isHead, isFolded, count) {
    if (!isHead && !cell.fold) return;
    cell.fold ??= this._makeHead(cell);
    const { button, note, drawn } = cell.fold;
    // It is asked for each cell whenever anything changes.
    if (drawn?.isHead === isHead && drawn.isFolded === isFolded && drawn.count === count) return;
    cell.fold.drawn = { isHead, isFolded, count };
    button.hidden = !isHead;
    note.hidden = !isFolded || count === 0;
    setText(note, `${plural(count, "cell")} hidden`);
    if (drawn?.isFolded === isFolded) return;
    cell.element.classList.toggle("folded", isFolded);
    const words = isFolded ? "Show section" : "Hide section";
    attr(button, "aria-label", words);
    attr(button, "title", `${words} (${isFolded ? "→" : "←"})`);
    attr(button, "aria-expanded", String(!isFolded));
    button.replaceChildren(icon(isFolded ? "chevron-right" : "chevron-down"));
  }

  /** @param {CellView} cell @returns {Head} */
  _makeHead({ id, margin, column }) {
    const button = h("button", { class: "btn s sq fold", type: "button", tabindex: -1, onclick: () => this.flip(id) });
    const note = h("button", { class: "lnk hidden-note", type: "button", tabindex: -1, onclick: () => this.set([id], false) });
    margin.append(button);
    column.append(note);
    return { button, note, drawn: null };
  }

  /** @param {string} id */
  flip(id) {
    this.page.select.set(id, { scroll: false });
    this.set([id], !this.isFolded(id));
  }

  flipActive() {
    const { active } = this.page.select;
    if (active && this.level(active) > 0) this.flip(active);
    else showToast("Only a heading begins a section.");
  }

  /** Fold these sections, or open them. @param {string[]} ids @param {boolean} isFolded */
  set(ids, isFolded) {
    for (const id of ids) {
      if (isFolded) this._folded.add(id);
      else this._folded.delete(id);
    }
    const living = [...this._folded].filter((id) => this.page.model.isKnown(id));
    localStorage.setItem(this._key, JSON.stringify(living));
    this._hidden = hiddenUnder(this._order, this.level, this._folded);
    this._leaveHidden();
    this.page.redraw();
    this.page.sheet.redrawSelection();
    const [only] = ids;
    if (only && ids.length === 1) announce(isFolded ? `${plural(this.under(only).length, "cell")} hidden` : "Section shown");
  }

  /** The keys act on no cell that is not to be seen. */
  _leaveHidden() {
    const head = this._hidden.get(this.page.select.active ?? "");
    if (head) this.page.select.set(head, { scroll: false });
  }

  /** A cell is going to be looked at. @param {string} id */
  show(id) {
    /** @type {string[]} */
    const heads = [];
    const folded = new Set(this._folded);
    const headOf = () => (folded.size ? hiddenUnder(this._order, this.level, folded).get(id) : undefined);
    for (let head = headOf(); head; head = headOf()) {
      folded.delete(head);
      heads.push(head);
    }
    if (heads.length) this.set(heads, false);
  }

  /** All sections of the notebook. @param {boolean} isFolded */
  all(isFolded) {
    this.set(this._order.filter((id) => this.level(id) > 0), isFolded);
    announce(isFolded ? "All sections hidden" : "All sections shown");
  }

  /** Fold the section, or else go to the heading that it stands under. */
  foldOrLeave() {
    const { active } = this.page.select;
    if (!active) return;
    if (this.level(active) > 0 && !this.isFolded(active)) return this.set([active], true);
    const above = headingAbove(this._order, this.level, active);
    if (above) this.page.select.set(above);
  }

  /** Open the section, or else go to the next heading. */
  openOrEnter() {
    const { active } = this.page.select;
    if (!active) return;
    if (this.isFolded(active)) return this.set([active], false);
    const shown = this._order.filter((id) => !this.isHidden(id));
    const below = headingBelow(shown, this.level, active);
    if (below) this.page.select.set(below);
  }
}

/** What is kept; nothing where that is no list. @param {string | null} kept @returns {string[]} */
function listOf(kept) {
  try {
    const list = JSON.parse(kept ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
