/**
 * Which cells are near the screen, and work that waits until there is time for it. What is far
 * stands in the document with its text, so that it can be found and read aloud, but is not laid out.
 */

const MARGIN = 800; // px around the screen that count as near
const SLICE = 8; // ms of waiting work between two frames

/** @typedef {{id: string, element: HTMLElement, cameNear: () => void, wentFar: () => void, drawDue: () => void}} Nearing */

export class Nearby {
  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    /** Cells that are near, or in time will be found not to be. @type {Set<string>} */
    this._near = new Set();
    /** @type {Map<Element, Nearing>} */
    this._known = new Map();
    /** Cells with something to be drawn; those near first. @type {Set<Nearing>} */
    this._urgent = new Set();
    /** @type {Set<Nearing>} */
    this._due = new Set();
    this._isWorking = false;
    this._observer = new IntersectionObserver((entries) => this._moved(entries), {
      root: scroller,
      rootMargin: `${MARGIN}px`,
    });
  }

  /** @param {string} id */
  has(id) {
    return this._near.has(id);
  }

  /** @param {Nearing} cell */
  watch(cell) {
    this._known.set(cell.element, cell);
    this._observer.observe(cell.element);
  }

  /** @param {Nearing} cell */
  forget(cell) {
    this._observer.unobserve(cell.element);
    this._known.delete(cell.element);
    this._near.delete(cell.id);
    this._urgent.delete(cell);
    this._due.delete(cell);
  }

  /** Have `drawDue` called when there is time. @param {Nearing} cell @param {boolean} [isUrgent] */
  drawLater(cell, isUrgent = false) {
    (isUrgent ? this._urgent : this._due).add(cell);
    this._workSoon();
  }

  /** It is going to be on the screen now: what is near counts as near at once. @param {Nearing} cell */
  wake(cell) {
    this._near.add(cell.id);
    cell.element.classList.remove("far");
    cell.cameNear();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  _moved(entries) {
    for (const { isIntersecting, target } of entries) {
      const cell = this._known.get(target);
      if (!cell) continue;
      target.classList.toggle("far", !isIntersecting);
      if (isIntersecting) {
        this._near.add(cell.id);
        this.drawLater(cell, true);
      } else if (this._near.delete(cell.id)) {
        this._urgent.delete(cell);
        cell.wentFar();
      }
    }
  }

  _workSoon() {
    if (this._isWorking) return;
    this._isWorking = true;
    setTimeout(() => this._work());
  }

  _work() {
    this._isWorking = false;
    const until = performance.now() + SLICE;
    for (const queue of [this._urgent, this._due]) {
      for (const cell of queue) {
        queue.delete(cell);
        if (queue === this._urgent) cell.cameNear();
        else cell.drawDue();
        if (performance.now() > until) break;
      }
      if (performance.now() > until) break;
    }
    if (this._urgent.size || this._due.size) this._workSoon();
  }
}

const LINE = 20; // px
const PROSE = 27; // px
const WIDE = 75; // characters of prose in a line
const BLOCK = 42; // px around the lines of a block and between two blocks
const SHOWN = 300; // px of an output that is not text
const LONGEST = 500; // px of a stream that is folded

/** How tall a cell is likely to be, before it has ever been laid out. @param {import("./types.js").Cell} cell */
export function likelyHeight({ type, source, execution }) {
  const lines = source.split("\n");
  if (type === "markdown") return BLOCK + PROSE * lines.reduce((sum, line) => sum + Math.ceil(line.length / WIDE), 0);
  const outputs = type === "code" ? (execution?.outputs ?? []) : [];
  return outputs.reduce((sum, output) => sum + likelyOutput(output), BLOCK + LINE * lines.length);
}

/** @param {import("./types.js").Output} output */
function likelyOutput({ type, text, data }) {
  const plain = type === "stream" ? text : Object.keys(data ?? {}).length === 1 ? data?.["text/plain"] : null;
  if (typeof plain === "string") return Math.min(LONGEST, LINE * (1 + plain.split("\n", 30).length));
  return type === "error" ? LINE * 5 : SHOWN;
}
