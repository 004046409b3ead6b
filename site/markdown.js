/**
 * Markdown cells: GitHub's dialect and TeX. Nothing in it runs: the HTML is cleaned by a list of
 * what is known to be harmless, in a document that is not shown, before it comes to the page.
 */

import { tasklist } from "@mdit/plugin-tasklist";
import { footnote } from "@mdit/plugin-footnote";
import createDOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

import { placeDiagrams } from "./diagram.js";
import { h, isCalm } from "./dom.js";
import { paintCode } from "./editor_theme.js";
import { drawFormula, math } from "./math.js";
import { PICTURES, load } from "./pictures.js";
import { reachByKeys } from "./scrollers.js";

/**
 * @typedef {import("./pictures.js").Value} Value
 * @typedef {{level: number, text: string, id: string, element: HTMLElement}} Heading
 * @typedef {object} MarkdownOptions
 * @property {Record<string, Record<string, Value>>} [attachments] name -> mime -> base64
 * @property {import("./pictures.js").GetBlob} [blob]
 * @property {(img: HTMLImageElement, picture: import("./pictures.js").Picture) => Promise<void>} [show]
 *   gives a picture its bytes, where it is not to be loaded by this page
 * @property {(fragment: DocumentFragment, container: Element) => void} [diagrams] puts diagrams in
 *   the place of their code blocks, where this page is not to show them
 */

/** Before every id that a notebook brings: it can then stand for nothing of the page's own. */
const PREFIX = "nb-";

const TAGS = (
  "a abbr b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em " +
  "figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd label li mark ol p pre q s samp " +
  "section small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var"
).split(" ");
const ATTRIBUTES = (
  "align alt checked class cite colspan data-math data-src dir disabled height href id lang open " +
  "rowspan scope start title type valign width"
).split(" ");
const CLASSES = /^(?:task-list-[\w-]+|footnote[\w-]*|language-[\w+#.-]+)$/;

const md = new MarkdownIt({ html: true, linkify: true }).use(math).use(footnote);
md.use(tasklist, { label: false });

const purify = createDOMPurify(window);
purify.addHook("uponSanitizeElement", (node) => {
  if (node instanceof Element) prepare(node);
});
purify.addHook("afterSanitizeAttributes", (node) => tidy(node));

/**
 * @param {HTMLElement} container
 * @param {string} source
 * @param {MarkdownOptions} [options]
 * @returns {{headings: Heading[]}}
 */
export function renderMarkdown(container, source, options = {}) {
  /** @type {{formulas?: import("./math.js").Formula[]}} */
  const env = {};
  const fragment = purify.sanitize(md.render(source, env), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ADD_URI_SAFE_ATTR: ["data-src", "data-math"],
    RETURN_DOM_FRAGMENT: true,
  });
  drawFormulas(fragment, env.formulas ?? []);
  paintFences(fragment);
  for (const table of fragment.querySelectorAll("table")) wrapTable(table);
  for (const box of fragment.querySelectorAll("input")) nameTask(box);
  for (const pre of fragment.querySelectorAll("pre")) reachByKeys(pre);
  for (const img of fragment.querySelectorAll("img")) placeImage(img, options);
  for (const link of fragment.querySelectorAll("a")) guideLink(link);
  (options.diagrams ?? placeDiagrams)(fragment, container);
  const headings = nameHeadings(fragment);
  container.replaceChildren(fragment);
  return { headings };
}

/**
 * A source would be loaded as soon as the element belongs to the page: it waits elsewhere. Of
 * styles only the alignment of a table's column stays.
 * @param {Element} node
 */
function prepare(node) {
  const align = /^\s*text-align:\s*(left|right|center)\s*;?\s*$/.exec(node.getAttribute("style") ?? "");
  if (align?.[1]) node.setAttribute("align", align[1]);
  const source = node.tagName === "IMG" ? node.getAttribute("src") : null;
  node.removeAttribute("src");
  node.removeAttribute("data-src");
  if (source) node.setAttribute("data-src", source);
  if (node.tagName !== "SPAN") node.removeAttribute("data-math");
}

/** @param {Element} node */
function tidy(node) {
  if (node.tagName === "INPUT" && node.getAttribute("type") !== "checkbox") node.remove();
  if (node.tagName === "INPUT") node.setAttribute("disabled", "");
  const classes = [...node.classList].filter((name) => CLASSES.test(name));
  if (classes.length) node.setAttribute("class", classes.join(" "));
  else node.removeAttribute("class");
  const id = node.getAttribute("id");
  if (id) node.setAttribute("id", PREFIX + id);
  const href = node.getAttribute("href");
  if (href !== null && !/^(?:https?:|mailto:|#)/i.test(href.trim())) {
    node.removeAttribute("href");
    node.setAttribute("title", `${href}: not an address that this page can open`);
  }
}

/**
 * @param {DocumentFragment} fragment
 * @param {import("./math.js").Formula[]} formulas
 */
function drawFormulas(fragment, formulas) {
  for (const element of fragment.querySelectorAll("span[data-math]")) {
    const formula = formulas[Number(element.getAttribute("data-math"))];
    if (formula) drawFormula(/** @type {HTMLElement} */ (element), formula);
  }
}

/** @param {DocumentFragment} fragment */
function paintFences(fragment) {
  for (const code of fragment.querySelectorAll("pre > code[class]")) {
    const language = /language-([\w+#.-]+)/.exec(code.className)?.[1]?.toLowerCase() ?? "";
    if (!/^(?:i?python3?|py3?|pycon)$/.test(language)) continue;
    paintCode(code, (code.textContent ?? "").replace(/\n$/, ""), "python");
  }
}

/** A task is called by its words. @param {Element} box */
function nameTask(box) {
  box.setAttribute("aria-label", box.closest("li")?.textContent?.trim().slice(0, 200) || "Task");
}

/** A wide table scrolls by itself, the prose does not. @param {Element} table */
function wrapTable(table) {
  const wide = h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Table" });
  table.replaceWith(wide);
  wide.append(table);
}

/**
 * @param {HTMLImageElement} img
 * @param {MarkdownOptions} options
 */
function placeImage(img, options) {
  const source = (img.getAttribute("data-src") ?? "").trim();
  img.removeAttribute("data-src");
  const data = /^data:(image\/[\w.+-]+)(?:;[\w=-]+)*;base64,(.*)$/is.exec(source);
  if (data) {
    showImage(img, data[1]?.toLowerCase() ?? "", data[2] ?? "", options);
  } else if (/^attachment:/i.test(source)) {
    placeAttachment(img, decodeName(source.slice("attachment:".length)), options);
  } else if (/^(?:https?:)?\/\//i.test(source)) {
    img.replaceWith(drawRemote(img, source.startsWith("//") ? `https:${source}` : source));
  } else {
    img.replaceWith(drawNotice(img, source ? `${source} is not in this notebook` : "no address"));
  }
}

/** @param {string} name */
function decodeName(name) {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return name; // a name with a bare per cent sign
  }
}

/**
 * @param {HTMLImageElement} img
 * @param {string} name
 * @param {MarkdownOptions} options
 */
function placeAttachment(img, name, options) {
  const bundle = options.attachments?.[name] ?? {};
  const mime = PICTURES.find((each) => bundle[each] !== undefined);
  const value = mime && bundle[mime];
  if (mime && value) showImage(img, mime, value, options);
  else img.replaceWith(drawNotice(img, `${name} is not attached to this cell`));
}

/**
 * @param {HTMLImageElement} img
 * @param {string} mime
 * @param {Value} value
 * @param {MarkdownOptions} options
 */
function showImage(img, mime, value, { blob, show = load }) {
  const missing = () => img.replaceWith(drawNotice(img, "it cannot be read"));
  if (PICTURES.includes(mime)) show(img, { mime, value, alt: img.alt, blob }).catch(missing);
  else img.replaceWith(drawNotice(img, `${mime} is not a picture that this page shows`));
}

/**
 * @param {HTMLImageElement} img
 * @param {string} why
 */
function drawNotice(img, why) {
  const alt = img.alt ? `\u201c${img.alt}\u201d` : "";
  return h("span", { class: "no-picture" }, `Picture ${alt}: ${why}`.replace("  ", " "));
}

/**
 * A picture from elsewhere tells its host who reads; it comes only when the reader asks.
 * @param {HTMLImageElement} img
 * @param {string} address
 */
function drawRemote(img, address) {
  const host = URL.canParse(address) ? new URL(address).host : "an unreadable address";
  const what = img.alt ? `Picture \u201c${img.alt}\u201d` : "Picture";
  const button = h("button", { class: "lnk", type: "button" }, "Load it");
  const place = h("span", { class: "no-picture", "data-address": address }, `${what} from ${host}. `, button);
  button.addEventListener("click", () => {
    img.referrerPolicy = "no-referrer";
    img.addEventListener("error", () => img.replaceWith(drawNotice(img, `${host} does not give it`)));
    img.src = address;
    place.replaceWith(img);
  });
  return place;
}

/** @param {HTMLAnchorElement} link */
function guideLink(link) {
  const href = link.getAttribute("href") ?? "";
  if (href.startsWith("#")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      scrollTo(decodeName(href.slice(1)), link.closest(".md") ?? document.body);
    });
  } else if (href) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}

/** Two cells may use one name, as footnotes do: that of the link's own comes first. @param {string} name @param {Element} own */
function scrollTo(name, own) {
  const same = (/** @type {Element} */ each) => each.id.toLowerCase() === PREFIX + name.toLowerCase();
  const target =
    own.querySelector(`#${CSS.escape(PREFIX + name)}`) ??
    document.getElementById(PREFIX + name) ??
    [...document.querySelectorAll(`[id^="${PREFIX}"]`)].find(same);
  target?.scrollIntoView({ behavior: isCalm() ? "auto" : "smooth", block: "start" });
}

/**
 * @param {DocumentFragment} fragment
 * @returns {Heading[]}
 */
function nameHeadings(fragment) {
  const found = fragment.querySelectorAll("h1, h2, h3, h4, h5, h6");
  return [.../** @type {NodeListOf<HTMLElement>} */ (found)].map((element) => {
    const text = headingText(element);
    if (!element.id) element.id = PREFIX + text.replace(/ /g, "-");
    return { level: Number(element.tagName[1]), text, id: element.id, element };
  });
}

/** What a heading says; of a formula its TeX, not every form in which KaTeX draws it. @param {HTMLElement} element */
function headingText(element) {
  const copy = /** @type {HTMLElement} */ (element.cloneNode(true));
  for (const formula of copy.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation")?.textContent ?? "");
  }
  return (copy.textContent ?? "").replace(/\s+/g, " ").trim();
}
