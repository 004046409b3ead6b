/** Who is in a cell, in its right margin. It lies over the margin: nobody's coming moves a line. */

import { actorMark } from "./actors.js";
import { h } from "./dom.js";
import { doingWords, namesWords, shortName } from "./people.js";

/** @typedef {import("./people.js").Present} Present */

const MOST = 4; // marks side by side

/** @type {WeakMap<HTMLElement, string>} */
const drawn = new WeakMap();

/** @param {HTMLElement} cell @param {Present[]} people empty: nobody but you */
export function drawHere(cell, people) {
  const key = JSON.stringify(people.map(({ actor, mode, who }) => [actor, mode, who.name, who.initials, who.hue]));
  if ((drawn.get(cell) ?? "[]") === key) return;
  drawn.set(cell, key);
  cell.querySelector(":scope > .here")?.remove();
  cell.classList.toggle("peopled", people.length > 0);
  if (people.length) cell.append(h("div", { class: "here", title: namesWords(people) }, inside(people)));
}

/** @param {Present[]} people */
function inside(people) {
  const [first] = people;
  const isAlone = people.length === 1 && first;
  return [
    h("div", { class: "avs" }, marks(people, MOST), isAlone ? h("span", { class: "name" }, shortName(first.who)) : null),
    h("div", { class: "what" }, doingWords(people)),
  ];
}

/** So many marks, and how many more there are. @param {Present[]} people @param {number} most */
export function marks(people, most) {
  const shown = people.length > most ? people.slice(0, most - 1) : people;
  const more = people.length - shown.length;
  return [...shown.map(({ who }) => actorMark(who)), more ? h("span", { class: "av-more" }, `+${more}`) : null];
}
