/**
 * Draws Mermaid's diagrams as SVG in a sandboxed frame. Nobody sees that frame: it makes a picture
 * of each source that it is given. A file of its own, see `charts.js`.
 */

import mermaid from "mermaid";
import { colour, font, offer } from "./chart_look.js";
import { groundOf, themeOf } from "./diagram_source.js";
import { look } from "./mermaid_look.js";

const LONGEST = 100_000; // characters, as in JupyterLab
const MOST_EDGES = 2000;
const EMPTY = 20; // pixels of a diagram's margins alone
const DARK = "#333333"; // Mermaid's own dark ground
const LOADS = /^(?:src|srcset|poster|data|background|(?:xlink:)?href)$/i;
const OWN = /^\s*(?:#|data:image\/)/i;
const ELSEWHERE = /@import[^;]*;?|url\(\s*["']?(?!\s*["']?(?:#|data:))[^)]*\)/gi;
/** What no directive in a source may change. */
const OURS = [
  "secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering",
  "dompurifyConfig", "legacyMathML", "forceLegacyMathML",
];

/** @type {HTMLElement | null} */
let place = null;

/** Diagrams are measured here and shown where none of the frame's styles are. @param {HTMLElement} given */
async function draw(given) {
  for (const style of document.querySelectorAll("style")) style.remove();
  place = given;
}

/** @param {string} type @param {unknown} source @returns {Promise<Blob>} */
async function picture(type, source) {
  if (typeof source !== "string" || !place) throw new Error(`a diagram's text expected, ${typeof source} came`);
  if (source.length > LONGEST) {
    const [most, came] = [LONGEST, source.length].map((each) => each.toLocaleString("en"));
    throw new Error(`at most ${most} characters expected, ${came} came`);
  }
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    secure: OURS,
    suppressErrorRendering: true,
    maxTextSize: LONGEST,
    maxEdges: MOST_EDGES,
    deterministicIds: true,
    ...(themeOf(source) ? { fontFamily: font() } : look()),
  });
  const { svg } = await mermaid.render("diagram", source, place);
  place.replaceChildren();
  return new Blob([asFile(svg, source)], { type });
}

/** An SVG that stands for itself: well-formed, of its own size, on a ground. @param {string} text @param {string} source */
function asFile(text, source) {
  const svg = new DOMParser().parseFromString(text, "text/html").querySelector("svg");
  if (!svg) throw new Error("Mermaid gave no picture of it");
  const { width, height } = svg.viewBox.baseVal;
  if (!(width > EMPTY || height > EMPTY)) throw new Error("there is nothing in it to draw");
  svg.setAttribute("width", String(Math.ceil(width)));
  svg.setAttribute("height", String(Math.ceil(height)));
  svg.style.removeProperty("max-width");
  const isOwnDark = groundOf(source) === "dark";
  svg.style.setProperty("background", isOwnDark ? DARK : colour("--paper"));
  forgetOthers(svg);
  return new XMLSerializer().serializeToString(svg);
}

/** Whoever opens it as a file of its own is told of to nobody: it loads nothing. @param {SVGSVGElement} svg */
function forgetOthers(svg) {
  for (const element of svg.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      const isLink = element.localName === "a" && name.endsWith("href");
      if (LOADS.test(name) && !isLink && !OWN.test(value)) element.removeAttribute(name);
      else if (ELSEWHERE.test(value) && !isLink) element.setAttribute(name, value.replace(ELSEWHERE, "none"));
    }
    if (element.localName === "style") element.textContent = (element.textContent ?? "").replace(ELSEWHERE, "none");
  }
}

function wear() {} // each picture is drawn in the colours of then

offer({ draw, wear, picture });
