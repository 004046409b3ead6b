/** The right margin: who, when, how long. */

import { actorMark, actorOf } from "./actors.js";
import { attr, fill, h, setText } from "./dom.js";
import { shortName } from "./people.js";
import { isBusy, isWaiting } from "./cell_state.js";
import { fullTimeWords, spanWords, timeWords } from "./words.js";

/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {import("./types.js").View} View */

/** @type {WeakMap<HTMLElement, string>} */
const drawn = new WeakMap();

/** Who changed or ran it last, and when. @param {Cell} cell */
function lastMark(cell) {
  const asked = cell.type === "code" ? cell.execution?.requested : null;
  const edited = cell.edited ?? cell.created;
  if (asked && (!edited || asked.ts >= edited.ts || asked.actor)) return asked;
  return edited;
}

/** @param {HTMLElement} place @param {Cell} cell @param {View} view */
export function drawProvenance(place, cell, view) {
  const mark = lastMark(cell);
  const actor = actorOf(view.actors, mark?.actor ?? "");
  const what = whatWords(cell);
  const key = JSON.stringify([mark, actor, what, new Date().toDateString()]);
  if (drawn.get(place) === key) return;
  drawn.set(place, key);
  attr(place, "title", mark ? `${actor.name || "You"}, ${fullTimeWords(mark.ts)}` : null);
  fill(
    place,
    mark &&
      h(
        "div",
        { class: "who" },
        actorMark(actor, "xs"),
        h("span", { class: "name" }, shortName(actor)),
        h("time", { datetime: new Date(mark.ts).toISOString() }, timeWords(mark.ts)),
      ),
    what && h("div", { class: "what" }, what),
  );
}

/** Only the seconds of a running cell. @param {HTMLElement} place @param {Cell} cell @param {number} now */
export function drawSeconds(place, cell, now) {
  const line = place.querySelector(".what");
  if (line && cell.execution?.started) setText(line, `Running, ${spanWords(now - cell.execution.started)}`);
}

/** @param {Cell} cell @returns {string} */
function whatWords(cell) {
  const execution = cell.type === "code" ? cell.execution : null;
  if (!execution) return "";
  if (isWaiting(cell)) return "Queued";
  if (isBusy(cell)) return "Running";
  if (execution.status === "cancelled") return "Removed";
  if (execution.status === "aborted") return "Not run";
  if (execution.status === "lost") return "Lost";
  if (execution.started && execution.completed) return spanWords(execution.completed - execution.started);
  return "";
}
