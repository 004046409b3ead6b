/** An output that has markup or script of its own, in a frame with an opaque origin. */

import { fetchLibrary, hasOwnGround, heightOf } from "./charts.js";
import { h } from "./dom.js";
import { saveAs } from "./files.js";
import { frameDocument } from "./output_bootstrap.js";
import { loadFonts, onTheme, readTheme } from "./output_theme.js";

/** @typedef {import("./charts.js").Chart} Chart */

/**
 * What a frame draws: markup, a script that draws by itself, or a chart.
 * @typedef {{html: string} | {script: string} | {chart: Chart}} Content
 *
 * @typedef {object} Hearing
 * @property {() => void} [onDrawn] the chart is there
 * @property {(problem: string) => void} [onUndrawn] the chart cannot be drawn
 */

const TALLEST = 6000;
const LONGEST = 500; // characters of what a frame complains of
const LONGEST_NAME = 100;
const MARGIN = "800px"; // around the screen, where frames are loaded ahead
/** Markup with colours of its own was made for a white page, and gets one in the dark too. */
export const BRINGS_COLOURS = /background|color\s*[:=]|<(?:script|style|svg|canvas|link)[\s>]/i;

/** Whether it is worth reading as a document: that of a large table takes long. */
const ASKS_ELSEWHERE = /(?:src|href|poster|data)\s*=\s*["']?\s*(?:https?:)?\/\//i;

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
   * @param {Hearing} [hearing]
   */
  constructor(content, title, hearing = {}) {
    this._content = content;
    this._title = title;
    this._hearing = hearing;
    this._hasNetwork = false;
    /** @type {Set<string>} */
    this._hosts = new Set("html" in content ? remoteHosts(content.html) : []);
    this._asks = h("span", {});
    // One button for good: a press on one that is put anew meanwhile would be lost.
    const allow = h("button", { class: "lnk", type: "button" }, "Allow network for this output");
    allow.addEventListener("click", () => this._allowNetwork());
    this._note = h("div", { class: "frame-note", hidden: true }, this._asks, allow);
    this._problem = h("div", { class: "frame-note problem", hidden: true });
    this._isLight = isForLight(content);
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
    this._unwatch = onTheme(() => this._post({ theme: readTheme(this._isLight) }));
    this._tell();
  }

  /**
   * What a chart looks like now.
   * @param {string} type
   * @returns {Promise<Blob>}
   */
  picture(type) {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve, reject) => {
      port1.onmessage = ({ data }) => {
        port1.close();
        if (data.file instanceof Blob) resolve(data.file);
        else reject(new Error(String(data.problem)));
      };
      this._post({ picture: type }, [port2]);
    });
  }

  destroy() {
    this._unwatch();
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
      if ("chart" in this._content) frame.style.height = `${heightOf(this._content.chart)}px`;
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
    if (typeof data.save === "string" && data.file instanceof Blob) this._onFile(data.save, data.file);
    if (data.drawn === true) this._hearing.onDrawn?.();
    if (typeof data.undrawn === "string") this._onUndrawn(data.undrawn.slice(0, LONGEST));
  }

  async _hand() {
    const theme = readTheme(this._isLight);
    if ("chart" in this._content) {
      await this._handChart(this._content.chart, theme);
      return;
    }
    this._post({ theme, ...this._content });
    const fonts = await loadFonts();
    this._post({ fonts });
  }

  /** Charts measure their words, so the fonts come first. @param {Chart} chart @param {object} theme */
  async _handChart(chart, theme) {
    const frame = this._frame;
    try {
      const [library, fonts] = await Promise.all([fetchLibrary(chart.library), loadFonts()]);
      if (frame !== this._frame) return;
      this._post({ theme, fonts });
      this._post({ library, chart });
    } catch (error) {
      this._hearing.onUndrawn?.(`what draws it could not be loaded (${error})`);
    }
  }

  /**
   * @param {Record<string, unknown>} message
   * @param {Transferable[]} [given]
   */
  _post(message, given = []) {
    this._frame?.contentWindow?.postMessage({ foldbook: 1, ...message }, "*", given);
  }

  /** @param {number} height */
  _resize(height) {
    if (this._frame) this._frame.style.height = `${Math.min(TALLEST, Math.max(1, height))}px`;
  }

  /** Only the web, without a way back to this page. @param {string} href */
  _onLink(href) {
    if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return;
    const open = () => window.open(href, "_blank", "noopener,noreferrer");
    this._offer("This output links to another page. ", `Open ${new URL(href).host}`, open);
  }

  /** @param {string} name @param {Blob} file */
  _onFile(name, file) {
    const shown = name.replace(/[/\\]/g, "_").slice(-LONGEST_NAME);
    this._offer("This output offers a file. ", `Save ${shown}`, () => saveAs(shown, file));
  }

  /**
   * Act only after a click in the frame: a script may say that a link was followed, and take the
   * focus, but cannot make the browser's note that the reader acted. Where it may stem from an act
   * elsewhere on the page, the reader is asked.
   * @param {string} words
   * @param {string} label
   * @param {() => void} act
   */
  _offer(words, label, act) {
    const isRecent = performance.now() - lastAct < ACTIVATION;
    const isHere = document.activeElement === this._frame;
    if (navigator.userActivation?.isActive && isHere && !isRecent) {
      act();
      return;
    }
    const button = h("button", { class: "lnk", type: "button" }, label);
    button.addEventListener("click", act);
    this._problem.replaceChildren(words, button);
    this._problem.hidden = false;
  }

  /** @param {string} address */
  _onBlocked(address) {
    const host = hostOf(address);
    if (!host || this._hosts.size >= 20) return;
    this._hosts.add(host);
    this._tell();
  }

  /** @param {string} problem */
  _onUndrawn(problem) {
    // Maps come from elsewhere: the reader may allow that here.
    if (this._hosts.size > 0 && !this._hasNetwork) this._tell();
    else this._hearing.onUndrawn?.(problem);
  }

  /** @param {string} message */
  _onFailed(message) {
    // Without a network a script's error is mostly that of the part that is missing.
    if (this._hosts.size > 0 && !this._hasNetwork) return;
    this._problem.hidden = false;
    this._problem.textContent = `A script of this output failed: ${message.slice(0, LONGEST)}`;
  }

  /** Says what the output asks for, and offers it. */
  _tell() {
    if (this._hosts.size === 0 || this._hasNetwork) {
      this._note.hidden = true;
      return;
    }
    const [first = "", ...others] = this._hosts;
    const whom = others.length ? `${first} and ${others.length} more` : first;
    this._asks.textContent = `It asks for ${whom} and has no network. `;
    this._note.hidden = false;
  }

  _allowNetwork() {
    this._hasNetwork = true;
    this._tell();
    if (this._frame) this._load();
  }
}

/** Whether it was made for a white page. @param {Content} content */
function isForLight(content) {
  if ("chart" in content) return hasOwnGround(content.chart);
  return !("html" in content) || BRINGS_COLOURS.test(content.html);
}

/**
 * The hosts that markup loads from.
 * @param {string} html
 */
function remoteHosts(html) {
  if (!ASKS_ELSEWHERE.test(html)) return [];
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
