/**
 * A notebook as one HTML file: no network, readable without scripts, in the reader's own light or
 * dark, fit to be printed. What the page draws is drawn by the page's own renderers; formulas are
 * MathML, and what brings HTML or scripts stands in sandboxed frames, as on the page.
 *
 * Loaded when somebody asks for such a file.
 */

import { renderAnsi } from "./ansi_draw.js";
import { libraryOf } from "./charts.js";
import { dataAddress } from "./data_address.js";
import { fencesOf, fillPicture } from "./diagram.js";
import { drawDiagram } from "./diagram_frame.js";
import { MERMAID, groundOf } from "./diagram_source.js";
import { h } from "./dom.js";
import { paintCode } from "./editor_theme.js";
import { renderMarkdown } from "./markdown.js";
import { drawFormula } from "./math.js";
import { DOCUMENT, SHOWN, formulaOf } from "./outputs_bundle.js";
import { drawTable, readTable } from "./outputs_table.js";
import { PICTURES, altOf, toBlob } from "./pictures.js";
import { FRAME_SCRIPT, drawFrame } from "./web_page_frame.js";
import { lookOf } from "./web_page_look.js";

const SCRIPTS = ["application/javascript", "text/javascript"];

/**
 * @typedef {import("./types.js").View} View
 * @typedef {import("./types.js").Cell} Cell
 * @typedef {import("./types.js").Output} Output
 * @typedef {import("./pictures.js").Picture} Picture
 *
 * @typedef {object} Wanted
 * @property {View} view
 * @property {(id: string) => string} [source] a cell's, where the view's is not the newest
 * @property {(digest: string) => Promise<Uint8Array | null>} blob
 * @property {(done: number, total: number) => void} [onProgress] cells
 */

const STRETCH = 50; // ms after which the page gets its turn
/** Nothing is fetched, whatever stands in an output; frames inherit this. */
const POLICY = [
  "default-src 'none'", "script-src 'unsafe-inline' 'unsafe-eval' blob: data:", "style-src 'unsafe-inline'",
  "img-src data: blob:", "font-src data: blob:", "media-src data: blob:", "connect-src data: blob:",
  "worker-src blob:", "base-uri 'none'", "form-action 'none'",
].join("; ");

/** @param {Wanted} wanted @returns {Promise<Blob>} */
export async function writeWebPage(wanted) {
  const writer = new Writer(wanted);
  const main = await writer.draw();
  const { name } = wanted.view.notebook;
  const made = document.implementation.createHTMLDocument(name || "Untitled");
  made.documentElement.lang = "";
  made.body.append(made.adoptNode(main));
  await writer.embedPictures();
  for (const [tag, attributes] of HEAD) {
    const element = made.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    made.head.append(element);
  }
  const style = made.createElement("style");
  style.textContent = lookOf(made);
  made.head.append(style);
  if (made.querySelector("iframe")) {
    const script = made.createElement("script");
    script.textContent = FRAME_SCRIPT;
    made.head.append(script); // it must hear them from the first word on
  }
  return new Blob(["<!doctype html>\n", made.documentElement.outerHTML, "\n"], { type: "text/html" });
}

/** @type {Array<[string, Record<string, string>]>} */
const HEAD = [
  ["meta", { charset: "utf-8" }],
  ["meta", { "http-equiv": "Content-Security-Policy", content: POLICY }],
  ["meta", { name: "viewport", content: "width=device-width, initial-scale=1" }],
  ["meta", { name: "color-scheme", content: "light dark" }],
  ["meta", { name: "referrer", content: "no-referrer" }],
  ["meta", { name: "generator", content: "Foldbook" }],
];

class Writer {
  /** Pictures get their bytes when they are in no page that could load them. @type {Array<Promise<void>>} */
  #pictures = [];
  /** @type {Array<() => void>} */
  #later = [];

  /** @param {Wanted} wanted */
  constructor(wanted) {
    this.wanted = wanted;
    this.blob = async (/** @type {string} */ digest) => {
      const data = await wanted.blob(digest);
      if (!data) throw new Error(`Expected the bytes of ${digest}; nobody has them.`);
      return new Blob([data.slice()]);
    };
  }

  async draw() {
    const { order, cells } = this.wanted.view;
    const main = h("main", null);
    let rested = performance.now();
    for (const [index, id] of order.entries()) {
      const cell = cells[id];
      if (cell) main.append(await this.#drawCell(cell));
      if (performance.now() - rested < STRETCH) continue;
      this.wanted.onProgress?.(index + 1, order.length);
      await new Promise((resolve) => setTimeout(resolve));
      rested = performance.now();
    }
    return main;
  }

  async embedPictures() {
    await Promise.all(this.#pictures);
    for (const act of this.#later) act();
  }

  /** @param {Cell} cell */
  async #drawCell(cell) {
    const source = this.wanted.source?.(cell.id) ?? cell.source;
    if (cell.type === "markdown") {
      const attachments = cell.attachments;
      return h("section", { class: "doc-cell" }, this.#drawProse(source, { attachments }));
    }
    if (cell.type === "raw") return h("section", { class: "doc-cell" }, h("pre", { class: "doc-raw" }, source));
    const execution = cell.execution;
    const count = execution?.count ?? null;
    const code = h("pre", { class: "doc-code", tabindex: "0" });
    paintCode(code, source, "python");
    const hidden = cell.metadata["jupyter"] ?? {};
    const outputs = h("div", { class: "doc-outputs" });
    for (const output of execution?.outputs ?? []) outputs.append(await this.#drawOutput(output));
    return h(
      "section",
      { class: "doc-cell" },
      h("div", { class: "doc-count" }, count === null ? "" : `[${count}]`),
      source.trim() === "" ? null : folded(code, Boolean(hidden.source_hidden), "Code"),
      outputs.firstChild && folded(outputs, Boolean(hidden.outputs_hidden), "Output"),
    );
  }

  /** @param {string} source @param {{attachments?: Record<string, any>}} [given] */
  #drawProse(source, { attachments } = {}) {
    const prose = h("div", { class: "md" });
    const show = (/** @type {HTMLImageElement} */ img, /** @type {Picture} */ picture) => this.#embed(img, picture);
    const diagrams = (/** @type {DocumentFragment} */ fragment) => {
      for (const fence of fencesOf(fragment)) this.#drawDiagram(fence.block, fence.source);
    };
    renderMarkdown(prose, source, { attachments, blob: this.blob, show, diagrams });
    settle(prose);
    return prose;
  }

  /** @param {Output} output @returns {Promise<HTMLElement>} */
  async #drawOutput(output) {
    const element = h("div", { class: "output" });
    if (output.type === "stream") {
      element.classList.toggle("stderr", output.name === "stderr");
      element.append(plain(output.text ?? ""));
    } else if (output.type === "error") {
      const shown = output.traceback?.join("\n") || `${output.ename}: ${output.evalue}`;
      element.append(plain(shown));
    } else {
      const data = output.data ?? {};
      const mime = SHOWN.find((each) => isReadable(each) && each in data && data[each] !== null);
      element.append(mime ? await this.#drawValue(mime, data, output) : notice(Object.keys(data).join(", ")));
    }
    return element;
  }

  /** @param {string} mime @param {Record<string, any>} data @param {Output} output @returns {Promise<Node>} */
  async #drawValue(mime, data, output) {
    if (PICTURES.includes(mime)) {
      const picture = { mime, value: data[mime], alt: altOf(data["text/plain"]), metadata: output.metadata?.[mime], blob: this.blob };
      return this.#drawPicture(picture);
    }
    try {
      return this.#drawText(mime, await this.#textOf(data[mime]));
    } catch (error) {
      console.warn(error);
      return notice(`${mime} that is not here`);
    }
  }

  /** @param {any} value @returns {Promise<string>} */
  async #textOf(value) {
    if (typeof value?.$blob === "string") return (await this.blob(value.$blob)).text();
    return typeof value === "string" ? value : JSON.stringify(value, null, 2);
  }

  /** @param {string} mime @param {string} text @returns {Node} */
  #drawText(mime, text) {
    if (mime === "text/html") {
      const table = readTable(text);
      return table ? settle(drawTable(table)) : drawFrame({ html: text });
    }
    if (SCRIPTS.includes(mime)) return drawFrame({ script: text });
    if (mime === "text/markdown") return this.#drawProse(text);
    if (mime === MERMAID) {
      const block = h("pre", { class: "doc-code", tabindex: "0" }, h("code", { class: "language-mermaid" }, text));
      const place = h("div", null, block);
      this.#drawDiagram(block, text.trimEnd());
      return place;
    }
    if (mime === "text/latex") {
      const tex = formulaOf(text);
      if (tex === null) return this.#drawProse(text);
      const prose = h("div", { class: "md" });
      drawFormula(prose, { tex, isDisplay: true });
      return settle(prose);
    }
    return plain(text);
  }

  /** Its picture before its source, which alone stays where it cannot be drawn. @param {HTMLElement} block @param {string} source */
  #drawDiagram(block, source) {
    const ground = groundOf(source);
    const coming = drawDiagram(source, ground ?? "light").then((diagram) => {
      const img = h("img", null);
      const picture = h("div", { class: ground === "dark" ? "picture" : "picture plated" });
      const folded = h("details", { class: "doc-folded" }, h("summary", null, "Source"));
      fillPicture(picture, img, diagram);
      block.replaceWith(h("figure", { class: "diagram" }, picture, folded));
      folded.append(block);
      return this.#embed(img, { mime: "image/svg+xml", value: diagram.svg, alt: img.alt });
    });
    this.#pictures.push(coming.catch((error) => console.info(`A diagram stays as its source: ${error.message}`)));
  }

  /** @param {Picture} picture */
  #drawPicture(picture) {
    const img = h("img", { alt: picture.alt });
    for (const side of ["width", "height"]) {
      const size = Number(picture.metadata?.[side]);
      if (size > 0) img.setAttribute(side, String(Math.round(size)));
    }
    const isOpaque = picture.mime === "image/jpeg" || picture.metadata?.["needs_background"] !== "dark";
    const plate = h("div", { class: isOpaque ? "picture plated" : "picture" }, img);
    this.#embed(img, picture).catch(() => plate.replaceChildren(notice(`a picture that is not here: ${picture.alt}`)));
    return plate;
  }

  /** @param {HTMLImageElement} img @param {Picture} picture @returns {Promise<void>} */
  #embed(img, { mime, value, blob }) {
    const coming = toBlob(mime, value, blob).then(dataAddress).then((address) => {
      this.#later.push(() => img.setAttribute("src", address));
    });
    this.#pictures.push(coming.catch(() => {})); // whoever asked for it shows what is missing
    return coming;
  }
}

/** @param {HTMLElement} element @param {boolean} isFolded @param {string} words */
function folded(element, isFolded, words) {
  return isFolded ? h("details", { class: "doc-folded" }, h("summary", null, words), element) : element;
}

/** @param {string} text */
function plain(text) {
  return h("pre", { class: "text", tabindex: "0" }, renderAnsi(text));
}

/** Charts need a library to be drawn, and documents a page: other forms stand for them. @param {string} mime */
function isReadable(mime) {
  return libraryOf(mime) === null && mime !== DOCUMENT;
}

/** @param {string} what */
function notice(what) {
  return h("div", { class: "notice" }, `An output that comes only as ${what || "nothing"}.`);
}

/**
 * What only lives on the page is taken away: buttons, KaTeX's drawing beside its MathML. Links
 * within the notebook become such, and pictures from elsewhere links to them.
 * @template {HTMLElement} T
 * @param {T} root
 * @returns {T}
 */
function settle(root) {
  for (const formula of root.querySelectorAll(".katex")) {
    const math = formula.querySelector("math");
    if (math) formula.replaceWith(math);
  }
  for (const wide of root.querySelectorAll(".cut")) wide.classList.remove("cut");
  for (const link of root.querySelectorAll('a[href^="#"]')) {
    link.setAttribute("href", `#nb-${link.getAttribute("href")?.slice(1)}`);
  }
  for (const place of root.querySelectorAll(".no-picture[data-address]")) {
    const address = place.getAttribute("data-address") ?? "";
    place.replaceWith(h("a", { href: address, rel: "noopener noreferrer" }, (place.firstChild?.textContent ?? address).trim()));
  }
  for (const button of root.querySelectorAll("button")) button.remove();
  return root;
}
