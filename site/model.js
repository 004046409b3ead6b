/**
 * The notebook as the page knows it: the view that the worker sent, with the page's own commands
 * that are not confirmed yet drawn over it. Knows no DOM.
 *
 * The text of a cell with an editor is the editor's affair (it maps what others typed over what
 * was typed here); `onText` hands it the changes. Without one the text stands in the cell.
 */

import { canBeUndone, canForetell, foretell, standing } from "./foretell.js";
import { applyOp, keepEqual } from "./patch.js";
import { fromChanges, toDoc } from "./editor_text.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").Op} Op */

/**
 * @typedef {object} TextKeeper
 * @property {(cellId: string, changes: any[]) => boolean} receive changes by somebody else; false
 *   where no editor holds this cell
 * @property {(cellId: string, text: string) => boolean} reset
 * @property {(cellId: string) => string | undefined} text
 * @property {(k: number) => void} acknowledge everything sent up to k is in what follows
 * @property {boolean} isAttached whether a worker is there
 * @property {() => void} giveOut what was typed meanwhile may be sent
 */

/** @returns {View} */
export function emptyView() {
  return {
    seq: 0, pending: 0, readonly: null, notebook: { id: "", name: "", metadata: {} },
    order: [], cells: {}, actors: {}, runtime: null, runtimes: [], files: [],
    log: { events: 0, strip: [] }, undo: { undo: null, redo: null },
  };
}

export class Model {
  /** @param {TextKeeper} texts @param {() => void} onChange */
  constructor(texts, onChange) {
    this.texts = texts;
    this.onChange = onChange;
    this.base = emptyView();
    this.view = this.base;
    /** @type {Array<{k: number, command: Command, ts: number}>} */
    this.waiting = [];
    this.isLoaded = false;
    /** The newest command that the worker has taken. */
    this.acked = 0;
  }

  /** The whole view, anew. @param {View} json @param {number} ack */
  reset(json, ack) {
    this.texts.acknowledge(ack);
    this.base = keepEqual(this.base, json);
    for (const cell of Object.values(this.base.cells)) this.texts.reset(cell.id, cell.source);
    this.isLoaded = true;
    this._settle(ack);
    this.texts.giveOut(); // last: what is given out now is made on this view
  }

  /** @param {Op[]} ops @param {number} ack */
  patch(ops, ack) {
    this.texts.acknowledge(ack); // first: `ops` are made on texts with these in them
    let base = this.base;
    for (const op of ops) {
      if (op[0] === "text") base = this._receiveText(base, op[1], op[2]);
      else if (op[0] === "source") base = this._resetText(base, op[1], op[2]);
      else base = applyOp(base, op);
    }
    this.base = base;
    this._settle(ack);
    this.texts.giveOut();
  }

  /** A command that was sent; drawn at once where that can be foretold. @param {number} k @param {Command} command */
  sent(k, command) {
    if (!canForetell(command)) return;
    this.waiting.push({ k, command, ts: Date.now() });
    this._settle(-1);
  }

  /** It was refused: take it back off the view. @param {number} k */
  refused(k) {
    this.waiting = this.waiting.filter((sent) => sent.k !== k);
    this._settle(-1);
  }

  /** Whether there is something of ours to take back, confirmed or not. */
  get canUndo() {
    return this.view.undo.undo !== null || standing(this.waiting).some(({ command }) => canBeUndone(command));
  }

  get canRedo() {
    return this.view.undo.redo !== null || this.waiting.some(({ command }) => command.do === "undo");
  }

  /** Whether the cell is there, or was only deleted by a command that is not confirmed. @param {string} id */
  isKnown(id) {
    return id in this.base.cells || id in this.view.cells;
  }

  /** The text of a cell as it is drawn now. @param {string} id @returns {string} */
  source(id) {
    return this.texts.text(id) ?? this.view.cells[id]?.source ?? "";
  }

  /** The actor id of who sits here. @returns {string} */
  get me() {
    const found = Object.entries(this.view.actors).find(([, actor]) => actor.me);
    return found ? found[0] : "";
  }

  /** @param {string} id @returns {Cell | undefined} */
  cell(id) {
    return this.view.cells[id];
  }

  /** The editor of a cell has gone; this is what it had last. @param {string} id @param {string} text */
  keepText(id, text) {
    const cell = this.base.cells[id];
    if (!cell || cell.source === text) return;
    this.base = applyOp(this.base, ["set", ["cells", id, "source"], text]);
    this._settle(-1);
  }

  /** @param {number} ack */
  _settle(ack) {
    this.acked = Math.max(this.acked, ack);
    this.waiting = this.waiting.filter((sent) => sent.k > ack);
    const me = Object.entries(this.base.actors).find(([, actor]) => actor.me)?.[0] ?? "";
    // A worker that is there takes things back by itself, and one after the other.
    const drawn = this.texts.isAttached ? this.waiting : standing(this.waiting);
    this.view = drawn.reduce(
      (view, sent) => foretell(view, sent.command, { actor: me, ts: sent.ts }),
      this.base,
    );
    this.onChange();
  }

  /** @param {View} base @param {string} id @param {any[]} changes @returns {View} */
  _receiveText(base, id, changes) {
    const cell = base.cells[id];
    if (this.texts.receive(id, changes) || !cell) return base;
    const doc = toDoc(cell.source);
    return applyOp(base, ["set", ["cells", id, "source"], fromChanges(changes, doc).apply(doc).toString()]);
  }

  /** @param {View} base @param {string} id @param {string} text @returns {View} */
  _resetText(base, id, text) {
    this.texts.reset(id, text);
    return base.cells[id] ? applyOp(base, ["set", ["cells", id, "source"], text]) : base;
  }
}
