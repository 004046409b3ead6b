/**
 * The editor of one cell: CodeMirror 6. It keeps what nobody has acknowledged, hands out one
 * change at a time, and takes in the changes of others, all in code points.
 */

import { closeBracketsKeymap } from "@codemirror/autocomplete";
import {
  defaultKeymap,
  history,
  historyKeymap,
  redo,
  redoDepth,
  toggleComment,
  undo,
  undoDepth,
} from "@codemirror/commands";
import { markdown, markdownLanguage } from "@codemirror/lang-markdown";
import { LanguageSupport, bracketMatching, foldAll, foldCode, foldedRanges, indentOnInput, unfoldAll, unfoldCode, unfoldEffect } from "@codemirror/language";
import { highlightSelectionMatches, selectNextOccurrence, selectSelectionMatches } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, Transaction } from "@codemirror/state";
import {
  EditorView,
  crosshairCursor,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  keymap,
  rectangularSelection,
  tooltips,
} from "@codemirror/view";

import { carets, setCarets } from "./carets.js";
import { countCodePoints, toCodePoints } from "./code_points.js";
import { assistance } from "./completion.js";
import { cellKeys } from "./editor_keys.js";
import { folding, preferred } from "./editor_preferences.js";
import { Unacknowledged, difference, fromCodePoints, loneSurrogates, toDoc, toText } from "./editor_text.js";
import { python, theme } from "./editor_theme.js";
import { foundMarks, setFound } from "./found_marks.js";
import { preferences } from "./preferences.js";

/**
 * @typedef {import("./editor_text.js").Section} Section
 * @typedef {import("./editor_theme.js").Language} Language
 *
 * @typedef {object} EditorOptions
 * @property {HTMLElement} parent
 * @property {string} doc
 * @property {Language} language
 * @property {string} [label] its accessible name: "Cell 4, code"
 * @property {boolean} [readOnly]
 * @property {(changes: Section[], lengthBefore: number) => void} onEdit one change; the next comes
 *   when this one is acknowledged
 * @property {() => void} [onFocus]
 * @property {() => void} [onBlur]
 * @property {(cursor: {line: number, col: number}) => void} [onCursor]
 * @property {import("./editor_keys.js").CellKeys} [keys]
 * @property {import("./completion.js").Complete} [complete]
 * @property {import("./completion.js").Inspect} [inspect]
 * @property {() => Iterable<string>} [names] what can be completed while the runtime cannot answer
 *
 * @typedef {ReturnType<typeof createEditor>} Editor
 */

/** Said of what others did: not to be undone here, not to be sent. */
const fromElsewhere = [Transaction.addToHistory.of(false), Transaction.remote.of(true)];

/** @param {EditorOptions} options */
export function createEditor(options) {
  const slots = { language: new Compartment(), readOnly: new Compartment() };
  const more = { label: new Compartment(), preferred: new Compartment() };
  let edits = new Unacknowledged(toDoc(options.doc));

  const send = () => {
    const next = edits.take();
    if (next) options.onEdit(next.changes, next.lengthBefore);
  };
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: edits.settled,
      extensions: [
        cellKeys(options.keys ?? {}),
        base,
        slots.language.of(languageOf(options.language, options)),
        slots.readOnly.of(readOnlyAs(options.readOnly ?? false)),
        more.label.of(labelled(options.label ?? "Cell")),
        more.preferred.of(preferred(preferences())),
        EditorView.updateListener.of((update) => {
          const own = update.transactions.filter(isOwnEdit);
          for (const { changes } of own) edits.add(changes);
          if (own.length > 0) send();
          if (update.selectionSet || update.docChanged) options.onCursor?.(cursorOf(view));
          if (update.focusChanged) (view.hasFocus ? options.onFocus : options.onBlur)?.();
        }),
      ],
    }),
  });

  const receive = (/** @type {import("@codemirror/state").ChangeSet} */ changes) => {
    if (!changes.empty) view.dispatch({ changes, annotations: fromElsewhere });
  };
  return {
    view,
    /** @param {"start" | "end"} [where] where the cursor goes; it stays where it was if not told */
    focus(where) {
      if (where) placeCursor(view, where === "start" ? 0 : view.state.doc.length);
      view.focus();
    },
    hasFocus: () => view.hasFocus,
    /** Somebody else's change, made on the text as acknowledged so far. @param {Section[]} changes */
    applyRemote: (changes) => receive(edits.receive(changes)),
    /** The change given to `onEdit` last has been taken in; what was typed since is given out. */
    acknowledge() {
      edits.acknowledge();
      send();
    },
    /** As `acknowledge`, but what was typed since waits for `giveOut`. */
    settle: () => edits.acknowledge(),
    giveOut: send,
    /** Whether something typed has not been acknowledged. */
    isDirty: () => !edits.isEmpty,
    /** Whether something typed has not been given out. */
    holdsBack: () => edits.isWaiting,
    /** The text is now this one; what was not acknowledged is dropped. @param {string} text */
    setText(text) {
      const changes = difference(view.state.doc, text);
      edits = new Unacknowledged(changes.apply(view.state.doc));
      receive(changes);
    },
    /** The acknowledged text is now this one; what was not stays on top. @param {string} text */
    rebase: (text) => receive(edits.receiveText(text)),
    text: () => toText(view.state.doc),
    /** @param {boolean} readOnly */
    setReadOnly: (readOnly) => reset(view, slots.readOnly, readOnlyAs(readOnly)),
    /** @param {Language} language */
    setLanguage: (language) => reset(view, slots.language, languageOf(language, options)),
    /** @param {string} label */
    setLabel: (label) => reset(view, more.label, labelled(label)),
    /** What the person prefers is something else now. */
    setPreferences: () => reset(view, more.preferred, preferred(preferences())),
    /** Fold or unfold the code at the caret, or all of it. @param {keyof typeof FOLDING} how */
    fold: (how) => FOLDING[how](view),
    /** Where the cursor is; both count from 1, columns in code points. */
    cursor: () => cursorOf(view),
    /** The cursor in code points from the start. */
    position: () => toCodePoints(view.state.doc, view.state.selection.main.head),
    /** What is selected, as others can know it: in code points of the text as it is acknowledged. */
    selection() {
      const { anchor, head } = view.state.selection.main;
      const settled = (/** @type {number} */ at) => toCodePoints(edits.settled, edits.toSettled(at));
      return { anchor: settled(anchor), head: settled(head) };
    },
    /** Others in this text; their places as `selection` gives them. @param {import("./carets.js").Caret[]} others */
    showCarets(others) {
      const shown = (/** @type {number} */ at) => edits.toShown(fromCodePoints(edits.settled, at));
      const placed = others.map((each) => ({ ...each, anchor: shown(each.anchor), head: shown(each.head) }));
      view.dispatch({ effects: setCarets.of(placed) });
    },
    /** Mark what was found. @param {import("./finding.js").Match[]} matches @param {number} here the one that the reader is at; -1: none */
    showFound: (matches, here) => view.dispatch({ effects: setFound.of({ matches, here }) }),
    /** Bring a match into view. @param {import("./finding.js").Match} match @param {number} air px around it that are to be seen too */
    reveal: ({ from, to }, air) => view.dispatch({ effects: unfolding(view.state, from, to).concat(/** @type {any} */ (EditorView.scrollIntoView(EditorSelection.range(from, to), { y: "nearest", yMargin: air }))) }),
    /** @param {import("./finding.js").Match} match */
    select: ({ from, to }) => view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true }),
    /** How far down the screen the caret's line is; null where it is not drawn. */
    caretTop: () => view.coordsAtPos(view.state.selection.main.head)?.top ?? null,
    /** Selects a line, counted from 1, and brings it into view. @param {number} n */
    goToLine(n) {
      const line = view.state.doc.line(Math.max(1, Math.min(n, view.state.doc.lines)));
      view.dispatch({ effects: unfolding(view.state, line.from, line.to) });
      placeCursor(view, line.from + line.text.search(/\S|$/));
      view.focus();
    },
    /** Whether a new editor of the same text would be as good: nothing was done in this one. */
    canClose: () => edits.isEmpty && !view.hasFocus && !wasUsed(view.state),
    undo: () => undo(view),
    redo: () => redo(view),
    destroy: () => view.destroy(),
  };
}

/** @param {EditorState} state */
function wasUsed(state) {
  return undoDepth(state) > 0 || redoDepth(state) > 0 || !state.selection.main.empty || foldedRanges(state).size > 0;
}

/** @param {Transaction} transaction */
function isOwnEdit(transaction) {
  return transaction.docChanged && !transaction.annotation(Transaction.remote);
}

const FOLDING = { fold: foldCode, unfold: unfoldCode, foldAll, unfoldAll };

/** What is folded around a place. @param {EditorState} state @param {number} from @param {number} to */
function unfolding(state, from, to) {
  /** @type {import("@codemirror/state").StateEffect<{from: number, to: number}>[]} */
  const effects = [];
  foldedRanges(state).between(from, to, (start, end) => void effects.push(unfoldEffect.of({ from: start, to: end })));
  return effects;
}

const base = [
  EditorState.lineSeparator.of("\n"),
  EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
  EditorState.transactionFilter.of(keepWellFormed),
  EditorState.allowMultipleSelections.of(true),
  history(),
  drawSelection({ cursorBlinkRate: 1060 }),
  dropCursor(),
  rectangularSelection(),
  crosshairCursor(),
  indentOnInput(),
  bracketMatching(),
  folding,
  highlightActiveLine(),
  highlightSelectionMatches({ minSelectionLength: 2 }),
  tooltips({ parent: document.body }),
  theme,
  carets,
  foundMarks,
  keymap.of([
    ...closeBracketsKeymap,
    { key: "Mod-Shift-l", run: selectSelectionMatches, preventDefault: true },
    { key: "Mod-d", run: selectNextOccurrence, preventDefault: true },
    ...historyKeymap,
    { key: "Mod-Shift-z", run: redo, preventDefault: true },
    { key: "Mod-/", run: toggleComment },
    // Mod-Enter runs the cell; without a cell it does nothing.
    ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"),
  ]),
];

/**
 * Half a surrogate pair has no place in the log: it becomes the replacement character.
 * @param {Transaction} transaction
 */
function keepWellFormed(transaction) {
  if (!transaction.docChanged || transaction.annotation(Transaction.remote)) return transaction;
  const changes = loneSurrogates(transaction.changes, transaction.newDoc).map((at) => {
    return { from: at, to: at + 1, insert: "\ufffd" };
  });
  return changes.length ? [transaction, { changes, sequential: true }] : transaction;
}

/**
 * @param {Language} language
 * @param {EditorOptions} options
 */
function languageOf(language, options) {
  if (language === "python") return [new LanguageSupport(python), assistance(options)];
  if (language === "markdown") {
    return [markdown({ base: markdownLanguage }), EditorView.lineWrapping];
  }
  return EditorView.lineWrapping;
}

/** @param {boolean} readOnly */
function readOnlyAs(readOnly) {
  const attributes = { "aria-readonly": String(readOnly) };
  return [EditorState.readOnly.of(readOnly), EditorView.contentAttributes.of(attributes)];
}

/** One stop for Tab in the whole notebook, and it is not here. @param {string} label */
function labelled(label) {
  return EditorView.contentAttributes.of({ "aria-label": label, tabindex: "-1" });
}

/** @param {EditorView} view */
function cursorOf(view) {
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head);
  return { line: line.number, col: countCodePoints(line.text.slice(0, head - line.from)) + 1 };
}

/**
 * @param {EditorView} view
 * @param {number} at
 */
function placeCursor(view, at) {
  view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
}

/**
 * @param {EditorView} view
 * @param {Compartment} slot
 * @param {import("@codemirror/state").Extension} content
 */
function reset(view, slot, content) {
  view.dispatch({ effects: slot.reconfigure(content) });
}
