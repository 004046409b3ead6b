/** The sheet: the cells in their order, kept still under the reader's eyes. */

import { CellView, insertRow } from "./cell.js";
import { isBusy } from "./cell_state.js";
import { drawSeconds } from "./provenance.js";
import { h, isCalm, putAfter } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const EAGER = 40; // cells whose editors are made at once, whether in view or not
const SLICE = 8; // ms of making editors between two frames

export class Sheet {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, CellView>} */
    this._cells = new Map();
    /** @type {string[]} */
    this.order = [];
    /** Cells whose editors are still to be made. @type {Set<string>} */
    this._bare = new Set();
    this.end = this._endRow();
    this.nothing = h("p", { class: "nothing", hidden: true }, "No cells. Add code or text, or press B.");
    this.root = h("div", { class: "sheet" }, insertRow(page, null), this.nothing, this.end);
    this.scroller = h(
      "main",
      { class: "nb", id: "notebook", "data-region": "notebook", "aria-label": "Notebook", tabindex: -1 },
      this.root,
    );
    this._near = new IntersectionObserver((entries) => this._cameNear(entries), {
      root: this.scroller,
      rootMargin: "800px",
    });
    this._clock = 0;
  }

  /** @param {string} id @returns {CellView | undefined} */
  cell(id) {
    return this._cells.get(id);
  }

  /** Make the sheet show the model's view. */
  draw() {
    const { view } = this.page.model;
    const anchor = this._anchor();
    this._reorder(view.order);
    view.order.forEach((id, index) => {
      const cell = view.cells[id];
      const shown = this._cells.get(id);
      if (cell && shown && (shown.cell !== cell || shown.index !== index || shown.isFresh)) {
        shown.isFresh = false;
        shown.update(cell, index);
      }
    });
    this.nothing.hidden = view.order.length > 0 || !this.page.model.isLoaded;
    this.end.hidden = this.page.isReadOnly;
    this._hold(anchor);
    this._tick();
    this._makeEditors();
  }

  /** All again: something that every cell depends on has changed. */
  redrawAll() {
    for (const cell of this._cells.values()) cell.isFresh = true;
    this.draw();
  }

  redrawSelection() {
    for (const cell of this._cells.values()) cell.redrawSelection();
  }

  /** @param {string[]} order */
  _reorder(order) {
    const { view } = this.page.model;
    const living = new Set(order);
    for (const [id, cell] of this._cells) {
      if (living.has(id)) continue;
      this._near.unobserve(cell.element);
      this._bare.delete(id);
      cell.destroy();
      this._cells.delete(id);
    }
    const isFirst = this.order.length === 0;
    /** @type {Element | null} */
    let place = this.nothing;
    order.forEach((id, index) => {
      const data = view.cells[id];
      if (!data) return;
      let cell = this._cells.get(id);
      if (!cell) {
        cell = this._make(data, index < EAGER);
        if (!isFirst) cell.element.classList.add("arriving");
      }
      if (place && place.nextElementSibling !== cell.element) putAfter(place, cell.element);
      place = cell.element;
    });
    this.order = order;
  }

  /** @param {import("./types.js").Cell} data @param {boolean} isEager */
  _make(data, isEager) {
    const cell = new CellView(this.page, data);
    cell.isFresh = true;
    this._cells.set(data.id, cell);
    if (data.type !== "markdown") {
      if (isEager) this._bare.add(data.id);
      else this._near.observe(cell.element);
    }
    return cell;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  _cameNear(entries) {
    for (const { isIntersecting, target } of entries) {
      const id = /** @type {HTMLElement} */ (target).dataset.cellId;
      if (!isIntersecting || !id) continue;
      this._near.unobserve(target);
      this._bare.add(id);
    }
    this._makeEditors();
  }

  /** Make the editors that are due: the first ones at once, the rest when there is time. */
  _makeEditors() {
    const until = performance.now() + SLICE;
    for (const id of this._bare) {
      this._bare.delete(id);
      const cell = this._cells.get(id);
      if (cell && cell.cell.type !== "markdown") cell.openEditor();
      if (performance.now() > until) break;
    }
    if (this._bare.size) setTimeout(() => this._makeEditors());
  }

  /** Where the active cell, or else the first one in view, stands now. */
  _anchor() {
    const top = this.scroller.getBoundingClientRect();
    const active = this._cells.get(this.page.select.active ?? "")?.element;
    const inView = (/** @type {DOMRect} */ box) => box.bottom > top.top && box.top < top.bottom;
    if (active && inView(active.getBoundingClientRect()))
      return { element: active, at: active.getBoundingClientRect().top };
    if (this.scroller.scrollTop === 0) return null;
    for (const { element } of this._cells.values()) {
      const box = element.getBoundingClientRect();
      if (inView(box)) return { element, at: box.top };
    }
    return null;
  }

  /** Keep that cell where it was. @param {{element: HTMLElement, at: number} | null} anchor */
  _hold(anchor) {
    if (!anchor?.element.isConnected) return;
    const moved = anchor.element.getBoundingClientRect().top - anchor.at;
    if (Math.abs(moved) > 0.5) this.scroller.scrollTop += moved;
  }

  /** Bring a cell into view with as little movement as can be. @param {string} id */
  reveal(id) {
    const element = this._cells.get(id)?.element;
    if (!element) return;
    const view = this.scroller.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const isTall = box.height > view.height - 48;
    if (box.top >= view.top && (box.bottom <= view.bottom || (isTall && box.top < view.bottom - 120))) return;
    element.scrollIntoView({ block: isTall || box.top < view.top ? "start" : "nearest" });
  }

  /** Go to a cell from the panel. @param {string} id */
  goTo(id) {
    this.page.select.set(id, { scroll: false });
    this._cells.get(id)?.element.scrollIntoView({ block: "start", behavior: isCalm() ? "auto" : "smooth" });
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
