/** Building the DOM. The page never parses text as markup: nodes are made here, one by one. */

/** @typedef {Node | string | number | null | undefined | false | Array<any>} Child */
/** @typedef {Record<string, any> | null | undefined} Props */

const SVG = "http://www.w3.org/2000/svg";

/**
 * One HTML element. `class`, attributes and `on…` listeners come in `props`; a property of the
 * name `.value` is set as a property, `false`, `null` and `undefined` set nothing.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  setProps(element, props);
  addChildren(element, children);
  return element;
}

/**
 * One SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  setProps(element, props);
  addChildren(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Props} props
 */
export function setProps(element, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name.startsWith(".")) Reflect.set(element, name.slice(1), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  }
}

/**
 * @param {Node} parent
 * @param {Child[]} children
 */
function addChildren(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Put these children in the place of all others.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
  const fragment = document.createDocumentFragment();
  addChildren(fragment, children);
  parent.replaceChildren(fragment);
}

/**
 * Put an element after another. Where browsers know how, one that is on the page already keeps what
 * it holds: elsewhere a frame in it loads anew.
 * @param {Element} place
 * @param {Element} element
 */
export function putAfter(place, element) {
  const parent = /** @type {any} */ (place.parentNode);
  const canMove = element.isConnected && parent?.isConnected && typeof parent.moveBefore === "function";
  if (canMove) parent.moveBefore(element, place.nextSibling);
  else place.after(element);
}

/**
 * Set or remove an attribute, touching the DOM only when it differs.
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function attr(element, name, value) {
  const wanted = value === true ? "" : value === false || value == null ? null : String(value);
  if (element.getAttribute(name) === wanted) return;
  if (wanted === null) element.removeAttribute(name);
  else element.setAttribute(name, wanted);
}

/**
 * Set text only when it differs, so that selections and live regions stay calm.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** True on a Mac or an iPad, where the command key takes the place of Ctrl. */
export const isApple = /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** Whether the event asks for Ctrl (or ⌘ on Apple's machines). @param {KeyboardEvent | MouseEvent} event */
export function hasMod(event) {
  return isApple ? event.metaKey : event.ctrlKey;
}

/** Whether the reader asked for less motion. */
export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Narrower than the tablet rule: one column, bottom bar. */
export const phone = matchMedia("(max-width: 37.49em)");
/** Narrower than the desktop rule: the panel is a drawer. */
export const narrow = matchMedia("(max-width: 63.99em)");
