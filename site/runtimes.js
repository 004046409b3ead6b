/** Runtimes in words: which there are, how they are, what becomes of what waits for them. */

import { actorOf } from "./actors.js";
import { shortName } from "./people.js";
import { announce } from "./toast.js";
import { plural, timeWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Runtime} Runtime */
/** @typedef {import("./types.js").Execution} Execution */

/** This page's Python, which nobody has started. @type {Runtime} */
const NOT_STARTED = { session: "", name: "Python in this browser", kind: "browser", status: "none", here: true };
const ENDED = new Set(["none", "stopped", "lost"]);

/** @param {Runtime | null | undefined} runtime @returns {runtime is Runtime} */
export function isAlive(runtime) {
  return Boolean(runtime) && !ENDED.has(/** @type {Runtime} */ (runtime).status);
}

/** Whether code may have left something in it; what ran is counted for the selected one only. @param {Runtime | null | undefined} runtime @returns {runtime is Runtime} */
export function hasMemory(runtime) {
  return isAlive(runtime) && runtime.status !== "starting" && (!runtime.selected || (runtime.count ?? 0) > 0);
}

/** All that can be asked to run, the selected one first; this page's own too, started or not. @param {Page} page */
export function runtimesOf(page) {
  const known = page.model.view.runtimes ?? [];
  const all = known.some(({ here }) => here) ? known : [NOT_STARTED, ...known];
  const rank = (/** @type {Runtime} */ { selected, here }) => (selected ? 0 : here ? 1 : 2);
  return [...all].sort((one, other) => rank(one) - rank(other));
}

/** The runtime that runs an execution, or is asked to. @param {Page} page @param {Execution} execution */
export function runtimeOf(page, execution) {
  const { runtimes = [], runtime } = page.model.view;
  if (!execution.runtime) return runtime?.selected ? runtime : null;
  return runtimes.find(({ session }) => session === execution.runtime) ?? null;
}

/** "Python in this browser", "Python in Ada’s browser", "lab-gpu-2". @param {Page} page @param {Runtime | null} runtime */
export function runtimeName(page, runtime) {
  if (!runtime?.name) return NOT_STARTED.name;
  if (runtime.kind !== "browser" || runtime.here || !page.sharing.isShared) return runtime.name;
  const owner = runtime.owner ? actorOf(page.model.view.actors, runtime.owner) : null;
  if (!owner) return "Python in somebody’s browser";
  return owner.me ? "Python in another tab of yours" : `Python in ${shortName(owner)}’s browser`;
}

/** How a runtime is: the look of its sign, and the words beside it. @param {Page} page @param {Runtime | null} runtime @returns {{sign: string, words: string}} */
export function runtimeWords(page, runtime) {
  if (page.isReadOnly) return { sign: "dot off", words: "Off while read-only" };
  if (page.status.preparing) return { sign: "ring", words: page.status.preparing };
  if (runtime?.asked && isAlive(runtime) && runtime.status !== "unreachable")
    return { sign: "ring", words: runtime.asked === "stop" ? "Stopping" : "Restarting" };
  switch (runtime?.status) {
    case "starting":
      return { sign: "ring", words: "Starting" };
    case "busy":
      return { sign: "ring", words: `Running ${runningWords(page, runtime.running ?? null)}`.trim() };
    case "ready":
      return { sign: "dot", words: "Ready" };
    case "unreachable":
      return { sign: "dot away", words: `Not answering${sinceWords(runtime)}` };
    case "unknown":
      return { sign: "dot off", words: "Not known while you are offline" };
    case "lost":
      return { sign: "dot bad", words: "Lost" };
    case "stopped":
      return { sign: "dot off", words: "Stopped" };
    default:
      return { sign: "dot off", words: runtime ? "Not started" : "Starts with the first run" };
  }
}

/** " since 10:47"; empty where nobody knows. @param {Runtime} runtime */
function sinceWords({ gone }) {
  return gone ? ` since ${timeWords(gone)}` : "";
}

/** A cell by what people call it: "[10]" or "cell 3". @param {Page} page @param {string} id */
export function cellWords(page, id) {
  const { view } = page.model;
  const count = view.cells[id]?.execution?.count;
  return count ? `[${count}]` : `cell ${view.order.indexOf(id) + 1}`;
}

/** The cell of an execution; empty where it is gone. @param {Page} page @param {string | null} executionId */
export function runningWords(page, executionId) {
  const { view } = page.model;
  const id = view.order.find((each) => view.cells[each]?.execution?.id === executionId);
  return id ? cellWords(page, id) : "";
}

/** "2 cells wait". @param {number} queue */
export function queueWords(queue) {
  return queue ? `${plural(queue, "cell")} ${queue === 1 ? "waits" : "wait"}` : "";
}

/** What it is, and where. @param {Page} page @param {Runtime} runtime */
export function kindWords(page, runtime) {
  const { language = {}, kind, here } = runtime;
  const name = String(language["name"] ?? "python");
  const shown = name.charAt(0).toUpperCase() + name.slice(1);
  const version = typeof language["version"] === "string" ? ` ${language["version"].split(".").slice(0, 2).join(".")}` : "";
  if (kind === "jupyter") return `Jupyter kernel, ${shown}${version}, on a machine that joined.`;
  if (kind === "python") return `${shown}${version}, on a machine that joined.`;
  if (!here && page.sharing.isShared) return `${shown}${version}, as long as that page is open.`;
  const where = page.isHost || !runtime.session ? "in this tab" : "in another tab of this browser";
  return `${shown}${version} ${where}. Nothing leaves your computer unless code sends it.`;
}

/** What cells say of runtimes beside what they run: it is the same while all goes well. @param {import("./types.js").View} view */
export function reachOf({ runtimes = [], runtime }) {
  const isUp = (/** @type {string} */ status) => status === "ready" || status === "busy";
  return JSON.stringify([runtime?.selected && runtime.session, runtimes.map(({ session, name, status, gone }) => [session, name, isUp(status) ? "" : status, gone])]);
}

/** Why a running cell may say nothing more for now; empty where all is well. @param {Page} page @param {Execution} execution */
export function silenceWords(page, execution) {
  const runtime = runtimeOf(page, execution);
  const name = runtimeName(page, runtime);
  if (runtime?.status === "unreachable") return `${name} has not answered${sinceWords(runtime)}. It may go on there; what it prints comes when it is back.`;
  if (runtime?.status === "unknown") return `It ran on ${name} when you were last online.`;
  return "";
}

/** What a cell at the head of its queue waits for. @param {Page} page @param {Execution} execution */
export function waitWords(page, execution) {
  const runtime = runtimeOf(page, execution);
  const name = runtimeName(page, runtime);
  switch (runtime?.status) {
    case "unreachable":
      return `Queued. ${name} has not answered${sinceWords(runtime)}: it runs when that is back, or on another runtime if you hand over.`;
    case "unknown":
      return `Queued. ${name} hears of it when you are online again.`;
    case "starting":
      return "Queued. It runs when Python is ready.";
    case "busy":
    case "ready":
      return runtime.selected ? "Queued." : `Queued on ${name}.`;
    default:
      if (execution.runtime) return "Queued. The Python that is to run it has not started.";
      return "Queued. No runtime is selected.";
  }
}

/** Says politely what becomes of the selected runtime. */
export class RuntimeVoice {
  /** @type {Runtime | null} */ #last = null;

  /** @param {Page} page */
  say(page) {
    const { runtime } = page.model.view;
    const now = runtime?.selected ? runtime : null;
    const last = this.#last;
    this.#last = now;
    if (!now || !last) return;
    const name = runtimeName(page, now);
    if (now.session !== last.session) announce(`Cells run on ${name} now`);
    else if (now.status === "unreachable" && last.status !== "unreachable") announce(`${name} is not answering`);
    else if (last.status === "unreachable" && isAlive(now) && now.status !== "unknown" && now.status !== "unreachable") announce(`${name} answers again`);
  }
}
