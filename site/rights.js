/** What may be done here, and the words where it may not: a notebook may be damaged, a link may let people only read. */

import { actorOf } from "./actors.js";
import { shortName } from "./people.js";
import { showToast } from "./toast.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {"edit" | "run"} Doing */

/** Commands that ask something of a runtime; all others change the notebook. */
const RUNNING = new Set("run_cells run_all run_above run_below cancel give_up interrupt restart reply_input start_runtime stop_runtime give_up_runtime select_runtime".split(" "));
const KEPT = " Load the page again to get the newest. What you wrote is kept, and goes on from there.";
const RELOAD = { label: "Load again", run: () => location.reload() };
const DAMAGED = "This notebook is read-only here.";

export class Rights {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /** What the link gave; all where nobody shares. */
  get _given() {
    return this.page.model.view.rights ?? { role: "own", edit: true, run: true, comment: true };
  }

  /** Why it may not be done; empty where it may. @param {Doing} doing */
  why(doing) {
    if (this.page.isReadOnly) return DAMAGED;
    const { edit, run, comment } = this._given;
    if (doing === "edit" ? edit : run) return "";
    const owner = this._owner();
    if (edit) return `You can edit here, but not run: ask ${owner} for a run link.`;
    const can = comment ? "read and comment" : "read";
    return `This link lets you ${can}. Ask ${owner} for ${doing === "edit" ? "an edit link" : "a run link"}.`;
  }

  /** What a command is. @param {import("./types.js").Command} command */
  whyNotSend(command) {
    if (command.do === "introduce" && !this.page.isReadOnly) return "";
    return this.why(RUNNING.has(command.do) ? "run" : "edit");
  }

  /** @param {import("./actions.js").Action} wanted */
  whyNotAct(wanted) {
    return wanted.writes ? this.why(wanted.group === "Run" ? "run" : "edit") : "";
  }

  /** Whether it may be done; says why where not. @param {Doing} doing */
  allows(doing) {
    const why = this.why(doing);
    if (why) showToast(why);
    return why === "";
  }

  /** What the notebook, or the link to it, does not allow shows at once. */
  draw() {
    const { model, banners, texts, sheet, files } = this.page;
    const { readonly } = model.view;
    const aside = readonly?.aside ? ` ${readonly.aside} ${readonly.aside === 1 ? "row is" : "rows are"} kept aside.` : "";
    banners.show(
      "readonly",
      readonly && {
        look: "warn",
        title: "Read-only.",
        words: `${readonly.reason.replace(/\.?$/, ".")}${readonly.outdated ? KEPT : `${aside} What is sound is shown.`}`,
        acts: [readonly.outdated ? RELOAD : { label: "Download the raw log", run: () => files.download("log") }],
      },
    );
    const now = `${this.why("edit")}|${this.why("run")}`;
    if (this._drawn === now) return;
    this._drawn = now;
    for (const id of texts.held) texts.editor(id)?.setReadOnly(!this.page.canEdit);
    sheet.redrawAll();
  }

  /** Why the reader could not do what, when that was drawn last. */
  _drawn = "|";

  /** What the header says in the place of "Saved"; empty where one may edit. */
  get readingWords() {
    if (this.page.isReadOnly) return "Read-only";
    if (this.page.canEdit) return "";
    return this._given.comment ? "Reading and commenting" : "Reading";
  }

  _owner() {
    const owner = this.page.sharing.state.people.find(({ role, removed }) => role === "own" && !removed);
    const who = owner && actorOf(this.page.model.view.actors, owner.actor);
    return who?.name && !who.me ? shortName(who) : "the owner";
  }
}

/**
 * A control that may not be used now: it stays, and says why when it is looked at or pressed.
 * @param {HTMLElement} control
 * @param {string} why empty: it may be used
 * @param {string} title what it says then
 */
export function explain(control, why, title) {
  if (why) control.setAttribute("aria-disabled", "true");
  else control.removeAttribute("aria-disabled");
  if (control.title !== (why || title)) control.title = why || title;
}
