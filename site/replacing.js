/** Putting other text in the place of what was found: an edit of the cells like any other. */

import { ChangeSet } from "@codemirror/state";

import { canonical, toChanges, toDoc } from "./editor_text.js";
import { replacementsIn } from "./finding.js";
import { showToast } from "./toast.js";
import { plural } from "./words.js";

/** @typedef {import("./find.js").Find} Find */
/** @typedef {import("./finding.js").Match} Match */

const UNDONE = "Replace text"; // how the notebook calls it

export class Replacing {
  /** @param {Find} find */
  constructor(find) {
    this._find = find;
    /** A cell whose text is going to be another one, by which command; at: where the reader goes on then; again: the next match is to be replaced too. @type {{id: string, source: string, k: number, at: number, again: boolean} | null} */
    this._awaited = null;
  }

  get _page() {
    return this._find.page;
  }

  /** Replace the match that the reader is at, and go to the next one. @param {string} template */
  one(template) {
    if (!this._page.rights.allows("edit")) return;
    const { here } = this._find;
    if (this._awaited) {
      this._awaited.again = true;
      return;
    }
    this._template = template;
    if (!here || here.isOutput || this._find.indexIn(here.id, false) < 0) return this._find.step(1);
    const { id, at } = here;
    this._page.afterTyping([id], () => {
      const source = this._page.model.source(id);
      const made = this._edit(id, template, { from: at, to: at });
      if (!made) return this._find.follow();
      const k = this._page.send({ do: "replace_text", edits: [made.edit] });
      this._sayWhen();
      this._awaited = { id, source, k, at: at + made.inserted, again: false };
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
    if (waiting.again) this.one(this._template);
  }

  /** @param {string} template */
  all(template) {
    if (!this._page.rights.allows("edit") || !this._find.pattern) return;
    const { ids } = this._find;
    this._page.afterTyping(ids, () => {
      const made = ids.flatMap((id) => this._edit(id, template) ?? []);
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

  /** What is to be done to one cell; null where nothing is. @param {string} id @param {string} template @param {Match} [only] */
  _edit(id, template, only) {
    const { pattern, query } = this._find;
    const before = this._page.model.source(id);
    const made = pattern ? replacementsIn(before, pattern, template, { isPattern: query.isPattern, only }) : [];
    if (made.length === 0) return null;
    const doc = toDoc(before);
    const changes = toChanges(canonical(ChangeSet.of(made, doc.length, "\n"), doc), doc);
    return { edit: { cell_id: id, changes, before }, places: made.length, inserted: made[0]?.insert.length ?? 0 };
  }
}
