/** The left panel: the outline and the files of the notebook. */

import { attr, fill, h, narrow } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menus.js";
import { outlineOf } from "./outline.js";
import { sizeWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").File} File_ */

export class Panel {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.isOpen = !narrow.matches && localStorage.getItem("panel") !== "closed";
    this.outline = h("ul", { "aria-label": "Outline" });
    this.files = h("ul", { "aria-label": "Files" });
    const add = h(
      "button",
      { class: "btn s sq", type: "button", "aria-label": "Add a file", title: "Add a file", onclick: () => page.files.choose() },
      icon("plus"),
    );
    this.add = add;
    this.element = h(
      "aside",
      { class: "panel", id: "panel", "data-region": "panel", "aria-label": "Panel" },
      section("Outline", this.outline),
      section("Files", this.files, add),
    );
    this.scrim = h("div", { class: "panel-scrim", onclick: () => this.toggle(false) });
    narrow.addEventListener("change", () => this.toggle(!narrow.matches));
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && narrow.matches) this.toggle(false);
    });
    this._key = "";
  }

  /** @param {boolean} [open] */
  toggle(open = !this.isOpen) {
    this.isOpen = open;
    if (!narrow.matches) localStorage.setItem("panel", open ? "open" : "closed");
    const hadFocus = this.element.contains(document.activeElement);
    this.page.redrawFrame();
    if (!open && hadFocus) this.page.select.focus();
    if (open && narrow.matches) /** @type {HTMLElement | null} */ (this.element.querySelector("button"))?.focus();
  }

  draw() {
    this.element.hidden = this.scrim.hidden = !this.isOpen;
    if (!this.isOpen) return;
    const { view } = this.page.model;
    const entries = outlineOf(view, (id) => this.page.model.source(id));
    const current = this._current(entries);
    this.add.hidden = this.page.isReadOnly;
    const key = JSON.stringify([entries, current, view.files, this.page.isReadOnly]);
    if (key === this._key) return;
    this._key = key;
    this._keepFocus(() => {
      fill(this.outline, entries.length ? entries.map((entry, at) => this._line(entry, at === current)) : this._empty("Headings and cells stand here."));
      const files = [...view.files].sort((a, b) => a.path.localeCompare(b.path));
      fill(this.files, files.length ? fileLines(files, (file) => this._file(file)) : this._empty("Drop a file on the page to read it from code."));
    });
  }

  /** The last entry at or before the active cell. @param {import("./outline.js").Entry[]} entries */
  _current(entries) {
    const { order } = this.page.model.view;
    const at = order.indexOf(this.page.select.active ?? "");
    if (at < 0) return -1;
    const exact = entries.findIndex((entry) => entry.id === order[at]);
    return exact >= 0 ? exact : entries.findLastIndex((entry) => order.indexOf(entry.id) < at);
  }

  /** @param {() => void} draw */
  _keepFocus(draw) {
    const name = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.entry;
    const holds = this.element.contains(document.activeElement);
    draw();
    if (!holds || !name) return;
    const again = [...this.element.querySelectorAll("[data-entry]")].find((each) => /** @type {HTMLElement} */ (each).dataset.entry === name);
    /** @type {HTMLElement | undefined} */ (again)?.focus();
  }

  /** @param {import("./outline.js").Entry} entry @param {boolean} isCurrent */
  _line(entry, isCurrent) {
    const look = entry.isHeading ? (entry.depth ? "c h1" : "h1") : "c";
    return h(
      "li",
      null,
      h(
        "button",
        { class: `li ${look}`, type: "button", "data-entry": `${entry.id} ${entry.words}`, "aria-current": isCurrent ? "true" : null, onclick: () => this._goTo(entry.id) },
        h("span", { class: "w" }, entry.words),
        entry.state ? h("span", { class: `e ${entry.look}` }, entry.state) : null,
      ),
    );
  }

  /** @param {string} id */
  _goTo(id) {
    if (narrow.matches) this.toggle(false);
    this.page.sheet.goTo(id);
  }

  /** @param {File_} file */
  _file(file) {
    const name = file.path.split("/").at(-1) ?? file.path;
    const more = h(
      "button",
      { class: "btn s sq", type: "button", "aria-label": `More for ${file.path}`, title: "More", "aria-haspopup": "menu", onclick: () => this._fileMenu(file, more) },
      icon("ellipsis"),
    );
    return h(
      "div",
      { class: "file-row" },
      h(
        "button",
        { class: "li", type: "button", "data-entry": file.path, title: file.path, onclick: () => this._fileMenu(file, more) },
        icon("file"),
        h("span", { class: "w" }, name),
        h("span", { class: "e" }, sizeWords(file.size)),
      ),
      more,
    );
  }

  /** @param {File_} file @param {HTMLElement} anchor */
  _fileMenu(file, anchor) {
    openMenu(
      anchor,
      [
        { label: "Copy path", icon: "copy", run: () => this.page.files.copyPath(file) },
        { label: "Download", icon: "download", run: () => this.page.files.save(file) },
        null,
        { label: "Remove", icon: "trash-2", danger: true, disabled: this.page.isReadOnly, run: () => this.page.files.remove(file) },
      ],
      { label: file.path },
    );
  }

  /** @param {string} words */
  _empty(words) {
    return h("li", { class: "empty" }, words);
  }
}

/**
 * Files under their folders.
 * @param {File_[]} files
 * @param {(file: File_) => HTMLElement} draw
 */
function fileLines(files, draw) {
  /** @type {Set<string>} */
  const folders = new Set();
  return files.flatMap((file) => {
    const parts = file.path.split("/").slice(0, -1);
    const lines = parts.flatMap((part, depth) => {
      const path = parts.slice(0, depth + 1).join("/");
      if (folders.has(path)) return [];
      folders.add(path);
      return [h("li", null, h("div", { class: `li${depth ? " c" : ""}` }, icon("folder"), h("span", { class: "w" }, part)))];
    });
    const row = draw(file);
    row.firstElementChild?.classList.add(["n", "c", "cc"][Math.min(2, parts.length)] ?? "n");
    return [...lines, h("li", null, row)];
  });
}

/** @param {string} title @param {HTMLElement} body @param {HTMLElement} [control] */
function section(title, body, control) {
  const key = `panel-${title}`;
  const toggle = h(
    "button",
    { type: "button", "aria-expanded": String(localStorage.getItem(key) !== "closed"), onclick: () => flip() },
    icon("chevron-down"),
    title,
  );
  const flip = () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    attr(toggle, "aria-expanded", String(open));
    localStorage.setItem(key, open ? "open" : "closed");
    body.hidden = !open;
  };
  body.hidden = toggle.getAttribute("aria-expanded") !== "true";
  return h("section", null, h("div", { class: "sec" }, toggle, control), body);
}
