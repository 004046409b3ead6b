/**
 * The editors of the cells and what was typed in them but is not confirmed yet.
 *
 * An editor gives out one change at a time, and the next when that one is acknowledged. While no
 * worker is there to acknowledge, the link stores changes all the same: then the editor is told so
 * *early*, and the change stays here, over the text that the worker knows (`settled`). So does one
 * that a worker took and did not store before it ended: the next worker does not know it.
 */

import { lengthIn } from "./code_points.js";
import { cross, difference, fromChanges, toChanges, toDoc, toText } from "./editor_text.js";

/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {import("./editor_text.js").Section} Section */
/** @typedef {import("@codemirror/state").ChangeSet} ChangeSet */
/** @typedef {import("@codemirror/state").Text} Text */
/** @typedef {{k: number, changes: ChangeSet, early: boolean}} Sent */
/** A change that a worker has taken in, and the text it was made on. @typedef {{k: number, changes: ChangeSet, before: Text}} Taken */
/** taken: what may be lost with the worker, for it is not stored. @typedef {{editor: Editor, settled: Text, sent: Sent[], taken: Taken[]}} Held */

const GATHER = 40; // ms of typing that become one stored change while there is no worker

export class CellTexts {
  /** @param {(cellId: string, changes: Section[], lengthBefore: number, before: string) => number} send gives k */
  constructor(send) {
    this.send = send;
    /** Whether a worker is there that acknowledges. */
    this.isAttached = false;
    /** @type {Map<string, Held>} */
    this._held = new Map();
    /** Cells with an editor that are not drawn. @type {Set<string>} */
    this._away = new Set();
    /** @type {Array<{ids: string[], run: () => void}>} */
    this._after = [];
    /** The newest change that the worker knows, and the newest that is on the disk. */
    this._acked = 0;
    this._stored = 0;
  }

  /** @param {string} id @param {Editor} editor @param {string} text */
  hold(id, editor, text) {
    this._held.set(id, { editor, settled: toDoc(text), sent: [], taken: [] });
    this.onHold(id);
  }

  /** A cell has an editor now. @type {(id: string) => void} */
  onHold = () => {};

  /** The cells that have an editor. */
  get held() {
    return [...this._held.keys()];
  }

  /** @param {string} id @returns {Editor | undefined} */
  editor(id) {
    return this._held.get(id)?.editor;
  }

  /** @param {string} id @returns {string | undefined} */
  text(id) {
    return this._held.get(id)?.editor.text();
  }

  /** The editor of a cell gave out a change. @param {string} id @param {Section[]} changes @param {number} lengthBefore */
  edited(id, changes, lengthBefore) {
    const held = this._held.get(id);
    if (!held) throw new Error(`Expected an editor for cell ${id}; there is none.`);
    const before = held.sent.reduce((doc, sent) => sent.changes.apply(doc), held.settled);
    const k = this.send(id, changes, lengthBefore, toText(before));
    const sent = { k, changes: fromChanges(changes, before), early: false };
    held.sent.push(sent);
    if (!this.isAttached) setTimeout(() => this._acknowledgeEarly(held, sent), GATHER);
  }

  /** Changes that a worker does not acknowledge are stored all the same: it may be gone. @param {number[]} ks */
  kept(ks) {
    if (!this.isAttached) return; // then this is so for all
    for (const held of this._held.values()) {
      const last = held.sent.at(-1);
      if (last && !last.early && ks.includes(last.k)) this._settleEarly(held, last);
    }
  }

  /** How many editors hold something that was not even sent. */
  get unsent() {
    return [...this._held.values()].filter(({ editor }) => editor.holdsBack()).length;
  }

  /** @param {Held} held @param {Sent} sent */
  _acknowledgeEarly(held, sent) {
    if (!this.isAttached && held.sent.includes(sent)) this._settleEarly(held, sent);
  }

  /** @param {Held} held @param {Sent} sent */
  _settleEarly(held, sent) {
    sent.early = true;
    held.editor.acknowledge();
    this._runAfter();
  }

  /** There is no worker now, or there is one again. @param {boolean} isAttached */
  attach(isAttached) {
    this.isAttached = isAttached;
    if (isAttached) return;
    for (const held of this._held.values()) {
      const last = held.sent.at(-1);
      if (last && !last.early) this._acknowledgeEarly(held, last);
    }
  }

  /** Everything sent up to k has been taken in; `giveOut` follows. @param {number} k */
  acknowledge(k) {
    this._acked = k;
    for (const held of this._held.values()) {
      for (let first = held.sent[0]; first && first.k <= k; first = held.sent[0]) {
        if (first.k > this._stored) held.taken.push({ k: first.k, changes: first.changes, before: held.settled });
        held.settled = first.changes.apply(held.settled);
        held.sent.shift();
        if (!first.early) held.editor.settle();
      }
    }
  }

  /** Everything sent up to k is on the disk. @param {number} k */
  stored(k) {
    if (k === this._stored) return; // it is told with every patch
    this._stored = k;
    for (const held of this._held.values()) held.taken = held.taken.filter((taken) => taken.k > k);
  }

  /** The page may end without a word: nothing waits for an acknowledgement any more. */
  giveOutAll() {
    for (const held of this._held.values()) {
      const last = () => held.sent.at(-1);
      for (let sent = last(); sent && !sent.early && held.editor.holdsBack(); sent = last()) {
        this._settleEarly(held, sent);
      }
    }
  }

  /** Let go what was typed meanwhile. Not before the changes that came with an acknowledgement. */
  giveOut() {
    for (const { editor } of this._held.values()) editor.giveOut();
    this._runAfter();
  }

  /**
   * A change that was sent on a text which is another one now, as it fits that one.
   * @param {number} k
   * @returns {{before: string, values: {changes: Section[], length_before: number}} | null} the text
   *   before it, and what it is on that; null: there is no such change
   */
  again(k) {
    for (const held of this._held.values()) {
      let doc = held.settled;
      for (const sent of held.sent) {
        if (sent.k === k) {
          const values = { changes: toChanges(sent.changes, doc), length_before: lengthIn(doc) };
          return { before: toText(doc), values };
        }
        doc = sent.changes.apply(doc);
      }
    }
    return null;
  }

  /** A change by somebody else on the settled text. @param {string} id @param {Section[]} changes @returns {boolean} */
  receive(id, changes) {
    const held = this._held.get(id);
    if (held) receiveChange(held, fromChanges(changes, held.settled));
    return held !== undefined;
  }

  /**
   * The settled text is this one. What is shown keeps what a worker took and this one does not know.
   * @param {string} id @param {string} text
   * @returns {boolean}
   */
  reset(id, text) {
    const held = this._held.get(id);
    if (!held) return false;
    const lost = held.taken.filter(({ k }) => k > this._acked);
    if (lost.length === 0) {
      receiveChange(held, difference(held.settled, text));
      return true;
    }
    const settled = toDoc(text);
    const { again, doc } = redone(lost, settled);
    receiveChange(held, difference(held.settled, toText(doc)));
    held.settled = settled;
    held.sent.unshift(...again);
    held.taken = held.taken.filter(({ k }) => k <= this._acked);
    return true;
  }

  /**
   * Do something that needs everything typed in these cells to have been given out.
   * @param {string[]} ids
   * @param {() => void} run
   */
  after(ids, run) {
    this._after.push({ ids, run });
    this._runAfter();
  }

  _runAfter() {
    while (this._after[0] && !this._after[0].ids.some((id) => this.editor(id)?.isDirty())) {
      this._after.shift()?.run();
    }
  }

  /**
   * Give up an editor with which nothing would be lost: its settled text; null where it stays.
   * @param {string} id
   * @returns {string | null}
   */
  release(id) {
    const held = this._held.get(id);
    if (!held || held.sent.length + held.taken.length > 0 || !held.editor.canClose()) return null;
    held.editor.destroy();
    this._held.delete(id);
    return toText(held.settled);
  }

  /** The cell is not drawn any more; it may be again, as long as `sweep` does not say else. @param {string} id */
  putAway(id) {
    if (this._held.has(id)) this._away.add(id);
  }

  /** The editor of a cell that is drawn again. @param {string} id @returns {Editor | undefined} */
  takeBack(id) {
    return this._away.delete(id) ? this.editor(id) : undefined;
  }

  /**
   * Forget the cells that are away and will not be back as they were. Not before all that was typed
   * in them has been given out: the log keeps it with the deleted cell.
   * @param {(id: string) => boolean} isThere
   */
  sweep(isThere) {
    for (const id of this._away) {
      if (isThere(id) || this.editor(id)?.isDirty()) continue;
      this.editor(id)?.destroy();
      this._held.delete(id);
      this._away.delete(id);
    }
  }
}

/** @param {Held} held @param {ChangeSet} theirs */
function receiveChange(held, theirs) {
  let doc = held.settled;
  let isGiven = false;
  held.settled = theirs.apply(doc);
  for (const sent of held.sent) {
    if (!sent.early) {
      held.editor.applyRemote(toChanges(theirs, doc));
      isGiven = true;
    }
    [sent.changes, theirs, doc] = cross(sent.changes, theirs, doc);
  }
  if (!isGiven) held.editor.applyRemote(toChanges(theirs, doc));
}

/**
 * Changes as they are on a text that has none of them.
 * @param {Taken[]} lost
 * @param {Text} settled
 * @returns {{again: Sent[], doc: Text}} doc: the text with them
 */
function redone(lost, settled) {
  let doc = settled;
  const again = lost.map(({ k, changes, before }) => {
    const [mine] = cross(changes, difference(before, toText(doc)), before);
    doc = mine.apply(doc);
    return { k, changes: mine, early: true };
  });
  return { again, doc };
}
