/**
 * Draws Vega and Vega-Lite in a sandboxed frame, whose policy lets nobody make code out of text:
 * expressions are interpreted. A file of its own, see `charts.js`.
 */

import embed, { vega } from "vega-embed";
import { SCALE, SVG, colour, font, isDark, offer } from "./chart_look.js";

/** @typedef {import("./charts.js").Chart} Chart */
/** @typedef {import("./chart_look.js").Say} Say */

const MOST_MARKS = 5000; // rows, above which a picture of elements would make the frame slow
const STYLE = "svg, canvas { max-width: none } .vega-embed { display: block; padding: 0 !important }";
/** What a specification may not choose here: each would need what a frame does not have. */
const OURS = ["actions", "ast", "expr", "loader", "mode", "patch", "downloadFileName", "editorUrl"];

/** @type {import("vega-embed").Result | null} */
let drawn = null;
/** @type {{place: HTMLElement, chart: Chart, say: Say, wasDark: boolean} | null} */
let last = null;

/** @param {HTMLElement} place @param {Chart} chart @param {Say} say */
async function draw(place, chart, say) {
  const { mime, value, metadata } = chart;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`a specification expected, ${JSON.stringify(value)?.slice(0, 100)} came`);
  }
  if (!last) document.head.appendChild(document.createElement("style")).textContent = STYLE;
  last = { place, chart, say, wasDark: isDark() };
  drawn?.finalize();
  const options = allowed(metadata?.["embed_options"]);
  const spec = { ...value, usermeta: { ...value.usermeta, embedOptions: allowed(value.usermeta?.embedOptions) } };
  drawn = await embed(place, spec, {
    renderer: countRows(value) > MOST_MARKS ? "canvas" : "svg",
    config: options.theme || spec.usermeta.embedOptions.theme ? {} : look(),
    tooltip: { theme: isDark() ? "dark" : "light" },
    ...options,
    mode: mime.includes("vegalite") ? "vega-lite" : "vega",
    actions: false,
    ast: true,
    loader: loaderOf(say),
  });
}

function wear() {
  if (last && last.wasDark !== isDark()) void draw(last.place, last.chart, last.say);
}

/** @param {string} type @returns {Promise<Blob>} */
async function picture(type) {
  if (!drawn) throw new Error("the chart is not drawn yet");
  if (type === SVG) return new Blob([await drawn.view.toSVG()], { type });
  return (await fetch(await drawn.view.toImageURL("png", SCALE))).blob();
}

/** @param {any} options @returns {Record<string, any>} */
function allowed(options) {
  const given = typeof options === "object" && options !== null ? options : {};
  return Object.fromEntries(Object.entries(given).filter(([name]) => !OURS.includes(name)));
}

/** Vega's own look, in the page's colours and fonts. @returns {Record<string, any>} */
function look() {
  const [ink, ink2, line, edge] = ["--ink", "--ink2", "--line", "--edge"].map(colour);
  return {
    background: colour("--paper"),
    font: font(),
    view: { stroke: line },
    title: { color: ink, subtitleColor: ink2 },
    style: { "guide-label": { fill: ink2 }, "guide-title": { fill: ink } },
    axis: { domainColor: edge, gridColor: line, tickColor: edge },
    ...(isDark() ? { text: { color: ink, fill: ink }, rule: { color: ink, stroke: ink } } : {}),
  };
}

/** How many rows stand in a specification itself. @param {any} spec @returns {number} */
function countRows(spec) {
  const inside = [spec.data, ...(Array.isArray(spec.data) ? spec.data : []), ...Object.values(spec.datasets ?? {})];
  const rows = inside.map((each) => (Array.isArray(each) ? each : each?.values));
  return rows.reduce((sum, each) => sum + (Array.isArray(each) ? each.length : 0), 0);
}

/**
 * What a chart loads. A frame has no network unless the reader allows it: the browser refuses then,
 * and the page says which host was asked for.
 * @param {Say} say
 */
function loaderOf(say) {
  const plain = vega.loader();
  return {
    ...plain,
    /** @param {string} address @param {any} [options] */
    async load(address, options) {
      if (!/^[a-z][a-z\d+.-]*:|^\/\//i.test(address)) {
        say({ failed: `its data is the file ${address}, which a chart cannot read here; give the data itself` });
        return "";
      }
      try {
        return await plain.load(address, options);
      } catch (error) {
        say({ failed: `its data at ${address} did not come` });
        throw error;
      }
    },
    /** @param {string} address @param {any} [options] */
    async sanitize(address, options) {
      const found = await plain.sanitize(address, options);
      if (options?.context !== "href") return found;
      say({ open: found.href });
      throw new Error("The page opens it.");
    },
  };
}

offer({ draw, wear, picture });
