/** The status bar: what the keys do now, where the caret is, what Python waits for, the log. */

import { fill, h, setText } from "./dom.js";
import { namesWords } from "./people.js";
import { drawStrip } from "./strip.js";
import { countWords, plural, progressWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").LinkStatus} LinkStatus */

const STRIP_WIDTH = 220;
const STRIP_APART = 250; // ms between two drawings of the strip, which is a picture of many parts

export class Status {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.mode = h("b");
    this.hint = h("span");
    this.others = h("span");
    this.cursor = h("span", { class: "t" });
    this.loading = h("span", { class: "loading t", role: "status" });
    this.kept = h("span", null, "Kept only in this browser. ");
    this.backup = h("button", { class: "lnk", type: "button", onclick: () => page.files.download("log") }, "Download backup");
    this.strip = h("span");
    this.events = h("b", { class: "t" });
    this.element = h(
      "footer",
      { class: "st", "data-region": "status", "aria-label": "Status" },
      this.mode,
      this.hint,
      this.others,
      this.cursor,
      h("span", { class: "grow" }),
      this.loading,
      h("span", { class: "kept" }, this.kept, this.backup),
      h("span", { class: "strip", title: "The log: when it was written, and by whom" }, this.strip, h("span", null, "Event ", this.events)),
    );
    /** Words for what Python still waits for; empty when it is up. */
    this.preparing = "";
    this._stripKey = "";
    this._stripAt = -Infinity;
    this._stripTimer = 0;
  }

  draw() {
    const { select, model } = this.page;
    const at = model.view.order.indexOf(select.active ?? "") + 1;
    const many = select.ids.length;
    const [mode, hint] =
      at === 0 ? ["", ""]
      : select.isEditing ? [`Editing cell ${at}`, "Esc to leave"]
      : many > 1 ? [`${plural(many, "cell")} selected`, "Esc for one"]
      : [`Cell ${at} selected`, this.page.canEdit ? "Enter to edit" : "Enter to read the source"];
    setText(this.mode, mode ?? "");
    setText(this.hint, hint ?? "");
    const others = this.page.sharing.in(select.active ?? "").filter(({ you }) => !you);
    setText(this.others, others.length ? `with ${namesWords(others)}` : "");
    setText(this.kept, this.page.sharing.isShared ? "" : "Kept only in this browser. ");
    this.drawCursor();
    this._drawLog();
  }

  drawCursor() {
    const { active, isEditing } = this.page.select;
    const cursor = isEditing ? this.page.texts.editor(active ?? "")?.cursor() : null;
    setText(this.cursor, cursor ? `Ln ${cursor.line}, Col ${cursor.col}` : "");
  }

  _drawLog() {
    const { log, actors } = this.page.model.view;
    setText(this.events, countWords(log.events));
    const key = JSON.stringify([log.strip, Object.values(actors).map((actor) => actor.hue)]);
    if (key === this._stripKey) return;
    const rest = this._stripAt + STRIP_APART - performance.now();
    if (rest > 0) {
      this._stripTimer ||= window.setTimeout(() => {
        this._stripTimer = 0;
        this._drawLog();
      }, rest);
      return;
    }
    this._stripAt = performance.now();
    this._stripKey = key;
    fill(this.strip, drawStrip(log.strip, actors, STRIP_WIDTH));
  }

  /** What the runtime tells while it starts or loads packages. @param {{message?: string, done?: number, total?: number}} news */
  tellNews({ message = "", done = 0, total = 0 }) {
    setText(this.loading, total > 1000 && done < total ? `${message}: ${progressWords(done, total)}` : message);
  }

  /** How the start of the worker goes on. @param {LinkStatus} status */
  tell({ stage, title, message = "", done, total }) {
    const isLoading = stage === "loading" || stage === "opening";
    const bytes = total && total > 1000 ? `: ${progressWords(done ?? 0, total)}` : "";
    this.preparing = isLoading ? `Preparing Python${bytes}` : "";
    setText(this.loading, isLoading ? `${this.preparing}. You can start now.` : "");
    if (stage === "failed") {
      this.page.banners.show("worker", {
        look: "bad",
        title: title ?? "Python did not start.",
        words: title ? message : `${message}. What you type is kept in this browser.`.replace("..", "."),
        acts: [
          { label: "Download the raw log", run: () => this.page.files.download("log") },
          { label: "Load the page again", run: () => location.reload() },
        ],
      });
    } else this.page.banners.show("worker", null);
  }
}
