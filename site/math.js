/**
 * TeX in Markdown: $…$, $$…$$, \(…\), \[…\] and environments become tokens of their own, before
 * Markdown sees the signs inside. KaTeX draws them later, into elements that are already clean.
 */

import katex from "katex";

/**
 * @typedef {{tex: string, isDisplay: boolean}} Formula
 * @typedef {object} Delimiters
 * @property {RegExp} open sticky
 * @property {string} close
 * @property {boolean} isDisplay
 */

const ENVIRONMENTS =
  "align|alignat|aligned|array|bmatrix|cases|eqnarray|equation|gather|gathered|matrix|multline|pmatrix|split|vmatrix|CD";
const ENVIRONMENT = new RegExp(`\\\\begin\\{((?:${ENVIRONMENTS})\\*?)\\}`, "y");

/**
 * One page is one notebook: what a formula defines holds in all that come after it, as in Jupyter.
 * A cell that is drawn again defines anew what it defined, and KaTeX has short names of its own
 * (\R) which notebooks define too: so \newcommand takes the place of what is there.
 */
export const OPTIONS = /** @type {const} */ ({
  macros: { "\\newcommand": "\\providecommand{#1}{}\\renewcommand{#1}" },
  globalGroup: true,
  trust: false,
  maxSize: 40,
  strict: "ignore",
  throwOnError: true,
});

/** @type {Delimiters[]} */
const DELIMITERS = [
  { open: /\$\$/y, close: "$$", isDisplay: true },
  { open: /\\\\\[/y, close: "\\\\]", isDisplay: true },
  { open: /\\\[/y, close: "\\]", isDisplay: true },
  { open: /\\\\\(/y, close: "\\\\)", isDisplay: false },
  { open: /\\\(/y, close: "\\)", isDisplay: false },
];

/** A markdown-it plugin; formulas are collected in `env.formulas`. @param {import("markdown-it").default} md */
export function math(md) {
  md.inline.ruler.before("escape", "math", (state, silent) => {
    const found = readFormula(state.src, state.pos);
    if (!found) return false;
    if (!silent) keep(state.push("math", "", 0), state.env, found);
    state.pos = found.end;
    return true;
  });
  const options = { alt: ["paragraph", "reference", "blockquote", "list"] };
  md.block.ruler.before("fence", "math", blockRule, options);
  md.renderer.rules["math"] = (tokens, i) => `<span data-math="${tokens[i]?.meta.index}"></span>`;
  md.renderer.rules["math_block"] = (tokens, i) =>
    `<p><span data-math="${tokens[i]?.meta.index}"></span></p>\n`;
}

/**
 * @param {any} token
 * @param {{formulas?: Formula[]}} env
 * @param {Formula} formula
 */
function keep(token, env, { tex, isDisplay }) {
  env.formulas ??= [];
  token.meta = { index: env.formulas.push({ tex, isDisplay }) - 1 };
}

/**
 * A display formula that has its lines for itself.
 * @param {any} state
 * @param {number} start
 * @param {number} end
 * @param {boolean} silent
 */
function blockRule(state, start, end, silent) {
  const first = state.bMarks[start] + state.tShift[start];
  if (state.sCount[start] - state.blkIndent >= 4) return false;
  const opening = state.src.slice(first, first + 2);
  if (opening !== "$$" && opening[0] !== "\\") return false;
  const text = state.getLines(start, end, state.blkIndent, false).trimStart();
  const found = readFormula(text, 0);
  if (!found?.isDisplay || !/^[ \t]*(?:\n|$)/.test(text.slice(found.end))) return false;
  if (silent) return true;
  const lines = text.slice(0, found.end).split("\n").length;
  const token = state.push("math_block", "", 0);
  token.block = true;
  token.map = [start, start + lines];
  keep(token, state.env, found);
  state.line = start + lines;
  return true;
}

/**
 * The formula that begins at `at`.
 * @param {string} text
 * @param {number} at
 * @returns {(Formula & {end: number}) | null}
 */
function readFormula(text, at) {
  const sign = text[at];
  if (sign !== "$" && sign !== "\\") return null;
  const environment = readEnvironment(text, at);
  if (environment) return environment;
  for (const { open, close, isDisplay } of DELIMITERS) {
    open.lastIndex = at;
    if (!open.test(text)) continue;
    const start = open.lastIndex;
    const end = text.indexOf(close, start);
    const tex = text.slice(start, end);
    if (end < 0 || !tex.trim() || (!isDisplay && tex.includes("\n\n"))) return null;
    return { tex, isDisplay, end: end + close.length };
  }
  return sign === "$" ? readDollars(text, at) : null;
}

/**
 * One dollar opens only before something, closes only after something and not before a digit: "$5
 * and $10" is money.
 * @param {string} text
 * @param {number} at
 */
function readDollars(text, at) {
  if (!/\S/.test(text[at + 1] ?? " ") || /[\w\\]/.test(text[at - 1] ?? " ")) return null;
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === "$") {
      const isClosing = /\S/.test(text[end - 1] ?? " ") && !/\d/.test(text[end + 1] ?? " ");
      const tex = text.slice(at + 1, end);
      return isClosing && tex ? { tex, isDisplay: false, end: end + 1 } : null;
    }
  }
  return null;
}

/**
 * @param {string} text
 * @param {number} at
 */
function readEnvironment(text, at) {
  ENVIRONMENT.lastIndex = at;
  const name = ENVIRONMENT.exec(text)?.[1];
  if (!name) return null;
  const close = `\\end{${name}}`;
  const end = text.indexOf(close, at);
  if (end < 0) return null;
  return { tex: text.slice(at, end + close.length), isDisplay: true, end: end + close.length };
}

/**
 * Draws a formula, or says why it cannot.
 * @param {HTMLElement} element
 * @param {Formula} formula
 */
export function drawFormula(element, { tex, isDisplay }) {
  try {
    katex.render(forKatex(tex), element, { ...OPTIONS, displayMode: isDisplay });
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    const code = document.createElement("code");
    code.className = "math-problem";
    code.textContent = tex.trim();
    code.title = error.message;
    const words = document.createElement("span");
    words.className = "math-problem-words";
    words.textContent = ` ${error.message.replace(/^KaTeX parse error: /, "")}`;
    element.replaceChildren(code, words);
  }
}

/** What LaTeX knows and KaTeX does not: labels, eqnarray, starred definitions. @param {string} tex */
export function forKatex(tex) {
  return tex
    .replace(/\\((?:re)?new|provide)command\s*\*/g, "\\$1command")
    .replace(/\\label\{[^}]*\}/g, "")
    .replace(/\\begin\{eqnarray\*?\}/g, "\\begin{array}{rcl}")
    .replace(/\\end\{eqnarray\*?\}/g, "\\end{array}");
}
