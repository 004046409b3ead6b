/** The sheet: the cells in their order, kept still under the reader's eyes. */

import { CellView } from "./cell.js";
import { insertRow } from "./cell_tools.js";
import { isBusy } from "./cell_state.js";
import { drawSeconds } from "./provenance.js";
import { h, isCalm, putAfter, setText } from "./dom.js";
import { icon } from "./icons.js";
import { Nearby, likelyHeight } from "./nearby.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const AT_ONCE = 24; // new cells that are made at once; where there are more they come in the next frames
const SLICE = 8; // ms in which others come

export class Sheet {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, CellView>} */
    this._cells = new Map();
    /** @type {string[]} */
    this.order = [];
    /** Cells that are drawn as selected. @type {Set<string>} */
    this._chosen = new Set();
    this.end = this._endRow();
    this.nothing = h("p", { class: "nothing", role: "status", hidden: true });
    this.root = h("div", { class: "sheet" }, insertRow(page, null), this.nothing, this.end);
    this.scroller = h(
      "main",
      { class: "nb", id: "notebook", "data-region": "notebook", "aria-label": "Notebook", tabindex: -1 },
      this.root,
    );
    /** How many cells may stand in the document now. */
    this._limit = AT_ONCE;
    this._isGoingOn = false;
    this._nearby = new Nearby(this.scroller);
    this._clock = 0;
  }

  /** @param {string} id @returns {CellView | undefined} */
  cell(id) {
    return this._cells.get(id);
  }

  /** Make the sheet show the model's view. @param {boolean} [isAll] all of it anew: something that every cell depends on has changed */
  draw(isAll = false) {
    const { view } = this.page.model;
    if (isAll) for (const cell of this._cells.values()) cell.isFresh = true;
    const anchor = this._anchor();
    const isFirst = this.order.length === 0;
    const isPart = view.order.length > this._limit;
    if (isPart && view.order.indexOf(this.page.select.active ?? "") >= this._limit) this._limit = view.order.length;
    this._reorder(view.order);
    view.order.forEach((id, index) => {
      const cell = view.cells[id];
      const shown = this._cells.get(id);
      if (cell && shown && (shown.cell !== cell || shown.index !== index || shown.isFresh)) {
        if (!isFirst && !shown.isFresh && shown.cell !== cell) this.page.sharing.noticed(shown.element, shown.cell, cell);
        shown.isFresh = false;
        shown.update(cell, index);
      }
    });
    if (isFirst) this._drawScreen();
    this.nothing.hidden = view.order.length > 0 || !this.page.model.isLoaded;
    setText(this.nothing, this._emptyWords());
    this.end.hidden = !this.page.canEdit;
    this._hold(anchor);
    this._tick();
  }

  /** What is on the screen at first is drawn at once. */
  _drawScreen() {
    let room = innerHeight;
    for (const id of this.order) {
      const cell = this._cells.get(id);
      if (!cell || room < 0) return;
      cell.drawDue();
      room -= likelyHeight(cell.cell);
    }
  }

  _emptyWords() {
    if (this.page.sharing.state.status === "connecting") return "The notebook is on its way from the relay.";
    return this.page.canEdit ? "No cells. Add code or text, or press B." : "No cells.";
  }

  /** All again. */
  redrawAll() {
    this.draw(true);
  }

  redrawSelection() {
    const { active, ids } = this.page.select;
    const chosen = new Set(active ? [...ids, active] : ids);
    for (const id of new Set([...this._chosen, ...chosen])) this._cells.get(id)?.redrawSelection(chosen.has(id));
    this._chosen = chosen;
  }

  /** @param {string[]} order */
  _reorder(order) {
    const living = new Set(order);
    for (const [id, cell] of this._cells) {
      if (living.has(id)) continue;
      this._nearby.forget(cell);
      cell.destroy();
      this._cells.delete(id);
    }
    const isFirst = this.order.length === 0;
    /** @type {Element} */
    let place = this.nothing;
    order.slice(0, this._limit).forEach((id) => {
      const arrives = !isFirst && !this._isGoingOn && !this._cells.has(id);
      const cell = this._place(id, place);
      if (arrives) cell?.element.classList.add("arriving");
      place = cell?.element ?? place;
    });
    this.order = order;
    this._goOnSoon();
  }

  /** Where not all cells are made yet, make more. */
  _goOnSoon() {
    if (this.order.length <= this._limit) this._limit = this.order.length + AT_ONCE;
    else if (!this._isGoingOn) setTimeout(() => this._goOn());
    this._isGoingOn = this.order.length > this._limit;
  }

  _goOn() {
    this._isGoingOn = false;
    const { cells } = this.page.model.view;
    const until = performance.now() + SLICE;
    let place = this._cells.get(this.order[this._limit - 1] ?? "")?.element ?? this.end.previousElementSibling ?? this.nothing;
    for (; this._limit < this.order.length && performance.now() < until; this._limit++) {
      const id = this.order[this._limit] ?? "";
      const cell = this._place(id, place);
      if (cell) cell.isFresh = false;
      cell?.update(cells[id] ?? cell.cell, this._limit);
      place = cell?.element ?? place;
    }
    this.page.folds.follow();
    this._goOnSoon();
  }

  /** A cell stands behind this one, and is made if it is new. @param {string} id @param {Element} before @returns {CellView | null} */
  _place(id, before) {
    const data = this.page.model.view.cells[id];
    if (!data) return null;
    const cell = this._cells.get(id) ?? this._make(data);
    if (before.nextElementSibling !== cell.element) putAfter(before, cell.element);
    return cell;
  }

  /** @param {import("./types.js").Cell} data */
  _make(data) {
    const cell = new CellView(this.page, data);
    this._cells.set(data.id, cell);
    this._nearby.watch(cell);
    this._nearby.drawLater(cell);
    return cell;
  }

  /** Change texts in editors, which draw themselves, without moving what the reader is on. @param {any[]} ops @param {() => void} change */
  still(ops, change) {
    const isText = ops.some(([verb]) => verb === "text" || verb === "source");
    const anchor = isText ? this._anchor() : null;
    change();
    this._hold(anchor);
  }

  /**
   * Where the line that is typed in, else the active cell, else the first one in view, stands now.
   * @returns {{element: HTMLElement, top: () => number | null, at: number} | null}
   */
  _anchor() {
    const view = this.scroller.getBoundingClientRect();
    const inView = (/** @type {DOMRect} */ box) => box.bottom > view.top && box.top < view.bottom;
    const at = (/** @type {HTMLElement} */ element, top = () => element.getBoundingClientRect().top) => ({ element, top, at: top() });
    const { active, isEditing } = this.page.select;
    const element = this._cells.get(active ?? "")?.element;
    if (element && inView(element.getBoundingClientRect())) {
      const line = isEditing ? this._line(active ?? "", view) : null;
      return line ? { element, ...line } : at(element);
    }
    if (this.scroller.scrollTop === 0) return null;
    for (const id of this.order) {
      const near = this._nearby.has(id) ? this._cells.get(id)?.element : undefined;
      if (near && inView(near.getBoundingClientRect())) return at(near);
    }
    return null;
  }

  /** The caret's line, where it is in view. @param {string} id @param {DOMRect} view */
  _line(id, view) {
    const editor = this.page.texts.editor(id);
    const at = editor?.caretTop() ?? null;
    if (!editor || at === null || at < view.top || at > view.bottom) return null;
    return { at, top: () => editor.caretTop() };
  }

  /** Keep it where it was. @param {ReturnType<Sheet["_anchor"]>} anchor */
  _hold(anchor) {
    if (!anchor?.element.isConnected) return;
    const moved = (anchor.top() ?? anchor.at) - anchor.at;
    if (Math.abs(moved) > 0.5) this.scroller.scrollTop += moved;
  }

  /** Bring a cell into view with as little movement as can be. @param {string} id */
  reveal(id) {
    const element = this._cells.get(id)?.element;
    if (!element) return;
    this.wake(id);
    const view = this.scroller.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const isTall = box.height > view.height - 48;
    if (box.top >= view.top && (box.bottom <= view.bottom || (isTall && box.top < view.bottom - 120))) return;
    element.scrollIntoView({ block: isTall || box.top < view.top ? "start" : "nearest" });
  }

  /** Whether a cell is near the screen. @param {string} id */
  isNear(id) {
    return this._nearby.has(id);
  }

  /** A cell and what is around it is going to be seen. @param {string} id */
  wake(id) {
    if (!this._nearby.has(id)) this._wakeAround(id);
  }

  /** Go to a cell from the panel. @param {string} id */
  goTo(id) {
    this.page.select.set(id, { scroll: false });
    const isFar = !this._nearby.has(id);
    if (isFar) this._wakeAround(id);
    const behavior = isFar || isCalm() ? "auto" : "smooth";
    this._cells.get(id)?.element.scrollIntoView({ block: "start", behavior });
  }

  /** A screen up and down from here is going to be seen: it gets its true heights first. @param {string} id */
  _wakeAround(id) {
    const room = this.scroller.clientHeight;
    const at = this.order.indexOf(id);
    for (const by of [-1, 1]) {
      for (let next = at, sum = 0; next >= 0 && next < this.order.length && sum < room; next += by) {
        const cell = this._cells.get(this.order[next] ?? "");
        if (!cell) continue;
        this._nearby.wake(cell);
        sum += next === at ? 0 : cell.element.offsetHeight;
      }
    }
  }

  /** While something runs the seconds count, ten times a second. */
  _tick() {
    const running = [...this._cells.values()].filter((cell) => isBusy(cell.cell));
    if (running.length === 0 || this._clock) return;
    this._clock = window.setInterval(() => {
      const busy = [...this._cells.values()].filter((cell) => isBusy(cell.cell));
      const now = Date.now();
      for (const cell of busy) {
        cell.state.tick(now);
        drawSeconds(cell.provenance, cell.cell, now);
      }
      if (busy.length) return;
      clearInterval(this._clock);
      this._clock = 0;
    }, 100);
  }

  _endRow() {
    const add = (/** @type {import("./types.js").CellType} */ type, /** @type {string} */ word) =>
      h(
        "button",
        { class: "btn", type: "button", "aria-label": `Add ${word.toLowerCase()} at the end`, onclick: () => this.page.cells.add(type, undefined) },
        icon("plus"),
        word,
      );
    return h("div", { class: "end-row" }, add("code", "Code"), add("markdown", "Text"));
  }
}
