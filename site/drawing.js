/** When the page of a notebook is drawn, and in which order its parts are. */

import { reachOf } from "./runtimes.js";

const APART = 25; // ms between two drawings, at least
const LATEST = 200; // ms after which a change is drawn though the page is not being painted

export class Drawing {
  /** @param {import("./notebook.js").NotebookPage} page */
  constructor(page) {
    this.page = page;
    this._isDue = false;
    this._drawnAt = -Infinity;
    /** Who was known when the sheet was drawn last. @type {import("./types.js").View["actors"] | null} */
    this._actors = null;
    /** Which runtimes could not be reached when the sheet was drawn last. */
    this._reach = "";
  }

  /** Draw with the next frame; many changes become one drawing. While they go on it is each second frame, and the keys have their turn. */
  soon() {
    if (this._isDue) return;
    this._isDue = true;
    const draw = () => this.due();
    const rest = Math.max(0, this._drawnAt + APART - performance.now());
    if (rest) setTimeout(() => requestAnimationFrame(draw), rest);
    else requestAnimationFrame(draw);
    setTimeout(draw, rest + LATEST); // a page that is not painted still shows its state to who asks
  }

  /** What waits for the next frame is drawn now. */
  due() {
    if (this._isDue) this.now();
  }

  now() {
    this._isDue = false;
    this._drawnAt = performance.now();
    const { page } = this;
    const before = page.sheet.order;
    const held = document.activeElement;
    const wasActive = page.select.active;
    const needsFocus = page.select.follow(before);
    page.rights.draw();
    this._drawSheet();
    if (page.select.active !== wasActive) page.sheet.redrawSelection();
    page.texts.sweep((id) => page.model.isKnown(id));
    // The focus is never lost with the control that had it.
    if (needsFocus || (document.activeElement === document.body && held !== document.body)) page.select.focus();
    page.run.sayEnds();
    page.voice.say(page);
    page.installs.offer();
    page.select.meet();
    page.drawSaved();
    page.sharing.draw();
    page.find.follow();
    this.frame();
    if (before.length === 0) this._begin();
  }

  _drawSheet() {
    const { model, sheet, folds } = this.page;
    const { actors } = model.view;
    const reach = reachOf(model.view);
    sheet.draw(actors !== this._actors || reach !== this._reach); // all cells say who, and what they wait for
    folds.follow();
    this._reach = reach;
    this._actors = actors;
  }

  /** Everything around the sheet. */
  frame() {
    const { page } = this;
    page.body.classList.toggle("nop", !page.panel.isOpen);
    page.root.classList.toggle("typing", page.select.isEditing);
    page.root.classList.toggle("reading", !page.canEdit);
    page.root.classList.toggle("no-run", !page.canRun);
    page.sharing.tellPlace();
    for (const part of [page.header, page.toolbar, page.panel, page.status, page.phone]) part.draw();
    for (const draw of page.watchers) draw();
  }

  /** Which cells are selected, and how. */
  selection() {
    const { sheet, select } = this.page;
    if (!sheet.cell(select.active ?? "")) sheet.draw();
    sheet.redrawSelection();
    this.frame();
  }

  /** The first cell is selected, as soon as there is one: a shared notebook may come later than its page. */
  _begin() {
    const { model, select, sheet } = this.page;
    const [first] = model.view.order;
    if (!first || select.active !== null) return;
    const now = document.activeElement;
    select.set(first, { scroll: false, focus: now === document.body || sheet.scroller.contains(now) });
  }
}
