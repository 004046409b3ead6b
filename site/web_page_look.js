/** How a notebook looks as a file: of the page's own styles those that count there, and its layout. */

const LAYOUT = `
html, body { height: auto; }
main { max-width: 52.5rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
.doc-cell { position: relative; padding: 0.5rem 0; padding-left: 3.5rem; }
.doc-cell > .md, .doc-raw { padding: 0 1rem; }
.doc-count { position: absolute; left: 0; width: 3rem; padding-top: 0.5625rem; text-align: right;
  font: 400 0.75rem/1.25rem var(--mono); color: var(--ink3); }
.doc-code { background: var(--code); border-radius: 0.25rem; padding: 0.5625rem 1rem; overflow-x: auto;
  font: 400 0.8125rem/1.25rem var(--mono); font-variant-ligatures: none; tab-size: 4; }
.doc-raw { font: 400 0.8125rem/1.25rem var(--mono); color: var(--ink2); white-space: pre-wrap; }
.doc-folded > summary { font: 400 0.75rem/1.25rem var(--ui); color: var(--ink3); padding: 0.5rem 1rem 0; }
.output .wide { max-height: none; }
.framed iframe { height: 20rem; resize: vertical; }
math { font-size: 1.06em; }
math[display="block"] { margin: 0.75rem 0; overflow-x: auto; overflow-y: hidden; }
@media (max-width: 37.5rem) {
  main { padding: 0.75rem 0 2rem; }
  .doc-cell { padding-left: 0; }
  .doc-count { position: static; width: auto; text-align: left; padding: 0 1rem; }
  .doc-code { border-radius: 0; }
}
@media print {
  :root { color-scheme: light; }
  main { max-width: none; padding: 0; }
  .doc-code, .output pre.text { white-space: pre-wrap; overflow-wrap: anywhere; }
  .output .wide, .md .wide { overflow: visible; }
  .picture, .md table, tr { break-inside: avoid; }
  .diagram .diagram-box img { width: min(100%, var(--own)); }
  h1, h2, h3, h4, h5, h6 { break-after: avoid; }
}
`;

const PASSING = /:(?:hover|focus|active|disabled|popover|modal|target)/;

/** The styles for a document that is whole. @param {Document} made @returns {string} */
export function lookOf(made) {
  const kept = [...document.styleSheets].filter(isOwn).flatMap((sheet) => rulesOf(sheet.cssRules, made));
  return kept.join("\n") + LAYOUT;
}

/** KaTeX's are not needed: formulas are MathML. @param {CSSStyleSheet} sheet */
function isOwn({ href }) {
  return href !== null && new URL(href).origin === location.origin && /\/style\.css$/.test(new URL(href).pathname);
}

/**
 * Rules for what there is. Of conditions only those that hold for a file count too: neither the
 * width of the page nor what it supports.
 * @param {CSSRuleList} rules
 * @param {Document} made
 * @returns {string[]}
 */
function rulesOf(rules, made) {
  return [...rules].flatMap((rule) => {
    if (rule instanceof CSSStyleRule) return matches(rule.selectorText, made) ? [rule.cssText] : [];
    return [];
  });
}

/** @param {string} selector @param {Document} made */
function matches(selector, made) {
  if (PASSING.test(selector)) return false;
  try {
    return made.querySelector(selector.replace(/::[\w-]+(?:\([^)]*\))?/g, "") || "*") !== null;
  } catch (error) {
    if (error instanceof DOMException) return false; // of a kind that this browser does not know
    throw error;
  }
}
