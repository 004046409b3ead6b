/**
 * One output that comes in several forms, a mime bundle: the richest one that this page can show.
 */

import { libraryOf, titleOf } from "./charts.js";
import { DiagramView } from "./diagram.js";
import { MERMAID } from "./diagram_source.js";
import { h } from "./dom.js";
import { renderMarkdown } from "./markdown.js";
import { drawFormula } from "./math.js";
import { OutputFrame } from "./output_frame.js";
import { drawDocument } from "./outputs_document.js";
import { drawJson } from "./outputs_json.js";
import { TextView } from "./outputs_stream.js";
import { drawTable, readTable } from "./outputs_table.js";
import { addTools } from "./picture_tools.js";
import { PICTURES, altOf, drawPicture } from "./pictures.js";

/** @typedef {import("./types.js").Output} Output */
/** @typedef {import("./outputs.js").OutputOptions} OutputOptions */
/** @typedef {import("./outputs.js").Drawn} Drawn */

/**
 * The types that this page can show, richest first. Their order is that of `foldbook.mime`'s
 * PREFERENCE, which is the source; a test holds this list to it.
 */
export const SHOWN = [
  "application/vnd.vegalite.v6+json",
  "application/vnd.vegalite.v6.json",
  "application/vnd.vegalite.v5+json",
  "application/vnd.vegalite.v4+json",
  "application/vnd.vegalite.v3+json",
  "application/vnd.vegalite.v2+json",
  "application/vnd.vega.v6+json",
  "application/vnd.vega.v5+json",
  "application/vnd.plotly.v1+json",
  "text/html",
  "text/markdown",
  "text/vnd.mermaid",
  "image/svg+xml",
  "text/latex",
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/avif",
  "image/gif",
  "image/bmp",
  "application/pdf",
  "application/javascript",
  "text/javascript",
  "application/json",
  "application/geo+json",
  "application/vnd.jupyter.stdout",
  "application/vnd.jupyter.stderr",
  "text/plain",
];

export const DOCUMENT = "application/pdf";
/** Characters of HTML above which it is not drawn by itself: it would hold up whoever types. */
const LARGE = 4_000_000;

/**
 * @param {Drawn} drawn
 * @param {Output} output
 * @param {OutputOptions} options
 * @param {string[]} [without] types that could not be drawn
 */
export function drawBundle(drawn, output, options, without = []) {
  const { element } = drawn;
  const data = output.data ?? {};
  const isThere = (/** @type {string} */ each) => data[each] !== undefined && data[each] !== null;
  const mime = SHOWN.find((each) => isThere(each) && !without.includes(each));
  if (!mime) {
    if (!without.length) element.append(drawUnknown(Object.keys(data)));
    return;
  }
  element.dataset["mime"] = mime;
  const value = data[mime];
  const digest = value?.$blob;
  if (PICTURES.includes(mime)) {
    const alt = altOf(data["text/plain"]);
    const metadata = output.metadata?.[mime];
    element.append(drawPicture({ mime, value, alt, metadata, blob: options.blob }));
  } else if (mime === DOCUMENT) {
    element.append(drawDocument({ mime, value, alt: altOf(data["text/plain"]), blob: options.blob }));
  } else if (typeof digest === "string") {
    void drawLater(drawn, mime, { digest, size: Number(value.size) || 0 }, output, options);
  } else {
    drawText(drawn, mime, value, output, options);
  }
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
    value = isJson(mime) || libraryOf(mime) ? JSON.parse(text) : text;
  } catch {
    const again = h("button", { class: "lnk", type: "button" }, "Try again");
    again.onclick = () => void drawLater(drawn, mime, stored, output, options);
    element.replaceChildren(h("div", { class: "notice" }, `This output (${size}) is not here yet. `, again));
    return;
  }
  if (drawn.isGone) return;
  element.replaceChildren();
  drawText(drawn, mime, value, output, options);
}

/** As `foldbook.mime.is_json` has it. @param {string} mime */
function isJson(mime) {
  return mime === "application/json" || mime.endsWith("+json");
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
  const library = libraryOf(mime);
  if (library) {
    const chart = { library, mime, value, metadata: output.metadata?.[mime] ?? {} };
    frameChart(drawn, chart, output, options);
    return;
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (mime === "text/html") {
    const table = readTable(text);
    if (table) element.append(drawTable(table));
    else if (text.length > LARGE) element.append(drawClosed(drawn, text));
    else frameIn(drawn, { html: text }, "HTML output");
  } else if (mime.endsWith("/javascript")) {
    frameIn(drawn, { script: text }, "Script output");
  } else if (mime === "text/markdown") {
    const prose = h("div", { class: "md" });
    renderMarkdown(prose, text, { blob: options.blob });
    element.append(prose);
  } else if (mime === MERMAID) {
    element.append(new DiagramView(text.trimEnd()).element);
  } else if (mime === "text/latex") {
    element.append(drawLatex(text));
  } else if (isJson(mime)) {
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
 * @param {Drawn} drawn
 * @param {string} html
 */
function drawClosed(drawn, html) {
  const show = h("button", { class: "lnk", type: "button" }, "Show it");
  const notice = h("div", { class: "notice" }, `HTML of ${(html.length / 1e6).toFixed(1)} MB. `, show);
  show.addEventListener("click", () => {
    notice.remove();
    frameIn(drawn, { html }, "HTML output");
  });
  return notice;
}

/**
 * A chart; where it cannot be drawn, its bundle's next form with the reason.
 * @param {Drawn} drawn
 * @param {import("./charts.js").Chart} chart
 * @param {Output} output
 * @param {OutputOptions} options
 */
function frameChart(drawn, chart, output, options) {
  const { element } = drawn;
  const frame = new OutputFrame({ chart }, titleOf(chart), {
    onDrawn: () => addTools(frame.element, { picture: (type) => frame.picture(type), isDrawing: true }),
    onUndrawn: (problem) => {
      frame.destroy();
      drawn.frame = undefined;
      const again = h("button", { class: "lnk", type: "button" }, "Try again");
      again.onclick = () => {
        drawn.frame?.destroy();
        element.replaceChildren();
        frameChart(drawn, chart, output, options);
      };
      element.replaceChildren(h("div", { class: "notice" }, `This chart is not drawn: ${problem}. `, again));
      const others = SHOWN.filter((each) => libraryOf(each));
      drawBundle(drawn, output, options, others);
    },
  });
  drawn.frame = frame;
  element.append(frame.element);
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
