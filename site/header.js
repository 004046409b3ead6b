/** The header of a notebook: way home, title, what is saved, the runtime. */

import { NAMELESS } from "./actors.js";
import { entry } from "./catalogue.js";
import { attr, fill, h, narrow, phone, setText } from "./dom.js";
import { FORMATS } from "./files.js";
import { marks } from "./here.js";
import { icon, logo } from "./icons.js";
import { openMenu } from "./menus.js";
import { action } from "./actions.js";
import { crowd } from "./people.js";
import { runtimeName, runtimeWords } from "./runtimes.js";
import { countWords, plural, sentence } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Saved} Saved */

export class Header {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.title = h("input", {
      class: "ttl",
      "aria-label": "Name of the notebook",
      spellcheck: "false",
      maxlength: 200,
      onchange: () => this._named(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this._titleKey(event),
    });
    /** For who goes by headings. */
    this.heading = h("h1", { class: "aloud" });
    this.saved = h("span", { class: "saved", role: "status", "aria-live": "off" });
    this.chip = h("button", { class: "rt-chip", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => page.openRuntime(this.chip) });
    const more = h(
      "button",
      { class: "btn sq", type: "button", "aria-label": "Notebook menu", title: "Notebook menu", "aria-haspopup": "menu", onclick: () => this._menu(more) },
      icon("ellipsis"),
    );
    this.people = h("button", { class: "here-now", type: "button", hidden: true, "aria-haspopup": "dialog", onclick: () => page.openShare() });
    this.share = h("button", { class: "btn pri", type: "button", "aria-haspopup": "dialog", onclick: () => page.openShare() }, "Share");
    this.element = h(
      "header",
      { class: "hd", "data-region": "header" },
      h("a", { class: "home-link", href: "./", "aria-label": "All notebooks", title: "All notebooks" }, logo(), h("span", { class: "back" }, icon("arrow-left"))),
      this.heading,
      h("div", { class: "stack" }, this.title, this.saved, h("span", { class: "grow" }), this.chip),
      h("div", { class: "together" }, this.people, this.share),
      more,
    );
    /** @type {Saved} */
    this.state = { events: 0, unsaved: 0 };
    /** The name in the list of notebooks: what is shown until the log has been read. */
    this._listed = "";
    entry(page.id).then((found) => {
      this._listed = found?.name ?? "";
      this.draw();
    });
  }

  draw() {
    const { notebook, runtime } = this.page.model.view;
    const name = this.page.model.isLoaded ? notebook.name : this._listed;
    if (document.activeElement !== this.title) this.title.value = name;
    attr(this.title, "readonly", !this.page.canEdit || !this.page.model.isLoaded);
    setText(this.heading, name || "Notebook");
    document.title = this.page.ends.title(name);
    this.drawSaved();
    this._drawChip(runtime);
    this._drawPeople();
  }

  /** Nobody but you: no mark. A phone has no room for your own. */
  _drawPeople() {
    const all = crowd(this.page.sharing.people);
    const people = phone.matches ? all.filter(({ you }) => !you) : all;
    const most = phone.matches ? 2 : narrow.matches ? 3 : 6;
    const key = JSON.stringify([most, people.map(({ you, who }) => [you, who.name, who.kind, who.hue, who.initials])]);
    if (this.people.dataset.key === key) return;
    this.people.dataset.key = key;
    this.people.hidden = people.every(({ you }) => you);
    const names = all.map(({ you, who }) => (you && who.name && who.name !== NAMELESS ? `${who.name} (you)` : who.name || NAMELESS));
    attr(this.people, "aria-label", `Here now: ${names.join(", ")}`);
    attr(this.people, "title", names.join("\n"));
    fill(this.people, marks(people, most).map((mark) => mark && wordless(mark)));
  }

  /** @param {Saved} [state] */
  drawSaved(state = this.state) {
    this.state = state;
    const { events } = this.page.model.view.log;
    this.saved.classList.toggle("bad", Boolean(state.failed));
    if (state.failed) return setText(this.saved, `Not saved: ${state.failed}`);
    const { state: sharing } = this.page.sharing;
    attr(this.saved, "title", sharing.status === "offline" && sharing.message ? sentence(sharing.message) : null);
    const isApart = sharing.status === "offline" || sharing.status === "connecting";
    const reading = this.page.rights.readingWords;
    if (this.page.isReadOnly) return setText(this.saved, reading);
    if (state.unsaved > 0) return setText(this.saved, "Saving");
    const [words, more] =
      isApart ? [reading || "Saved here.", apartWords(sharing)]
      : [reading || "Saved", ` · event ${countWords(events)}`];
    const key = `${isApart} ${words}${more}`;
    if (this.saved.dataset.key === key && this.saved.firstElementChild) return undefined;
    this.saved.dataset.key = key;
    const dot = isApart ? h("span", { class: "dot off" }) : null;
    return fill(this.saved, dot, h("span", null, words, h("span", { class: "more" }, more)));
  }

  /** @param {import("./types.js").Runtime | null} runtime */
  _drawChip(runtime) {
    const { sign, words } = runtimeWords(this.page, runtime);
    const name = runtimeName(this.page, runtime);
    const key = `${sign}|${words}|${name}`;
    if (this.chip.dataset.key === key) return;
    this.chip.dataset.key = key;
    attr(this.chip, "aria-label", `Runtime: ${name}, ${words}`);
    fill(
      this.chip,
      h("span", { class: sign }),
      h("span", null, h("span", { class: "rt-name" }, `${name} · `), withCount(words)),
      icon("chevron-down"),
    );
  }

  rename() {
    this.title.focus();
    this.title.select();
  }

  _named() {
    const name = this.title.value.trim();
    if (name && name !== this.page.model.view.notebook.name) this.page.send({ do: "rename_notebook", name });
    else this.title.value = this.page.model.view.notebook.name;
  }

  /** @param {KeyboardEvent} event */
  _titleKey(event) {
    if (event.key === "Escape") this.title.value = this.page.model.view.notebook.name;
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    this.title.blur();
    this.page.select.focus();
  }

  _downloads() {
    return FORMATS.map(({ format, label }) => ({ label, run: () => this.page.files.download(format) }));
  }

  /** @param {HTMLElement} anchor */
  _menu(anchor) {
    const item = (/** @type {string} */ id, /** @type {import("./icons.js").IconName} */ sign) => ({
      label: action(id).label,
      icon: sign,
      why: this.page.rights.whyNotAct(action(id)),
      run: () => this.page.actById(id),
    });
    openMenu(
      anchor,
      [
        item("share", "users"), item("rename", "pencil"), item("upload", "upload"), null,
        { label: "Download as", icon: "download", items: this._downloads() }, null,
        item("clear-all", "eraser"), item("restart-run", "rotate-ccw"), null,
        item("shortcuts", "keyboard"), item("settings", "sliders-horizontal"),
      ],
      { label: "Notebook", align: "end" },
    );
  }
}

/** A mark whose initials are drawn and not said: the button has all names. @param {HTMLElement} mark */
function wordless(mark) {
  mark.dataset.initials = mark.textContent ?? "";
  mark.textContent = "";
  return mark;
}

/** What waits while there is no way to the others. @param {import("./types.js").ShareState} sharing */
function apartWords({ status, waiting }) {
  if (waiting) return ` ${plural(waiting, "event")} ${waiting === 1 ? "waits" : "wait"} to be sent.`;
  return status === "connecting" ? " Connecting to the others." : " Not connected.";
}

/** A count in brackets is the machine's. @param {string} words */
function withCount(words) {
  return words.split(/(\[\d+\])/).map((part) => (part.startsWith("[") ? h("span", { class: "m" }, part) : part));
}
