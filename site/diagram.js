/**
 * A diagram in its place: its source as a code block, and when it is near the screen its picture.
 * Where it cannot be drawn, the source stays and Mermaid's own words say why.
 */

import { isDark } from "./chart_look.js";
import { drawDiagram, Undrawable } from "./diagram_frame.js";
import { groundOf } from "./diagram_source.js";
import { h } from "./dom.js";
import { onTheme } from "./output_theme.js";
import { addTools, asPng } from "./picture_tools.js";
import { load } from "./pictures.js";
import { reachByKeys } from "./scrollers.js";

/** @typedef {import("./diagram_frame.js").Diagram} Diagram */

const MARGIN = "800px"; // around the screen, where diagrams are drawn ahead
const SVG = "image/svg+xml";

/** @type {WeakMap<Element, DiagramView>} */
const views = new WeakMap();

export class DiagramView {
  /** @param {string} source @param {DiagramView} [before] what stood in this place, and is shown until it is drawn */
  constructor(source, before) {
    this.source = source;
    /** Whether a picture is to be seen. */
    this.isDrawn = false;
    /** Held, for its address lives as long as somebody has it. @type {HTMLImageElement | null} */
    this._img = null;
    /** Which of its drawings is wanted; an older one that comes late is not shown. */
    this._turn = 0;
    this._picture = h("div", { class: "picture", hidden: true });
    const block = h("pre", null, h("code", { class: "language-mermaid" }, source));
    this._source = h("div", null, block);
    this._problem = h("div", { class: "diagram-problem", hidden: true });
    this.element = h("figure", { class: "diagram" }, this._picture, this._problem, this._source);
    views.set(this.element, this);
    reachByKeys(block);
    if (before?.isDrawn) this._take(before);
    watch(this.element);
  }

  /** The picture of another one, until the own is here. @param {DiagramView} before */
  _take(before) {
    this._picture.replaceWith(before._picture);
    this._picture = before._picture;
    this._img = before._img;
    this._show(true);
  }

  /** It is near the screen, or the page's colours have changed. */
  async draw() {
    const turn = (this._turn += 1);
    const ground = groundOf(this.source);
    try {
      const diagram = await drawDiagram(this.source, ground ?? (isDark() ? "dark" : "light"));
      const img = h("img", { draggable: "false" });
      await load(img, { mime: SVG, value: diagram.svg, alt: "" }).catch(() => {
        throw new Undrawable("this browser cannot show its picture");
      });
      if (turn === this._turn) this._onDrawn(diagram, img, ground === "light");
    } catch (error) {
      if (turn === this._turn) this._onUndrawn(error);
    }
  }

  /** @param {Diagram} diagram @param {HTMLImageElement} img @param {boolean} isForLight */
  _onDrawn(diagram, img, isForLight) {
    this._img = img;
    fillPicture(this._picture, img, diagram);
    this._picture.classList.toggle("plated", isForLight);
    for (const box of this._picture.querySelectorAll(".diagram-box")) reachByKeys(box);
    const file = new Blob([diagram.svg], { type: SVG });
    const picture = async (/** @type {string} */ type) => (type === SVG ? file : asPng(file));
    addTools(this._picture, { picture, isDrawing: true });
    this._show(true);
  }

  /** @param {unknown} error */
  _onUndrawn(error) {
    const words = String(error instanceof Error ? error.message : error).trim();
    const again = h("button", { class: "lnk", type: "button", onclick: () => void this.draw() }, "Try again");
    const isBroken = error instanceof Undrawable;
    this._problem.replaceChildren(
      h("p", null, "This diagram is not drawn. ", !isBroken && `What draws it could not be loaded (${words}). `, !isBroken && again),
      isBroken ? h("pre", null, words) : "",
    );
    this._show(false);
  }

  /** @param {boolean} isDrawn */
  _show(isDrawn) {
    this.isDrawn = isDrawn;
    this._picture.hidden = !isDrawn;
    this._problem.hidden = isDrawn;
    this._source.classList.toggle("aloud", isDrawn);
  }
}

/**
 * A picture as wide as there is room for, which scrolls by itself where its words would be too small.
 * @param {HTMLElement} place
 * @param {HTMLImageElement} img
 * @param {Diagram} diagram
 */
export function fillPicture(place, img, { title, description, width, height }) {
  for (const [name, value] of Object.entries({ alt: title || "Diagram", width, height })) img.setAttribute(name, String(value));
  img.style.setProperty("--own", `${width}px`);
  place.replaceChildren(h("div", { class: "diagram-box" }, img));
  if (description) place.append(h("p", { class: "aloud" }, description));
}

/**
 * The code blocks that are diagrams, with their sources.
 * @param {DocumentFragment} fragment
 */
export function fencesOf(fragment) {
  return [...fragment.querySelectorAll("pre > code.language-mermaid")].map((code) => ({
    block: /** @type {HTMLElement} */ (code.parentElement),
    source: (code.textContent ?? "").trimEnd(),
  }));
}

/**
 * Diagrams in the place of Markdown's code blocks. Those that stood in its container before stay
 * as they are where their source does.
 * @param {DocumentFragment} fragment
 * @param {Element} container
 */
export function placeDiagrams(fragment, container) {
  const fences = fencesOf(fragment);
  if (fences.length === 0) return;
  const before = [...container.querySelectorAll(".diagram")].map((element) => views.get(element));
  const taken = new Set();
  const same = fences.map(({ source }) => {
    const found = before.find((view) => view?.source === source && !taken.has(view));
    if (found) taken.add(found);
    return found;
  });
  fences.forEach(({ block, source }, at) => {
    const older = taken.has(before[at]) ? undefined : before[at];
    block.replaceWith((same[at] ?? new DiagramView(source, older)).element);
  });
}

/** @type {IntersectionObserver | null} */
let near = null;

/** Draws it when it is near the screen, and follows the page's theme from then on. @param {Element} element */
function watch(element) {
  if (!near) {
    near = new IntersectionObserver(onNear, { rootMargin: MARGIN, ...{ scrollMargin: MARGIN } });
    onTheme(redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }
  near.observe(element);
}

/** @param {IntersectionObserverEntry[]} entries */
function onNear(entries) {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near?.unobserve(target);
    void views.get(target)?.draw();
  }
}

/** All again as they come near. */
function redraw() {
  for (const element of document.querySelectorAll(".diagram")) near?.observe(element);
}
