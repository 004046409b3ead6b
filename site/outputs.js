/**
 * The outputs of one run. Drawing again changes only what has changed: text is appended, a frame
 * stays where it is.
 */

import { renderMarkdown } from "./markdown.js";
import { drawFormula } from "./math.js";
import { h } from "./dom.js";
import { OutputFrame } from "./output_frame.js";
import { drawError } from "./outputs_error.js";
import { drawJson } from "./outputs_json.js";
import { TextView } from "./outputs_stream.js";
import { drawTable, readTable } from "./outputs_table.js";
import { PICTURES, altOf, drawPicture } from "./pictures.js";

/**
 * @typedef {import("./types.js").Output} Output
 *
 * @typedef {object} OutputOptions
 * @property {number | null} [count] the run's number, where the run itself does not tell
 * @property {(digest: string) => Promise<Blob>} [blob]
 * @property {unknown} [theme] anything; when it changes, frames are told the colours again
 * @property {(line: number) => void} [onGoToLine]
 *
 * One output on the page.
 * @typedef {object} Drawn
 * @property {string} key what was drawn
 * @property {HTMLElement} element
 * @property {TextView} [text] for a stream
 * @property {OutputFrame} [frame]
 *
 * @typedef {{executionId: string, theme: unknown, drawn: Drawn[]}} State
 */

/**
 * The types that this page can show, richest first. Their order is that of `foldbook.mime`'s
 * PREFERENCE, which is the source; a test holds this list to it.
 */
export const SHOWN = [
  "text/html",
  "text/markdown",
  "image/svg+xml",
  "text/latex",
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "application/javascript",
  "application/json",
  "text/plain",
];

/** @type {WeakMap<HTMLElement, State>} */
const states = new WeakMap();

/**
 * @param {HTMLElement} container
 * @param {{id: string, count?: number | null, outputs: Output[]} | null} execution the run; where it
 *   is another one than before, its outputs are drawn anew
 * @param {OutputOptions} given
 */
export function renderOutputs(container, execution, given) {
  const state = stateOf(container, execution?.id ?? "");
  const outputs = execution?.outputs ?? [];
  const options = { ...given, count: execution?.count ?? given.count };
  for (const each of state.drawn.splice(outputs.length)) remove(each);
  outputs.forEach((output, i) => {
    const before = state.drawn[i];
    if (before && isDrawn(before, output)) return;
    if (before?.text && output.type === "stream" && before.key === streamKey(output)) {
      before.text.set(output.text ?? "");
      return;
    }
    const now = draw(output, options);
    if (before) before.element.replaceWith(now.element);
    else container.append(now.element);
    before?.frame?.destroy();
    state.drawn[i] = now;
  });
  if (state.theme !== options.theme) for (const { frame } of state.drawn) frame?.setTheme();
  state.theme = options.theme;
}

/**
 * @param {HTMLElement} container
 * @param {string} executionId
 */
function stateOf(container, executionId) {
  const known = states.get(container);
  if (known?.executionId === executionId) return known;
  known?.drawn.forEach(remove);
  const state = { executionId, theme: undefined, drawn: [] };
  states.set(container, state);
  container.replaceChildren();
  return state;
}

/** @param {Drawn} drawn */
function remove({ element, frame }) {
  frame?.destroy();
  element.remove();
}

/**
 * @param {Drawn} drawn
 * @param {Output} output
 */
function isDrawn(drawn, output) {
  if (output.type !== "stream") return drawn.key === JSON.stringify(output);
  return drawn.key === streamKey(output) && drawn.text?.text === output.text;
}

/** @param {Output} output */
function streamKey({ name }) {
  return `stream ${name}`;
}

/**
 * @param {Output} output
 * @param {OutputOptions} options
 * @returns {Drawn}
 */
function draw(output, options) {
  const element = h("div", { class: "output", "data-output-type": output.type });
  if (output.type === "stream") return drawStream(element, output);
  const key = JSON.stringify(output);
  if (output.type === "error") {
    element.append(drawError(output, options));
    return { key, element };
  }
  const drawn = { key, element };
  drawBundle(drawn, output, options);
  return drawn;
}

/**
 * @param {HTMLElement} element
 * @param {Output} output
 * @returns {Drawn}
 */
function drawStream(element, output) {
  const text = new TextView(h("div", { class: "lines" }));
  element.classList.add("stream");
  if (output.name === "stderr") {
    element.classList.add("stderr");
    element.append(h("span", { class: "voice" }, "stderr"));
  }
  element.append(text.element);
  text.set(output.text ?? "");
  return { key: streamKey(output), element, text };
}

/**
 * @param {Drawn} drawn
 * @param {Output} output
 * @param {OutputOptions} options
 */
function drawBundle(drawn, output, options) {
  const { element } = drawn;
  const data = output.data ?? {};
  const mime = SHOWN.find((each) => data[each] !== undefined && data[each] !== null);
  if (!mime) {
    element.append(drawUnknown(Object.keys(data)));
    return;
  }
  element.dataset["mime"] = mime;
  const value = data[mime];
  if (PICTURES.includes(mime)) {
    const alt = altOf(data["text/plain"]);
    const metadata = output.metadata?.[mime];
    element.append(drawPicture({ mime, value, alt, metadata, blob: options.blob }));
    return;
  }
  const digest = value?.$blob;
  if (typeof digest !== "string") drawText(drawn, mime, value, output, options);
  else void drawLater(drawn, mime, { digest, size: Number(value.size) || 0 }, output, options);
}

/**
 * A value that is kept apart: its place says how much of it is coming.
 * @param {Drawn} drawn
 * @param {string} mime
 * @param {{digest: string, size: number}} stored
 * @param {Output} output
 * @param {OutputOptions} options
 */
async function drawLater(drawn, mime, stored, output, options) {
  const { element } = drawn;
  const size = `${Math.max(1, Math.round(stored.size / 1000)).toLocaleString("en")} KB`;
  element.replaceChildren(h("div", { class: "notice" }, `${size} arriving.`));
  let value;
  try {
    if (!options.blob) throw new Error(`Expected a way to get blob ${stored.digest}.`);
    const text = await (await options.blob(stored.digest)).text();
    value = mime === "application/json" ? JSON.parse(text) : text;
  } catch {
    const again = h("button", { class: "lnk", type: "button" }, "Try again");
    again.onclick = () => void drawLater(drawn, mime, stored, output, options);
    element.replaceChildren(h("div", { class: "notice" }, `This output (${size}) is not here yet. `, again));
    return;
  }
  element.replaceChildren();
  drawText(drawn, mime, value, output, options);
}

/**
 * @param {Drawn} drawn
 * @param {string} mime
 * @param {any} value
 * @param {Output} output
 * @param {OutputOptions} options
 */
function drawText(drawn, mime, value, output, options) {
  const { element } = drawn;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (mime === "text/html") {
    const table = readTable(text);
    if (table) element.append(drawTable(table));
    else frameIn(drawn, { html: text }, "HTML output");
  } else if (mime === "application/javascript") {
    frameIn(drawn, { script: text }, "Script output");
  } else if (mime === "text/markdown") {
    const prose = h("div", { class: "md" });
    renderMarkdown(prose, text, { blob: options.blob });
    element.append(prose);
  } else if (mime === "text/latex") {
    element.append(drawLatex(text));
  } else if (mime === "application/json") {
    element.append(drawJson(value, Boolean(output.metadata?.[mime]?.expanded)));
  } else {
    const lines = new TextView(h("div", { class: "lines" }));
    element.append(lines.element);
    lines.set(text);
  }
}

/**
 * @param {Drawn} drawn
 * @param {import("./output_frame.js").Content} content
 * @param {string} title
 */
function frameIn(drawn, content, title) {
  drawn.frame = new OutputFrame(content, title);
  drawn.element.append(drawn.frame.element);
}

/**
 * What IPython's `Latex` and SymPy give: formulas with their signs, or bare TeX.
 * @param {string} text
 */
function drawLatex(text) {
  const element = h("div", { class: "md" });
  const tex = formulaOf(text);
  if (tex === null) renderMarkdown(element, text);
  else drawFormula(element, { tex, isDisplay: true });
  return element;
}

/**
 * The formula that a `text/latex` is; null where there is text around it.
 * @param {string} text
 */
export function formulaOf(text) {
  const signed = /^\s*\$\$?([^$]*)\$\$?\s*$/s.exec(text);
  if (!signed && /\$|\\\(|\\\[|\\begin\{/.test(text)) return null;
  return signed?.[1] ?? text;
}

/** @param {string[]} mimes */
function drawUnknown(mimes) {
  const what = mimes.length ? `This output comes only as ${mimes.join(", ")}` : "This output is empty";
  return h("div", { class: "notice" }, mimes.length ? `${what}, which this page cannot show.` : `${what}.`);
}
