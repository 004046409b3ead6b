/** The list of notebooks. */

import { NAMELESS, actorMark } from "./actors.js";
import { exportAll, exportNotebook } from "./backup.js";
import { Banners } from "./banners.js";
import * as catalogue from "./catalogue.js";
import { askLine } from "./dialogs.js";
import { fill, h, phone } from "./dom.js";
import { drawExamples } from "./examples.js";
import { FORMATS, messageOf, onDrop, pickFiles, saveAs } from "./files.js";
import { icon, logo } from "./icons.js";
import { personName } from "./introduction.js";
import { openMenu } from "./menus.js";
import { ENDING } from "./reading.js";
import { openSettings } from "./settings.js";
import { drawStrip } from "./strip.js";
import { showToast } from "./toast.js";
import { agoWords, countWords, fullTimeWords, plural, shortAgoWords, sizeWords } from "./words.js";

/** @typedef {import("./catalogue.js").Entry} Entry */

/** What a link lets the reader do, where that is not all. @type {Record<string, string>} */
const MAY = { view: "you can read", comment: "you can comment", edit: "you can edit" };
const READABLE = ".ipynb,.json,.py,.foldbook";

export class HomePage {
  constructor() {
    /** @type {Entry[]} */
    this.entries = [];
    this.query = "";
    this.usage = 0;
    /** The reader's. */
    this.name = "";
    this.search = h("input", {
      type: "search", placeholder: "Search notebooks", "aria-label": "Search notebooks", spellcheck: "false",
      oninput: () => this._searched(),
    });
    this.searchBox = h("div", { class: "inp", role: "search" }, icon("search"), this.search, h("kbd", null, "/"));
    this.list = h("div", { class: "list" });
    this.main = h(
      "main",
      { class: "home-main" },
      this.list,
      drawExamples((id) => open(id), (message) => this._fail("The example was not opened.", message)),
    );
    this.banners = new Banners();
    this.root = h("div", { class: "home" }, this._header(), this.banners.element, this.main, this._bar());
  }

  /** @param {HTMLElement} place */
  async mount(place) {
    await this._load();
    place.replaceChildren(this.root);
    catalogue.watch(() => this._load());
    onDrop(this.root, (files) => this._try("Not opened.", () => this._open(files)));
    document.addEventListener("keydown", (event) => this._key(event));
    document.addEventListener("paste", (event) => this._pasted(event));
    phone.addEventListener("change", () => this._draw());
    document.addEventListener("visibilitychange", () => document.hidden || this._draw());
    if (this.entries.length === 0) /** @type {HTMLElement | null} */ (this.list.querySelector(".btn.pri"))?.focus({ preventScroll: true });
    this._askNamed();
    await catalogue.purgeOld();
  }

  /** The site as it is now. */
  renew() {
    location.reload();
  }

  /** A link to this page may name a notebook elsewhere: it is asked for once. */
  _askNamed() {
    const here = new URL(location.href);
    const named = here.searchParams.get("url");
    if (named === null) return;
    here.searchParams.delete("url");
    history.replaceState(null, "", here);
    this._askAddress(named);
  }

  /** @param {string} [address] */
  async _askAddress(address) {
    const { askAddress } = await import("./open_address.js");
    askAddress(async ({ name, data }) => open(await catalogue.importFile(name, data)), address);
  }

  async _load() {
    try {
      this.entries = await catalogue.list();
      this.usage = (await catalogue.storage()).usage;
      this.name = await personName();
      this._draw();
    } catch (error) {
      fill(this.list, h("div", { class: "banner bad", role: "alert" }, h("b", null, "The list cannot be read."), h("span", null, messageOf(error))));
    }
  }

  _header() {
    const settings = h(
      "button",
      { class: "btn", type: "button", "aria-label": "Settings", onclick: () => openSettings() },
      icon("sliders-horizontal"),
      h("span", null, "Settings"),
    );
    return h(
      "header",
      { class: "home-hd" },
      logo(),
      h("span", { class: "brand" }, "Foldbook"),
      h("span", { class: "grow" }),
      this.searchBox,
      settings,
    );
  }

  _bar() {
    return h("div", { class: "home-bar" }, this._openButton(), this._newButton());
  }

  _openButton() {
    return h("button", { class: "btn line", type: "button", onclick: () => pickFiles(READABLE, (files) => this._try("Not opened.", () => this._open(files))) }, icon("upload"), "Open .ipynb");
  }

  /** @param {string} words */
  _addressButton(words) {
    return h("button", { class: "lnk", type: "button", "aria-haspopup": "dialog", onclick: () => this._askAddress() }, words);
  }

  _newButton() {
    return h("button", { class: "btn pri", type: "button", onclick: () => this._try("No notebook was made.", () => this._create()) }, icon("plus"), "New notebook");
  }

  _draw() {
    this.searchBox.hidden = this.entries.length === 0;
    const held = this.list.contains(document.activeElement) ? placeOf(document.activeElement) : null;
    fill(this.list, this.entries.length === 0 ? this._welcome() : this._books());
    if (!held) return;
    const controls = /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("a, button"));
    [...controls].find((control) => placeOf(control) === held)?.focus({ preventScroll: true });
  }


  _welcome() {
    return h(
      "div",
      { class: "welcome" },
      h("h1", null, "No notebooks yet"),
      h("p", null, "Python runs in this page: nothing to install, no account. NumPy, pandas and Matplotlib load when you import them. Notebooks stay in this browser."),
      h("div", { class: "acts" }, this._newButton(), this._openButton(), h("span", null, h("span", { class: "drop" }, "or drop a file here, or "), this._addressButton("open from a URL"))),
    );
  }

  _books() {
    const wanted = this.query.trim().toLowerCase();
    const shown = this.entries.filter((entry) => entry.name.toLowerCase().includes(wanted));
    return [
      h("div", { class: "home-top" }, h("h1", null, "Notebooks"), h("span", { class: "grow" }), this._openButton(), this._newButton()),
      h(
        "table",
        { class: "books" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "Name"),
            h("th", { scope: "col", class: "c-log" }, "Log"),
            h("th", { scope: "col", class: "c-people" }, "People"),
            h("th", { scope: "col", class: "c-when" }, "Last change"),
            h("th", { scope: "col", class: "c-more" }, h("span", { class: "aloud" }, "Menu")),
          ),
        ),
        h("tbody", null, shown.map((entry) => this._row(entry))),
      ),
      shown.length ? null : h("p", { class: "no-match", role: "status" }, `No notebook is called “${this.query.trim()}”.`),
      h(
        "div",
        { class: "under" },
        h("span", null, h("span", { class: "drop" }, "Drop or paste a notebook anywhere to open it, or "), this._addressButton("open from a URL")),
        h("span", null, this.usage ? `Stored in this browser: ${sizeWords(this.usage)}. ` : "Stored in this browser. ", h("button", { type: "button", onclick: () => this._backUp() }, "Back up all")),
      ),
    ];
  }

  /** @param {Entry} entry */
  _row(entry) {
    const actors = Object.fromEntries(entry.people.map((person) => [person.id, markOf(person)]));
    const more = h(
      "button",
      { class: "btn sq", type: "button", "aria-label": `More for ${entry.name}`, title: "More", "aria-haspopup": "menu", onclick: () => this._menu(entry, more) },
      icon("ellipsis"),
    );
    const strip = (/** @type {number} */ width) => h("div", { class: "strip-box" }, drawStrip(entry.strip, actors, width));
    return h(
      "tr",
      { "data-notebook-id": entry.id },
      h(
        "td",
        { class: "c-name" },
        h("a", { class: "name", href: addressOf(entry.id) }, h("span", null, entry.name)),
        h("div", { class: entry.shared ? "where shared" : "where" }, whereWords(entry, this.name)),
        h("div", { class: "phone-line t" }, drawStrip(entry.strip, actors, 96), h("span", null, plural(entry.events, "event")), h("span", { class: "grow" }), h("span", null, shortAgoWords(entry.changed))),
      ),
      h("td", null, strip(148), h("div", { class: "events" }, `${countWords(entry.events)} ${entry.events === 1 ? "event" : "events"}, ${plural(entry.cells, "cell")}`)),
      h("td", null, h("div", { class: "avs" }, Object.values(actors).slice(0, 5).map((actor) => actorMark(actor)))),
      h("td", { class: "when", title: fullTimeWords(entry.changed) }, agoWords(entry.changed)),
      h("td", { class: "more-cell" }, more),
    );
  }

  /** @param {Entry} entry @param {HTMLElement} anchor */
  _menu(entry, anchor) {
    openMenu(
      anchor,
      [
        { label: "Rename", icon: "pencil", run: () => this._rename(entry) },
        { label: "Duplicate", icon: "copy", run: () => this._try("Not duplicated.", () => catalogue.duplicate(entry.id)) },
        { label: "Download as", icon: "download", items: this._downloads(entry) },
        null,
        { label: "Delete", icon: "trash-2", danger: true, run: () => this._try("Not deleted.", () => this._remove(entry)) },
      ],
      { label: entry.name, align: "end" },
    );
  }

  /** @param {string} what has not happened if it fails @param {() => Promise<any>} act */
  _try(what, act) {
    this.banners.show("failed", null);
    act().catch((error) => this._fail(what, messageOf(error)));
  }

  /** @param {string} title @param {string} words */
  _fail(title, words) {
    this.banners.show("failed", { look: "bad", title, words, canClose: true });
  }

  async _create() {
    open(await catalogue.create());
  }

  /** @param {Entry} entry */
  async _rename(entry) {
    const name = await askLine({ title: "Rename notebook", label: "Name", value: entry.name, act: "Rename" });
    if (name && name !== entry.name) this._try("Not renamed.", () => catalogue.rename(entry.id, name));
  }

  /** @param {Entry} entry */
  async _remove(entry) {
    await catalogue.remove(entry.id);
    showToast(`Deleted “${entry.name}”.`, { label: "Undo", run: () => this._try("Not brought back.", () => catalogue.restore(entry.id)) });
  }

  /** @param {Entry} entry */
  _downloads(entry) {
    const start = (/** @type {import("./files.js").Format} */ format) =>
      this._try("The file was not made.", () => this._download(entry, format));
    return FORMATS.map(({ format, label }) => ({ label, run: () => start(format) }));
  }

  /** @param {Entry} entry @param {import("./files.js").Format} format */
  async _download(entry, format) {
    const { name, data, notes } = await exportNotebook(entry.id, format);
    saveAs(name, data);
    if (notes.length) this.banners.show("export", { look: "warn", title: "Left out of the file:", words: notes.join(" "), canClose: true });
  }

  _backUp() {
    this._try("No backup was made.", async () => {
      const missing = await exportAll(this.entries);
      if (missing.length) this._fail("Not all is in the backup.", `These could not be read: ${missing.join(", ")}.`);
    });
  }

  /** @param {File[]} files */
  async _open(files) {
    const isBook = (/** @type {File} */ file) => ENDING.test(file.name);
    const others = files.filter((file) => !isBook(file));
    /** @type {string[]} */
    const ids = [];
    for (const file of files.filter(isBook)) ids.push(await catalogue.importFile(file.name, await file.arrayBuffer()));
    if (others.length) {
      const names = others.map((file) => file.name).join(", ");
      this._fail("Not opened.", `A notebook ends in .ipynb, .py or .foldbook; this is ${names}. Drop other files onto an open notebook, to read them from code.`);
      return;
    }
    if (ids.length === 1 && ids[0]) open(ids[0]);
    else if (ids.length) showToast(`Opened ${plural(ids.length, "notebook")}.`);
  }

  /** A file, the text of one, or the address of one. @param {ClipboardEvent} event */
  async _pasted(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (/^(INPUT|TEXTAREA)$/.test(target.tagName) || document.querySelector("dialog[open]")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (files.length === 0 && !text.trim()) return;
    event.preventDefault();
    if (files.length) return this._try("Not opened.", () => this._open(files));
    const { readPasted } = await import("./addresses.js");
    const found = readPasted(text);
    if (found === null) return this._fail("Nothing was opened.", "What was pasted is neither a notebook's text nor the address of one.");
    if ("address" in found) return this._askAddress(found.address);
    return this._try("Not opened.", () => this._open([found.file]));
  }

  _searched() {
    this.query = this.search.value;
    this._draw();
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.key === "Escape" && event.target === this.search) {
      this.search.value = "";
      this._searched();
      this.search.blur();
    }
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key !== "/" || /^(INPUT|TEXTAREA)$/.test(target.tagName) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.search.focus();
  }
}

/** @param {{name: string, hue?: string, initials?: string, kind?: any}} person @returns {import("./types.js").Actor} */
function markOf(person) {
  const name = person.name || "You";
  return { name, kind: person.kind ?? "person", hue: person.hue ?? "slate", initials: person.initials ?? name.slice(0, 1).toUpperCase() };
}

/** Where it is, and with whom. @param {Entry} entry @param {string} me the reader's name */
function whereWords({ shared, people }, me) {
  if (!shared) return "This browser";
  const others = people.filter(({ name }) => name && name !== me && name !== NAMELESS);
  const names = others.map(({ name }) => name.trim().split(/\s+/)[0]);
  const some = names.length > 2 ? `${names[0]} and ${plural(names.length - 1, "other")}` : names.join(" and ");
  return [some ? `Shared with ${some}` : "Shared", MAY[shared.role ?? ""]].filter(Boolean).join(" · ");
}

/** What a control of the list is known by, when it is drawn again. @param {Element | null} control */
function placeOf(control) {
  const row = control?.closest("[data-notebook-id]")?.getAttribute("data-notebook-id");
  return `${control?.tagName} ${row ?? control?.textContent}`;
}

/** @param {string} id */
function addressOf(id) {
  return `./?notebook=${encodeURIComponent(id)}`;
}

/** @param {string} id */
function open(id) {
  location.assign(addressOf(id));
}
