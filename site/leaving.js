/** How the page of a notebook is left, and what the reader is asked before that. */

import { confirmAct } from "./dialogs.js";
import { hasMemory } from "./runtimes.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const RENEWAL = {
  title: "Load the new version",
  body: "Python in this tab starts again: variables, imports and files that code wrote are lost. The notebook and its outputs stay.",
  act: "Load it",
};

export class Leaving {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** Whether the reader has been asked already. */
    this._isAgreed = false;
    addEventListener("beforeunload", (event) => this._leave(event));
  }

  /** Load the site as it is now: Python starts anew with it. */
  async renew() {
    if (this._losesMemory && !(await confirmAct(RENEWAL))) return;
    this._isAgreed = true;
    location.reload();
  }

  /** Closing loses Python's memory, or what is not stored yet: the browser asks first. @param {BeforeUnloadEvent} event */
  _leave(event) {
    const loses = this._losesMemory && !this._isAgreed;
    if (loses || this.page.header.state.unsaved > 0) event.preventDefault();
  }

  /** Whether Python runs in this very tab, and has something to lose. */
  get _losesMemory() {
    const own = this.page.model.view.runtimes?.find(({ here }) => here);
    return this.page.isHost && hasMemory(own);
  }
}
