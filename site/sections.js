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
