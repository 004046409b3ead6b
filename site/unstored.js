/**
 * The commands that a view sent and that are not known to be stored. They are numbered (k) and
 * kept until the worker has said that they are; what no worker takes in time is put into the inbox
 * in IndexedDB, where the next worker finds it, whatever became of the view.
 */

import * as catalogue from "./catalogue.js";

/**
 * base: the version of the view that the command was made on. before: for an edit, the whole text
 * that it was made on, so that it can be fitted to another.
 * @typedef {{k: number, base: number, command: any, before?: string, kept: "no" | "soon" | "yes" | "never"}} Sent
 */

const PATIENCE = 1000; // ms that a command may wait for its acknowledgement before it is kept here

// An answer to running code means nothing to any other, and may be a password: it is not kept.
const PASSING = ["reply_input"];

export class Unstored {
  /** Why the last could not be kept. @type {string | undefined} */
  failed;
  /** @type {Sent[]} */ #all = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;
  #k = 0;

  /**
   * @param {string} notebook its id
   * @param {string} view its id
   * @param {{onKept: (ks: number[]) => void, onChange: () => void}} handlers
   */
  constructor(notebook, view, handlers) {
    this.notebook = notebook;
    this.view = view;
    this.handlers = handlers;
  }

  /** @param {any} command @param {number} base @param {string} [before] @returns {Sent} */
  add(command, base, before) {
    const kept = PASSING.includes(command.do) ? "never" : "no";
    /** @type {Sent} */
    const sent = { k: ++this.#k, base, command, before, kept };
    this.#all.push(sent);
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.keepNow(); // the worker's tab may be gone
    }, PATIENCE);
    return sent;
  }

  /** Those with a higher k. @param {number} k */
  after(k) {
    return this.#all.filter((sent) => sent.k > k);
  }

  /** How many would be lost with this page. */
  get unsafe() {
    return this.#all.filter((sent) => sent.kept !== "yes").length;
  }

  /** Everything up to k is stored. @param {number} k */
  acknowledge(k) {
    this.#all = this.after(k);
    if (this.#all.length === 0) this.failed = undefined; // the worker has stored what could not be kept here
    this.handlers.onChange();
  }

  /** Put into the inbox what is not there yet. */
  keepNow() {
    const waiting = this.#all.filter((sent) => sent.kept === "no");
    if (waiting.length > 0) this.#keep(waiting);
  }

  /** @param {Sent[]} commands */
  async #keep(commands) {
    for (const sent of commands) sent.kept = "soon";
    const { view } = this;
    try {
      const items = commands.map(({ k, command, before }) => ({ view, k, command, before }));
      await catalogue.putInbox(this.notebook, items);
      for (const sent of commands) sent.kept = "yes";
      this.failed = undefined;
      this.handlers.onKept(items.map(({ k }) => k));
    } catch (error) {
      for (const sent of commands) sent.kept = "no";
      this.failed = error instanceof Error ? error.message : String(error);
    }
    this.handlers.onChange();
  }
}
