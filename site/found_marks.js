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

/** The places that were found in an editor; they move with what is typed. */
export const foundMarks = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    let now = transaction.docChanged ? marks.map(transaction.changes) : marks;
    for (const effect of transaction.effects) if (effect.is(setFound)) now = drawn(effect.value);
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** @param {Found} found */
function drawn({ matches, here }) {
  return Decoration.set(matches.map(({ from, to }, index) => (index === here ? markHere : mark).range(from, to)));
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
