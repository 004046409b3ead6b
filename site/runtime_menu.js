/** The runtimes of the notebook: how they are, which one runs cells, and how to bring another. */

import { h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { float } from "./menus.js";
import { drawHandOver } from "./runtime_hand_over.js";
import { drawJoin } from "./runtime_join.js";
import { drawRuntime } from "./runtime_row.js";
import { isAlive, runningWords, runtimeName, runtimesOf } from "./runtimes.js";
import { redraw } from "./share_parts.js";
import { spanWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const SECOND = 1000; // ms
const LOSS =
  "A restart, a stop, or closing the tab that runs Python loses its variables, imports and the files that code wrote. The notebook, its outputs and the files you added stay.";

/** @param {Page} page @param {HTMLElement} anchor */
export function openRuntime(page, anchor) {
  if (anchor.getAttribute("aria-expanded") !== "true") new RuntimeMenu(page, anchor);
}

export class RuntimeMenu {
  /** @param {Page} page @param {HTMLElement} anchor */
  constructor(page, anchor) {
    this.page = page;
    /** Whose hand-over is being looked at: a session. */
    this.to = "";
    /** Whether to bring a machine is being looked at. */
    this.isJoining = false;
    /** The command for it, when it is made; what goes wrong. */
    this.command = "";
    this.wrong = "";
    this.attach = h("button", { class: "btn line", type: "button", "data-name": "attach", "aria-expanded": "false", onclick: () => this._toggleJoin() }, icon("plus"), "Attach");
    this.why = h("p", { class: "rt-why", hidden: true });
    this.rows = h("ul", { class: "rt-rows", "aria-label": "Runtimes" });
    this.handOver = h("section", { class: "rt-part", hidden: true, "aria-labelledby": "rt-over" });
    this.join = h("section", { class: "rt-part", hidden: true, "aria-labelledby": "rt-join" });
    this.element = h(
      "div",
      { class: "menu rt-pop", role: "dialog", "aria-label": "Runtimes" },
      h("div", { class: "rt-top" }, h("h2", null, "Runtimes"), h("p", null, "One runs cells, for everybody. Others keep their memory and wait."), this.attach),
      this.why,
      this.rows,
      this.handOver,
      this.join,
      h("p", { class: "loss" }, LOSS),
    );
    this.draw();
    const draw = () => this.draw();
    page.watchers.add(draw);
    const ticking = setInterval(() => this._tick(), SECOND);
    const onClose = () => {
      clearInterval(ticking);
      page.watchers.delete(draw);
    };
    this.close = float(anchor, this.element, { align: "end", onClose });
    this._focusFirst();
  }

  draw() {
    const { page } = this;
    const hadFocus = this.element.contains(document.activeElement);
    const why = page.rights.why("run");
    this.why.hidden = !why;
    setText(this.why, why);
    const all = runtimesOf(page);
    const about = all.map(({ since, count, ...each }) => [each, each.status === "busy" && since, runtimeName(page, each), runningWords(page, each.running ?? null)]);
    const { state } = page.sharing;
    redraw(this.rows, [about, why, page.status.preparing, page.isHost, page.started, state.status], () => all.map((each) => drawRuntime(this, each)));
    const to = all.find(({ session, selected }) => session === this.to && !selected);
    this.handOver.hidden = !isAlive(to);
    if (isAlive(to)) redraw(this.handOver, [about, this.to], () => drawHandOver(this, to));
    else this.to = "";
    this.join.hidden = !this.isJoining;
    this.attach.setAttribute("aria-expanded", String(this.isJoining));
    if (this.isJoining) redraw(this.join, [state.status, state.role, this.command, this.wrong], () => drawJoin(this));
    this._tick();
    if (hadFocus && !this.element.contains(document.activeElement)) this._focusFirst();
  }

  _focusFirst() {
    const first = /** @type {HTMLElement | null} */ (this.element.querySelector("li button:not(:disabled)"));
    (first ?? this.attach).focus();
  }

  /** Seconds that count stand in the rows, and are no reason to draw them anew. */
  _tick() {
    for (const each of this.element.querySelectorAll("[data-since]")) setText(each, `, ${spanWords(Date.now() - Number(each.getAttribute("data-since")))}`);
  }

  /** Look at what it means that another runtime runs cells. @param {string} session */
  lookAt(session) {
    this.to = session;
    this.draw();
    const first = /** @type {HTMLElement | null} */ (this.handOver.querySelector("[data-name=main]"));
    first?.focus();
    this.handOver.scrollIntoView({ block: "nearest" });
  }

  /** Back to where one came from. */
  lookAway() {
    const { to } = this;
    this.to = "";
    this.draw();
    const back = /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-name="over-${CSS.escape(to)}"]`));
    (back ?? this.attach).focus();
  }

  _toggleJoin() {
    this.isJoining = !this.isJoining;
    this.draw();
    if (!this.isJoining) return;
    this.join.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null} */ (this.join.querySelector("input, button"))?.focus();
  }
}
