/** The bar in which text is looked for and replaced: it floats over the upper right of the notebook. */

import { hint } from "./actions.js";
import { attr, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { explain } from "./rights.js";
import { countWords, plural } from "./words.js";

/** @typedef {import("./find.js").Find} Find */

export class FindBar {
  /** @param {Find} find */
  constructor(find) {
    this._find = find;
    this.input = field("Find", "find-text", () => find.ask({ text: this.input.value }));
    this.template = field("Replace with", "find-template", () => {});
    this.count = h("span", { class: "found-count" });
    this.wrong = h("p", { class: "wrong", id: "find-wrong", role: "status", hidden: true });
    this.more = h("button", { class: "btn s sq", type: "button", "aria-controls": "find-replace", onclick: () => this._unfold(this.more.getAttribute("aria-expanded") !== "true") });
    this.replaceOne = h("button", { class: "btn s line", type: "button", onclick: () => find.replacing.one(this.template.value) }, "Replace");
    this.replaceAll = h("button", { class: "btn s line", type: "button", onclick: () => find.replacing.all(this.template.value) }, "Replace all");
    this.previous = h("button", { class: "btn s sq", type: "button", "aria-label": "Previous match", title: hint("find-previous"), onclick: () => find.step(-1) }, icon("arrow-up"));
    this.next = h("button", { class: "btn s sq", type: "button", "aria-label": "Next match", title: hint("find-next"), onclick: () => find.step(1) }, icon("arrow-down"));
    this.chosen = box("In selected cells", (isOn) => find.choose(isOn));
    this.outputs = box("In outputs", (isOn) => {
      find.inOutputs = isOn;
      find.ask();
    });
    this._replaceRow = h("div", { class: "row", id: "find-replace" }, h("div", { class: "inp" }, this.template), this.replaceOne, this.replaceAll);
    this.element = h(
      "div",
      { class: "find", role: "search", "aria-label": "Find in the notebook", "data-region": "find", hidden: true, onkeydown: (/** @type {KeyboardEvent} */ event) => this._key(event) },
      this.more,
      h(
        "div",
        { class: "rows" },
        h("div", { class: "row seek" }, this._query(), this.previous, this.next, h("button", { class: "btn s sq shut", type: "button", "aria-label": "Close", title: "Close (Esc)", onclick: () => find.close() }, icon("x"))),
        this.wrong,
        this._replaceRow,
        h("div", { class: "row options" }, this.outputs.element, this.chosen.element),
      ),
    );
    this._unfold(false);
  }

  _query() {
    return [
      h("div", { class: "inp" }, this.input, this.count),
      this._toggle("case-sensitive", "Match case", "matchCase"),
      this._toggle("whole-word", "Whole words", "wholeWord"),
      this._toggle("regex", "Regular expression", "isPattern"),
    ];
  }

  /** @param {import("./icons.js").IconName} sign @param {string} label @param {"matchCase" | "wholeWord" | "isPattern"} what */
  _toggle(sign, label, what) {
    const button = h("button", { class: "btn s sq", type: "button", "aria-label": label, title: label, "aria-pressed": "false" }, icon(sign));
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      attr(button, "aria-pressed", String(isOn));
      this._find.ask({ [what]: isOn });
    });
    return button;
  }

  /** @param {{text: string, replace: boolean}} how */
  open({ text, replace }) {
    this.element.hidden = false;
    if (text) this.input.value = text;
    if (replace) this._unfold(true);
    this.focus();
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  close() {
    this.element.hidden = true;
  }

  /** @param {boolean} isOpen */
  _unfold(isOpen) {
    this._replaceRow.hidden = !isOpen;
    const words = isOpen ? "Hide replace" : "Show replace";
    attr(this.more, "aria-expanded", String(isOpen));
    attr(this.more, "aria-label", words);
    attr(this.more, "title", words);
    this.more.replaceChildren(icon(isOpen ? "chevron-down" : "chevron-right"));
  }

  draw() {
    const { wrong, count, page, pattern } = this._find;
    setText(this.count, this._countWords(count));
    this.count.classList.toggle("none", pattern !== null && count.all === 0);
    this.wrong.hidden = wrong === "";
    setText(this.wrong, wrong);
    attr(this.input, "aria-invalid", wrong ? "true" : null);
    attr(this.input, "aria-describedby", wrong ? "find-wrong" : null);
    this.previous.disabled = this.next.disabled = count.all === 0;
    for (const button of [this.replaceOne, this.replaceAll]) {
      button.disabled = count.all === 0;
      explain(button, page.rights.why("edit"), "");
    }
    const chosen = this._find.chosen?.size ?? page.select.ids.length;
    setText(this.chosen.words, chosen > 1 ? `In ${plural(chosen, "selected cell")}` : "In the selected cell");
  }

  /** @param {{all: number, at: number}} count */
  _countWords(count) {
    const { wrong, pattern, isSearching } = this._find;
    if (wrong || !pattern) return "";
    if (count.all === 0) return isSearching ? "…" : "No matches";
    const more = isSearching ? "+" : "";
    return count.at ? `${countWords(count.at)} of ${countWords(count.all)}${more}` : `${countWords(count.all)}${more}`;
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.isComposing) return;
    const isTyped = event.target === this.input || event.target === this.template;
    if (event.key === "Escape") this._find.close();
    else if (event.key !== "Enter" || !isTyped) return;
    else if (event.target === this.template && !event.shiftKey) this._find.replacing.one(this.template.value);
    else this._find.step(event.shiftKey ? -1 : 1);
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {string} label @param {string} id @param {() => void} typed */
function field(label, id, typed) {
  return h("input", { id, type: "text", "aria-label": label, placeholder: label, spellcheck: "false", autocomplete: "off", autocapitalize: "off", oninput: typed });
}

/** @param {string} label @param {(isOn: boolean) => void} change */
function box(label, change) {
  const words = h("span", null, label);
  const input = h("input", { type: "checkbox", onchange: () => change(input.checked) });
  return { element: h("label", null, input, words), words };
}
