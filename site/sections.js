/** Sections of a notebook: what stands under a heading, and is not shown where that is folded. Pure. */

import { headings } from "./outline.js";

/** @typedef {import("./types.js").CellType} CellType */

/**
 * The level of the highest heading in a cell; 0: it begins no section.
 * @param {CellType} type
 * @param {string} source
 */
export function levelOf(type, source) {
  if (type !== "markdown" || !source.includes("#")) return 0;
  const levels = headings(source).map(({ level }) => level);
  return levels.length ? Math.min(...levels) : 0;
}

/**
 * Which cells are hidden, and under which heading.
 * @param {string[]} order
 * @param {(id: string) => number} level
 * @param {Set<string>} folded cells whose section is folded
 * @returns {Map<string, string>} hidden cell -> the folded one
 */
export function hiddenUnder(order, level, folded) {
  /** @type {Map<string, string>} */
  const hidden = new Map();
  let head = "";
  let headLevel = 0;
  for (const id of order) {
    const own = level(id);
    if (head && (own === 0 || own > headLevel)) {
      hidden.set(id, head);
      continue;
    }
    [head, headLevel] = own > 0 && folded.has(id) ? [id, own] : ["", 0];
  }
  return hidden;
}

/**
 * The heading that a cell stands under; null: none.
 * @param {string[]} order
 * @param {(id: string) => number} level
 * @param {string} id
 */
export function headingAbove(order, level, id) {
  const own = level(id) || Infinity;
  const before = order.slice(0, order.indexOf(id));
  return before.findLast((each) => level(each) > 0 && level(each) < own) ?? null;
}

/** The next heading after a cell; null: none. @param {string[]} order @param {(id: string) => number} level @param {string} id */
export function headingBelow(order, level, id) {
  return order.slice(order.indexOf(id) + 1).find((each) => level(each) > 0) ?? null;
}

/**
 * The next place for a folded section where no cell would come under it, and so be hidden.
 * @param {string[]} order
 * @param {(id: string) => number} level
 * @param {string[]} section the folded cell and all that is hidden under it
 * @param {number} by up, where it is less than nothing
 * @returns {{after: string} | {before: string} | null} null: there is none
 */
export function placeFor(order, level, section, by) {
  const [head = "", last = head] = [section[0], section.at(-1)];
  const ends = (/** @type {string} */ id) => level(id) > 0 && level(id) <= level(head);
  if (by < 0) {
    const before = order.slice(0, order.indexOf(head)).findLast(ends);
    return before ? { before } : null;
  }
  const rest = order.slice(order.indexOf(last) + 1);
  const end = rest.findIndex((id, at) => at > 0 && ends(id));
  const after = end < 0 ? rest.at(-1) : rest[end - 1];
  return after ? { after } : null;
}
