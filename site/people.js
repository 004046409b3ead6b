/** Who is here, in words. Pure. */

/** @typedef {import("./types.js").Actor} Actor */
/** @typedef {import("./types.js").Person} Person */
/** @typedef {Person & {who: Actor}} Present */

/** What a link lets people do, from the least to the most. @type {Record<string, string>} */
export const ROLES = { view: "View", comment: "Comment", edit: "Edit", run: "Edit and run", own: "Owner", runtime: "Runtime" };

/** The name as the right margin says it: the first word, or "You". @param {Actor} actor */
export function shortName(actor) {
  const name = actor.name.trim();
  if (!name) return actor.me ? "You" : "Somebody";
  return actor.kind === "runtime" ? name : (name.split(/\s+/)[0] ?? name);
}

/** Everybody once, though on two screens: you first, then as they came. @param {Present[]} people */
export function crowd(people) {
  /** @type {Map<string, Present>} */
  const found = new Map();
  for (const person of people) {
    const known = found.get(person.actor);
    if (!known || rank(person) > rank(known)) found.set(person.actor, person);
  }
  return [...found.values()].sort((a, b) => Number(b.you) - Number(a.you));
}

/** Of one person on two screens the busier one counts. @param {Present} person */
function rank(person) {
  return (person.you ? 10 : 0) + (person.idle ? 0 : 4) + { edit: 2, select: 1, away: 0 }[person.mode];
}

/** Those in a cell, once each; empty where there is nobody but you. @param {Present[]} people @param {string} cell */
export function gathered(people, cell) {
  const here = crowd(people.filter((person) => person.cell === cell && person.mode !== "away"));
  return here.some((person) => !person.you) ? here : [];
}

/** "Tomás", "Tomás and Ines", "Tomás, Ines and 2 others". @param {Present[]} people */
export function namesWords(people) {
  const names = people.map(({ who }) => shortName(who));
  if (names.length > 3) return `${names.slice(0, 2).join(", ")} and ${names.length - 2} others`;
  const last = names.pop() ?? "";
  return names.length ? `${names.join(", ")} and ${last}` : last;
}

/** What is done in a cell: "Tomás", "Tomás editing", "3 people editing". @param {Present[]} here */
export function doingWords(here) {
  const editing = here.filter(({ mode }) => mode === "edit");
  const [first] = here;
  if (here.length === 1 && first) return first.mode === "edit" ? "Editing" : "Reading";
  if (editing.length === 1) return `${shortName(/** @type {Present} */ (editing[0]).who)} editing`;
  return editing.length ? `${countOf(editing)} editing` : `${countOf(here)} here`;
}

/** @param {Present[]} people */
function countOf(people) {
  const arePeople = people.every(({ who }) => who.kind === "person");
  return arePeople ? `${people.length} people` : String(people.length);
}

/** Where somebody is: "Editing cell 4". @param {Present} person @param {string[]} order */
export function placeWords(person, order) {
  const at = order.indexOf(person.cell ?? "") + 1;
  if (person.mode === "away" || at === 0) return person.idle || person.mode === "away" ? "Away" : "Here";
  return `${person.mode === "edit" ? "Editing" : "Reading"} cell ${at}${person.idle ? ", idle" : ""}`;
}
