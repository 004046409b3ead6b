/** How much of two texts is the same. Pure. */

const STEP = 4096; // characters that are compared at once

/** How many characters both begin with. @param {string} a @param {string} b */
export function startAlike(a, b) {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count + STEP <= most && a.slice(count, count + STEP) === b.slice(count, count + STEP)) count += STEP;
  while (count < most && a[count] === b[count]) count += 1;
  return count;
}

/** How many characters both end with, of so many at most. @param {string} a @param {string} b @param {number} most */
export function endAlike(a, b, most) {
  const last = (/** @type {string} */ text, /** @type {number} */ count) => text.slice(text.length - count - STEP, text.length - count);
  let count = 0;
  while (count + STEP <= most && last(a, count) === last(b, count)) count += STEP;
  while (count < most && a.at(-1 - count) === b.at(-1 - count)) count += 1;
  return count;
}
