/** What a cell says about its run, in words, below its block. */

import { fill, h, setText } from "./dom.js";
import { Ends } from "./ends.js";
import { icon } from "./icons.js";
import { areOutputsHidden } from "./hiding.js";
import { cellWords, runtimeOf, silenceWords, waitWords } from "./runtimes.js";
import { announce } from "./toast.js";
import { sentence, spanWords, timeWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {import("./types.js").Execution} Execution */

/** @param {Cell} cell */
export function isBusy(cell) {
  return cell.type === "code" && cell.execution?.status === "running";
}

/** @param {Cell} cell */
export function isWaiting(cell) {
  const status = cell.type === "code" ? cell.execution?.status : null;
  return status === "queued" || status === "assigned";
}

/** For `data-execution-status`. @param {Cell} cell */
export function statusOf(cell) {
  const status = cell.type === "code" ? cell.execution?.status : null;
  if (!status) return "idle";
  return status === "assigned" ? "queued" : status;
}

export class CellState {
  /** @param {Page} page @param {string} id */
  constructor(page, id) {
    this.page = page;
    this.id = id;
    this.above = h("div", { class: "state-above" });
    this.below = h("div", { class: "state-below" });
    this._key = "";
    /** @type {HTMLElement | null} */
    this._seconds = null;
    /** @type {HTMLElement | null} */
    this._tell = null;
    /** The id of the question that was told last. */
    this._asked = "";
    /** @type {HTMLFormElement | null} */
    this._form = null;
  }

  /** @param {Cell} cell */
  update(cell) {
    this.cell = cell;
    const key = this._keyOf(cell);
    if (key === this._key) return;
    this._key = key;
    this._seconds = this._tell = null;
    const hidden = areOutputsHidden(cell.metadata);
    const execution = cell.type === "code" ? cell.execution : null;
    fill(this.above, execution && (isBusy(cell) ? this._running(execution) : isWaiting(cell) ? this._queued(execution) : null));
    fill(
      this.below,
      hidden && execution?.outputs.length ? this._hidden() : null,
      execution?.prompt ? this._ask(execution) : null,
      execution?.stale && !isBusy(cell) && !isWaiting(cell) ? this._stale(cell) : null,
      execution ? this._ended(execution) : null,
    );
    if (execution?.prompt && this._asked !== execution.prompt.id) this._callFor(execution);
  }

  /** A new question: who asked for this run, and types nothing else, may answer at once. @param {Execution} execution */
  _callFor(execution) {
    const { model, select } = this.page;
    const prompt = /** @type {import("./types.js").Prompt} */ (execution.prompt);
    this._asked = prompt.id;
    announce(`Cell ${model.view.order.indexOf(this.id) + 1} asks: ${prompt.prompt.trim() || "a line of input"}`);
    const isTyping = select.isEditing && model.source(select.active ?? "") !== "";
    const isHere = select.holds(/** @type {HTMLElement} */ (document.activeElement ?? document.body));
    if (execution.requested?.actor === model.me && isHere && !isTyping) this._form?.querySelector("input")?.focus();
  }

  /** What the words depend on. @param {Cell} cell */
  _keyOf(cell) {
    const execution = cell.execution;
    return JSON.stringify([
      cell.type, execution?.id, execution?.status, execution?.isAsked, execution?.stale, execution?.prompt, execution?.reason,
      areOutputsHidden(cell.metadata), execution?.stale ? cell.edited?.ts : 0, Boolean(execution?.outputs.length),
      execution && isBusy(cell) ? [silenceWords(this.page, execution), this.page.canRun] : "",
      execution && isWaiting(cell) ? this._queueWords(execution) : "",
    ]);
  }

  /** @param {Execution} execution */
  _running(execution) {
    const silence = silenceWords(this.page, execution);
    if (!silence) return this._progress(execution);
    const mayGiveUp = this.page.canRun && runtimeOf(this.page, execution)?.status === "unreachable";
    const giveUp = h("button", { class: "lnk", type: "button", title: "Its output does not count any more, should it come", onclick: () => this.page.run.giveUp(this.id) }, "Give up");
    return h("div", { class: "note stale" }, h("span", null, h("b", null, "Running."), ` ${silence}`), mayGiveUp ? giveUp : null);
  }

  /** @param {Execution} execution */
  _progress(execution) {
    this._seconds = h("span", { class: "t" });
    this._tell = this.page.ends.offer(execution);
    this.tick(Date.now());
    return h(
      "div",
      { class: "prog" },
      h("div", { class: "rail" }),
      h("div", { class: "how" }, h("b", null, "Running"), this._seconds, this._tell),
    );
  }

  /** The seconds go on. @param {number} now */
  tick(now) {
    const started = this.cell?.execution?.started;
    if (this._seconds) setText(this._seconds, started ? spanWords(now - started) : "");
    if (this._tell && started) Ends.grows(this._tell, now - started);
  }

  /** @param {Execution} execution */
  _queued(execution) {
    const remove = h("button", { class: "lnk", type: "button", onclick: () => this.page.run.cancel(this.id) }, "Remove");
    return h("div", { class: "note" }, h("span", null, this._queueWords(execution)), execution.isAsked ? null : remove);
  }

  /** @param {Execution} execution */
  _queueWords(execution) {
    const ahead = execution.after;
    if (ahead) return `Queued, ${execution.position && execution.position > 1 ? "" : "next "}after ${cellWords(this.page, ahead)}.`;
    if (this.page.status.preparing) return "Queued. It runs when Python is ready.";
    return execution.isAsked ? "Queued." : waitWords(this.page, execution);
  }

  _hidden() {
    return h(
      "div",
      { class: "hidden-outs" },
      "Outputs hidden. ",
      h("button", { class: "lnk", type: "button", onclick: () => this._show() }, "Show"),
    );
  }

  _show() {
    this.page.select.set(this.id);
    this.page.cells.toggleOutputs();
  }

  /** @param {Cell} cell */
  _stale(cell) {
    const when = cell.edited ? ` at ${timeWords(cell.edited.ts)}` : "";
    return h(
      "div",
      { class: "note stale" },
      h("span", null, h("b", null, "Stale."), ` The code changed${when}, after this ran.`),
      h("button", { class: "lnk", type: "button", onclick: () => this.page.run.cells([this.id]) }, "Run again"),
    );
  }

  /** How it ended, where that is not plain from its outputs. @param {Execution} execution */
  _ended(execution) {
    const words = endWords(execution);
    return words && h("div", { class: execution.status === "lost" ? "note bad" : "note" }, h("span", null, words), this._again());
  }

  _again() {
    return h("button", { class: "lnk", type: "button", onclick: () => this.page.run.cells([this.id]) }, "Run");
  }

  /** Running code waits for a line. @param {Execution} execution */
  _ask(execution) {
    const prompt = /** @type {import("./types.js").Prompt} */ (execution.prompt);
    if (this._form?.dataset.prompt === prompt.id) return this._form; // what is typed in it stays
    const input = h("input", {
      type: prompt.password ? "password" : "text",
      "aria-label": prompt.prompt.trim() || "Input for the running code",
      autocomplete: "off",
      spellcheck: "false",
    });
    const form = h(
      "form",
      { class: "ask", "data-prompt": prompt.id },
      prompt.prompt ? h("span", { class: "words" }, prompt.prompt) : null,
      h("div", { class: "inp" }, input),
      h("button", { class: "btn line", type: "submit" }, icon("corner-down-left"), "Send"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.page.run.reply(execution.id, prompt.id, input.value);
      fill(form, h("span", { class: "words" }, `${prompt.prompt}${prompt.password ? "answered" : input.value}`));
      this.page.select.focus();
    });
    this._form = form;
    return form;
  }

  destroy() {
    this._seconds = this._tell = null;
  }
}

/** @param {Execution} execution @returns {string} */
function endWords(execution) {
  const why = execution.reason ? ` ${sentence(execution.reason)}` : "";
  switch (execution.status) {
    case "aborted":
      return `Not run.${why || " A cell before it failed."}`;
    case "cancelled":
      return "Removed from the queue.";
    case "lost":
      return `Its end is not known.${why || " The runtime is gone."} What it had printed is kept.`;
    default:
      return "";
  }
}
