/**
 * Has texts looked through: plain text at once, which takes as long as the text is; a regular
 * expression, which can take for ever, in a worker that is ended when it does.
 */

import { siteAddress, siteManifest } from "./assets.js";
import { answerTo } from "./finding.js";

/** @typedef {import("./finding.js").Question} Question */
/** @typedef {import("./finding.js").Replacement} Replacement */
/** @typedef {{k: number, found: Replacement[]} | {k: number, why: string}} Answer */
/** @typedef {{question: Question, answered: (found: Replacement[]) => void}} Asked */

const TICK = 250; // ms
/** Ticks that one text may take. They are counted here: a page that was held up counts one. */
const PATIENCE = 4;
const TOO_LONG = "This regular expression takes too long. The search has stopped.";

export class Searching {
  /** @param {{idle: () => void, stopped: (why: string) => void}} told idle: all is answered; stopped: what was asked is not going to be answered */
  constructor(told) {
    this._told = told;
    /** @type {Map<number, Asked>} */
    this._asked = new Map();
    this._k = 0;
    /** @type {Worker | null} */
    this._worker = null;
    /** Which start of a worker is the newest. @type {object | null} */
    this._start = null;
    this._timer = 0;
    this._ticks = 0;
  }

  /** @param {Question} question @param {(found: Replacement[]) => void} answered called before this returns where it is plain text */
  ask(question, answered) {
    if (!question.query.isPattern) return answered(answerTo(question));
    this._k += 1;
    if (this._asked.size === 0) this._ticks = 0;
    this._asked.set(this._k, { question, answered });
    if (this._worker) this._worker.postMessage({ k: this._k, question });
    else if (!this._start) this._begin();
  }

  /** Nobody waits any more for what was asked. */
  drop() {
    if (this._asked.size) this.end();
  }

  end() {
    this._worker?.terminate();
    this._worker = null;
    this._start = null;
    this._asked.clear();
    clearInterval(this._timer);
  }

  async _begin() {
    const start = (this._start = {});
    try {
      const { find_worker: script } = await siteManifest();
      if (start !== this._start) return;
      this._worker = new Worker(siteAddress() + script, { type: "module", name: "find" });
    } catch (error) {
      if (start === this._start) this._stop(failed(error instanceof Error ? error.message : String(error)));
      return;
    }
    this._worker.onmessage = ({ data }) => (data ? this._answer(data) : this._watch());
    this._worker.onerror = ({ message }) => this._stop(failed(message || "what does it could not be loaded"));
    for (const [k, { question }] of this._asked) this._worker.postMessage({ k, question });
  }

  /** From now on its time counts: it is there. */
  _watch() {
    this._ticks = 0;
    clearInterval(this._timer);
    this._timer = window.setInterval(() => {
      this._ticks += 1;
      if (this._asked.size && this._ticks > PATIENCE) this._stop(TOO_LONG);
    }, TICK);
  }

  /** @param {Answer} answer */
  _answer(answer) {
    this._ticks = 0;
    if ("why" in answer) return this._stop(failed(answer.why));
    const asked = this._asked.get(answer.k);
    this._asked.delete(answer.k);
    asked?.answered(answer.found);
    if (this._asked.size === 0) this._told.idle();
  }

  /** @param {string} why */
  _stop(why) {
    this.end();
    this._told.stopped(why);
  }
}

/** @param {string} why */
function failed(why) {
  return `This regular expression cannot be searched for: ${why.replace(/^.*?Invalid regular expression: (?:\/.*\/\w*: )?/s, "").replace(/\.$/, "")}.`;
}
