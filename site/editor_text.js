/**
 * Text between CodeMirror and the log.
 *
 * CodeMirror counts UTF-16 units, the log counts code points; here, and nowhere else, one becomes
 * the other. A change travels as sections from the start of the text: a number keeps that many
 * code points, `[n, text]` puts `text` in the place of the next n; what follows is kept.
 *
 * The law of order: an insertion that stands later in the log goes LEFT of an earlier one at the
 * same place. What the page has typed and nobody has acknowledged is always later than whatever
 * comes in, so it is mapped with `before`.
 */

import { diff } from "@codemirror/merge";
import { ChangeSet, Text } from "@codemirror/state";

import { endAlike, startAlike } from "./alike.js";
import { lengthIn, toCodePoints, toUnits } from "./code_points.js";

/** @typedef {number | [number, string]} Section */

const SCANNED = 500; // places of a text that are looked at for the same piece, before it counts as new

/** The document of a text; only "\n" ends a line, so that no character is lost. @param {string} text */
export function toDoc(text) {
  return Text.of(text.split("\n"));
}

/** The last texts that were made strings: they are asked for many times. @type {WeakMap<Text, string>} */
const strings = new WeakMap();

/** A document as one string. @param {Text} doc */
export function toText(doc) {
  const text = strings.get(doc) ?? doc.toString();
  strings.set(doc, text);
  return text;
}

/**
 * A position in UTF-16 units, from one in code points; the end where it lies beyond.
 * @param {Text} doc
 * @param {number} position
 */
export function fromCodePoints(doc, position) {
  return Math.min(doc.length, toUnits(doc, position));
}

/**
 * What `changes`, made on `doc`, is in sections over code points.
 * @param {ChangeSet} changes
 * @param {Text} doc
 * @returns {Section[]}
 */
export function toChanges(changes, doc) {
  /** @type {Section[]} */
  const sections = [];
  let used = 0;
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    const from = toCodePoints(doc, fromA);
    const to = toCodePoints(doc, toA);
    if (from > used) sections.push(from - used);
    sections.push([to - from, inserted.toString()]);
    used = to;
  });
  return sections;
}

/**
 * The CodeMirror change that `sections` is on `doc`.
 * @param {Section[]} sections
 * @param {Text} doc
 * @returns {ChangeSet}
 * @throws {RangeError} where the sections reach beyond the text
 */
export function fromChanges(sections, doc) {
  const specs = [];
  let at = 0;
  for (const section of sections) {
    const count = typeof section === "number" ? section : section[0];
    const end = toUnits(doc, toCodePoints(doc, at) + count);
    if (end > doc.length) {
      throw new RangeError(`A change reaches beyond a text of ${doc.length} UTF-16 units.`);
    }
    if (typeof section !== "number") specs.push({ from: at, to: end, insert: section[1] });
    at = end;
  }
  return ChangeSet.of(specs, doc.length, "\n");
}

/**
 * The same change with whole code points only, and touching replacements joined: the form in which
 * the log holds it. Both sides decide the order of insertions by the replaced ranges, so both must
 * see the same ranges.
 * @param {ChangeSet} changes
 * @param {Text} doc the text before them
 * @returns {ChangeSet}
 */
export function canonical(changes, doc) {
  /** @type {Array<{from: number, to: number, insert: string}>} */
  const specs = [];
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    const widened = widen(doc, fromA, toA, inserted.toString());
    const last = specs.at(-1);
    if (last && widened.from <= last.to) {
      const shared = last.to - widened.from;
      last.insert = last.insert.slice(0, last.insert.length - shared) + widened.insert;
      last.to = widened.to;
    } else if (widened.to > widened.from || widened.insert) {
      specs.push(widened);
    }
  });
  return ChangeSet.of(specs, changes.length, "\n");
}

/**
 * A replacement that begins or ends inside a surrogate pair takes in the other half.
 * @param {Text} doc
 * @param {number} from
 * @param {number} to
 * @param {string} insert
 */
function widen(doc, from, to, insert) {
  if (splitsPair(doc, from)) {
    insert = doc.sliceString(from - 1, from) + insert;
    from -= 1;
  }
  if (splitsPair(doc, to)) {
    insert += doc.sliceString(to, to + 1);
    to += 1;
  }
  return { from, to, insert };
}

/**
 * @param {Text} doc
 * @param {number} at
 */
function splitsPair(doc, at) {
  if (at <= 0 || at >= doc.length) return false;
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(doc.sliceString(at - 1, at + 1));
}

/**
 * Where halves of surrogate pairs stand alone after `changes`, in UTF-16 units.
 * @param {ChangeSet} changes
 * @param {Text} newDoc the text after them
 * @returns {number[]}
 */
export function loneSurrogates(changes, newDoc) {
  /** @type {Set<number>} */
  const lone = new Set();
  changes.iterChanges((_fromA, _toA, fromB, toB) => {
    const start = Math.max(0, fromB - 2);
    for (const { index } of newDoc.sliceString(start, toB + 2).matchAll(/\p{Surrogate}/gu)) {
      const at = start + index;
      // What lies further out was cut from its other half by the slice, not by the change.
      if (at >= fromB - 1 && at <= toB) lone.add(at);
    }
  });
  return [...lone];
}

/**
 * A change that makes `next` of `doc` and leaves alone what is the same, in long texts as far as it
 * is found soon.
 * @param {Text} doc
 * @param {string} next
 * @returns {ChangeSet}
 */
export function difference(doc, next) {
  const before = toText(doc);
  const start = startAlike(before, next);
  const end = endAlike(before, next, Math.min(before.length, next.length) - start);
  const middle = (/** @type {string} */ text) => text.slice(start, text.length - end);
  const specs = diff(middle(before), middle(next), { scanLimit: SCANNED }).map((part) => {
    const { fromA, toA, fromB, toB } = part;
    return { from: start + fromA, to: start + toA, insert: next.slice(start + fromB, start + toB) };
  });
  return canonical(ChangeSet.of(specs, doc.length, "\n"), doc);
}

/**
 * One's own edits that nobody has acknowledged: at most one change in flight, what was typed since
 * composed into one that waits. `settled` is the text as the other side has it.
 */
export class Unacknowledged {
  /** @param {Text} doc */
  constructor(doc) {
    this.settled = doc;
    /** @type {ChangeSet | null} */
    this._inFlight = null;
    /** @type {ChangeSet | null} */
    this._waiting = null;
  }

  /** Whether nothing is in flight and nothing waits. */
  get isEmpty() {
    return this._inFlight === null && this._waiting === null;
  }

  /** Whether something is left that was not taken. */
  get isWaiting() {
    return this._waiting !== null;
  }

  /** An edit, made on the text that the editor showed. @param {ChangeSet} changes */
  add(changes) {
    const doc = this._sent();
    const all = this._waiting ? this._waiting.compose(changes) : changes;
    this._waiting = canonical(all, doc);
  }

  /**
   * What is to be sent now: nothing while a change is in flight.
   * @returns {{changes: Section[], lengthBefore: number} | null} lengths in code points
   */
  take() {
    if (this._inFlight || !this._waiting) return null;
    const waiting = this._waiting;
    this._waiting = null;
    if (waiting.empty) return null;
    this._inFlight = waiting;
    return { changes: toChanges(waiting, this.settled), lengthBefore: lengthIn(this.settled) };
  }

  /** The change in flight has been taken in by the other side. */
  acknowledge() {
    this.settled = this._sent();
    this._inFlight = null;
  }

  /**
   * A change by somebody else, made on `settled`.
   * @param {Section[]} sections
   * @returns {ChangeSet} the change to make in the editor
   */
  receive(sections) {
    return this._receive(fromChanges(sections, this.settled));
  }

  /**
   * The other side's text is now `text`, for reasons unknown; own edits stay on top.
   * @param {string} text
   * @returns {ChangeSet} the change to make in the editor
   */
  receiveText(text) {
    return this._receive(difference(this.settled, text));
  }

  /** @param {ChangeSet} remote */
  _receive(remote) {
    let doc = this.settled;
    let change = canonical(remote, doc);
    this.settled = change.apply(doc);
    if (this._inFlight) {
      [this._inFlight, change, doc] = cross(this._inFlight, change, doc);
    }
    if (this._waiting) {
      [this._waiting, change] = cross(this._waiting, change, doc);
    }
    return change;
  }

  /** Where a place of the settled text is in what the editor shows; both in UTF-16 units. @param {number} at */
  toShown(at) {
    for (const changes of [this._inFlight, this._waiting]) if (changes) at = changes.mapPos(at, 1);
    return at;
  }

  /** Where a place of what the editor shows is in the settled text. @param {number} at */
  toSettled(at) {
    for (const changes of [this._waiting, this._inFlight]) if (changes) at = changes.invertedDesc.mapPos(at);
    return at;
  }

  /** The text that what waits was made on. */
  _sent() {
    return this._inFlight ? this._inFlight.apply(this.settled) : this.settled;
  }
}

/**
 * Two changes on one text, each rewritten to apply after the other; `mine` is the later one.
 * @param {ChangeSet} mine
 * @param {ChangeSet} theirs
 * @param {Text} doc
 * @returns {[ChangeSet, ChangeSet, Text]} mine after theirs, theirs after mine, the text after mine
 */
export function cross(mine, theirs, doc) {
  const afterMine = mine.apply(doc);
  return [
    canonical(mine.map(theirs, true), theirs.apply(doc)),
    canonical(theirs.map(mine, false), afterMine),
    afterMine,
  ];
}
