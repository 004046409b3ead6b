/** WebAssembly's binary format, as far as small modules are written in it. */

export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
export const TYPES = 1;
export const IMPORTS = 2;
export const EXPORTS = 7;
export const FUNCTION_TYPE = 0x60;

/** @param {number} id @param {number[][]} items */
export function section(id, items) {
  const content = vector(items);
  return [id, ...leb(content.length), ...content];
}

/** @param {number[][]} items */
export function vector(items) {
  return [...leb(items.length), ...items.flat()];
}

/** @param {string} text */
export function name(text) {
  const bytes = new TextEncoder().encode(text);
  return [...leb(bytes.length), ...bytes];
}

/** A number of seven bits a byte, the lowest first. @param {number} value not negative @returns {number[]} */
export function leb(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
