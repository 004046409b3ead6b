/**
 * Everything that can be done in a notebook: one table for keys, palette, menus and the sheet of
 * shortcuts. `keys` act on the selected cell; those marked `always` act while typing too.
 */

import { foldCode, goToLine } from "./code_places.js";
import { isApple } from "./dom.js";
import { flip } from "./preferences.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

/**
 * @typedef {object} Action
 * @property {string} id
 * @property {string} label
 * @property {"Cells" | "Run" | "Move" | "Edit" | "Notebook" | "Page"} group
 * @property {string[]} [keys] "Shift+Enter", "D D", "Mod+K" (Mod is ⌘ on Apple's machines)
 * @property {boolean} [always] its keys act while typing too
 * @property {boolean} [writes] not while the notebook is read-only
 * @property {boolean} [silent] not in the palette
 * @property {(page: Page) => void} run
 */

/** @type {Action[]} */
export const ACTIONS = [
  act("run-advance", "Run cell and go to the next", "Run", "Shift+Enter", (p) => p.run.advance(), "aw"),
  act("run", "Run cell", "Run", "Mod+Enter", (p) => p.run.selected(), "aw"),
  act("run-insert", "Run cell and insert below", "Run", "Alt+Enter", (p) => p.run.insertBelow(), "aw"),
  act("run-all", "Run all cells", "Run", "", (p) => p.run.all(), "w"),
  act("run-above", "Run all above", "Run", "", (p) => p.run.above(), "w"),
  act("run-below", "Run this cell and all below", "Run", "", (p) => p.run.below(), "w"),
  act("run-stale", "Run all stale cells", "Run", "", (p) => p.run.stale(), "w"),
  act("interrupt", "Interrupt", "Run", "I I", (p) => p.run.interrupt(), "w"),
  act("restart", "Restart the runtime", "Run", "0 0", (p) => p.run.restart(false), "w"),
  act("restart-run", "Restart and run all", "Run", "", (p) => p.run.restart(true), "w"),

  act("edit", "Edit cell", "Move", "Enter", (p) => p.select.edit()),
  act("leave", "Leave the editor", "Move", "Escape", (p) => p.select.leave(), "s"),
  act("up", "Select the cell above", "Move", "ArrowUp|K", (p) => p.select.step(-1), "s"),
  act("down", "Select the cell below", "Move", "ArrowDown|J", (p) => p.select.step(1), "s"),
  act("extend-up", "Extend the selection up", "Move", "Shift+ArrowUp|Shift+K", (p) => p.select.extend(-1), "s"),
  act("extend-down", "Extend the selection down", "Move", "Shift+ArrowDown|Shift+J", (p) => p.select.extend(1), "s"),
  act("select-all", "Select all cells", "Move", "Mod+A", (p) => p.select.all()),
  act("first", "Go to the first cell", "Move", "Mod+Home|Home", (p) => p.select.end(-1)),
  act("last", "Go to the last cell", "Move", "Mod+End|End", (p) => p.select.end(1)),

  act("fold-section", "Hide the section, or go to its heading", "Move", "ArrowLeft", (p) => p.folds.foldOrLeave()),
  act("open-section", "Show the section, or go to the next heading", "Move", "ArrowRight", (p) => p.folds.openOrEnter()),
  act("flip-section", "Hide or show the section", "Move", "", (p) => p.folds.flipActive()),
  act("fold-sections", "Hide all sections", "Move", "Mod+Shift+ArrowLeft", (p) => p.folds.all(true)),
  act("open-sections", "Show all sections", "Move", "Mod+Shift+ArrowRight", (p) => p.folds.all(false)),

  act("above", "Insert cell above", "Cells", "A", (p) => p.cells.insert("above"), "w"),
  act("below", "Insert cell below", "Cells", "B", (p) => p.cells.insert("below"), "w"),
  act("text-below", "Insert text below", "Cells", "", (p) => p.cells.insert("below", "markdown"), "w"),
  act("to-code", "Turn into code", "Cells", "Y", (p) => p.cells.setType("code"), "w"),
  act("to-text", "Turn into text", "Cells", "M", (p) => p.cells.setType("markdown"), "w"),
  act("to-raw", "Turn into raw text", "Cells", "R", (p) => p.cells.setType("raw"), "w"),
  ...[1, 2, 3, 4, 5, 6].map((level) =>
    act(`heading-${level}`, `Turn into a heading ${level}`, "Cells", String(level), (p) => p.cells.setHeading(level), level > 3 ? "ws" : "w"),
  ),
  act("cut", "Cut cell", "Cells", "X", (p) => p.cells.cut(), "w"),
  act("copy", "Copy cell", "Cells", "C", (p) => p.cells.copy()),
  act("paste", "Paste cells below", "Cells", "V", (p) => p.cells.paste("below"), "w"),
  act("paste-above", "Paste cells above", "Cells", "Shift+V", (p) => p.cells.paste("above"), "w"),
  act("duplicate", "Duplicate cell", "Cells", "", (p) => p.cells.duplicate(), "w"),
  act("delete", "Delete cell", "Cells", "D D", (p) => p.cells.remove(), "w"),
  act("move-up", "Move cell up", "Cells", "Alt+ArrowUp", (p) => p.cells.move(-1), "w"),
  act("move-down", "Move cell down", "Cells", "Alt+ArrowDown", (p) => p.cells.move(1), "w"),
  act("merge", "Merge selected cells, or with the one below", "Cells", "Shift+M", (p) => p.cells.merge(), "w"),
  act("split", "Split cell at the caret", "Cells", "Ctrl+Shift+-", (p) => p.cells.split(), "aw"),
  act("clear", "Clear outputs of cell", "Cells", "", (p) => p.cells.clear(), "w"),
  act("clear-all", "Clear all outputs", "Cells", "", (p) => p.cells.clearAll(), "w"),
  act("fold-outputs", "Hide or show outputs of cell", "Cells", "O", (p) => p.cells.toggleOutputs()),

  act("undo", "Undo", "Edit", "Z|Mod+Z", (p) => p.cells.undo(), "w"),
  act("redo", "Redo", "Edit", "Shift+Z|Mod+Shift+Z|Mod+Y", (p) => p.cells.redo(), "w"),

  act("find", "Find", "Edit", "Mod+F|Mod+Shift+F", (p) => p.find.open(), "a"),
  act("replace", "Find and replace", "Edit", "Mod+H", (p) => p.find.open({ replace: true }), "aw"),
  act("find-next", "Go to the next match", "Edit", "F3|Mod+G", (p) => p.find.step(1), "a"),
  act("find-previous", "Go to the match before", "Edit", "Shift+F3|Mod+Shift+G", (p) => p.find.step(-1), "a"),

  act("go-to-line", "Go to line", "Edit", "Mod+Alt+G", goToLine, "a"),
  act("fold-code", "Fold code at the caret", "Edit", "", (p) => foldCode(p, "fold")),
  act("unfold-code", "Unfold code at the caret", "Edit", "", (p) => foldCode(p, "unfold")),
  act("fold-all-code", "Fold all code of the cell", "Edit", "", (p) => foldCode(p, "foldAll")),
  act("unfold-all-code", "Unfold all code of the cell", "Edit", "", (p) => foldCode(p, "unfoldAll")),

  act("share", "Share", "Notebook", "", (p) => p.openShare()),
  act("save", "Save", "Notebook", "Mod+S", (p) => p.files.sayWhereSaved(), "a"),
  act("rename", "Rename notebook", "Notebook", "", (p) => p.header.rename(), "w"),
  act("download", "Download .ipynb", "Notebook", "", (p) => p.files.download("ipynb")),
  act("download-py", "Download .py", "Notebook", "", (p) => p.files.download("py")),
  act("download-html", "Download .html", "Notebook", "", (p) => p.files.download("html")),
  act("download-log", "Download the raw log", "Notebook", "", (p) => p.files.download("log")),
  act("upload", "Add a file", "Notebook", "", (p) => p.files.choose(), "w"),

  act("palette", "Commands", "Page", "Mod+K|Mod+Shift+P|P", (p) => p.openPalette(), "as"),
  act("panel", "Show or hide the panel", "Page", "Mod+B", (p) => p.panel.toggle(), "a"),
  act("shortcuts", "Show keyboard shortcuts", "Page", "H|?|Shift+?", (p) => p.openShortcuts()),
  act("line-numbers", "Show or hide line numbers", "Page", "Shift+L|L", () => flip("line-numbers")),
  act("wrap", "Wrap long lines of code, or do not", "Page", "", () => flip("wrap")),
  act("settings", "Settings", "Page", "", (p) => p.openSettings()),
  act("next-region", "Go to the next region", "Page", "F6", (p) => p.keys.nextRegion(1), "as"),
  act("previous-region", "Go to the region before", "Page", "Shift+F6", (p) => p.keys.nextRegion(-1), "as"),
  act("home", "All notebooks", "Page", "", (p) => p.goHome()),
];

/**
 * @param {string} id
 * @param {string} label
 * @param {Action["group"]} group
 * @param {string} keys alternatives with | between
 * @param {(page: Page) => void} run
 * @param {string} [flags] a: always, w: writes, s: silent
 * @returns {Action}
 */
function act(id, label, group, keys, run, flags = "") {
  return {
    id, label, group, run,
    keys: keys ? keys.split("|") : [],
    always: flags.includes("a"),
    writes: flags.includes("w"),
    silent: flags.includes("s"),
  };
}

const BY_ID = new Map(ACTIONS.map((action) => [action.id, action]));

/** @param {string} id @returns {Action} */
export function action(id) {
  const found = BY_ID.get(id);
  if (!found) throw new Error(`Expected the id of an action; it is ${id}.`);
  return found;
}

/** @type {Record<string, string>} */
const SIGNS = isApple
  ? { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧" }
  : { Mod: "Ctrl", Ctrl: "Ctrl", Alt: "Alt", Shift: "Shift" };
/** @type {Record<string, string>} */
const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/** A key or chord as people read it: "Ctrl+Enter", "⌘K", "D D". @param {string} keys */
export function keyWords(keys) {
  return keys
    .split(" ")
    .map((chord) =>
      chord
        .split("+")
        .map((part) => SIGNS[part] ?? NAMES[part] ?? part)
        .join(isApple ? "" : "+"),
    )
    .join(" ");
}

/** A control's tooltip: what it does and its first key. @param {string} id */
export function hint(id) {
  const { label, keys } = action(id);
  return keys?.[0] ? `${label} (${keyWords(keys[0])})` : label;
}
