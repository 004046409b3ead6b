/**
 * Draws Mermaid's diagrams for the whole page, one after the other, in one sandboxed frame that
 * nobody sees: what comes back is a picture. Fifty diagrams so need one frame and one library, and
 * none of their markup ever stands in the page.
 */

import { fetchLibrary } from "./charts.js";
import { dataAddress } from "./data_address.js";
import { h } from "./dom.js";
import { frameDocument } from "./output_bootstrap.js";
import { loadFonts, readTheme } from "./output_theme.js";

/**
 * @typedef {object} Diagram
 * @property {string} svg
 * @property {number} width
 * @property {number} height
 * @property {string} title as its author has called it; may be empty
 * @property {string} description
 */

const SVG = "image/svg+xml";
const PATIENCE = 30_000; // ms for one diagram, after which its frame is given up
const MOST_KEPT = 200;

/** The source cannot be drawn; the message is Mermaid's own. */
export class Undrawable extends Error {}

/** @type {Map<string, Promise<Diagram>>} */
const kept = new Map();
/** @type {Promise<unknown>} */
let before = Promise.resolve();
/** @type {Promise<HTMLIFrameElement> | null} */
let frame = null;

/**
 * @param {string} source
 * @param {"light" | "dark"} scheme
 * @returns {Promise<Diagram>}
 * @throws {Undrawable}
 */
export function drawDiagram(source, scheme) {
  const key = `${scheme} ${source}`;
  const known = kept.get(key);
  if (known) return known;
  const coming = before.then(() => draw(source, scheme));
  before = coming.catch(() => {});
  kept.set(key, coming);
  coming.catch((error) => {
    if (!(error instanceof Undrawable)) kept.delete(key); // it may come the next time
  });
  const [oldest = ""] = kept.keys();
  if (kept.size > MOST_KEPT) kept.delete(oldest);
  return coming;
}

/** @param {string} source @param {"light" | "dark"} scheme */
async function draw(source, scheme) {
  frame ??= openFrame();
  const at = await frame.catch((error) => {
    frame = null; // the next diagram asks again
    throw error;
  });
  post(at, { theme: { ...readTheme(false), scheme } });
  return read(await ask(at, source));
}

/** @returns {Promise<HTMLIFrameElement>} when it can draw */
async function openFrame() {
  const [library, fonts] = await Promise.all([fetchLibrary("mermaid"), loadFonts()]);
  const made = h("iframe", {
    class: "press",
    sandbox: "allow-scripts",
    referrerpolicy: "no-referrer",
    title: "Where diagrams are drawn",
    "aria-hidden": "true",
    tabindex: -1,
    inert: true,
    ".srcdoc": frameDocument(false),
  });
  return new Promise((resolve, reject) => {
    const hear = (/** @type {MessageEvent} */ { source, data }) => {
      if (source !== made.contentWindow || data?.foldbook !== 1) return;
      if (data.ready === true) {
        post(made, { theme: readTheme(false), fonts });
        post(made, { library, chart: null });
      }
      if (data.drawn !== true && typeof data.undrawn !== "string") return;
      removeEventListener("message", hear);
      if (data.drawn === true) return resolve(made);
      made.remove();
      reject(new Error(data.undrawn));
    };
    addEventListener("message", hear);
    document.body.append(made);
  });
}

/** @param {HTMLIFrameElement} at @param {Record<string, unknown>} message @param {Transferable[]} [given] */
function post(at, message, given = []) {
  at.contentWindow?.postMessage({ foldbook: 1, ...message }, "*", given);
}

/** @param {HTMLIFrameElement} at @param {string} source @returns {Promise<Blob>} */
function ask(at, source) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => {
      port1.close();
      at.remove();
      frame = null;
      reject(new Undrawable(`it takes longer than ${PATIENCE / 1000} s to lay out`));
    }, PATIENCE);
    port1.onmessage = ({ data }) => {
      clearTimeout(giveUp);
      port1.close();
      if (data.file instanceof Blob) resolve(data.file);
      else reject(new Undrawable(String(data.problem)));
    };
    post(at, { picture: SVG, of: source }, [port2]);
  });
}

/** What a frame gives is looked at as a file, which loads and runs nothing. @param {Blob} file @returns {Promise<Diagram>} */
async function read(file) {
  const made = new DOMParser().parseFromString(await file.text(), SVG);
  const svg = made.documentElement;
  if (svg.localName !== "svg") throw new Undrawable("its picture cannot be read");
  const [title = "", description = ""] = ["title", "desc"].map((name) =>
    (svg.querySelector(`:scope > ${name}`)?.textContent ?? "").trim(),
  );
  const [width = 0, height = 0] = ["width", "height"].map((side) => Number(svg.getAttribute(side)));
  svg.prepend(await fontsFor(made));
  return { svg: new XMLSerializer().serializeToString(made), width, height, title, description };
}

/** A picture has no fonts but its own, and its words were measured in the page's. @param {Document} made */
async function fontsFor(made) {
  const used = made.documentElement.outerHTML;
  const faces = (await loadFonts()).filter(({ family }) => used.includes(family));
  const rules = faces.map(async ({ family, bytes }) => {
    const address = await dataAddress(new Blob([bytes], { type: "font/woff2" }));
    return `@font-face{font-family:"${family}";font-weight:100 900;src:url(${address})}`;
  });
  const style = made.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = (await Promise.all(rules)).join("");
  return style;
}
