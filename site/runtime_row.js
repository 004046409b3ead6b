/** One runtime in the menu: who it is, how it is, what it does, and what can be asked of it. */

import { actorMark, actorOf } from "./actors.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isAlive, kindWords, queueWords, runtimeName, runtimeWords } from "./runtimes.js";

/** @typedef {import("./runtime_menu.js").RuntimeMenu} RuntimeMenu */
/** @typedef {import("./types.js").Runtime} Runtime */
/** @typedef {import("./icons.js").IconName} IconName */

const WORKERS = { runtime: "Python here", notebook: "The notebook's own Python" };

/** @param {RuntimeMenu} menu @param {Runtime} runtime */
export function drawRuntime(menu, runtime) {
  const { page } = menu;
  const name = runtimeName(page, runtime);
  const { sign, words } = runtimeWords(page, runtime);
  const since = runtime.status === "busy" && runtime.since ? h("span", { "data-since": runtime.since }) : null;
  return h(
    "li",
    { class: runtime.selected ? "sel" : "", "data-runtime": runtime.session, "aria-current": runtime.selected ? "true" : null },
    actorMark({ name, kind: "runtime", hue: hueOf(menu, runtime), initials: initialOf(name, runtime) }, "lg"),
    h(
      "div",
      { class: "rt-about" },
      h("div", { class: "line1" }, h("b", null, name), h("span", { class: "how t" }, h("span", { class: sign }), h("span", null, words, since))),
      h("p", null, kindWords(page, runtime)),
      ...factsOf(menu, runtime).map((fact) => h("p", { class: "q t" }, fact)),
    ),
    h("div", { class: "rt-acts" }, ...actsOf(menu, runtime, name)),
  );
}

/** @param {RuntimeMenu} menu @param {Runtime} runtime */
function hueOf({ page }, { owner, actor }) {
  return actorOf(page.model.view.actors, owner ?? actor ?? "").hue;
}

/** @param {string} name @param {Runtime} runtime */
function initialOf(name, { kind, here }) {
  return kind === "browser" && here ? "B" : name.replace(/^Python in /, "").slice(0, 1).toUpperCase();
}

/** @param {RuntimeMenu} menu @param {Runtime} runtime */
function factsOf({ page }, runtime) {
  const { status, queue = 0, reason } = runtime;
  const facts = [];
  const waits = queue ? ` ${queueWords(queue)}.` : "";
  if (runtime.selected || waits) facts.push(`${runtime.selected ? "Runs the cells of this notebook." : ""}${waits}`.trim());
  if (status === "unreachable") facts.push("What it runs may go on there, and comes when it is back. Cells sent to it stay queued.");
  if (status === "unknown") facts.push("You are not connected. What is asked of it is sent when you are.");
  if (reason && !isAlive(runtime)) facts.push(reason);
  if (runtime.here) facts.push(...startFacts(page));
  return facts;
}

/** How long Python took to start, and from what. @param {import("./notebook.js").NotebookPage} page */
function startFacts(page) {
  return Object.entries(WORKERS).flatMap(([worker, name]) => {
    const started = page.started[worker];
    if (!started) return [];
    const seconds = (started.milliseconds / 1000).toFixed(1);
    const how = started.snapshot ? `from the snapshot “${started.snapshot}”` : `without its snapshot (${started.why})`;
    return [`${name} started in ${seconds} s, ${how}.`];
  });
}

/** What can be asked of it now. @param {RuntimeMenu} menu @param {Runtime} runtime @param {string} name */
function actsOf(menu, runtime, name) {
  const { page } = menu;
  const { session, status, selected } = runtime;
  if (!page.canRun) return [];
  const act = (/** @type {string} */ key, /** @type {string} */ label, /** @type {IconName | null} */ sign, /** @type {() => void} */ run, look = "line") =>
    h("button", { class: `btn ${look}`, type: "button", "data-name": `${key}-${session}`, "aria-label": selected ? null : `${label}, ${name}`, onclick: run }, sign ? icon(sign) : null, label);
  const isUp = status === "ready" || status === "busy";
  const acts = [];
  if (status === "none") acts.push(act("start", "Start", "play", () => page.send({ do: "start_runtime" })));
  if (status === "busy" || (selected && (isUp || status === "starting"))) {
    const interrupt = act("interrupt", "Interrupt", "square", () => page.run.interrupt(session));
    interrupt.disabled = status !== "busy";
    acts.push(interrupt);
  }
  if (!selected && (isUp || status === "unknown"))
    acts.push(act("over", page.model.view.runtime?.selected ? "Hand over" : "Use", "arrow-right", () => menu.lookAt(session)));
  if (isUp && selected) {
    acts.push(act("restart", "Restart", "rotate-ccw", () => leave(menu, () => page.run.restart(false, session))));
    acts.push(act("again", "Restart and run all", null, () => leave(menu, () => page.run.restart(true, session)), "quiet"));
  }
  if (isUp) acts.push(act("stop", "Stop", null, () => leave(menu, () => page.run.stop(session, name)), "quiet"));
  if (status === "unreachable") acts.push(act("give-up", "Give up", null, () => leave(menu, () => page.run.giveUpRuntime(session, name))));
  return acts;
}

/** What asks first does so in the place of the menu. @param {RuntimeMenu} menu @param {() => void} then */
function leave(menu, then) {
  menu.close();
  then();
}
