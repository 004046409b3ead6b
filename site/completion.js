/** Completion and documentation from the runtime: Tab, Shift-Tab. */

import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  completionKeymap,
  completionStatus,
  currentCompletions,
  selectedCompletion,
  setSelectedCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import { indentLess, indentMore } from "@codemirror/commands";
import { localCompletionSource } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import { EditorSelection, Prec, StateEffect, StateField } from "@codemirror/state";
import { EditorView, keymap, showTooltip } from "@codemirror/view";

import { stripAnsi } from "./ansi.js";
import { renderAnsi } from "./ansi_draw.js";
import { toCodePoints } from "./code_points.js";
import { fromCodePoints, toText } from "./editor_text.js";

/**
 * What a runtime answers; positions in code points.
 * @typedef {{matches: string[], start: number, end: number, types?: string[]}} Completions
 * @typedef {(source: string, position: number) => Promise<Completions | null>} Complete
 * @typedef {(source: string, position: number, detail: number) =>
 *   Promise<Record<string, any> | null>} Inspect
 * @typedef {{pos: number, text: string, detail: number}} Documentation
 *
 * Whether the reader asked and has no answer yet; and the question, which is good for that one list.
 * @typedef {{open: boolean, pressed: {doc: import("@codemirror/state").Text, at: number, answer: Promise<Completions | null>} | null}} Asked
 */

const NAME = /[\p{L}_][\p{L}\p{N}_]*$/u;

/** @type {import("@codemirror/state").StateEffectType<Documentation | null>} */
const showDocumentation = StateEffect.define();

/**
 * @param {{complete?: Complete, inspect?: Inspect, names?: () => Iterable<string>}} from names: those
 *   that are known where the runtime cannot answer
 * @returns {import("@codemirror/state").Extension}
 */
export function assistance({ complete, inspect, names = () => [] }) {
  /** @type {Asked} */
  const asked = { open: false, pressed: null };
  const ask = complete && askOnce(complete, asked);
  return [
    autocompletion({
      override: [askRuntime(ask, names), namesOfThisCell],
      selectOnOpen: false,
      interactionDelay: 0,
      icons: false,
      defaultKeymap: false, // its Esc is swallowed by a list that is not even shown yet
      maxRenderedOptions: 200,
    }),
    EditorView.updateListener.of((update) => chooseWhenAsked(update, asked)),
    documentation,
    Prec.highest(keymap.of(completionKeymap.filter((binding) => binding.key !== "Escape"))),
    Prec.high(
      keymap.of([
        { key: "Tab", run: (view) => tab(view, asked, ask) },
        { key: "Shift-Tab", run: (view) => shiftTab(view, inspect) },
        { key: "Escape", run: (view) => closeList(view) || hideDocumentation(view) },
      ]),
    ),
  ];
}

/**
 * CodeMirror lets some time pass before it asks: the press of a key asks at once, and the answer to
 * that question is taken then.
 * @param {Complete} complete
 * @param {Asked} asked
 * @returns {(doc: import("@codemirror/state").Text, at: number, isPress?: boolean) => Promise<Completions | null>}
 */
function askOnce(complete, asked) {
  return (doc, at, isPress = false) => {
    const { pressed } = asked;
    if (!isPress && pressed?.doc === doc && pressed.at === at) return pressed.answer;
    const answer = complete(toText(doc), toCodePoints(doc, at));
    if (isPress) asked.pressed = { doc, at, answer };
    return answer;
  };
}

/** Whether completion or documentation is open. @param {import("@codemirror/state").EditorState} state */
export function isAssisting(state) {
  return completionStatus(state) !== null || state.field(documentation, false) != null;
}

/**
 * The runtime is asked only when the reader asks: an answer may take a while.
 * @param {ReturnType<typeof askOnce> | undefined} ask
 * @param {() => Iterable<string>} names
 * @returns {import("@codemirror/autocomplete").CompletionSource}
 */
function askRuntime(ask, names) {
  return async (context) => {
    if (!context.explicit || !ask) return null;
    const { doc } = context.state;
    const answer = await ask(doc, context.pos);
    if (context.aborted) return null;
    if (!answer) return namesOfTheCells(context, names());
    if (answer.matches.length === 0) return null;
    const from = fromCodePoints(doc, answer.start);
    const dots = countDots(doc.sliceString(from, context.pos));
    return {
      from,
      to: fromCodePoints(doc, answer.end),
      options: answer.matches.map((label, i) => ({ label, detail: answer.types?.[i] ?? "" })),
      validFor: (text) => /^%{0,2}[\p{L}\p{N}_.]*$/u.test(text) && countDots(text) === dots,
    };
  };
}

/**
 * While code runs, or before any has: what stands in the cells, as it is written there.
 * @param {import("@codemirror/autocomplete").CompletionContext} context
 * @param {Iterable<string>} names
 */
function namesOfTheCells(context, names) {
  const word = context.matchBefore(NAME);
  if (!word) return null;
  const options = [...names].filter((label) => label !== word.text && label.startsWith(word.text)).map((label) => ({ label, detail: "in the cells" }));
  return options.length ? { from: word.from, options, validFor: NAME } : null;
}

/** @param {string} text */
function countDots(text) {
  return text.split(".").length;
}

/**
 * Names that this cell binds: cheap, so they are offered while one types a longer word.
 * @type {import("@codemirror/autocomplete").CompletionSource}
 */
function namesOfThisCell(context) {
  if (context.explicit) return null;
  const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*$/u);
  if (!word || word.to - word.from < 3) return null;
  if (context.state.sliceDoc(word.from - 1, word.from) === ".") return null;
  return localCompletionSource(context);
}

/**
 * A list that was asked for has its first entry chosen; a single answer is taken at once.
 * @param {import("@codemirror/view").ViewUpdate} update
 * @param {Asked} asked
 */
function chooseWhenAsked(update, asked) {
  if (completionStatus(update.state) !== "pending") asked.pressed = null;
  if (!asked.open || completionStatus(update.state) === "pending") return;
  const { view } = update;
  asked.open = false;
  const found = currentCompletions(view.state);
  if (found.length === 0) return;
  // An update cannot dispatch; the answer is shown in the next step.
  queueMicrotask(() => {
    if (selectedCompletion(view.state)) return;
    view.dispatch({ effects: setSelectedCompletion(0) });
    if (found.length === 1) acceptCompletion(view);
  });
}

/**
 * Tab takes the chosen completion, asks for one after a word or a dot, and indents otherwise.
 * @param {EditorView} view
 * @param {Asked} asked
 * @param {ReturnType<typeof askOnce> | undefined} ask missing where there is nobody to ask
 */
function tab(view, asked, ask) {
  const { state } = view;
  if (completionStatus(state) === "active") {
    if (!selectedCompletion(state)) view.dispatch({ effects: setSelectedCompletion(0) });
    return acceptCompletion(view);
  }
  const { main } = state.selection;
  const before = state.sliceDoc(Math.max(0, main.from - 2), main.from);
  const afterWord = /[\p{L}\p{N}_.%/"'~]$/u.test(before);
  if (ask && main.empty && state.selection.ranges.length === 1 && afterWord) {
    asked.open = true;
    if (completionStatus(state) !== "pending") void ask(state.doc, main.head, true);
    return startCompletion(view);
  }
  return main.empty ? indentHere(view) : indentMore(view);
}

/** Spaces up to the next stop. @param {EditorView} view */
function indentHere(view) {
  if (view.state.readOnly) return false;
  const unit = view.state.facet(indentUnit);
  view.dispatch(
    view.state.changeByRange((range) => {
      const column = range.from - view.state.doc.lineAt(range.from).from;
      const insert = unit === "\t" ? unit : " ".repeat(unit.length - (column % unit.length));
      const cursor = EditorSelection.cursor(range.from + insert.length);
      return { changes: { from: range.from, to: range.to, insert }, range: cursor };
    }),
    { scrollIntoView: true, userEvent: "input.indent" },
  );
  return true;
}

/**
 * Shift-Tab dedents in the indent or with a selection, and asks for documentation elsewhere;
 * pressed again it shows more.
 * @param {EditorView} view
 * @param {Inspect | undefined} inspect
 */
function shiftTab(view, inspect) {
  const { state } = view;
  const { main } = state.selection;
  const lineStart = state.doc.lineAt(main.head).from;
  const inIndent = /^\s*$/.test(state.sliceDoc(lineStart, main.head));
  if (!inspect || !main.empty || inIndent) return indentLess(view);
  const shown = state.field(documentation, false);
  void askDocumentation(view, inspect, shown ? 1 : 0);
  return true;
}

/**
 * @param {EditorView} view
 * @param {Inspect} inspect
 * @param {number} detail
 */
async function askDocumentation(view, inspect, detail) {
  const { state } = view;
  const pos = state.selection.main.head;
  const bundle = await inspect(toText(state.doc), toCodePoints(state.doc, pos), detail);
  const text = bundle?.["text/plain"];
  // The reader may have gone on meanwhile.
  if (view.state.doc !== state.doc || view.state.selection.main.head !== pos) return;
  const found = typeof text === "string" && stripAnsi(text).trim() !== "";
  const shown = found ? text : "Nothing is known about this name.";
  view.dispatch({ effects: showDocumentation.of({ pos, text: shown, detail }) });
}

/** A list that is still looked for goes too, but Esc has done nothing yet then. @param {EditorView} view */
function closeList(view) {
  const wasShown = completionStatus(view.state) === "active";
  return closeCompletion(view) && wasShown;
}

/** @param {EditorView} view */
function hideDocumentation(view) {
  if (!view.state.field(documentation, false)) return false;
  view.dispatch({ effects: showDocumentation.of(null) });
  return true;
}

/** @type {StateField<Documentation | null>} */
const documentation = StateField.define({
  create: () => /** @type {Documentation | null} */ (null),
  update(value, transaction) {
    if (transaction.docChanged || transaction.selection) value = null;
    for (const effect of transaction.effects) {
      if (effect.is(showDocumentation)) value = effect.value;
    }
    return value;
  },
  provide: (field) =>
    showTooltip.from(field, (value) =>
      value ? { pos: value.pos, above: true, create: () => drawDocumentation(value) } : null,
    ),
});

/** @param {Documentation} value */
function drawDocumentation(value) {
  const dom = document.createElement("div");
  dom.setAttribute("role", "status");
  const body = document.createElement("div");
  body.className = value.detail ? "documentation more" : "documentation";
  body.append(renderAnsi(value.text));
  const hint = document.createElement("div");
  hint.className = "hint";
  hint.textContent = value.detail ? "Esc closes" : "Shift Tab again for more, Esc closes";
  dom.append(body, hint);
  return { dom };
}
