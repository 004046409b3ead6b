/**
 * What was found in each cell. A cell is searched again when its text or its outputs have changed,
 * a slice of time at once: typing does not wait for it, and costs what the changed cell holds.
 */

import { movedTo } from "./finding.js";

/** @typedef {import("./find.js").Find} Find */
/** @typedef {import("./finding.js").Match} Match */
/**
 * What was found in one cell, and in what it was looked for.
 * @typedef {{source: string, execution: unknown, matches: Match[], outputs: Match[]}} Found
 */

const SLICE = 8; // ms of searching between two frames
const LARGE = 200_000; // characters; to look through so many takes longer than that
const PAUSE = 300; // ms without a change of a large text until it is searched again
/** @type {Found} */
const NOTHING = { source: "", execution: null, matches: [], outputs: [] };

export class FoundCells {
  /** @param {Find} find */
  constructor(find) {
    this._find = find;
    /** @type {Map<string, Found>} */
    this._found = new Map();
    /** Cells that are to be searched. @type {Set<string>} */
    this._due = new Set();
    /** What is being searched, by cell. @type {Map<string, Found>} */
    this._asked = new Map();
    this._timer = 0;
    /** A large text that is waited for. */
    this._typed = "";
  }

  get isSearching() {
    return this._due.size + this._asked.size > 0;
  }

  /** @param {string} id @returns {Found} */
  in(id) {
    return this._found.get(id) ?? NOTHING;
  }

  forget() {
    clearTimeout(this._timer);
    this._timer = 0;
    this._found.clear();
    this._due.clear();
    this._asked.clear();
  }

  /** The notebook may be another one than before. */
  follow() {
    if (this._find.pattern) for (const id of this._find.ids) if (!this._isKnown(id)) this._due.add(id);
    if (this._due.size) this._workSoon();
    else if (this._asked.size === 0) this._find.settle();
  }

  /** Where somebody types in a large text, when they pause. */
  _workSoon() {
    const { model } = this._find.page;
    const again = [...this._due].filter((id) => this._found.has(id)).map((id) => model.source(id));
    const typed = again.find((source) => source.length > LARGE) ?? "";
    if (typed !== this._typed) {
      clearTimeout(this._timer);
      this._timer = 0;
    }
    this._typed = typed;
    this._timer ||= window.setTimeout(() => this.work(), typed ? PAUSE : 0);
  }

  /** @param {string} id */
  _isKnown(id) {
    const { model } = this._find.page;
    const known = this._asked.get(id) ?? this._found.get(id);
    return known && known.source === model.source(id) && (!this._find.inOutputs || known.execution === model.cell(id)?.execution);
  }

  /** Search what is due, for a while. */
  work() {
    clearTimeout(this._timer);
    this._timer = 0;
    const until = performance.now() + SLICE;
    for (const id of this._due) {
      this._due.delete(id);
      this._look(id);
      if (performance.now() > until) break;
    }
    this.follow();
  }

  /** @param {string} id */
  _look(id) {
    const { model } = this._find.page;
    const cell = model.cell(id);
    if (!cell) return;
    const { execution } = cell;
    const known = this._found.get(id);
    /** @type {Found} */
    const made = { source: model.source(id), execution, matches: [], outputs: [] };
    const printed = this._find.inOutputs && known?.execution !== execution ? this._find.marks.outputs(id).text : "";
    if (!printed && known?.execution === execution) made.outputs = known.outputs;
    this._asked.set(id, made);
    this._find.look(made.source, (matches) => {
      made.matches = matches;
      if (!printed) this._arrived(id, made);
    });
    // Answers come in the order of the questions.
    if (printed) this._find.look(printed, (outputs) => this._arrived(id, Object.assign(made, { outputs })));
  }

  /** @param {string} id @param {Found} made */
  _arrived(id, made) {
    if (this._asked.get(id) !== made) return; // its text has changed since, and it is searched again
    this._asked.delete(id);
    this._find.moveHere(id, (at) => movedTo(at, this._found.get(id)?.source ?? made.source, made.source));
    this._found.set(id, made);
  }
}
