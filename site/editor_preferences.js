/** What a person has chosen for all editors, as extensions: they can change while an editor stands. */

import { closeBrackets } from "@codemirror/autocomplete";
import { codeFolding, foldGutter, foldKeymap, indentUnit } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @param {import("./preferences.js").Preferences} preferences @returns {import("@codemirror/state").Extension} */
export function preferred({ wraps, numbers, indent, tab, closes }) {
  return [
    wraps ? EditorView.lineWrapping : [],
    numbers ? [lineNumbers(), highlightActiveLineGutter()] : [],
    foldGutter({ markerDOM: foldMark }), // behind the numbers, beside the text
    indentUnit.of(indent),
    EditorState.tabSize.of(tab),
    closes ? closeBrackets() : [],
  ];
}

/** Folding of code: its signs stand in the margin that the text has anyway. */
export const folding = [codeFolding({ placeholderText: "…" }), keymap.of(foldKeymap)];

/** @param {boolean} isOpen */
function foldMark(isOpen) {
  const words = isOpen ? "Fold" : "Unfold";
  return h("span", { class: isOpen ? "fold-mark" : "fold-mark folded", title: words }, icon(isOpen ? "chevron-down" : "chevron-right"));
}
