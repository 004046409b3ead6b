/** How a machine of one's own becomes a runtime of the notebook. */

import { h } from "./dom.js";
import { messageOf } from "./files.js";
import { icon } from "./icons.js";
import { joinAddress } from "./join.js";
import { copyField } from "./share_parts.js";
import { sentence } from "./words.js";

/** @typedef {import("./runtime_menu.js").RuntimeMenu} RuntimeMenu */

/** @param {RuntimeMenu} menu */
export function drawJoin(menu) {
  return [
    h("div", { class: "rt-head" }, h("h3", { id: "rt-join" }, "Run it on your own machine")),
    ...body(menu),
    menu.wrong ? h("p", { class: "rt-wrong", role: "alert" }, menu.wrong) : null,
  ];
}

/** @param {RuntimeMenu} menu */
function body(menu) {
  const { page } = menu;
  const { state, isShared } = page.sharing;
  if (!isShared)
    return [
      h("p", null, "A machine joins over a relay, as people do. This notebook is only in this browser: share it first."),
      h("div", { class: "rt-foot" }, h("button", { class: "btn line", type: "button", "data-name": "share", onclick: () => share(menu) }, icon("users"), "Share this notebook")),
    ];
  if (state.role !== "own") return [h("p", null, "Only owners make links for machines. Ask the owner of this notebook for a runtime link, and run ", h("code", null, "foldbook join"), " with it.")];
  if (!menu.command) {
    const make = () => makeCommand(menu);
    const canMake = state.status === "live";
    return [
      h("p", null, "A machine that runs Foldbook’s command joins this notebook, and its cells can run there: with that machine’s Python, files and network."),
      h(
        "div",
        { class: "rt-foot" },
        canMake ? null : h("p", { class: "q" }, "You are not connected to the relay now."),
        h("button", { class: "btn line", type: "button", "data-name": "main", disabled: !canMake, onclick: make }, "Make the command"),
      ),
    ];
  }
  const row = copyField(menu.command, "command", "The command for that machine", "Copy", "Copy the command");
  return [h("div", { class: "rt-command" }, ...row), ...meaning()];
}

/** @param {RuntimeMenu} menu */
function share(menu) {
  menu.close();
  menu.page.openShare();
}

/** @param {RuntimeMenu} menu */
async function makeCommand(menu) {
  try {
    const { link } = await menu.page.sharing.ask({ do: "link", role: "runtime" });
    menu.command = `foldbook join '${joinAddress(link.fragment, location.href)}'`;
    menu.wrong = "";
  } catch (error) {
    menu.wrong = sentence(messageOf(error));
  }
  menu.draw();
}

function meaning() {
  return [
    h("p", null, "Run it there, where Foldbook is installed. Code of this notebook then runs as you on that machine, with its files and its network, when people ask for it who may run here."),
    h("p", { class: "q" }, "It has a key in it: whoever has the command can bring a machine, and read the notebook. You revoke it under Share, For machines. ", h("code", null, "foldbook join -"), " asks for the link, so that it stands in no list of processes."),
  ];
}
