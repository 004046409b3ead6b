/** The toolbar under the header. */

import { action, hint, keyWords } from "./actions.js";
import { attr, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { explain } from "./rights.js";
import { plural } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./icons.js").IconName} IconName */

export class Toolbar {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.panel = this._button("panel", "panel-left", "", "Panel");
    this.runAll = this._button("run-all", "play", "Run all");
    this.interrupt = this._button("interrupt", "square", "Interrupt", "Interrupt", "drops");
    this.code = this._add("code", "Code");
    this.text = this._add("markdown", "Text");
    this.undo = this._button("undo", "undo-2", "", "Undo");
    this.redo = this._button("redo", "redo-2", "", "Redo");
    this.stale = h("button", { class: "btn stale", type: "button", hidden: true, title: "Run all stale cells", onclick: () => page.run.stale() });
    this.element = h(
      "div",
      { class: "tb", role: "toolbar", "aria-label": "Notebook", "data-region": "toolbar", onkeydown: walk },
      this.panel,
      h("i"),
      this.runAll,
      this.interrupt,
      h("i"),
      this.code,
      this.text,
      h("i"),
      this.undo,
      this.redo,
      h("span", { class: "grow" }),
      this.stale,
      this._commands(),
    );
    for (const [index, button] of this.element.querySelectorAll("button").entries()) attr(button, "tabindex", index ? -1 : 0);
  }

  /** @param {string} id @param {IconName} sign @param {string} word @param {string} [label] @param {string} [look] */
  _button(id, sign, word, label = word, look = "") {
    return h(
      "button",
      { class: `btn ${word ? look : "sq"}`, type: "button", "aria-label": label, title: hint(id), onclick: () => this.page.actById(id) },
      icon(sign),
      word ? h("span", null, word) : null,
    );
  }

  /** @param {import("./types.js").CellType} type @param {string} word */
  _add(type, word) {
    const add = () => this.page.cells.add(type, this.page.select.active ?? undefined);
    return h(
      "button",
      { class: "btn", type: "button", "aria-label": `Add ${word.toLowerCase()}`, title: addHint(word), onclick: add },
      icon("plus"),
      h("span", null, word),
    );
  }

  _commands() {
    const key = keyWords(action("palette").keys?.[0] ?? "");
    return h(
      "button",
      { class: "btn drops", type: "button", title: hint("palette"), onclick: () => this.page.openPalette() },
      icon("search"),
      h("span", null, "Commands"),
      h("kbd", null, key),
    );
  }

  draw() {
    const { view } = this.page.model;
    const { rights, isReadOnly } = this.page;
    attr(this.panel, "aria-pressed", String(this.page.panel.isOpen));
    for (const button of [this.runAll, this.code, this.text]) button.disabled = isReadOnly;
    const [noEdit, noRun] = isReadOnly ? ["", ""] : [rights.why("edit"), rights.why("run")];
    explain(this.runAll, noRun, hint("run-all"));
    explain(this.code, noEdit, addHint("Code"));
    explain(this.text, noEdit, addHint("Text"));
    this.interrupt.disabled = isReadOnly || view.runtime?.status !== "busy";
    explain(this.interrupt, noRun, hint("interrupt"));
    this._drawUndo(this.undo, "Undo", view.undo.undo, "undo");
    this._drawUndo(this.redo, "Redo", view.undo.redo, "redo");
    const stale = view.order.filter((id) => view.cells[id]?.type === "code" && view.cells[id]?.execution?.stale).length;
    this.stale.hidden = stale === 0;
    setText(this.stale, plural(stale, "stale cell"));
  }

  /** @param {HTMLButtonElement} button @param {string} word @param {string | null} what @param {string} id */
  _drawUndo(button, word, what, id) {
    button.disabled = !this.page.canEdit || what === null;
    const label = what ? `${word} ${what.charAt(0).toLowerCase()}${what.slice(1)}` : word;
    attr(button, "aria-label", label);
    attr(button, "title", `${label} (${keyWords(action(id).keys?.[0] ?? "")})`);
  }
}

/** @param {string} word */
function addHint(word) {
  return `Add ${word.toLowerCase()} below the selected cell`;
}

/** One stop for Tab; arrows go along. @param {KeyboardEvent} event */
function walk(event) {
  const bar = /** @type {HTMLElement} */ (event.currentTarget);
  const buttons = /** @type {HTMLElement[]} */ ([...bar.querySelectorAll("button:not(:disabled, [hidden])")]);
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const next = by ? buttons[(at + by + buttons.length) % buttons.length] : undefined;
  if (!next) return;
  event.preventDefault();
  for (const button of buttons) button.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
