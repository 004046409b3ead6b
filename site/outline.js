/** The outline: headings of the text cells, and under them the code cells with their state. Pure. */

/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {{id: string, words: string, depth: number, isHeading: boolean, state: string, look: string}} Entry */

const LONGEST = 80;
/** The first line that holds something and is no magic; nothing behind it is looked at. */
const FIRST = /^[^\S\n]*([^\s%].*)/m;

/**
 * What the outline says of one cell.
 * @param {Cell} cell
 * @param {string} source
 * @returns {Entry[]}
 */
export function entriesOf(cell, source) {
  const { id } = cell;
  if (cell.type === "markdown") {
    return headings(source).map(({ level, words }) => {
      const depth = level > 2 ? 1 : 0;
      return { id, words, depth, isHeading: true, state: "", look: "" };
    });
  }
  const words = cell.type === "code" ? firstWords(source) : "";
  return words ? [{ id, words, depth: 1, isHeading: false, ...stateOf(cell) }] : [];
}

/** ATX headings outside of fences. @param {string} source */
export function headings(source) {
  const found = [];
  let fence = "";
  for (const line of source.split("\n")) {
    const mark = line.match(/^ {0,3}(`{3,}|~{3,})/)?.[1]?.charAt(0) ?? "";
    if (mark && (!fence || fence === mark)) fence = fence ? "" : mark;
    const match = fence || mark ? null : line.match(/^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/);
    if (match?.[1] && match[2]) found.push({ level: match[1].length, words: plain(match[2]) });
  }
  return found;
}

/** Markdown's marks taken off. @param {string} text */
function plain(text) {
  return text.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*_`]/g, "").slice(0, LONGEST);
}

/** What a code cell is known by: its comment on top, what it defines, or its first line. @param {string} source */
export function firstWords(source) {
  const first = source.match(FIRST)?.[1]?.trimEnd();
  if (!first) return source.trim().split("\n", 1)[0]?.trimEnd() ?? "";
  const comment = first.match(/^#+\s*(?:%%\s*)?(.+)$/)?.[1];
  const named = first.match(/^(?:async )?(?:def|class)\s+(\w+)/)?.[1];
  return (comment ?? named ?? first).slice(0, LONGEST);
}

/** @param {Cell} cell @returns {{state: string, look: string}} */
function stateOf(cell) {
  const execution = cell.execution;
  switch (execution?.status) {
    case undefined:
      return { state: "", look: "" };
    case "running":
      return { state: "Running", look: "running" };
    case "queued":
    case "assigned":
      return { state: "Queued", look: "" };
    case "error":
      return { state: "Error", look: "error" };
    default:
      if (execution?.stale) return { state: "Stale", look: "stale" };
      return { state: execution?.count ? `[${execution.count}]` : "", look: "" };
  }
}
