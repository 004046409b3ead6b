/** What the page asks of a runtime. */

import { confirmAct } from "./dialogs.js";
import { hasMemory, runtimeName } from "./runtimes.js";
import { announce } from "./toast.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const WENT_ON = new Set(["queued", "assigned", "running"]); // states of a run that may end now

export class Runs {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** The states of runs that were drawn last. @type {Map<string, string>} */
    this._drawn = new Map();
  }

  /** @param {string[]} ids */
  cells(ids) {
    const { model } = this.page;
    const cell_ids = ids.filter((id) => model.cell(id)?.type === "code");
    if (cell_ids.length === 0) return;
    this.page.afterTyping(cell_ids, () => this.page.send({ do: "run_cells", cell_ids }));
  }

  selected() {
    if (!this.page.rights.allows("run")) return;
    this.cells(this.page.select.ids);
    this.page.select.leave();
  }

  /** Run, and go on to the next cell; at the end a new one. */
  advance() {
    if (!this.page.rights.allows("run")) return;
    const { select } = this.page;
    const { ids } = select;
    const last = ids.at(-1);
    if (!last) return;
    this.cells(ids);
    const next = select.beside(last, 1);
    if (next) {
      select.isEditing = false;
      select.set(next);
    } else this.page.cells.add("code");
  }

  insertBelow() {
    if (!this.page.rights.allows("run")) return;
    const { ids } = this.page.select;
    const last = ids.at(-1);
    if (!last) return;
    this.cells(ids);
    this.page.cells.add("code", last);
  }

  all() {
    this.page.afterTyping(this.page.model.view.order, () => this.page.send({ do: "run_all" }));
  }

  above() {
    this._from("run_above");
  }

  below() {
    this._from("run_below");
  }

  /** @param {"run_above" | "run_below"} what */
  _from(what) {
    const cell_id = this.page.select.active;
    if (!cell_id) return;
    this.page.afterTyping(this.page.model.view.order, () => this.page.send({ do: what, cell_id }));
  }

  stale() {
    const { model } = this.page;
    this.cells(model.view.order.filter((id) => model.cell(id)?.execution?.stale));
  }

  /** @param {string} cellId */
  cancel(cellId) {
    const execution = this.page.model.cell(cellId)?.execution;
    if (execution) this.page.send({ do: "cancel", execution_id: execution.id });
  }

  /** @param {string | null} [runtime] which one; else the selected one */
  interrupt(runtime) {
    this.page.send({ do: "interrupt", runtime: runtime ?? null });
  }

  /** @param {boolean} run_all @param {string} [session] which one; else the selected one */
  async restart(run_all, session) {
    const { runtime, runtimes = [] } = this.page.model.view;
    const meant = session ? runtimes.find((each) => each.session === session) : runtime;
    if (hasMemory(meant)) {
      const isSure = await confirmAct({
        title: `Restart ${runtimeName(this.page, meant)}`,
        body: "Variables, imports and files that code wrote are lost. The notebook and its outputs stay.",
        act: run_all ? "Restart and run all" : "Restart",
      });
      if (!isSure) return;
    }
    this.page.afterTyping(this.page.model.view.order, () => this.page.send({ do: "restart", run_all, runtime: session ?? null }));
  }

  /** @param {string} session @param {string} name */
  async stop(session, name) {
    const isSure = await confirmAct({
      title: `Stop ${name}`,
      body: "What it runs ends, and its variables, imports and files that code wrote are lost. The notebook and its outputs stay.",
      act: "Stop",
    });
    if (isSure) this.page.send({ do: "stop_runtime", runtime: session });
  }

  /** @param {string} session @param {string} name */
  async giveUpRuntime(session, name) {
    const isSure = await confirmAct({
      title: `Give up ${name}`,
      body: "It does not answer, and may go on where it is. Once it is given up, nothing that it still sends counts: what it runs stays without an end, and what waits for it is not run.",
      act: "Give up",
      keep: "Keep waiting",
    });
    if (isSure) this.page.send({ do: "give_up_runtime", runtime: session });
  }

  /** No longer wait for the end of a run. @param {string} cellId */
  giveUp(cellId) {
    const execution = this.page.model.cell(cellId)?.execution;
    if (execution) this.page.send({ do: "give_up", execution_id: execution.id });
  }

  /** @param {string} executionId @param {string} inputId @param {string} value */
  reply(executionId, inputId, value) {
    this.page.send({ do: "reply_input", execution_id: executionId, input_id: inputId, value });
  }

  /** Say politely which runs have ended, and tell who has gone elsewhere. */
  sayEnds() {
    const { view } = this.page.model;
    for (const [index, id] of view.order.entries()) {
      const execution = view.cells[id]?.execution;
      const status = execution?.status ?? "";
      const before = this._drawn.get(id) ?? "";
      if (status === before) continue;
      this._drawn.set(id, status);
      if (!execution || !WENT_ON.has(before)) continue;
      if (!WENT_ON.has(status)) {
        this.page.ends.ended(index, execution);
        this.page.installs.ended(execution);
      }
      if (status === "ok") announce(`Cell ${index + 1} finished`);
      if (status === "error") announce(`Cell ${index + 1} failed`);
    }
  }
}
