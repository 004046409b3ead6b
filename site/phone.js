/** What a phone has in the place of toolbar and hover: a bar of words, and keys above the keyboard. */

import { h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menus.js";
import { cellMenu } from "./cell_menu.js";
import { explain } from "./rights.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./icons.js").IconName} IconName */

const KEYS = ["(", ")", "[", "]", ":", "=", '"'];
const MORE_KEYS = ["'", "{", "}", "_", ".", ",", "#", "+", "-", "*", "/", "<", ">", "@", "\\", "|"];

export class Phone {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.where = h("span", { class: "where" });
    this.run = this._tab("Run", "play", () => page.run.advance());
    this.edit = this._tab("Edit", "pencil", () => page.rights.allows("edit") && page.select.edit());
    this.add = this._tab("Add", "plus", () => this._add());
    this.bar = h(
      "nav",
      { class: "bar", "data-region": "bar", "aria-label": "Cell" },
      this.run,
      this.edit,
      this.add,
      this._tab("Outline", "list", () => page.panel.toggle()),
      this._tab("More", "ellipsis", (button) => this._more(button)),
    );
    this.editHeader = h(
      "header",
      { class: "edit-hd", "aria-label": "Editing" },
      h("button", { class: "btn", type: "button", onclick: () => page.select.leave() }, "Done"),
      this.where,
      this._key("undo-2", "Undo typing", () => this._editor()?.undo()),
      h("button", { class: "btn pri", type: "button", onclick: () => page.run.selected() }, icon("play"), "Run"),
    );
    this.keyrow = h("div", { class: "keyrow", role: "toolbar", "aria-label": "Keys" });
    this._drawKeys(KEYS, "More", () => this._drawKeys(MORE_KEYS, "Back", () => this._reset()));
  }

  _reset() {
    this._drawKeys(KEYS, "More", () => this._drawKeys(MORE_KEYS, "Back", () => this._reset()));
  }

  /** @param {string[]} keys @param {string} last @param {() => void} turn */
  _drawKeys(keys, last, turn) {
    const key = (/** @type {string} */ word, /** @type {() => void} */ press, look = "") =>
      h("button", { type: "button", class: look, tabindex: -1, onpointerdown: keepFocus, onclick: press }, word);
    this.keyrow.style.overflowX = keys.length > 8 ? "auto" : "";
    this.keyrow.replaceChildren(
      key("Tab", () => this._type("    "), "wordy"),
      ...keys.map((each) => key(each, () => this._type(each))),
      key(last, turn, "wordy"),
    );
  }

  _editor() {
    return this.page.texts.editor(this.page.select.active ?? "");
  }

  /** @param {string} text */
  _type(text) {
    const view = this._editor()?.view;
    if (!view || view.state.readOnly) return;
    view.dispatch(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    view.focus();
  }

  /** @param {IconName} sign @param {string} label @param {() => void} press */
  _key(sign, label, press) {
    return h("button", { class: "btn", type: "button", "aria-label": label, onpointerdown: keepFocus, onclick: press }, icon(sign));
  }

  /** @param {string} word @param {IconName} sign @param {(button: HTMLButtonElement) => void} press */
  _tab(word, sign, press) {
    const button = h("button", { type: "button", onclick: () => press(button) }, icon(sign), h("span", null, word));
    return button;
  }

  _add() {
    if (!this.page.rights.allows("edit")) return;
    openMenu(
      this.add,
      [
        { label: "Code below", icon: "plus", run: () => this.page.cells.add("code", this.page.select.active ?? undefined) },
        { label: "Text below", icon: "plus", run: () => this.page.cells.add("markdown", this.page.select.active ?? undefined) },
      ],
      { label: "Add" },
    );
  }

  /** @param {HTMLElement} anchor */
  _more(anchor) {
    const { page } = this;
    const { active } = page.select;
    const cell = active ? page.model.cell(active) : undefined;
    openMenu(
      anchor,
      [
        { label: "This cell", icon: "ellipsis", disabled: !cell, run: () => cell && setTimeout(() => cellMenu(page, cell, anchor)) },
        { label: "Run all", icon: "play", why: page.rights.why("run"), run: () => page.run.all() },
        { label: "Undo", icon: "undo-2", why: page.rights.why("edit"), disabled: page.model.view.undo.undo === null, run: () => page.cells.undo() },
        { label: "Runtime", icon: "square", run: () => setTimeout(() => page.openRuntime(anchor)) },
        { label: "Find", icon: "search", run: () => setTimeout(() => page.find.open()) },
        { label: "Commands", icon: "search", run: () => setTimeout(() => page.openPalette()) },
      ],
      { label: "More", align: "end" },
    );
  }

  draw() {
    const { select, model, rights, isReadOnly } = this.page;
    const cell = select.active ? model.cell(select.active) : undefined;
    this.run.disabled = isReadOnly || cell?.type !== "code";
    this.edit.disabled = isReadOnly || !cell;
    this.add.disabled = isReadOnly;
    explain(this.run, rights.why("run"), "");
    for (const button of [this.edit, this.add]) explain(button, rights.why("edit"), "");
    setText(this.where, `Cell ${model.view.order.indexOf(select.active ?? "") + 1}`);
  }
}

/** A key of the row must not take the focus, or the system's keyboard goes. @param {Event} event */
function keepFocus(event) {
  event.preventDefault();
}
