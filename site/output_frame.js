/** An output that has markup or script of its own, in a frame with an opaque origin. */

import { h } from "./dom.js";
import { frameDocument } from "./output_bootstrap.js";

/**
 * What a frame draws: markup, or a script that draws by itself.
 * @typedef {{html: string} | {script: string}} Content
 */

const TALLEST = 6000;
const MARGIN = "800px"; // around the screen, where frames are loaded ahead
const TOKENS = [
  "--paper", "--chrome", "--code", "--sunk", "--line", "--edge", "--ink", "--ink2", "--ink3",
  "--accent", "--accentbg", "--err", "--ok", "--stale", "--ui", "--mono", "--prose",
];
/** Markup with colours of its own was made for a white page, and gets one in the dark too. */
const BRINGS_COLOURS = /background|color\s*[:=]|<(?:script|style|svg|canvas|link)[\s>]/i;
const FAMILIES = ["IBM Plex Sans Variable", "Source Code Pro Variable"];

/** When the reader last acted on the page itself, and how long browsers remember such an act. */
let lastAct = -Infinity;
const ACTIVATION = 6000; // ms
for (const type of ["pointerdown", "keydown"]) {
  addEventListener(type, () => (lastAct = performance.now()), { capture: true, passive: true });
}

/** One sandboxed output; it is never moved in the document, which would load it anew. */
export class OutputFrame {
  /**
   * @param {Content} content
   * @param {string} title the frame's accessible name
   */
  constructor(content, title) {
    this._content = content;
    this._title = title;
    this._hasNetwork = false;
    /** @type {Set<string>} */
    this._hosts = new Set("html" in content ? remoteHosts(content.html) : []);
    this._note = h("div", { class: "frame-note", hidden: true });
    this._problem = h("div", { class: "frame-note problem", hidden: true });
    this._isLight = !("html" in content) || BRINGS_COLOURS.test(content.html);
    const kind = this._isLight ? "framed plated" : "framed";
    this.element = h("div", { class: kind }, this._note, this._problem);
    /** @type {HTMLIFrameElement | null} */
    this._frame = null;
    this._hear = (/** @type {MessageEvent} */ event) => this._onMessage(event);
    this._near = new IntersectionObserver((entries) => this._onNear(entries), {
      rootMargin: MARGIN,
      ...{ scrollMargin: MARGIN }, // for the notebook, which scrolls in the page
    });
    this._near.observe(this.element);
    this._tell();
  }

  /** The colours and fonts of the page have changed. */
  setTheme() {
    this._post({ theme: readTheme(this._isLight) });
  }

  destroy() {
    removeEventListener("message", this._hear);
    this._near.disconnect();
    this.element.remove();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  _onNear(entries) {
    if (this._frame || !entries.some((entry) => entry.isIntersecting)) return;
    this._near.disconnect();
    addEventListener("message", this._hear);
    this._load();
  }

  _load() {
    const frame = h("iframe", {
      sandbox: "allow-scripts",
      referrerpolicy: "no-referrer",
      title: this._title,
      ".srcdoc": frameDocument(this._hasNetwork),
    });
    if (this._frame) {
      frame.style.height = this._frame.style.height;
      this._frame.replaceWith(frame);
    } else {
      this.element.prepend(frame);
    }
    this._frame = frame;
  }

  /** @param {MessageEvent} event */
  _onMessage({ source, data }) {
    if (!this._frame || source !== this._frame.contentWindow || data?.foldbook !== 1) return;
    if (data.ready === true) void this._hand();
    if (typeof data.height === "number") this._resize(data.height);
    if (typeof data.open === "string") this._onLink(data.open);
    if (typeof data.blocked === "string") this._onBlocked(data.blocked);
    if (typeof data.failed === "string") this._onFailed(data.failed);
  }

  async _hand() {
    this._post({ theme: readTheme(this._isLight), ...this._content });
    const fonts = await loadFonts();
    this._post({ fonts });
  }

  /** @param {Record<string, unknown>} message */
  _post(message) {
    this._frame?.contentWindow?.postMessage({ foldbook: 1, ...message }, "*");
  }

  /** @param {number} height */
  _resize(height) {
    if (this._frame) this._frame.style.height = `${Math.min(TALLEST, Math.max(1, height))}px`;
  }

  /**
   * Only the web, without a way back to this page, and only after a click in the frame: a script
   * may say that a link was followed, and take the focus, but cannot make the browser's note that
   * the reader acted. Where it may stem from an act elsewhere on the page, the reader is asked.
   * @param {string} href
   */
  _onLink(href) {
    if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return;
    const open = () => window.open(href, "_blank", "noopener,noreferrer");
    const isRecent = performance.now() - lastAct < ACTIVATION;
    const isHere = document.activeElement === this._frame;
    if (navigator.userActivation?.isActive && isHere && !isRecent) {
      open();
      return;
    }
    const button = h("button", { class: "lnk", type: "button" }, `Open ${new URL(href).host}`);
    button.addEventListener("click", open);
    this._problem.replaceChildren("This output links to another page. ", button);
    this._problem.hidden = false;
  }

  /** @param {string} address */
  _onBlocked(address) {
    const host = hostOf(address);
    if (!host || this._hosts.size >= 20) return;
    this._hosts.add(host);
    this._tell();
  }

  /** @param {string} message */
  _onFailed(message) {
    // Without a network a script's error is mostly that of the part that is missing.
    if (this._hosts.size > 0 && !this._hasNetwork) return;
    this._problem.hidden = false;
    this._problem.textContent = `A script of this output failed: ${message.slice(0, 500)}`;
  }

  /** Says what the output asks for, and offers it. */
  _tell() {
    if (this._hosts.size === 0 || this._hasNetwork) {
      this._note.hidden = true;
      return;
    }
    const [first = "", ...others] = this._hosts;
    const whom = others.length ? `${first} and ${others.length} more` : first;
    const allow = h("button", { class: "lnk", type: "button" }, "Allow network for this output");
    allow.addEventListener("click", () => {
      this._hasNetwork = true;
      this._tell();
      if (this._frame) this._load();
    });
    this._note.replaceChildren(`It asks for ${whom} and has no network. `, allow);
    this._note.hidden = false;
  }
}

/**
 * The hosts that markup loads from.
 * @param {string} html
 */
function remoteHosts(html) {
  const inert = new DOMParser().parseFromString(html, "text/html");
  const hosts = new Set();
  for (const element of inert.querySelectorAll("[src], link[href], [poster], [data]")) {
    for (const name of ["src", "href", "poster", "data"]) {
      const host = hostOf(element.getAttribute(name) ?? "");
      if (host) hosts.add(host);
    }
  }
  return hosts;
}

/** @param {string} address */
function hostOf(address) {
  const match = /^(?:https?:)?\/\/([^/?#@]+)/i.exec(address.trim());
  return match?.[1] ?? null;
}

/** The tokens as the page has them now. @param {boolean} isLight whether always as on white */
function readTheme(isLight) {
  const style = getComputedStyle(document.documentElement);
  const tokens = Object.fromEntries(TOKENS.map((name) => [name, style.getPropertyValue(name)]));
  return { scheme: isLight ? "light" : style.colorScheme, tokens };
}

/** @type {Promise<Array<{family: string, bytes: ArrayBuffer}>> | null} */
let fonts = null;

/** The page's fonts as bytes: an opaque origin cannot fetch them. */
function loadFonts() {
  fonts ??= Promise.all(fontAddresses().map(loadFont)).then((all) => all.flat());
  return fonts;
}

/** @param {{family: string, href: string}} face */
async function loadFont({ family, href }) {
  const answer = await fetch(href);
  // Without it the frame shows the system's own font, which is what a stack is for.
  return answer.ok ? [{ family, bytes: await answer.arrayBuffer() }] : [];
}

function fontAddresses() {
  /** @type {Array<{family: string, href: string}>} */
  const found = [];
  for (const { rule, base } of fontFaces()) {
    const family = rule.style.getPropertyValue("font-family").replace(/^["']|["']$/g, "");
    const range = rule.style.getPropertyValue("unicode-range");
    const isLatin = !range || /U\+0(?:000)?-(?:00)?FF/i.test(range);
    const isUpright = rule.style.getPropertyValue("font-style") !== "italic";
    const address = /url\(["']?([^"')]+)/.exec(rule.style.getPropertyValue("src"))?.[1];
    if (address && FAMILIES.includes(family) && isLatin && isUpright) {
      found.push({ family, href: new URL(address, base).href });
    }
  }
  return found;
}

function* fontFaces() {
  for (const sheet of document.styleSheets) yield* fontFacesOf(sheet);
}

/**
 * @param {CSSStyleSheet} sheet
 * @returns {Generator<{rule: CSSFontFaceRule, base: string}>}
 */
function* fontFacesOf(sheet) {
  const base = sheet.href ?? document.baseURI;
  if (new URL(base).origin !== location.origin) return;
  for (const rule of sheet.cssRules) {
    if (rule instanceof CSSFontFaceRule) yield { rule, base };
    else if (rule instanceof CSSImportRule && rule.styleSheet) yield* fontFacesOf(rule.styleSheet);
  }
}
