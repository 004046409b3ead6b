/** The left panel: the outline and the files of the notebook, and what is in memory. */

import { attr, fill, h, narrow } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menus.js";
import { entriesOf } from "./outline.js";
import { Variables } from "./variables.js";
import { sizeWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").File} File_ */
/** @typedef {import("./outline.js").Entry} Entry */
/** What was drawn of a cell, and of what. @typedef {{cell: import("./types.js").Cell, source: string, entries: Entry[], lines: HTMLElement[]}} Part */

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
    this.variables = new Variables(page);
    this.element = h(
      "aside",
      { class: "panel", id: "panel", "data-region": "panel", "aria-label": "Panel" },
      section("Outline", this.outline),
      section("Files", this.files, { control: add }),
      section("Variables", this.variables.element, { flipped: () => this.variables.draw() }),
    );
    this.scrim = h("div", { class: "panel-scrim", onclick: () => this.toggle(false) });
    narrow.addEventListener("change", () => this.toggle(!narrow.matches));
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && narrow.matches) this.toggle(false);
    });
    this._filesKey = "";
    /** @type {Map<string, Part>} */
    this._parts = new Map();
    /** The line of the active cell. @type {HTMLElement | null} */
    this._current = null;
    this._noLines = this._empty("Headings and cells stand here.");
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
    this.add.hidden = !this.page.canEdit;
    this._keepFocus(() => {
      this._drawOutline();
      this._drawFiles();
    });
    this.variables.draw();
  }

  _drawFiles() {
    const { view } = this.page.model;
    const key = JSON.stringify([view.files, this.page.canEdit]);
    if (key === this._filesKey) return;
    this._filesKey = key;
    const files = [...view.files].sort((a, b) => a.path.localeCompare(b.path));
    fill(this.files, files.length ? fileLines(files, (file) => this._file(file)) : this._empty("Drop a file on the page to read it from code. What code writes is listed too."));
  }

  /** Only lines of cells that changed are made anew, and only lines that moved are put elsewhere. */
  _drawOutline() {
    const { order } = this.page.model.view;
    const parts = order.flatMap((id) => this._part(id) ?? []);
    if (this._parts.size > parts.length) this._forget(new Set(order));
    const lines = parts.flatMap((part) => part.lines);
    placeIn(this.outline, lines.length ? lines : [this._noLines]);
    const current = this._lineOf(order.indexOf(this.page.select.active ?? ""));
    if (current === this._current) return;
    if (this._current) attr(this._current.firstElementChild ?? this._current, "aria-current", null);
    if (current) attr(current.firstElementChild ?? current, "aria-current", "true");
    this._current = current;
  }

  /** @param {string} id @returns {Part | undefined} */
  _part(id) {
    const cell = this.page.model.cell(id);
    const known = this._parts.get(id);
    if (!cell) return undefined;
    const source = this.page.model.source(id);
    if (known?.cell === cell && known.source === source) return known;
    const entries = entriesOf(cell, source);
    const isSame = known && JSON.stringify(known.entries) === JSON.stringify(entries);
    const lines = isSame ? known.lines : entries.map((entry) => this._line(entry));
    const part = { cell, source, entries, lines };
    this._parts.set(id, part);
    return part;
  }

  /** @param {Set<string>} living */
  _forget(living) {
    for (const id of this._parts.keys()) if (!living.has(id)) this._parts.delete(id);
  }

  /** The first line of the cell at this place, or else the last one before it. @param {number} at @returns {HTMLElement | null} */
  _lineOf(at) {
    const { order } = this.page.model.view;
    const linesAt = (/** @type {number} */ place) => this._parts.get(order[place] ?? "")?.lines ?? [];
    const own = linesAt(at)[0];
    for (let before = at; !own && before >= 0; before--) {
      const line = linesAt(before).at(-1);
      if (line) return line;
    }
    return own ?? null;
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

  /** @param {Entry} entry */
  _line(entry) {
    const look = entry.isHeading ? (entry.depth ? "c h1" : "h1") : "c";
    return h(
      "li",
      null,
      h(
        "button",
        { class: `li ${look}`, type: "button", "data-entry": `${entry.id} ${entry.words}`, onclick: () => this._goTo(entry.id) },
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
        { label: "Rename", icon: "pencil", why: this.page.rights.why("edit"), run: () => this.page.files.rename(file) },
        null,
        { label: "Remove", icon: "trash-2", danger: true, why: this.page.rights.why("edit"), run: () => this.page.files.remove(file) },
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
 * Let a list hold these lines in this order, touching only what is not so yet.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} lines
 */
function placeIn(list, lines) {
  const wanted = new Set(lines);
  for (const line of [...list.children]) if (!wanted.has(/** @type {HTMLElement} */ (line))) line.remove();
  let next = list.firstElementChild;
  for (const line of lines) {
    if (line === next) next = next.nextElementSibling;
    else list.insertBefore(line, next);
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

/** @param {string} title @param {HTMLElement} body @param {{control?: HTMLElement, flipped?: () => void}} [how] */
function section(title, body, { control, flipped } = {}) {
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
    flipped?.();
  };
  body.hidden = toggle.getAttribute("aria-expanded") !== "true";
  return h("section", null, h("div", { class: "sec" }, toggle, control), body);
}
