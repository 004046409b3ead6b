/** What it means that another runtime runs cells from now on: said before it is done. */

import { h } from "./dom.js";
import { isAlive, runningWords, runtimeName } from "./runtimes.js";
import { plural } from "./words.js";

/** @typedef {import("./runtime_menu.js").RuntimeMenu} RuntimeMenu */
/** @typedef {import("./types.js").Runtime} Runtime */

/** @param {RuntimeMenu} menu @param {Runtime} to */
export function drawHandOver(menu, to) {
  const { page } = menu;
  const { runtime } = page.model.view;
  const from = runtime?.selected && isAlive(runtime) ? runtime : null;
  const name = runtimeName(page, to);
  const act = from ? `Hand over to ${name}` : `Use ${name}`;
  const select = () => {
    page.send({ do: "select_runtime", runtime: to.session });
    menu.lookAway();
  };
  return [
    h("div", { class: "rt-head" }, h("h3", { id: "rt-over" }, act), h("p", { class: "q" }, "For everybody in this notebook")),
    from ? h("dl", null, ...rowsOf(menu, from, name)) : h("p", null, `Cells run on ${name} from now on.`),
    h(
      "div",
      { class: "rt-foot" },
      from ? h("p", { class: "q" }, "You can hand back at any time.") : null,
      h("button", { class: "btn line", type: "button", "data-name": "cancel", onclick: () => menu.lookAway() }, "Cancel"),
      h("button", { class: "btn pri", type: "button", "data-name": "main", onclick: select }, act),
    ),
  ];
}

/** @param {RuntimeMenu} menu @param {Runtime} from @param {string} to */
function rowsOf({ page }, from, to) {
  const name = runtimeName(page, from);
  const running = from.running ? runningWords(page, from.running) || "What runs" : "";
  const isSilent = from.status === "unreachable" || from.status === "unknown";
  const row = (/** @type {string} */ what, /** @type {string} */ becomes, look = "") => [h("dt", null, what), h("dd", { class: look }, becomes)];
  return [
    ...(running ? row(running, isSilent ? `Stays with ${name}, which does not answer now` : `Runs to its end on ${name}`) : []),
    ...(from.queue ? row(plural(from.queue, "waiting cell"), `Go${from.queue === 1 ? "es" : ""} to ${to}, in order`) : []),
    ...row("Variables, imports", `Stay on ${name}. ${to} has its own`, "stale"),
    ...row("Files that code wrote", `Stay on ${name}`, "stale"),
    ...row("The notebook’s files", "Are there too"),
  ];
}
