/** One cell on the sheet: left margin, block, outputs, right margin. */

import { hint } from "./actions.js";
import { attr, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { cellTools, insertRow } from "./cell_tools.js";
import { likelyHeight } from "./nearby.js";
import { renderMarkdown } from "./markdown.js";
import { renderOutputs } from "./outputs.js";
import { drawProvenance } from "./provenance.js";
import { CellState, isBusy, isWaiting, statusOf } from "./cell_state.js";
import { CellSource, TYPE_WORDS } from "./cell_source.js";
import { cellMenu } from "./cell_menu.js";
import { areOutputsHidden } from "./hiding.js";
import { explain } from "./rights.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {import("./types.js").Execution} Execution */

export class CellView {
  /** @param {Page} page @param {Cell} cell */
  constructor(page, cell) {
    this.page = page;
    this.id = cell.id;
    this.cell = cell;
    this.index = 0;
    /** Not drawn since it, or what all cells depend on, came. */
    this.isFresh = true;
    /** @type {string | null} */
    this._renderedText = null;
    /** @type {Execution | null | undefined} */
    this._drawnExecution = undefined;
    /** What folds the section that it begins, and what says how much is hidden. @type {import("./folds.js").Head | null} */
    this.fold = null;
    /** Whether what is in it has been drawn, and not only its source. */
    this.isDrawn = false;
    this._isFurnished = false;
    this.count = h("span", { class: "count" });
    this.go = h("button", { class: "btn s sq go", type: "button", tabindex: -1, onclick: () => this._go() });
    this.margin = h("div", { class: "g" }, this.count, this.go);
    this.source = new CellSource(page, this);
    this.prose = h("div", { class: "md", ondblclick: () => this._editProse() });
    this.outputs = h("div", { class: "outs" });
    this.state = new CellState(page, cell.id);
    this.column = h("div", { class: "col" }, this.source.element, this.prose, this.state.above, this.outputs, this.state.below);
    this.provenance = h("div", { class: "pv" });
    this.element = h(
      "section",
      {
        class: "cell far",
        "data-cell-id": cell.id,
        tabindex: -1,
        onfocusin: (/** @type {FocusEvent} */ event) => this._focused(event),
      },
      this.margin,
      this.column,
      this.provenance,
    );
    this.element.style.containIntrinsicBlockSize = `auto ${likelyHeight(cell)}px`;
    // Before the editor: a press with Shift may extend the selection of cells, and one into text
    // without an editor makes one.
    this.element.addEventListener("mousedown", (event) => this._pressed(event), true);
  }

  /** Draw what changed. @param {Cell} cell @param {number} index */
  update(cell, index) {
    const old = this.cell;
    this.cell = cell;
    this.index = index;
    if (old.type !== cell.type) {
      this.source.typeChanged();
      this._renderedText = null;
    }
    attr(this.element, "data-cell-type", cell.type);
    attr(this.element, "data-execution-status", statusOf(cell));
    attr(this.element, "aria-label", this._label());
    this._drawMargin();
    if (this.isDrawn) this._drawInside();
    this.redrawSelection();
    if (!this.isDrawn) this._drawBlock();
  }

  /** Draw what is in it, if that has not been done. */
  drawDue() {
    if (this.isDrawn) return;
    this.isDrawn = true;
    this._drawInside();
  }

  _drawInside() {
    this._drawBlock();
    this._drawOutputs();
    this.state.update(this.cell);
    drawProvenance(this.provenance, this.cell, this.page.model.view);
  }

  /** It is going to be seen: with all that a hand and the keys need. */
  cameNear() {
    this.drawDue();
    this._furnish();
    this.source.cameNear();
    this.page.find.touched();
  }

  wentFar() {
    this.source.wentFar();
    this._drawBlock();
  }

  /** The keys are going to type here. */
  openEditor() {
    this.source.open();
  }

  _furnish() {
    if (this._isFurnished) return;
    this._isFurnished = true;
    const openMenu = (/** @type {HTMLElement} */ anchor) => (this._own(), cellMenu(this.page, this.cell, anchor));
    this.column.prepend(cellTools((id) => this._act(id), openMenu));
    this.element.append(insertRow(this.page, this.id));
  }

  /** Which of the states of selection it is in. @param {boolean} [isChosen] whether it is selected */
  redrawSelection(isChosen = this.page.select.ids.includes(this.id)) {
    const { active, isEditing } = this.page.select;
    const isOn = active === this.id;
    const { classList } = this.element;
    classList.toggle("on", isOn && !isEditing);
    classList.toggle("editing", isOn && isEditing);
    classList.toggle("also", !isOn && isChosen);
    classList.toggle("text", this.cell.type === "markdown");
    classList.toggle("running", isBusy(this.cell));
    classList.toggle("failed", this.cell.execution?.status === "error");
    attr(this.element, "tabindex", isOn ? 0 : -1);
    attr(this.element, "aria-current", isOn ? "true" : null);
    if (isOn) this.source.nameEditor();
    if (this.cell.type === "markdown" && this.isDrawn) this._drawBlock();
  }

  _label() {
    const status = statusOf(this.cell);
    const said = status === "idle" || status === "ok" ? "" : `, ${status}`;
    return `Cell ${this.index + 1}, ${TYPE_WORDS[this.cell.type]}${said}`;
  }

  /** The block is the source, or the rendered text. */
  _drawBlock() {
    const isTyped = this.element.classList.contains("editing") || this.page.find.shows(this.id);
    const showsProse = this.cell.type === "markdown" && !isTyped;
    // Until its text is rendered its source stands there.
    const isRendered = showsProse && this.isDrawn;
    this.source.element.hidden = isRendered;
    this.prose.hidden = !isRendered;
    if (!isRendered) return this.source.draw();
    this._drawProse();
    this.source.clear();
  }

  _drawProse() {
    const source = this.page.model.source(this.id);
    if (source === this._renderedText) return;
    this._renderedText = source;
    const isBlank = source.trim() === "";
    this.prose.classList.toggle("blank", isBlank);
    if (isBlank) this.prose.replaceChildren("Empty text. Enter to write.");
    else
      renderMarkdown(this.prose, source, {
        attachments: this.cell.attachments ?? {},
        blob: this.page.blob,
      });
  }

  _drawMargin() {
    const { execution, type } = this.cell;
    const isCode = type === "code";
    const waits = isWaiting(this.cell);
    const count = execution?.count;
    setText(this.count, !isCode ? "" : waits ? "[·]" : count ? `[${count}]` : isBusy(this.cell) ? "[*]" : "[ ]");
    const wanted = isBusy(this.cell) ? "interrupt" : type === "markdown" ? "leave" : "run";
    const words = wanted === "interrupt" ? "Interrupt" : wanted === "run" ? hint("run") : "Done";
    explain(this.go, wanted === "leave" ? "" : this.page.rights.why("run"), words);
    if (this.go.dataset.act === wanted) return;
    this.go.dataset.act = wanted;
    attr(this.go, "aria-label", wanted === "run" ? "Run cell" : words);
    this.go.replaceChildren(icon(wanted === "interrupt" ? "square" : wanted === "run" ? "play" : "check"));
    this.go.hidden = type === "raw";
  }

  _go() {
    const { select, run } = this.page;
    if (this.go.dataset.act === "interrupt") run.interrupt(this.cell.execution?.runtime);
    else if (this.go.dataset.act === "leave") select.leave();
    else run.cells([this.id]);
  }

  _drawOutputs() {
    const { execution, type, metadata } = this.cell;
    const shown = type === "code" ? execution : null;
    this.outputs.classList.toggle("stale", Boolean(shown?.stale && shown.outputs.length));
    this.outputs.hidden = areOutputsHidden(metadata);
    attr(this.outputs, "role", shown?.outputs.length ? "group" : null);
    attr(this.outputs, "aria-label", shown?.outputs.length ? `Outputs of cell ${this.index + 1}` : null);
    this.outputs.classList.toggle("folded", this.outputs.childElementCount > 0);
    if (shown === this._drawnExecution) return;
    this._holdHeight(shown);
    this._drawnExecution = shown;
    renderOutputs(this.outputs, shown ?? null, this.page.outputOptions(this.id));
  }

  /** A cell that runs again keeps its height until it has something to show. @param {Execution | null} shown */
  _holdHeight(shown) {
    const isFresh = shown && shown.outputs.length === 0 && !shown.completed;
    if (isFresh && this._drawnExecution?.outputs.length && !this.outputs.style.minHeight)
      this.outputs.style.minHeight = `${this.outputs.offsetHeight}px`;
    else if (!isFresh) this.outputs.style.minHeight = "";
  }

  _own() {
    if (this.page.select.active !== this.id) this.page.select.set(this.id, { scroll: false });
  }

  /** @param {string} id */
  _act(id) {
    this._own();
    this.page.actById(id);
  }

  _editProse() {
    if (!this.page.canEdit) return;
    this.page.select.set(this.id, { focus: false, scroll: false });
    this.page.select.edit();
  }

  /** A press selects the cell; a press into the source edits it (the editor says so itself). @param {MouseEvent} event */
  _pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("button, a, input, .ins, .tools")) return;
    const extendsHere = event.button === 0 && event.shiftKey && this.page.select.active !== this.id;
    if (this.source.element.contains(target) && !extendsHere) return this.source.pressed(event);
    if (event.button !== 0) return;
    const keepsFocus = target.closest(".md, .outs") !== null;
    this.page.select.set(this.id, { scroll: false, focus: !keepsFocus, extend: event.shiftKey });
    if (keepsFocus) queueMicrotask(() => this.element.focus({ preventScroll: true }));
    if (extendsHere) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** @param {FocusEvent} event */
  _focused(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target === this.element || this.source.element.contains(target)) return;
    if (this.page.select.active !== this.id) this.page.select.set(this.id, { focus: false, scroll: false });
  }

  destroy() {
    this.page.texts.putAway(this.id);
    this.state.destroy();
    renderOutputs(this.outputs, null, this.page.outputOptions(this.id));
    this.element.remove();
  }
}
