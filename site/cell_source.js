/**
 * The source of one cell: still text in the look of an editor, and an editor from when the reader
 * goes there. An editor takes the page some twenty times as long as text does, and while Python
 * starts beside it most cells are only read.
 */

import { attr, h } from "./dom.js";
import { createEditor } from "./editor.js";
import { paintCode } from "./editor_theme.js";
import { preferences } from "./preferences.js";
import { numberLines } from "./still_lines.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./editor.js").Editor} Editor */

/** @type {Record<string, import("./editor_theme.js").Language>} */
const LANGUAGES = { code: "python", markdown: "markdown", raw: "text" };
/** @type {Record<string, string>} */
export const TYPE_WORDS = { code: "code", markdown: "text", raw: "raw text" };
const UNNAMED = /"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#.*/g;
const NAMES = /[\p{L}_][\p{L}\p{N}_]*/gu;
const LONG = 20_000; // characters; an editor draws only those that are seen

export class CellSource {
  /** @param {Page} page @param {import("./cell.js").CellView} view */
  constructor(page, view) {
    this.page = page;
    this.id = view.id;
    this._view = view;
    this.element = h("div", { class: "code" });
    /** The text where there is no editor. @type {HTMLElement | null} */
    this._still = null;
    /** What it shows. @type {string | null} */
    this._text = null;
    /** @type {import("./editor_theme.js").Language} */
    this._language = "text";
    /** The name that the editor has, as far as is known. */
    this._named = "";
    this._isNear = false;
    this._isNumbered = false;
  }

  get _editor() {
    return this.page.texts.editor(this.id);
  }

  get _label() {
    return `Source of cell ${this._view.index + 1}, ${TYPE_WORDS[this._view.cell.type]}`;
  }

  /** The text where there is no editor. */
  get still() {
    return this._still;
  }

  /** Show the text as it is now; an editor sees to that by itself. */
  draw() {
    if (this._editor) return;
    this._still ??= this._makeStill();
    const { type } = this._view.cell;
    this._still.classList.toggle("wraps", type === "raw");
    attr(this._still, "aria-label", this._label);
    attr(this._still, "aria-readonly", String(!this.page.canEdit));
    const text = this.page.model.source(this.id);
    const language = (this._isNear && LANGUAGES[type]) || "text";
    const { numbers } = preferences();
    if (text === this._text && language === this._language && numbers === this._isNumbered) return;
    this._text = text;
    this._language = language;
    this._isNumbered = numbers;
    paintCode(this._still, text, language);
    this._still.classList.toggle("numbered", numbers);
    if (numbers) numberLines(this._still);
    this.page.find.touched();
  }

  /** To who reads it aloud it is the field that it becomes when it is gone into. */
  _makeStill() {
    const still = h("pre", {
      class: "source cm-content",
      role: "textbox",
      "aria-multiline": "true",
      tabindex: -1,
      onfocus: () => this._enter(),
      onclick: () => this._enter(),
      ondragenter: () => this.open(), // what is dragged may be dropped into the text
    });
    this._text = null;
    this.element.append(still);
    return still;
  }

  /** Nothing stands here while the text is shown in another way. */
  clear() {
    if (!this._editor) this._removeStill();
  }

  _removeStill() {
    this._still?.remove();
    this._still = null;
  }

  /** It is going to be seen. The cell that the keys act on is likely to be typed in next. */
  cameNear() {
    this._isNear = true;
    if (this._view.cell.type === "markdown") return; // it is read as prose
    const isLong = this.page.model.source(this.id).length > LONG;
    const isTypedIn = this.page.select.active === this.id || this.page.sharing.isTypedIn(this.id);
    if (this._editor || isLong || isTypedIn) this.open();
    else this.draw();
  }

  /** Somebody else types here: a caret stands in an editor. */
  showOthers() {
    if (this._isNear && !this._editor && this._view.cell.type !== "markdown") this.open();
  }

  /** An editor that nothing would be lost with goes, and colours go. */
  wentFar() {
    const { select, texts, model } = this.page;
    this._isNear = false;
    const isUsed = select.active === this.id && select.isEditing;
    const text = isUsed ? null : texts.release(this.id);
    if (text !== null) model.keepText(this.id, text);
  }

  /** Put the editor in the place of the text. @returns {Editor} */
  open() {
    const back = this.page.texts.takeBack(this.id);
    if (back) {
      this._removeStill();
      this.element.replaceChildren(back.view.dom);
      this.typeChanged();
    }
    return this._editor ?? this._makeEditor();
  }

  _makeEditor() {
    this.element.hidden = false;
    const { page, id } = this;
    const doc = page.model.source(id);
    const label = this._label;
    const editor = createEditor({
      parent: this.element,
      doc,
      language: LANGUAGES[this._view.cell.type] ?? "text",
      label,
      readOnly: !page.canEdit,
      onEdit: (changes, lengthBefore) => page.texts.edited(id, changes, lengthBefore),
      onFocus: () => page.select.tookFocus(id),
      onBlur: () => setTimeout(() => page.select.lostFocus(id)),
      onCursor: () => page.cursorMoved(),
      keys: this._keys(),
      complete: (source, position) => page.ask("complete", { source, position }),
      names: () => namesIn(page.model),
      inspect: (source, position, detail) => page.ask("inspect", { source, position, detail }),
    });
    const scrolled = this._still?.scrollLeft;
    this._removeStill();
    if (scrolled) editor.view.scrollDOM.scrollLeft = scrolled;
    page.texts.hold(id, editor, doc);
    this._named = label;
    return editor;
  }

  /** @returns {import("./editor_keys.js").CellKeys} */
  _keys() {
    const { page } = this;
    return {
      runAdvance: () => page.run.advance(),
      run: () => page.run.selected(),
      runInsert: () => page.run.insertBelow(),
      escape: () => page.select.leave(),
      leaveUp: () => this._leaveBy(-1),
      leaveDown: () => this._leaveBy(1),
      split: () => page.cells.split(),
    };
  }

  /** The arrow left the editor at its edge: the neighbour's editor takes it. @param {number} by */
  _leaveBy(by) {
    const { select } = this.page;
    const next = select.beside(this.id, by);
    if (!next) return;
    select.set(next, { focus: false });
    select.edit({ at: by < 0 ? "end" : "start" });
  }

  /** The cell may have moved since its editor was named. */
  nameEditor() {
    if (this._label === this._named) return;
    this._named = this._label;
    this._editor?.setLabel(this._named);
  }

  typeChanged() {
    this._editor?.setLanguage(LANGUAGES[this._view.cell.type] ?? "text");
  }

  /** A press into the text is one into the editor that comes to stand under it. @param {MouseEvent} event */
  pressed(event) {
    if (this._editor) return;
    event.preventDefault(); // what was pressed is going, and would take the focus with it
    event.stopPropagation();
    this._goInto(({ view }) => {
      if (event.button === 0) view.contentDOM.dispatchEvent(new MouseEvent(event.type, event));
      // The editor leaves the other buttons to the browser, whose menu is to find the cursor there.
      else view.dispatch({ selection: { anchor: view.posAtCoords({ x: event.clientX, y: event.clientY }, false) } });
    });
  }

  /** Gone into without a press: by a screen reader, or from a match of the browser's own search. */
  _enter() {
    const selection = this._still && selectedIn(this._still);
    this._goInto(({ view }) => selection && view.dispatch({ selection }));
  }

  /** @param {(editor: Editor) => void} place puts the cursor where the reader went */
  _goInto(place) {
    const editor = this.open();
    place(editor);
    editor.focus();
    this.page.select.tookFocus(this.id); // the editor itself would say so somewhat later
  }
}

/** Every name that stands in a code cell, and in no comment or text as far as can be told cheaply. @param {import("./model.js").Model} model */
function namesIn(model) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const id of model.view.order) {
    if (model.cell(id)?.type !== "code") continue;
    for (const [name] of model.source(id).replace(UNNAMED, " ").matchAll(NAMES)) names.add(name);
  }
  return [...names].sort();
}

/** What is selected of a text. @param {HTMLElement} element */
function selectedIn(element) {
  const selection = getSelection();
  const range = selection?.rangeCount ? selection.getRangeAt(0) : null;
  if (!range || !element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const anchor = before.toString().length;
  return { anchor, head: anchor + range.toString().length };
}
