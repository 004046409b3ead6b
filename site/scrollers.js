/** What scrolls by itself can be reached by keyboard: a browser that sees to that alone is not every one. */

import { attr } from "./dom.js";

const INSIDE = "a[href], button, input, summary, [tabindex='0']";

/** After layout, which is at hand then. @type {ResizeObserver | null} */
let sizes = null;

/** As long as its text is wider or higher than it is, it is a stop of the Tab key. @param {Element} element */
export function reachByKeys(element) {
  sizes ??= new ResizeObserver((entries) => entries.forEach(({ target }) => draw(target)));
  sizes.observe(element);
}

/** @param {Element} element */
function draw(element) {
  const isOver = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
  attr(element, "tabindex", isOver && !element.querySelector(INSIDE) ? 0 : null);
}
