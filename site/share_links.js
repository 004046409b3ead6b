/** Links: one for each thing that people may do with the notebook. */

import { h } from "./dom.js";
import { joinAddress } from "./join.js";
import { ROLES } from "./people.js";
import { icon } from "./icons.js";
import { whyOnlyHere } from "./reach.js";
import { confirmRow, copyField, redraw } from "./share_parts.js";
import { plural } from "./words.js";

/** @typedef {import("./share.js").ShareDialog} ShareDialog */
/** @typedef {import("./types.js").Role} Role */
/** @typedef {import("./types.js").ShareLink} ShareLink */

/** @type {[Role, string][]} */
const CHOICES = [
  ["view", "Read the notebook, its outputs and its history."],
  ["comment", "View, and leave comments on cells."],
  ["edit", "Comment, and change cells. Cannot run code."],
  ["run", "Edit, and run code on the runtimes that are attached."],
];
/** @type {[Role, string]} */
const MACHINES = ["runtime", "Run the notebook's code on a machine of yours. It changes no cell."];
/** What readers are told of their own right. @type {Record<string, string>} */
const MAY = {
  view: "You can read this notebook.", comment: "You can read and comment.", edit: "You can edit, but not run code.",
  run: "You can edit and run code.", own: "You own this notebook.", runtime: "This is a runtime of the notebook.",
};

/** "edit link", "view link": as buttons name it. @type {Record<string, string>} */
const NAMES = { view: "view link", comment: "comment link", edit: "edit link", run: "run link", runtime: "runtime link" };

/** @param {ShareDialog} dialog @param {HTMLElement} place */
export function drawLinks(dialog, place) {
  const { state, role, asked, busy, owns } = dialog;
  const links = state.links.filter(({ revoked }) => !revoked);
  const isLive = state.status === "live";
  redraw(place, [owns, isLive, state.role, state.relay, role, asked === "link", busy, links], () => {
    if (!owns) return h("p", { class: "share-mine" }, MAY[state.role] ?? "", " Only the owner makes links.");
    const link = links.find((each) => each.role === role);
    const address = link?.fragment ? joinAddress(link.fragment, location.href) : "";
    const onlyHere = whyOnlyHere(state.relay, location.href);
    const isWide = address !== "" && !onlyHere;
    return [
      h("div", { class: "share-main" }, choices(dialog, links), linkRow(dialog, link, address, onlyHere), underRow(dialog, link, onlyHere)),
      isWide ? h("div", { class: "share-qr" }, code(address, NAMES[role] ?? ""), h("p", null, "Scan to open on a phone. The code carries the same key as the link.")) : null,
    ];
  });
  place.classList.toggle("narrow", !place.querySelector(".share-qr"));
}

/** @param {ShareDialog} dialog @param {ShareLink[]} links */
function choices(dialog, links) {
  const choice = (/** @type {[Role, string]} */ [role, words]) => {
    const count = links.filter((link) => link.role === role).length;
    const pick = () => {
      dialog.role = role;
      dialog.asked = "";
      dialog.draw();
    };
    const radio = h("input", {
      type: "radio", name: "share-role", value: role, "data-name": `role-${role}`, "aria-label": ROLES[role],
      "aria-describedby": `share-role-${role}`, ".checked": dialog.role === role, disabled: dialog.busy !== "", onchange: pick,
    });
    return h(
      "label",
      null,
      radio,
      h("span", { class: "what" }, h("b", null, ROLES[role]), h("span", { id: `share-role-${role}` }, words)),
      h("span", { class: "many" }, count ? plural(count, "link") : ""),
    );
  };
  return [
    h("fieldset", { class: "share-roles" }, h("legend", null, "Anyone with the link can"), CHOICES.map(choice)),
    h("details", { class: "share-machines", open: dialog.role === MACHINES[0] }, h("summary", null, "For machines"), h("div", { class: "share-roles" }, choice(MACHINES))),
  ];
}

/** @param {ShareDialog} dialog @param {ShareLink | undefined} link @param {string} address @param {string} onlyHere */
function linkRow(dialog, link, address, onlyHere) {
  const name = NAMES[dialog.role] ?? "link";
  if (link && !link.fragment)
    return h("p", { class: "share-hint" }, `This ${name} was made in another browser, and its key is only there. Revoke it to make a new one here.`);
  if (!link) {
    const words = dialog.busy === "link" ? `Creating the ${name}` : `Create ${name}`;
    const canAsk = dialog.state.status === "live" && !dialog.busy;
    const create = () => canAsk && dialog.act("link", { do: "link", role: dialog.role });
    return h(
      "div",
      { class: "share-row" },
      h("div", { class: "inp none" }, h("span", { class: "q" }, `There is no ${name} yet.`)),
      h("button", { class: "btn pri", type: "button", "data-name": "main", "aria-disabled": canAsk ? null : "true", onclick: create }, icon("plus"), words),
    );
  }
  const words = onlyHere ? `Copy ${name} for this computer` : `Copy ${name}`;
  return h("div", { class: "share-row" }, ...copyField(address, "link", `The ${name}`, words));
}

/** What the link lacks, and the way to end it. @param {ShareDialog} dialog @param {ShareLink | undefined} link @param {string} onlyHere */
function underRow(dialog, link, onlyHere) {
  const hint = onlyHere ? h("p", { class: "share-hint warn" }, `${onlyHere} People at other computers cannot use this link.`) : null;
  if (!link) return hint;
  const ask = (/** @type {string} */ asked) => () => {
    dialog.asked = asked;
    dialog.draw();
  };
  if (dialog.asked !== "link")
    return [hint, h("div", { class: "share-under" }, h("button", { class: "lnk dan", type: "button", "data-name": "revoke", onclick: ask("link") }, "Revoke this link"))];
  return [
    hint,
    confirmRow(
      "revoke",
      "Nobody can use this link any more, and no new events come over it. Copies that people hold stay with them. This cannot be undone.",
      "Keep it", ask(""), "Revoke this link", () => dialog.act("revoke", { do: "revoke", link: link.id }),
    ),
  ];
}

/** @param {string} address @param {string} name */
function code(address, name) {
  const plate = h("div", { class: "plate" });
  import("./qr.js")
    .then(({ drawQr }) => plate.append(drawQr(address, `QR code of the ${name}`)))
    .catch(() => plate.remove());
  return plate;
}
