/**
 * Where found text is marked: in an editor by decorations, elsewhere by the browser's highlights,
 * which change nothing in the document.
 */

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

/** @typedef {import("./finding.js").Match} Match */
/** @typedef {{matches: Match[], here: number}} Found here: which of them the reader is at; -1: none */

/** @type {import("@codemirror/state").StateEffectType<Found>} */
export const setFound = StateEffect.define();

const mark = Decoration.mark({ class: "found" });
const markHere = Decoration.mark({ class: "found here" });

/**
 * What was found, and what has been typed since.
 * @typedef {Found & {since: import("@codemirror/state").ChangeDesc | null}} Placed
 */

/** The places that were found in an editor; they move with what is typed. Only those that are seen are drawn. */
export const foundMarks = StateField.define({
  create: () => /** @type {Placed} */ ({ matches: [], here: -1, since: null }),
  update(placed, { docChanged, changes, effects }) {
    let now = placed;
    if (docChanged && placed.matches.length) now = { ...placed, since: placed.since?.composeDesc(changes.desc) ?? changes.desc };
    for (const effect of effects) if (effect.is(setFound)) now = { ...effect.value, since: null };
    return now;
  },
  provide: (field) => EditorView.decorations.of((view) => drawn(view.state.field(field), view.visibleRanges)),
});

/** @param {Placed} placed @param {readonly Match[]} seen */
function drawn({ matches, here, since }, seen) {
  const marks = [];
  const before = since?.invertedDesc;
  for (const { from, to } of matches.length ? seen : []) {
    const start = before?.mapPos(from, -1) ?? from;
    const end = before?.mapPos(to, 1) ?? to;
    for (let index = firstBehind(matches, start); index < matches.length; index += 1) {
      const match = /** @type {Match} */ (matches[index]);
      if (match.from > end) break;
      const place = since ? { from: since.mapPos(match.from, 1), to: since.mapPos(match.to, -1) } : match;
      if (place.from < place.to) marks.push((index === here ? markHere : mark).range(place.from, place.to));
    }
  }
  return Decoration.set(marks, true);
}

/** Which match is the first that does not end before a place. @param {Match[]} matches @param {number} at */
function firstBehind(matches, at) {
  let low = 0;
  let high = matches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((matches[middle]?.to ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const BLOCKS = /^(?:TD|TH|TR|DIV|P|LI|PRE|H[1-6]|DT|DD|BLOCKQUOTE|SUMMARY)$/;
const UNREAD = "button, iframe, [hidden], .katex-mathml, .aloud";

/** The text that an element shows, and where its characters stand. */
export class ShownText {
  /** @param {Element} root */
  constructor(root) {
    this.text = "";
    /** @type {Array<{node: Text, from: number}>} */
    this._parts = [];
    this._read(root);
  }

  /** What stands in two blocks is not read as one word. @param {Element} element */
  _read(element) {
    for (const node of element.childNodes) {
      if (node instanceof Text) {
        this._parts.push({ node, from: this.text.length });
        this.text += node.data;
      } else if (node instanceof Element && !node.matches(UNREAD)) {
        this._read(node);
        if (BLOCKS.test(node.tagName) && !this.text.endsWith("\n")) this.text += "\n";
      }
    }
  }

  /** @param {Match} match @returns {Range | null} null: it is not on the page */
  range({ from, to }) {
    const start = this._partAt(from);
    const end = this._partAt(to - 1);
    if (!start || !end) return null;
    const range = document.createRange();
    range.setStart(start.node, Math.min(start.node.length, from - start.from));
    range.setEnd(end.node, Math.min(end.node.length, to - end.from));
    return range;
  }

  /** The part that has this character. @param {number} at */
  _partAt(at) {
    let low = 0;
    let high = this._parts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this._parts[middle]?.from ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return this._parts[low];
  }
}

/** Mark these on the page, in the place of those before. @param {Range[]} ranges @param {Range[]} here */
export function highlight(ranges, here) {
  if (!CSS.highlights) return; // where the browser has none, the match is selected and scrolled to
  CSS.highlights.set("found", new Highlight(...ranges));
  const now = new Highlight(...here);
  now.priority = 1;
  CSS.highlights.set("found-here", now);
}
