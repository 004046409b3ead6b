/** The mark of who did it: round is a person, square an agent, a hexagon a runtime. */

import { h } from "./dom.js";

/** @typedef {import("./types.js").Actor} Actor */

export const HUES = "pine rust rose lagoon olive bronze plum slate".split(" ");
/** @type {Record<string, string>} */
const SHAPES = { person: "", agent: "ag", runtime: "rt" };

/** @type {Actor} */
const UNKNOWN = { name: "Somebody", kind: "person", hue: "slate", initials: "?" };

/** Never anything but a known hue. @param {string} hue */
export function hueName(hue) {
  return HUES.includes(hue) ? hue : "slate";
}

/** Colours of actors as a custom property. @param {string} hue */
export function hueVariable(hue) {
  return `var(--${hueName(hue)})`;
}

/** Who never said a name is called so in the log; to all others that is no name. */
export const NAMELESS = "You";

/** @param {Record<string, Actor>} actors @param {string} id @returns {Actor} */
export function actorOf(actors, id) {
  const actor = actors[id] ?? UNKNOWN;
  if (actor.kind !== "person" || (actor.name && (actor.me || actor.name !== NAMELESS))) return actor;
  const { name, initials } = actor.me ? { name: NAMELESS, initials: "Y" } : UNKNOWN;
  return { ...actor, name, initials };
}

/**
 * @param {Actor} actor
 * @param {"xs" | "" | "lg"} [size]
 */
export function actorMark(actor, size = "") {
  const named = size === "xs" ? { "aria-hidden": "true" } : { role: "img", "aria-label": actor.name };
  const mark = h(
    "span",
    { class: `av ${size} ${SHAPES[actor.kind] ?? ""}`, title: actor.name, ...named },
    actor.initials,
  );
  mark.style.setProperty("--c", hueVariable(actor.hue));
  return mark;
}
