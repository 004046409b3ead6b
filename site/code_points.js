/**
 * Code points in a text of CodeMirror, which is a tree of lines. How many a part of it has is kept
 * with that part, and most parts outlive a change: counting costs what has changed since.
 */

/** @typedef {import("@codemirror/state").Text} Text */

const SURROGATE = /[\ud800-\udfff]/;

/** How many UTF-16 units a part has beyond its code points. @type {WeakMap<Text, number>} */
const counted = new WeakMap();

/** How many code points. @param {string} text */
export function countCodePoints(text) {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** How many code points a text has. @param {Text} doc */
export function lengthIn(doc) {
  return doc.length - pairsIn(doc);
}

/** A position in code points, from one in UTF-16 units. @param {Text} doc @param {number} position @returns {number} */
export function toCodePoints(doc, position) {
  if (pairsIn(doc) === 0) return position;
  if (!doc.children) return countCodePoints(doc.sliceString(0, position));
  let before = 0;
  let left = position;
  for (const child of doc.children) {
    if (left <= child.length) return before + toCodePoints(child, left);
    before += lengthIn(child) + 1;
    left -= child.length + 1;
  }
  return before + left;
}

/** A position in UTF-16 units, from one in code points; as far behind the end where it lies beyond. @param {Text} doc @param {number} position @returns {number} */
export function toUnits(doc, position) {
  const over = position - lengthIn(doc);
  if (over >= 0) return doc.length + over;
  if (pairsIn(doc) === 0) return position;
  if (!doc.children) return unitsOf(doc.sliceString(0), position);
  let before = 0;
  let left = position;
  for (const child of doc.children) {
    if (left <= lengthIn(child)) return before + toUnits(child, left);
    before += child.length + 1;
    left -= lengthIn(child) + 1;
  }
  return before + left;
}

/** @param {string} text @param {number} count not more than there are */
function unitsOf(text, count) {
  let at = 0;
  let left = count;
  for (const character of text) {
    if (left === 0) break;
    at += character.length;
    left -= 1;
  }
  return at;
}

/** Between two parts stands the end of a line: none divides a pair. @param {Text} doc @returns {number} */
function pairsIn(doc) {
  const known = counted.get(doc);
  if (known !== undefined) return known;
  const text = doc.children ? "" : doc.sliceString(0);
  const pairs = doc.children ? doc.children.reduce((sum, child) => sum + pairsIn(child), 0) : text.length - countCodePoints(text);
  counted.set(doc, pairs);
  return pairs;
}
