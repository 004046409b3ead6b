/**
 * Charts as JSON: Vega-Lite, Vega and Plotly. They are drawn in a sandboxed frame by a library of
 * this site, which is fetched when the first such output is near the screen, and kept. So are
 * diagrams, see `diagram_frame.js`.
 */

import { fetchKept } from "./assets.js";

/** @typedef {"vega" | "plotly"} Library */
/** @typedef {Library | "mermaid"} Drawer what is fetched to draw something */

/**
 * @typedef {object} Chart
 * @property {Library} library
 * @property {string} mime
 * @property {any} value its specification
 * @property {Record<string, any>} metadata of this type
 */

const VEGA = /^application\/vnd\.vega(?:lite)?\.v\d[+.]json$/; // Altair 6 writes a dot
const PLOTLY = "application/vnd.plotly.v1+json";
/** What plotly.py gives every figure, which so is nobody's choice. */
const USUAL_GROUNDS = ["white", "#E5ECF6"];
const USUAL_HEIGHTS = { vega: 360, plotly: 450 };
const TALLEST = 4000;

/** @param {string} mime @returns {Library | null} what draws this type */
export function libraryOf(mime) {
  if (mime === PLOTLY) return "plotly";
  return VEGA.test(mime) ? "vega" : null;
}

/** What a chart is called where it cannot be seen. @param {Chart} chart @returns {string} */
export function titleOf({ library, value }) {
  const own = library === "plotly" ? value?.layout?.title : (value?.description ?? value?.title);
  const title = textOf(own?.text ?? own);
  const words = title.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim().slice(0, 300);
  return words ? `Chart: ${words}` : "Chart";
}

/** @param {unknown} value a title may have lines */
function textOf(value) {
  return Array.isArray(value) ? value.join(" ") : typeof value === "string" ? value : "";
}

/**
 * Whether its author has chosen the ground: then it stays as it is in the dark too.
 * @param {Chart} chart
 */
export function hasOwnGround({ library, value, metadata }) {
  if (library === "vega") {
    const options = { ...value?.usermeta?.embedOptions, ...metadata?.embed_options };
    return Boolean(value?.background ?? value?.config?.background ?? options.theme);
  }
  const layout = value?.layout ?? {};
  const { paper_bgcolor: paper, plot_bgcolor: plot } = layout.template?.layout ?? {};
  const isUsual = [paper, plot].every((ground, i) => !ground || ground === USUAL_GROUNDS[i]);
  return Boolean(layout.paper_bgcolor ?? layout.plot_bgcolor) || !isUsual;
}

/** About how high it will be, so that what is below need not move much. @param {Chart} chart */
export function heightOf({ library, value }) {
  const own = Number(library === "plotly" ? value?.layout?.height : value?.height);
  const around = library === "vega" ? 60 : 0; // axes and titles
  return own > 0 && own < TALLEST ? own + around : USUAL_HEIGHTS[library];
}

/** @type {Map<Drawer, Promise<Blob>>} */
const libraries = new Map();

/** @param {Drawer} name @returns {Promise<Blob>} its script */
export function fetchLibrary(name) {
  const known = libraries.get(name);
  if (known) return known;
  const coming = fetchKept(`charts/${name}_chart.js`);
  coming.catch(() => libraries.delete(name)); // the next chart asks again
  libraries.set(name, coming);
  return coming;
}
