/** Who is here, where they are and what they may do; owners can remove them. */

import { NAMELESS, actorMark, actorOf } from "./actors.js";
import { h } from "./dom.js";
import { ROLES, crowd, placeWords, shortName } from "./people.js";
import { confirmRow, redraw } from "./share_parts.js";

/** @typedef {import("./share.js").ShareDialog} ShareDialog */
/** @typedef {import("./types.js").Actor} Actor */
/** @typedef {{actor: string, who: Actor, you: boolean, where: string, role: string}} Row */

const KINDS = { person: "", agent: "agent", runtime: "runtime" };

/** @param {ShareDialog} dialog @param {HTMLElement} place */
export function drawPeople(dialog, place) {
  const { sharing, model } = dialog.page;
  const granted = new Map(dialog.state.people.filter(({ removed }) => !removed).map(({ actor, role }) => [actor, role]));
  const row = (/** @type {{actor: string, who: Actor, you: boolean}} */ { actor, who, you }, where = "") => {
    const role = granted.get(actor) ?? (you ? dialog.state.role : "");
    return { actor, who, you, where, role };
  };
  const here = crowd(sharing.people).map((person) => row(person, placeWords(person, model.view.order)));
  const known = new Set([...here.map(({ actor }) => actor), model.me]);
  const away = [...granted.keys()].filter((actor) => !known.has(actor)).map((actor) => row({ actor, who: actorOf(model.view.actors, actor), you: false }));
  const { owns, asked, busy } = dialog;
  redraw(place, [here, away, owns, asked, busy], () => [
    h("h3", { id: "share-here" }, "Here now ", h("span", { class: "q t" }, String(here.length))),
    here.length ? h("ul", null, here.map((each) => line(dialog, each))) : h("p", { class: "q" }, "Nobody is connected now."),
    away.length ? [h("h3", null, "Not here now ", h("span", { class: "q t" }, String(away.length))), h("ul", null, away.map((each) => line(dialog, each)))] : null,
  ]);
}

/** @param {ShareDialog} dialog @param {Row} row */
function line(dialog, { actor, who, you, where, role }) {
  const name = who.name || NAMELESS;
  const said = [KINDS[who.kind], you && name !== NAMELESS ? "you" : ""].filter(Boolean).join(", ");
  const mark = actorMark(who);
  mark.setAttribute("aria-hidden", "true");
  const ask = (/** @type {string} */ asked) => () => {
    dialog.asked = asked;
    dialog.draw();
  };
  const canRemove = dialog.owns && !you && role !== "";
  const remove = h("button", { class: "lnk dan", type: "button", "data-name": `remove-${actor}`, "aria-label": `Remove ${name}`, onclick: ask(actor) }, "Remove");
  return h(
    "li",
    null,
    mark,
    h("span", { class: "name" }, h("b", null, name), said ? h("span", { class: "q" }, ` ${said}`) : null),
    h("span", { class: "where" }, where),
    h("span", { class: "role" }, ROLES[role] ?? "", canRemove && dialog.asked !== actor ? remove : null),
    canRemove && dialog.asked === actor
      ? confirmRow(
          `remove-${actor}`,
          `What ${shortName(who)} does from now on is not taken, and no new events are sent to them. What they have seen they may keep. This cannot be undone.`,
          "Keep", ask(""), `Remove ${name}`, () => dialog.act("remove", { do: "remove", actor }),
        )
      : null,
  );
}
