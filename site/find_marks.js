/** Marks what was found in the cells that are near the screen, and brings a match into view. */

import { ShownText, highlight } from "./found_marks.js";

/** @typedef {import("./find.js").Find} Find */
/** @typedef {import("./finding.js").Match} Match */

const AIR = 24; // px between a match and the edge of what is seen

export class FindMarks {
  /** @param {Find} find */
  constructor(find) {
    this._find = find;
    this._frame = 0;
    /** What is marked in which editors. @type {Map<string, {matches: Match[], here: number}>} */
    this._marked = new Map();
    /** What was found in what cells show. @type {Map<string, {text: string, matches: Match[]}>} */
    this._shown = new Map();
  }

  get _sheet() {
    return this._find.page.sheet;
  }

  drawSoon() {
    this._frame ||= requestAnimationFrame(() => this._draw());
  }

  clear() {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    for (const id of this._marked.keys()) this._find.page.texts.editor(id)?.showFound([], -1);
    this._marked.clear();
    this.forget();
    highlight([], []);
  }

  /** Something else is looked for. */
  forget() {
    this._shown.clear();
  }

  _draw() {
    this._frame = 0;
    if (!this._find.isOpen) return;
    /** @type {Range[]} */
    const ranges = [];
    /** @type {Range[]} */
    const here = [];
    for (const id of this._find.page.model.view.order) {
      if (this._find.page.texts.editor(id)) this._drawEditor(id);
      if (this._sheet.isNear(id)) this._drawCell(id, ranges, here);
    }
    highlight(ranges, here);
  }

  /** @param {string} id */
  _drawEditor(id) {
    const editor = this._find.page.texts.editor(id);
    const { source, matches } = this._find.in(id);
    const here = this._find.indexIn(id, false);
    const before = this._marked.get(id);
    if (before ? before.matches === matches && before.here === here : matches.length === 0) return;
    if (editor?.text() !== source && matches.length) return; // it is going to be searched again
    editor?.showFound(matches, here);
    if (matches.length) this._marked.set(id, { matches, here });
    else this._marked.delete(id);
  }

  /** @param {string} id @param {Range[]} ranges @param {Range[]} here */
  _drawCell(id, ranges, here) {
    const { matches, outputs } = this._find.in(id);
    const cell = this._sheet.cell(id);
    if (!cell) return;
    const put = (/** @type {ShownText} */ shown, /** @type {Match[]} */ list, /** @type {number} */ at) =>
      list.forEach((match, index) => {
        const range = shown.range(match);
        if (range) (index === at ? here : ranges).push(range);
      });
    const still = cell.source.still;
    if (still && matches.length) put(new ShownText(still), matches, this._find.indexIn(id, false));
    if (matches.length && !cell.prose.hidden && this._find.pattern) {
      const prose = new ShownText(cell.prose);
      put(prose, this._inShown(`prose ${id}`, prose.text), -1);
    }
    if (outputs.length && this._find.pattern) {
      const shown = this.outputs(id);
      put(shown, this._inShown(`outputs ${id}`, shown.text), this._find.indexIn(id, true));
    }
  }

  /** It is looked through again when it shows something else. @param {string} which @param {string} text */
  _inShown(which, text) {
    const known = this._shown.get(which);
    if (known?.text === text) return known.matches;
    const asked = { text, matches: /** @type {Match[]} */ ([]) };
    this._shown.set(which, asked);
    this._find.look(text, (matches) => {
      asked.matches = matches;
      this.drawSoon();
    });
    return asked.matches;
  }

  /** What the outputs of a cell show; nothing where they are hidden. @param {string} id */
  outputs(id) {
    const cell = this._sheet.cell(id);
    cell?.drawDue();
    return new ShownText(cell && !cell.outputs.hidden ? cell.outputs : document.createElement("div"));
  }

  /** @param {{id: string, isOutput: boolean}} place @param {Match} match */
  reveal({ id, isOutput }, match) {
    this._sheet.wake(id);
    const cell = this._sheet.cell(id);
    const editor = this._find.page.texts.editor(id);
    if (editor && !isOutput) return editor.reveal(match, this._air);
    const element = isOutput ? cell?.outputs : cell?.source.still;
    const range = element ? new ShownText(element).range(match) : null;
    if (range && element) this._scrollTo(range, element);
  }

  /** A match is not to stand behind the bar. */
  get _air() {
    const over = this._find.bar.element.getBoundingClientRect().bottom - this._sheet.scroller.getBoundingClientRect().top;
    return Math.max(0, over) + AIR;
  }

  /** @param {Range} range @param {HTMLElement} element */
  _scrollTo(range, element) {
    const { scroller } = this._sheet;
    const box = range.getBoundingClientRect();
    const sides = element.getBoundingClientRect();
    if (box.right > sides.right || box.left < sides.left) element.scrollLeft += box.left - sides.left - sides.width / 3;
    const view = scroller.getBoundingClientRect();
    const isSeen = box.top >= view.top + this._air && box.bottom <= view.bottom - AIR;
    if (!isSeen) scroller.scrollTop += box.top - view.top - Math.max(this._air, view.height / 3);
  }
}
