/** Moving a cell by its left margin. */

import { h } from "./dom.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const THRESHOLD = 5; // px before a press becomes a move
const EDGE = 48; // px from the top and bottom of the view where it scrolls
const SPEED = 12; // px a frame

/** @param {Page} page */
export function enableDrag(page) {
  const { scroller } = page.sheet;
  scroller.addEventListener("pointerdown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const margin = target.closest(".g");
    if (!margin || target.closest("button") || event.button !== 0 || event.pointerType === "touch" || !page.canEdit) return;
    const id = /** @type {HTMLElement} */ (margin.closest(".cell")).dataset.cellId;
    if (id) new Drag(page, id, event);
  });
}

class Drag {
  /** @param {Page} page @param {string} id @param {PointerEvent} event */
  constructor(page, id, event) {
    this.page = page;
    this.ids = page.select.ids.includes(id) ? page.select.ids : [id];
    this.from = event.clientY;
    this.y = event.clientY;
    this.isMoving = false;
    this.line = h("div", { class: "drop-line", hidden: true });
    /** @type {string | null | undefined} the cell it goes after; null: to the start */
    this.after = undefined;
    this.stop = new AbortController();
    const { signal } = this.stop;
    addEventListener("pointermove", (moved) => this._moved(moved), { signal });
    addEventListener("pointerup", () => this._end(true), { signal });
    addEventListener("pointercancel", () => this._end(false), { signal });
    addEventListener("keydown", (key) => key.key === "Escape" && this._end(false), { signal, capture: true });
  }

  /** @param {PointerEvent} event */
  _moved(event) {
    this.y = event.clientY;
    if (!this.isMoving && Math.abs(this.y - this.from) < THRESHOLD) return;
    if (!this.isMoving) this._begin();
    this._place();
  }

  _begin() {
    this.isMoving = true;
    document.body.style.cursor = "grabbing";
    getSelection()?.removeAllRanges();
    for (const id of this.ids) this.page.sheet.cell(id)?.element.classList.add("lifted");
    this.page.sheet.root.append(this.line);
    this._scroll();
  }

  /** The line stands where the cell would go. */
  _place() {
    const { order } = this.page.model.view;
    const boxes = order.map((id) => this.page.sheet.cell(id)?.element.getBoundingClientRect());
    const below = boxes.findIndex((box) => box && this.y < box.top + box.height / 2);
    const at = below < 0 ? order.length : below;
    this.after = at === 0 ? null : order[at - 1];
    const root = this.page.sheet.root.getBoundingClientRect();
    const edge = at === 0 ? boxes[0]?.top : boxes[at - 1]?.bottom;
    this.line.hidden = edge === undefined;
    this.line.style.top = `${(edge ?? 0) - root.top - 1}px`;
  }

  /** Near an edge the sheet goes on by itself. */
  _scroll() {
    if (this.stop.signal.aborted) return;
    const view = this.page.sheet.scroller.getBoundingClientRect();
    const by = this.y < view.top + EDGE ? -SPEED : this.y > view.bottom - EDGE ? SPEED : 0;
    if (by) {
      this.page.sheet.scroller.scrollTop += by;
      this._place();
    }
    requestAnimationFrame(() => this._scroll());
  }

  /** @param {boolean} isDropped */
  _end(isDropped) {
    this.stop.abort();
    document.body.style.cursor = "";
    this.line.remove();
    for (const id of this.ids) this.page.sheet.cell(id)?.element.classList.remove("lifted");
    if (!this.isMoving || !isDropped || this.after === undefined) return;
    const place = this._settled();
    if (place) this.page.cells.moveTo(this.ids, place);
  }

  /** The place in words of cells that stay; null where nothing would move. */
  _settled() {
    const { order } = this.page.model.view;
    const at = this.after === null ? -1 : order.indexOf(this.after ?? "");
    const stays = order.slice(0, at + 1).findLast((id) => !this.ids.includes(id));
    const first = order.indexOf(this.ids[0] ?? "");
    if (order[first - 1] === stays && (this.ids.includes(order[at] ?? "") || at === first - 1)) return null;
    return { after: stays ?? null };
  }
}
