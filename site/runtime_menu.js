/** The runtime in full: what it is, what it does, what would be lost. It follows the runtime while it is open. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { float } from "./menus.js";
import { actorMark } from "./actors.js";
import { queueWords, runtimeWords } from "./header.js";
import { spanWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./icons.js").IconName} IconName */

const LOSS =
  "A restart, or closing the tab that runs Python, loses its variables, imports and the files that code wrote. The notebook, its outputs and the files you added stay.";
const AGAIN = 1000; // ms between two looks at the runtime

/** @param {Page} page @param {HTMLElement} anchor */
export function openRuntime(page, anchor) {
  if (anchor.getAttribute("aria-expanded") === "true") return;
  /** @type {() => void} */
  let close = () => {};
  const act = (/** @type {string} */ label, /** @type {IconName} */ picture, /** @type {() => void} */ run) =>
    h(
      "button",
      {
        class: "btn line", type: "button",
        onclick: () => {
          close();
          run();
        },
      },
      icon(picture),
      label,
    );
  const interrupt = act("Interrupt", "square", () => page.run.interrupt());
  const restart = act("Restart", "rotate-ccw", () => page.run.restart(false));
  const again = act("Restart and run all", "play", () => page.run.restart(true));
  const top = h("div", { class: "top" });
  let shown = "";
  const draw = () => {
    const { status } = page.model.view.runtime ?? {};
    const why = page.rights.why("run");
    interrupt.disabled = why !== "" || status !== "busy";
    restart.disabled = why !== "" || !isUp(page);
    again.disabled = why !== "";
    for (const button of [interrupt, restart, again]) button.title = why;
    const fresh = about(page);
    const now = fresh.map((part) => part.outerHTML).join("");
    if (now === shown) return;
    shown = now;
    top.replaceChildren(...fresh);
  };
  draw();
  const surface = h(
    "div",
    { class: "menu rt-pop", role: "dialog", "aria-label": "Runtime" },
    top,
    h("div", { class: "acts" }, interrupt, restart, again),
    h("div", { class: "loss" }, LOSS),
  );
  const looking = setInterval(draw, AGAIN);
  close = float(anchor, surface, { align: "end", onClose: () => clearInterval(looking) });
  /** @type {HTMLElement | null} */ (surface.querySelector("button:not(:disabled)"))?.focus();
}

/** @param {Page} page */
function isUp(page) {
  return ["ready", "busy", "starting"].includes(page.model.view.runtime?.status ?? "none");
}

/** Its mark, and what it is and does. @param {Page} page */
function about(page) {
  const { runtime } = page.model.view;
  const { sign, words } = runtimeWords(page, runtime);
  const name = runtime?.name || "Browser";
  const since = runtime?.status === "busy" && runtime.since ? `, ${spanWords(Date.now() - runtime.since)}` : "";
  const facts = [
    runtime?.status === "busy" ? queueWords(runtime.queue ?? 0) : "",
    runtime?.reason && !isUp(page) ? runtime.reason : "",
  ].filter(Boolean);
  return [
    actorMark({ name, kind: "runtime", hue: "slate", initials: name.slice(0, 1).toUpperCase() }, "lg"),
    h(
      "div",
      null,
      h("div", { class: "line1" }, h("b", null, name), sign === "ring" ? h("span", { class: "ring" }) : h("span", { class: `dot ${sign}` }), h("span", { class: "t" }, words, since)),
      h("p", null, languageWords(page)),
      facts.length ? h("p", { class: "q t" }, facts.join(" · ")) : null,
      ...startWords(page).map((words) => h("p", { class: "q t" }, words)),
    ),
  ];
}

/** @param {Page} page */
function languageWords(page) {
  const language = page.model.view.runtime?.language ?? {};
  const version = typeof language.version === "string" ? ` ${language.version.split(".").slice(0, 2).join(".")}` : "";
  const where = page.isHost ? "in this tab" : "in another tab of this browser";
  const isHere = !page.model.view.runtime || page.model.view.runtime.kind !== "native";
  return isHere ? `Python${version} ${where}. Nothing leaves your computer unless code sends it.` : `Python${version}.`;
}

const WORKERS = { runtime: "Python here", notebook: "The notebook's own Python" };

/** How long Python took to start, and from what. @param {Page} page */
function startWords(page) {
  return Object.entries(WORKERS).flatMap(([worker, name]) => {
    const started = page.started[worker];
    if (!started) return [];
    const seconds = (started.milliseconds / 1000).toFixed(1);
    const how = started.snapshot ? `from the snapshot “${started.snapshot}”` : `without its snapshot (${started.why})`;
    return [`${name} started in ${seconds} s, ${how}.`];
  });
}
