/** The variables of the runtime in the panel: asked for while they are looked at, after each run. */

import { setText, fill, h } from "./dom.js";
import { runtimeName } from "./runtimes.js";
import { countWords, plural } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {{name: string, type: string, shape: number[] | null, preview: string, table: boolean}} Variable */
/** @typedef {{variables: Variable[], more: number}} Told */

const PAUSE = 150; // ms after a run in which the next one may begin

export class Variables {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.list = h("ul", { "aria-label": "Variables" });
    this.note = h("p", { class: "empty", role: "status" });
    this.element = h("div", { class: "vars" }, this.note, this.list);
    /** @type {Told | null} */
    this._told = null;
    /** Of which run of which runtime it was told. */
    this._of = "";
    /** The runtime that it was told by. @type {string | null} */
    this._by = null;
    this._isAsking = false;
    this._timer = 0;
    /** Why there is nothing to be shown. */
    this._why = "";
  }

  /** Draw what is known, and ask where that is old. */
  draw() {
    if (this.element.hidden) return;
    const { runtime } = this.page.model.view;
    const session = runtime?.selected ? runtime.session : null;
    if (session !== this._by) this._forget();
    const isBusy = runtime?.status === "busy";
    this.element.classList.toggle("old", isBusy && this._told !== null);
    const why = this._whyNot();
    if (!why && !isBusy && this._of !== this._now) this._askSoon();
    setText(this.note, why || this._why || (isBusy && this._told ? "As they were before this run." : this._told?.variables.length === 0 ? "Nothing is in memory yet." : ""));
    const isSilent = this.note.textContent === "";
    if (this.note.hidden !== isSilent) this.note.hidden = isSilent;
    if (this.list.hidden !== (why !== "")) this.list.hidden = why !== "";
  }

  /** Which run of which runtime ended last. */
  get _now() {
    const { runtime } = this.page.model.view;
    return JSON.stringify([runtime?.session, runtime?.count, runtime?.since]);
  }

  /** Why they cannot be asked for; empty where they can. */
  _whyNot() {
    const { runtime } = this.page.model.view;
    if (this.page.rights.why("run")) return this.page.rights.why("run");
    if (!runtime?.selected || ["none", "stopped", "lost"].includes(runtime.status)) return "They come with the first run.";
    const language = String(runtime.language?.["name"] ?? "python");
    if (language !== "python") return `They are shown for Python. ${runtimeName(this.page, runtime)} runs ${language}.`;
    return "";
  }

  _forget() {
    const { runtime } = this.page.model.view;
    this._by = runtime?.selected ? runtime.session : null;
    this._told = null;
    this._of = this._why = "";
    this.list.replaceChildren();
  }

  _askSoon() {
    if (this._isAsking || this.page.model.view.runtime?.status !== "ready") return;
    this._timer ||= window.setTimeout(() => this._ask(), PAUSE);
  }

  async _ask() {
    this._timer = 0;
    const now = this._now;
    const by = this._by;
    if (this.page.model.view.runtime?.status !== "ready") return;
    this._isAsking = true;
    try {
      const told = await this.page.link.call("variables", {});
      if (by !== this._by) return;
      this._told = told;
      this._why = "";
      this._drawList();
    } catch (error) {
      this._why = whyWords(error);
    } finally {
      this._of = now;
      this._isAsking = false;
      this.draw();
    }
  }

  _drawList() {
    const { variables = [], more = 0 } = this._told ?? {};
    const held = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.entry;
    const had = this.list.contains(document.activeElement);
    fill(this.list, variables.map((each) => this._line(each)), more ? h("li", { class: "empty" }, `And ${plural(more, "other")}.`) : null);
    const again = had && [...this.list.querySelectorAll("button")].find((each) => each.dataset.entry === held);
    if (again) again.focus({ preventScroll: true });
  }

  /** @param {Variable} variable */
  _line(variable) {
    const words = shortWords(variable);
    return h(
      "li",
      null,
      h(
        "button",
        { class: "li n", type: "button", "aria-haspopup": "dialog", "data-entry": `variable ${variable.name}`, title: `${variable.name}: ${words}`, onclick: () => this._open(variable.name) },
        h("span", { class: "name m" }, variable.name),
        h("span", { class: "w e" }, words),
      ),
    );
  }

  /** @param {string} name */
  async _open(name) {
    const { openVariable } = await import("./variable_dialog.js");
    await openVariable(this.page, name);
  }
}

/** What is said of one in a line: "DataFrame 145 × 3", "int 15". @param {Variable} variable */
export function shortWords({ type, shape, preview, table }) {
  if (table || (shape && !preview)) return `${type} ${shapeWords(shape ?? [])}`.trim();
  if (shape && type !== "str") return `${type} ${shapeWords(shape)}  ${preview}`;
  return `${type} ${preview}`.trim();
}

/** "145 × 3". @param {number[]} shape */
export function shapeWords(shape) {
  return shape.map(countWords).join(" × ");
}

/** What a runtime that cannot answer says, without the code that comes before it. @param {unknown} error */
export function whyWords(error) {
  const words = (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, "");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`.replace(/\.?$/, ".");
}
