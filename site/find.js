/**
 * Finding text in all cells: which matches there are and which of them the reader is at. A cell is
 * searched again when its text has changed, a slice of time at once: typing does not wait for it.
 */

import { firstFrom, matchesIn, movedTo, patternOf } from "./finding.js";
import { FindBar } from "./find_bar.js";
import { FindMarks } from "./find_marks.js";
import { Replacing } from "./replacing.js";
import { announce } from "./toast.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./finding.js").Match} Match */
/**
 * What was found in one cell, and in what it was looked for.
 * @typedef {{source: string, execution: unknown, matches: Match[], outputs: Match[]}} Found
 * @typedef {{id: string, isOutput: boolean, at: number}} Place at: where in the text, in UTF-16 units
 */

const SLICE = 8; // ms of searching between two frames
/** @type {Found} */
const NOTHING = { source: "", execution: null, matches: [], outputs: [] };

export class Find {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.isOpen = false;
    this.query = { text: "", matchCase: false, wholeWord: false, isPattern: false };
    this.inOutputs = false;
    /** Only these cells are searched; null: all. @type {Set<string> | null} */
    this.chosen = null;
    /** Why it is no regular expression; empty where it is one. */
    this.wrong = "";
    /** @type {RegExp | null} */
    this.pattern = null;
    /** Where the reader is. @type {Place | null} */
    this.here = null;
    /** @type {Map<string, Found>} */
    this._found = new Map();
    /** Cells that are to be searched. @type {Set<string>} */
    this._due = new Set();
    this._timer = 0;
    /** Whether the first match is to be gone to when it is known. */
    this._isSeeking = false;
    this.bar = new FindBar(this);
    this._marks = new FindMarks(this);
    this.replacing = new Replacing(this);
    page.sheet.scroller.addEventListener("click", () => this.touched()); // it may have unfolded something
  }

  /** Whether the source of this text cell is to be seen, because the reader is at a match in it. @param {string} id */
  shows(id) {
    return this.isOpen && this.here?.id === id && !this.here.isOutput;
  }

  /** @param {{replace?: boolean}} [how] */
  open({ replace = false } = {}) {
    const wanted = this._selected();
    if (!this.isOpen) this.here = this._begin();
    this.isOpen = true;
    this.bar.open({ text: wanted, replace });
    if (wanted || this.query.text) this.ask({ text: wanted || this.query.text });
    this.page.redrawFrame();
  }

  /** What is selected where the reader is, if that is part of one line. */
  _selected() {
    const { select, texts } = this.page;
    const state = select.isEditing ? texts.editor(select.active ?? "")?.view.state : null;
    const text = state ? state.sliceDoc(state.selection.main.from, state.selection.main.to) : String(getSelection() ?? "");
    return text.includes("\n") || text.length > 200 ? "" : text;
  }

  /** Where the reader is who begins to look. @returns {Place | null} */
  _begin() {
    const { select, texts } = this.page;
    const id = select.active;
    if (!id) return null;
    const view = select.isEditing ? texts.editor(id)?.view : null;
    this.wasEditing = Boolean(view);
    return { id, isOutput: false, at: view ? view.state.selection.main.from : 0 };
  }

  /** The reader goes on with the cells, at the match. */
  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { here } = this;
    clearTimeout(this._timer);
    this._timer = 0;
    this._found.clear();
    this._marks.clear();
    this.bar.close();
    if (here) this.page.sheet.cell(here.id)?.redrawSelection();
    this._goOn(here);
    this.here = null;
    this.page.redrawFrame();
  }

  /** @param {Place | null} here */
  _goOn(here) {
    const { select, texts } = this.page;
    const match = this._last;
    this._last = null;
    if (!here || !this.wasEditing || here.isOutput) return select.focus();
    select.set(here.id, { focus: false, scroll: false });
    select.edit();
    if (match && match.to <= (texts.editor(here.id)?.view.state.doc.length ?? 0)) texts.editor(here.id)?.select(match);
  }

  /** Look for something else, or elsewhere. @param {Partial<import("./finding.js").Query>} [what] */
  ask(what = {}) {
    this.query = { ...this.query, ...what };
    this.wrong = "";
    try {
      this.pattern = patternOf(this.query);
    } catch (error) {
      this.pattern = null;
      this.wrong = error instanceof Error ? error.message : String(error);
    }
    this._found.clear();
    this._isSeeking = this.pattern !== null;
    this.follow();
    this._work();
  }

  /** Only the cells that are selected now, or all. @param {boolean} isOnly */
  choose(isOnly) {
    this.chosen = isOnly ? new Set(this.page.select.ids) : null;
    this.ask();
  }

  /** The cells that are searched, in their order. */
  get ids() {
    const { order } = this.page.model.view;
    return this.chosen ? order.filter((id) => this.chosen?.has(id)) : order;
  }

  /** The notebook may be another one than before. */
  follow() {
    if (!this.isOpen) return;
    const { model } = this.page;
    for (const id of this.ids) {
      const known = this._found.get(id);
      const isSame = known && known.source === model.source(id) && (!this.inOutputs || known.execution === model.cell(id)?.execution);
      if (!isSame) this._due.add(id);
    }
    if (this._due.size) this._workSoon();
    else this._settle();
  }

  /** What a cell shows is drawn anew, or came near: it is to be marked. */
  touched() {
    if (this.isOpen) this._marks.drawSoon();
  }

  _workSoon() {
    this._timer ||= window.setTimeout(() => this._work());
  }

  _work() {
    clearTimeout(this._timer);
    this._timer = 0;
    const until = performance.now() + SLICE;
    for (const id of this._due) {
      this._due.delete(id);
      this._look(id);
      if (performance.now() > until) break;
    }
    if (this._due.size) this._workSoon();
    else this._settle();
  }

  /** @param {string} id */
  _look(id) {
    const { model } = this.page;
    const cell = model.cell(id);
    if (!cell) return;
    const source = model.source(id);
    const { pattern } = this;
    const before = this._found.get(id)?.source;
    const { here } = this;
    if (before !== undefined && here?.id === id && !here.isOutput) this.here = { ...here, at: movedTo(here.at, before, source) };
    const outputs = this.inOutputs && pattern ? this._marks.outputs(id) : null;
    this._found.set(id, {
      source,
      execution: cell.execution,
      matches: pattern ? matchesIn(source, pattern) : [],
      outputs: outputs && pattern ? matchesIn(outputs.text, pattern) : [],
    });
  }

  /** All is searched. */
  _settle() {
    if (this._isSeeking) {
      this._isSeeking = false;
      const place = this._next(this.here ?? { id: this.ids[0] ?? "", isOutput: false, at: 0 });
      if (place) this.goTo(place, false);
    }
    this.replacing.goOn();
    this.draw();
  }

  draw() {
    this.bar.draw();
    this._marks.drawSoon();
  }

  /** @param {string} id @returns {Found} */
  in(id) {
    return (this.pattern && this._found.get(id)) || NOTHING;
  }

  /** How many there are, and which of them the reader is at, from 1; 0: none of them. */
  get count() {
    let all = 0;
    let at = 0;
    for (const id of this.ids) {
      const { matches, outputs } = this.in(id);
      const index = this.here?.id === id ? this.indexIn(id, this.here.isOutput) : -1;
      if (index >= 0) at = all + index + 1 + (this.here?.isOutput ? matches.length : 0);
      all += matches.length + outputs.length;
    }
    return { all, at };
  }

  get isSearching() {
    return this._due.size > 0;
  }

  /** Which match of a cell the reader is at; -1: none of them. @param {string} id @param {boolean} isOutput */
  indexIn(id, isOutput) {
    const { here } = this;
    if (here?.id !== id || here.isOutput !== isOutput) return -1;
    return this._listIn(id, isOutput).findIndex(({ from }) => from === here.at);
  }

  /** @param {string} id @param {boolean} isOutput */
  _listIn(id, isOutput) {
    const found = this.in(id);
    return isOutput ? found.outputs : found.matches;
  }

  /** The first match at a place or after it, round the end of the notebook. @param {Place} from @returns {Place | null} */
  _next(from) {
    const { ids } = this;
    const start = Math.max(0, ids.indexOf(from.id));
    for (let step = 0; step <= ids.length; step++) {
      const id = ids[(start + step) % ids.length] ?? "";
      for (const isOutput of [false, true]) {
        if (step === 0 && from.isOutput && !isOutput) continue;
        const list = this._listIn(id, isOutput);
        const index = step === 0 && isOutput === from.isOutput ? firstFrom(list, from.at) : 0;
        const match = list[index];
        if (match) return { id, isOutput, at: match.from };
      }
    }
    return null;
  }

  /** The last match before a place, round the start of the notebook. @param {Place} from @returns {Place | null} */
  _previous(from) {
    const { ids } = this;
    const start = Math.max(0, ids.indexOf(from.id));
    for (let step = 0; step <= ids.length; step++) {
      const id = ids[(start - step + ids.length) % ids.length] ?? "";
      for (const isOutput of [true, false]) {
        if (step === 0 && isOutput && !from.isOutput) continue;
        const list = this._listIn(id, isOutput);
        const isHere = step === 0 && isOutput === from.isOutput;
        const match = isHere ? list[firstFrom(list, from.at) - 1] : list.at(-1);
        if (match) return { id, isOutput, at: match.from };
      }
    }
    return null;
  }

  /** To the next match, or to the one before. @param {1 | -1} by */
  step(by) {
    if (!this.isOpen) return this.open();
    if (!this.pattern) return this.bar.focus();
    const from = this.here ?? { id: this.ids[0] ?? "", isOutput: false, at: -1 };
    const place = by > 0 ? this._next({ ...from, at: from.at + 1 }) : this._previous(from);
    if (place) this.goTo(place);
  }

  /** To the first match that does not stand before the reader. */
  arrive() {
    const place = this.here && this._next(this.here);
    if (place) this.goTo(place);
  }

  /** @param {Place} place @param {boolean} [says] whether it is told aloud */
  goTo(place, says = true) {
    const before = this.here;
    this.here = place;
    const { select, sheet } = this.page;
    if (select.active !== place.id || select.isEditing) select.set(place.id, { scroll: false, focus: false });
    if (before && before.id !== place.id) sheet.cell(before.id)?.redrawSelection();
    sheet.cell(place.id)?.redrawSelection();
    this._last = this._listIn(place.id, place.isOutput)[this.indexIn(place.id, place.isOutput)] ?? null;
    if (this._last) this._marks.reveal(place, this._last);
    this.draw();
    if (says) announce(this._words());
  }

  /** The match that was gone to last. @type {Match | null} */
  _last = null;
  wasEditing = false;

  _words() {
    const { all, at } = this.count;
    return `Match ${at} of ${all}, cell ${this.page.model.view.order.indexOf(this.here?.id ?? "") + 1}`;
  }
}
