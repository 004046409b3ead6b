/** How code looks: the token classes, Foldbook's colours for CodeMirror, and code without an editor. */

import { markdownLanguage } from "@codemirror/lang-markdown";
import { pythonLanguage } from "@codemirror/lang-python";
import { syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { highlightCode, styleTags, tagHighlighter, tags } from "@lezer/highlight";

/** @typedef {"python" | "markdown" | "text"} Language */

/** Python, with decorators, formats and magics told apart as the look wants it. */
export const python = pythonLanguage.configure({
  props: [
    styleTags({
      "Decorator/VariableName Decorator/MemberExpression/... At": tags.annotation,
      "FormatSpec FormatConversion": tags.string,
      '"*" "**"': tags.arithmeticOperator,
      async: tags.keyword,
    }),
  ],
});

/** Tags to class names; `editor.css` gives them their colours. */
const tokens = tagHighlighter([
  { tag: [tags.keyword, tags.operatorKeyword, tags.bool, tags.null], class: "tok-kw" },
  { tag: [tags.string, tags.special(tags.brace)], class: "tok-str" },
  { tag: tags.escape, class: "tok-str" },
  { tag: tags.number, class: "tok-num" },
  { tag: tags.comment, class: "tok-com" },
  { tag: tags.annotation, class: "tok-deco" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "tok-def" },
  { tag: tags.definition(tags.className), class: "tok-def" },
  { tag: tags.heading, class: "tok-def" },
  { tag: tags.strong, class: "tok-strong" },
  { tag: tags.emphasis, class: "tok-em" },
  { tag: tags.link, class: "tok-kw" },
  { tag: tags.url, class: "tok-com" },
  { tag: tags.monospace, class: "tok-str" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.quote], class: "tok-mark" },
]);

/**
 * Code in its colours, as text nodes and spans, in the place of what `element` holds.
 * @param {Element} element
 * @param {string} source
 * @param {Language} language
 */
export function paintCode(element, source, language) {
  const parser = { python: python.parser, markdown: markdownLanguage.parser, text: null }[language];
  if (!parser) {
    element.textContent = source;
    return;
  }
  const fragment = document.createDocumentFragment();
  const put = (/** @type {string} */ text, /** @type {string} */ classes) => {
    if (!classes) {
      fragment.append(text);
      return;
    }
    const span = document.createElement("span");
    span.className = classes;
    span.textContent = text;
    fragment.append(span);
  };
  highlightCode(source, parser.parse(source), tokens, put, () => fragment.append("\n"));
  element.replaceChildren(fragment);
}

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    font: "400 var(--code-size)/var(--code-line) var(--mono)",
    fontVariantLigatures: "none",
    overflowX: "auto",
  },
  ".cm-content": { padding: "9px 0", caretColor: "transparent" },
  ".cm-line": { padding: "0 16px" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--accentbg)" },
  "&.cm-focused .cm-activeLineGutter": { backgroundColor: "var(--accentbg)" },
  ".cm-cursor, .cm-dropCursor": {
    borderLeft: "2px solid var(--accent)",
    marginLeft: "-1px",
  },
  ".cm-gutters": {
    backgroundColor: "transparent",
    color: "var(--ink3)",
    border: "0",
    fontSize: "12px",
  },
  ".cm-lineNumbers": { backgroundColor: "var(--ground)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0 0 12px" },
  // It lies over the margin that the text has anyway, and takes no press but on its signs.
  ".cm-foldGutter": { width: "16px", marginRight: "-16px", pointerEvents: "none" },
  ".cm-foldPlaceholder": {
    margin: "0 2px",
    padding: "0 4px",
    border: "0",
    borderRadius: "3px",
    backgroundColor: "var(--sunk)",
    color: "var(--ink2)",
  },
  ".cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "color-mix(in srgb, var(--accent) 24%, transparent)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--edge)",
    borderRadius: "2px",
  },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": {
    backgroundColor: "transparent",
    color: "var(--err)",
  },
  ".cm-placeholder": { color: "var(--ink3)" },
});

/** Foldbook's look for an editor. */
export const theme = [look, syntaxHighlighting(tokens)];
