/** The runtime in full: what it is, what it does, what would be lost. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { float } from "./menus.js";
import { actorMark } from "./actors.js";
import { queueWords, runtimeWords } from "./header.js";
import { upWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

/** @param {Page} page @param {HTMLElement} anchor */
export function openRuntime(page, anchor) {
  if (anchor.getAttribute("aria-expanded") === "true") return;
  const { runtime } = page.model.view;
  const { sign, words } = runtimeWords(page, runtime);
  const name = runtime?.name || "Browser";
  const isUp = runtime !== null && ["ready", "busy", "starting"].includes(runtime.status);
  /** @type {() => void} */
  let close = () => {};
  const act = (/** @type {string} */ label, /** @type {import("./icons.js").IconName} */ picture, /** @type {() => void} */ run, /** @type {boolean} */ enabled) =>
    h(
      "button",
      {
        class: "btn line", type: "button", disabled: !enabled || page.isReadOnly,
        onclick: () => {
          close();
          run();
        },
      },
      icon(picture),
      label,
    );
  const facts = [
    runtime?.status === "busy" ? queueWords(runtime.queue ?? 0) : "",
    isUp && runtime?.since ? `Up ${upWords(Date.now() - runtime.since)}` : "",
    runtime?.reason && !isUp ? runtime.reason : "",
  ].filter(Boolean);
  const surface = h(
    "div",
    { class: "menu rt-pop", role: "dialog", "aria-label": "Runtime" },
    h(
      "div",
      { class: "top" },
      actorMark({ name, kind: "runtime", hue: "slate", initials: name.slice(0, 1).toUpperCase() }, "lg"),
      h(
        "div",
        null,
        h("div", { class: "line1" }, h("b", null, name), sign === "ring" ? h("span", { class: "ring" }) : h("span", { class: `dot ${sign}` }), h("span", null, words)),
        h("p", null, languageWords(page)),
        facts.length ? h("p", { class: "q t" }, facts.join(" · ")) : null,
      ),
    ),
    h(
      "div",
      { class: "acts" },
      act("Interrupt", "square", () => page.run.interrupt(), runtime?.status === "busy"),
      act("Restart", "rotate-ccw", () => page.run.restart(false), isUp),
      act("Restart and run all", "play", () => page.run.restart(true), true),
    ),
    h(
      "div",
      { class: "loss" },
      "A restart, or closing the tab that runs Python, loses its variables, imports and the files that code wrote. The notebook, its outputs and the files you added stay.",
    ),
  );
  close = float(anchor, surface, { align: "end" });
  /** @type {HTMLElement | null} */ (surface.querySelector("button:not(:disabled)"))?.focus();
}

/** @param {Page} page */
function languageWords(page) {
  const language = page.model.view.runtime?.language ?? {};
  const version = typeof language.version === "string" ? ` ${language.version.split(".").slice(0, 2).join(".")}` : "";
  const where = page.isHost ? "in this tab" : "in another tab of this browser";
  const isHere = !page.model.view.runtime || page.model.view.runtime.kind !== "native";
  return isHere ? `Python${version} ${where}. Nothing leaves your computer unless code sends it.` : `Python${version}.`;
}
