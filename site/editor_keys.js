/** What the keys of a cell's editor do for the notebook around it. */

import { simplifySelection } from "@codemirror/commands";
import { Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";

import { toCodePoints } from "./code_points.js";
import { isAssisting } from "./completion.js";

/**
 * @typedef {import("@codemirror/view").EditorView} EditorView
 *
 * What the keys do; a missing one leaves the key to the editor.
 * @typedef {object} CellKeys
 * @property {() => void} [runAdvance] Shift-Enter
 * @property {() => void} [run] Ctrl-Enter
 * @property {() => void} [runInsert] Alt-Enter
 * @property {() => void} [escape] Esc with nothing open in the editor
 * @property {() => void} [leaveUp] up from the first line
 * @property {() => void} [leaveDown] down from the last line
 * @property {(at: number) => void} [split] Ctrl-Shift-Minus, at the cursor, in code points
 * @property {() => void} [save] Ctrl-S
 * @property {() => void} [palette] Ctrl-K
 */

/**
 * @param {CellKeys} keys
 * @returns {import("@codemirror/state").Extension}
 */
export function cellKeys(keys) {
  const bind = (/** @type {string} */ key, /** @type {(() => void) | undefined} */ act) =>
    act ? [{ key, run: () => (act(), true), preventDefault: true }] : [];
  const { leaveUp, leaveDown, escape, split } = keys;
  /** @type {import("@codemirror/view").KeyBinding[]} */
  const runs = [
    ...bind("Shift-Enter", keys.runAdvance),
    ...bind("Ctrl-Enter", keys.run),
    ...bind("Cmd-Enter", keys.run),
    ...bind("Alt-Enter", keys.runInsert),
    ...bind("Mod-s", keys.save),
    ...bind("Mod-k", keys.palette),
  ];
  if (split) {
    const run = (/** @type {EditorView} */ view) => {
      split(toCodePoints(view.state.doc, view.state.selection.main.head));
      return true;
    };
    runs.push({ key: "Ctrl-Shift--", run, preventDefault: true });
  }
  const leaving = [
    { key: "ArrowUp", run: (/** @type {EditorView} */ view) => leave(view, false, leaveUp) },
    { key: "ArrowDown", run: (/** @type {EditorView} */ view) => leave(view, true, leaveDown) },
  ];
  const escapes = (/** @type {EditorView} */ view) => {
    if (view.state.selection.ranges.length > 1) return simplifySelection(view);
    escape?.();
    return Boolean(escape);
  };
  return [
    Prec.highest(keymap.of(runs)),
    keymap.of([...leaving, { key: "Escape", run: escapes }]),
  ];
}

/**
 * @param {EditorView} view
 * @param {boolean} down
 * @param {(() => void) | undefined} act
 */
function leave(view, down, act) {
  const { main, ranges } = view.state.selection;
  if (!act || !main.empty || ranges.length > 1 || isAssisting(view.state)) return false;
  const edge = view.state.doc.lineAt(down ? view.state.doc.length : 0);
  if (main.head < edge.from || main.head > edge.to) return false;
  const here = view.coordsAtPos(main.head);
  const there = view.coordsAtPos(down ? edge.to : edge.from);
  // A wrapped line has more than one row; only the outermost leads out.
  if (here && there && Math.abs(here.top - there.top) > 2) return false;
  act();
  return true;
}
