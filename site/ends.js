/**
 * Tells who has gone to another tab that a run has ended: the tab's title says it, and a
 * notification where the reader has asked for one.
 */

import { attr, h } from "./dom.js";
import { showToast } from "./toast.js";
import { spanWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Execution} Execution */

const LONG = 10_000; // ms of a run that is told of without being asked each time
const OFFERED = 3000; // ms after which a running cell offers to tell of its end
const ALWAYS = "tell-ends"; // in the settings of this browser
const REFUSED = "This browser does not let the page notify you. The title of the tab says when a run ends.";
/** How a run ended, for a title and for a sentence. @type {Record<string, [string, string]>} */
const ENDS = { ok: ["Done", "finished"], error: ["Failed", "failed"], lost: ["Lost", "was lost"], aborted: ["Not run", "was not run"] };

/** The tab's title. @param {string} name of the notebook @param {string} news what its reader does not see */
export function titleWords(name, news) {
  const words = name ? `${name} - Foldbook` : "Foldbook";
  return news ? `${news} · ${words}` : words;
}

export class Ends {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** The runs whose end is to be told. @type {Set<string>} */
    this._wanted = new Set();
    /** How the last run ended since the reader has left. */
    this._last = "";
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this._last = "";
      page.header.draw();
    });
  }

  /** @param {string} name of the notebook */
  title(name) {
    const { runtime } = this.page.model.view;
    const isBusy = runtime?.selected && runtime.status === "busy";
    return titleWords(name, document.hidden ? (isBusy ? "Running" : this._last) : "");
  }

  /** What a running cell offers. @param {Execution} execution */
  offer({ id }) {
    const button = h("button", { class: "lnk tell-end", type: "button", hidden: true, onclick: () => this._toggle(id, button) }, "Tell me when it ends");
    attr(button, "aria-pressed", String(this._wanted.has(id)));
    return button;
  }

  /** It goes on, and may be worth leaving. @param {HTMLElement} button @param {number} span ms */
  static grows(button, span) {
    button.hidden = span < OFFERED || !("Notification" in window);
  }

  /** @param {string} id @param {HTMLElement} button */
  async _toggle(id, button) {
    if (!this._wanted.delete(id)) {
      if (await mayNotify()) this._wanted.add(id);
      else showToast(REFUSED);
    }
    attr(button, "aria-pressed", String(this._wanted.has(id)));
  }

  /** @param {number} at the cell's place, from 0 @param {Execution} execution */
  ended(at, { id, status, started, completed }) {
    const words = ENDS[status];
    const isWanted = this._wanted.delete(id);
    if (!words || !document.hidden) return;
    this._last = words[0];
    const span = started && completed ? completed - started : 0;
    if (isWanted || (tellsAlways() && span >= LONG)) this._notify(`Cell ${at + 1} ${words[1]}`, span, id);
  }

  /** @param {string} title @param {number} span @param {string} id */
  async _notify(title, span, id) {
    const { name } = this.page.model.view.notebook;
    const how = { body: span ? `${name}, after ${spanWords(span)}` : name, tag: id, icon: "icon-192.png", data: location.href };
    const registration = await navigator.serviceWorker?.getRegistration();
    // Phones let only a service worker notify; a private window may have none.
    if (registration?.active) await registration.showNotification(title, how);
    else new Notification(title, how).onclick = () => window.focus();
  }
}

/** The choice among the settings. */
export function endsField() {
  const box = h("input", { type: "checkbox", id: "set-ends", ".checked": tellsAlways(), "aria-describedby": "set-ends-hint", disabled: !("Notification" in window) });
  const hint = h("span", { id: "set-ends-hint", role: "status" }, "When a run of more than 10 seconds ends and I look at something else.");
  box.addEventListener("change", async () => {
    const isRefused = box.checked && !(await mayNotify());
    if (isRefused) hint.textContent = REFUSED;
    box.checked = box.checked && !isRefused;
    localStorage.setItem(ALWAYS, box.checked ? "on" : "off");
  });
  return h(
    "div",
    { class: "field" },
    h("label", { for: "set-ends" }, "Notify me"),
    h("div", { class: "tick-box" }, box, hint),
  );
}

function tellsAlways() {
  return localStorage.getItem(ALWAYS) === "on";
}

/** Asked by an act of the reader only. @returns {Promise<boolean>} */
async function mayNotify() {
  return (Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission) === "granted";
}
