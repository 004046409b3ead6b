/** What is looked for in texts, where it stands in them, and what takes its place. Pure. */

import { endAlike, startAlike } from "./alike.js";

/**
 * @typedef {object} Query
 * @property {string} text
 * @property {boolean} matchCase
 * @property {boolean} wholeWord
 * @property {boolean} isPattern a regular expression
 *
 * @typedef {{from: number, to: number}} Match in UTF-16 units
 * @typedef {Match & {insert: string}} Replacement
 *
 * @typedef {object} Question what stands in a text; with a template, what is to be put there
 * @property {Query} query
 * @property {string} text
 * @property {string} [template]
 * @property {Match} [only]
 */

const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;
const REFERENCE = /\$(?:([$&`'])|(\d\d?)|<([^>]*)>)/g;

/**
 * What finds it; null where nothing is asked for.
 * @param {Query} query
 * @returns {RegExp | null}
 * @throws {Error} in words, where it is no regular expression
 */
export function patternOf({ text, matchCase, wholeWord, isPattern }) {
  if (!text) return null;
  const wanted = isPattern ? text : text.replace(SPECIAL, "\\$&");
  const source = wholeWord ? `(?<![\\p{L}\\p{N}_])(?:${wanted})(?![\\p{L}\\p{N}_])` : wanted;
  if (isPattern) check(text);
  return new RegExp(source, `gmu${matchCase ? "" : "i"}`);
}

/** By itself: what it is put into for whole words is nobody's mistake. @param {string} text */
function check(text) {
  try {
    new RegExp(text, "u");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(why.replace(/^Invalid regular expression: (?:\/.*\/\w*: )?/s, ""));
  }
}

/**
 * Where it stands. What is empty is not found: it has no place that could be shown.
 * @param {string} text
 * @param {RegExp} pattern
 * @returns {Match[]}
 */
export function matchesIn(text, pattern) {
  const found = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0]) found.push({ from: match.index, to: match.index + match[0].length });
  }
  return found;
}

/** @param {Question} question @returns {Replacement[]} where there is no template, nothing is to be put there */
export function answerTo({ query, text, template, only }) {
  const pattern = patternOf(query);
  if (!pattern) return [];
  if (template === undefined) return matchesIn(text, pattern).map((match) => ({ ...match, insert: "" }));
  return replacementsIn(text, pattern, template, { isPattern: query.isPattern, only });
}

/**
 * What is to be put where. In the place of a regular expression "$1", "$<name>" and "$&" stand for
 * what was found, as in JavaScript; else all stands for itself.
 * @param {string} text
 * @param {RegExp} pattern
 * @param {string} template
 * @param {{isPattern: boolean, only?: Match}} how only: at this place and no other
 * @returns {Replacement[]}
 */
export function replacementsIn(text, pattern, template, { isPattern, only }) {
  const made = [];
  for (const match of text.matchAll(pattern)) {
    if (!match[0] || (only && match.index !== only.from)) continue;
    const insert = isPattern ? expanded(template, match, text) : template;
    made.push({ from: match.index, to: match.index + match[0].length, insert });
  }
  return made;
}

/** @param {string} template @param {RegExpExecArray} match @param {string} text */
function expanded(template, match, text) {
  const end = match.index + match[0].length;
  /** @type {Record<string, string>} */
  const signs = { $: "$", "&": match[0], "`": text.slice(0, match.index), "'": text.slice(end) };
  return template.replace(REFERENCE, (written, sign, digits, name) => {
    if (sign) return signs[sign] ?? "";
    if (digits) return numbered(digits, match) ?? written;
    return match.groups ? (match.groups[name] ?? "") : written;
  });
}

/** "$12" is the twelfth group, else the first one and a 2. @param {string} digits @param {RegExpExecArray} match */
function numbered(digits, match) {
  const isGroup = (/** @type {number} */ n) => n > 0 && n < match.length;
  if (isGroup(Number(digits))) return match[Number(digits)] ?? "";
  const first = Number(digits.charAt(0));
  return digits.length > 1 && isGroup(first) ? (match[first] ?? "") + digits.charAt(1) : undefined;
}

/** Where a place of a text is, when the text has become another one in one stretch of it. @param {number} at @param {string} before @param {string} after */
export function movedTo(at, before, after) {
  const start = startAlike(before, after);
  const end = endAlike(before, after, Math.min(before.length, after.length) - start);
  return at >= before.length - end ? at + after.length - before.length : at;
}

/** The first match that does not begin before a place; how many there are, where none does. @param {Match[]} matches @param {number} at */
export function firstFrom(matches, at) {
  const index = matches.findIndex(({ from }) => from >= at);
  return index < 0 ? matches.length : index;
}
