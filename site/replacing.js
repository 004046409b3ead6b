/** Putting other text in the place of what was found: an edit of the cells like any other. */

import { ChangeSet } from "@codemirror/state";

import { canonical, toChanges, toDoc } from "./editor_text.js";
import { showToast } from "./toast.js";
import { plural } from "./words.js";

/** @typedef {import("./find.js").Find} Find */
/** @typedef {import("./finding.js").Match} Match */

const UNDONE = "Replace text"; // how the notebook calls it

export class Replacing {
  /** @param {Find} find */
  constructor(find) {
    this._find = find;
    /** A cell whose text is going to be another one, by which command; at: where the reader goes on then. @type {{id: string, source: string, k: number, at: number} | null} */
    this._awaited = null;
    /** Whether it is being looked what is to be put where. */
    this.isLooking = false;
    /** Whether the next match is to be replaced too, by who did not wait for the first. */
    this._isAgain = false;
  }

  /** What is looked for now is something else. */
  forget() {
    this.isLooking = false;
    this._isAgain = false;
  }

  get _page() {
    return this._find.page;
  }

  /** Replace the match that the reader is at, and go to the next one. @param {string} template */
  one(template) {
    if (!this._page.rights.allows("edit")) return;
    const { here } = this._find;
    if (this.isLooking || this._awaited) {
      this._isAgain = true;
      return;
    }
    this._template = template;
    if (!here || here.isOutput || this._find.indexIn(here.id, false) < 0) return this._find.step(1);
    const { id, at } = here;
    this._edits([id], template, { from: at, to: at }, ([made]) => {
      if (!made) {
        this._isAgain = false;
        return this._find.follow();
      }
      const source = made.edit.before;
      const k = this._page.send({ do: "replace_text", edits: [made.edit] });
      this._sayWhen();
      this._awaited = { id, source, k, at: at + made.inserted };
    });
  }

  _template = "";

  /** The text that was replaced may be another one now. */
  goOn() {
    const waiting = this._awaited;
    if (!waiting) return;
    const { model } = this._page;
    if (model.source(waiting.id) === waiting.source && model.acked < waiting.k) return;
    this._awaited = null;
    if (this._find.here?.id === waiting.id) this._find.here = { id: waiting.id, isOutput: false, at: waiting.at };
    this._find.arrive();
    if (!this._isAgain) return;
    this._isAgain = false;
    this.one(this._template);
  }

  /** @param {string} template */
  all(template) {
    if (!this._page.rights.allows("edit") || !this._find.pattern || this.isLooking) return;
    this._edits(this._find.ids, template, undefined, (made) => {
      this._isAgain = false;
      if (made.length === 0) return showToast("There is nothing to replace.");
      this._page.send({ do: "replace_text", edits: made.map(({ edit }) => edit) });
      this._sayWhen();
      const count = made.reduce((sum, { places }) => sum + places, 0);
      const words = `Replaced ${plural(count, "time")} in ${plural(made.length, "cell")}.`;
      if (!this._page.status.preparing) showToast(words, { label: "Undo", run: () => this._undo() });
    });
  }

  _undo() {
    if (this._page.model.view.undo.undo === UNDONE) this._page.cells.undo();
    else showToast("Something else was done since. Undo takes that back first.");
  }

  _sayWhen() {
    if (this._page.status.preparing) showToast("The text is replaced when Python is ready.");
  }

  /**
   * What is to be done to these cells, all of it or nothing.
   * @param {string[]} ids @param {string} template @param {Match | undefined} only @param {(made: Made[]) => void} then
   */
  _edits(ids, template, only, then) {
    if (ids.length === 0) return then([]);
    this._page.afterTyping(ids, () => {
      const { query, searching } = this._find;
      const { model } = this._page;
      /** @type {Made[]} */
      const made = [];
      let left = ids.length;
      this.isLooking = true;
      for (const id of ids) {
        const text = model.source(id);
        searching.ask({ query, text, template, only }, (places) => {
          if (places.length) made.push(madeOf(id, text, places));
          left -= 1;
          if (left) return;
          this.isLooking = false;
          const isStill = made.every(({ edit }) => model.source(edit.cell_id) === edit.before);
          if (isStill) then(made);
          else this._edits(ids, template, only, then); // somebody typed meanwhile
        });
      }
    });
  }
}

/** @typedef {ReturnType<typeof madeOf>} Made */

/** @param {string} id @param {string} before @param {import("./finding.js").Replacement[]} places */
function madeOf(id, before, places) {
  const doc = toDoc(before);
  const changes = toChanges(canonical(ChangeSet.of(places, doc.length, "\n"), doc), doc);
  return { edit: { cell_id: id, changes, before }, places: places.length, inserted: places[0]?.insert.length ?? 0 };
}
