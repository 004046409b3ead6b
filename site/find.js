/** Finding text in all cells: which matches there are, and which of them the reader is at. */

import { FindBar } from "./find_bar.js";
import { FindMarks } from "./find_marks.js";
import { nextPlace, previousPlace } from "./find_places.js";
import { patternOf } from "./finding.js";
import { FoundCells } from "./found_cells.js";
import { Replacing } from "./replacing.js";
import { Searching } from "./searching.js";
import { announce } from "./toast.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./finding.js").Match} Match */
/** @typedef {import("./find_places.js").Place} Place */

export class Find {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.isOpen = false;
    this.query = { text: "", matchCase: false, wholeWord: false, isPattern: false };
    this.inOutputs = false;
    /** Only these cells are searched; null: all. @type {Set<string> | null} */
    this.chosen = null;
    /** Why nothing is found, in a sentence; empty where it is looked for. */
    this.wrong = "";
    /** @type {RegExp | null} */
    this.pattern = null;
    /** Where the reader is. @type {Place | null} */
    this.here = null;
    /** Whether the first match is to be gone to when it is known. */
    this._isSeeking = false;
    this.bar = new FindBar(this);
    this.marks = new FindMarks(this);
    this._cells = new FoundCells(this);
    this.searching = new Searching({ idle: () => this.follow(), stopped: (why) => this._stopped(why) });
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
    this.searching.end();
    this._cells.forget();
    this.replacing.forget();
    this.marks.clear();
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
      this.wrong = `This is no regular expression: ${error instanceof Error ? error.message : String(error)}.`;
    }
    this._isSeeking = this.pattern !== null;
    this._lookAnew();
    this.follow();
    if (this.isSearching) this._cells.work();
    if (this.isSearching) this.bar.draw();
  }

  /** What was found or asked before is of another query. */
  _lookAnew() {
    this.searching.drop();
    this._cells.forget();
    this.marks.forget();
    this.replacing.forget();
  }

  /** It takes too long, or cannot be done. @param {string} why */
  _stopped(why) {
    this.pattern = null;
    this.wrong = this.replacing.isLooking ? `${why} Nothing was replaced.` : why;
    this._lookAnew();
    this.draw();
  }

  /** Look through a text by what is asked for. @param {string} text @param {(matches: Match[]) => void} found */
  look(text, found) {
    this.searching.ask({ query: this.query, text }, found);
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
    if (this.isOpen) this._cells.follow();
  }

  /** What a cell shows is drawn anew, or came near: it is to be marked. */
  touched() {
    if (this.isOpen) this.marks.drawSoon();
  }

  /** The text of a cell has become another one, and what was found in it. @param {string} id @param {(at: number) => number} moved */
  moveHere(id, moved) {
    if (this.here?.id === id && !this.here.isOutput) this.here = { ...this.here, at: moved(this.here.at) };
  }

  /** All is searched. */
  settle() {
    if (this._isSeeking) {
      this._isSeeking = false;
      const place = nextPlace(this, this.here ?? { id: this.ids[0] ?? "", isOutput: false, at: 0 });
      if (place) this.goTo(place, false);
    }
    this.replacing.goOn();
    this.draw();
  }

  draw() {
    this.bar.draw();
    this.marks.drawSoon();
  }

  /** @param {string} id @returns {import("./found_cells.js").Found} */
  in(id) {
    return this._cells.in(id);
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
    return this._cells.isSearching;
  }

  /** Which match of a cell the reader is at; -1: none of them. @param {string} id @param {boolean} isOutput */
  indexIn(id, isOutput) {
    const { here } = this;
    if (here?.id !== id || here.isOutput !== isOutput) return -1;
    return this.listIn(id, isOutput).findIndex(({ from }) => from === here.at);
  }

  /** @param {string} id @param {boolean} isOutput */
  listIn(id, isOutput) {
    const found = this.in(id);
    return isOutput ? found.outputs : found.matches;
  }

  /** To the next match, or to the one before. @param {1 | -1} by */
  step(by) {
    if (!this.isOpen) return this.open();
    if (!this.pattern && this.wrong) this.ask(); // it may end by now: another text stands there
    if (!this.pattern) return this.bar.focus();
    const from = this.here ?? { id: this.ids[0] ?? "", isOutput: false, at: -1 };
    const place = by > 0 ? nextPlace(this, { ...from, at: from.at + 1 }) : previousPlace(this, from);
    if (place) this.goTo(place);
  }

  /** To the first match that does not stand before the reader. */
  arrive() {
    const place = this.here && nextPlace(this, this.here);
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
    this._last = this.listIn(place.id, place.isOutput)[this.indexIn(place.id, place.isOutput)] ?? null;
    if (this._last) this.marks.reveal(place, this._last);
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
