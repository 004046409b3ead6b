/** What the page knows of sharing: how it stands, who is here, and where the reader says they are. */

import { actorOf, hueName } from "./actors.js";
import { drawHere } from "./here.js";
import { gathered, shortName } from "./people.js";
import { Presence } from "./presence.js";
import { announce } from "./toast.js";
import { sentence } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").ShareState} ShareState */
/** @typedef {import("./types.js").Person} Person */

const FLASH_AGAIN = 2000; // ms in which a cell that somebody types into does not flash once more

/** @type {ShareState} */
const NOT_SHARED = { status: "local", relay: null, role: "own", message: null, waiting: 0, links: [], people: [] };

export class Sharing {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.state = NOT_SHARED;
    /** @type {Person[]} */
    this._people = [];
    this._presence = new Presence((place) => page.link.tellPlace(place));
    this._wasLive = false;
    /** Who wants to know of changes: the dialog. @type {Set<() => void>} */
    this.watchers = new Set();
    /** @type {Map<string, number>} */
    this._flashed = new Map();
    /** How often the word of somebody's place was to be taken anew. @type {Map<string, number>} */
    this._turns = new Map();
    /** What the editor of a cell was told of others last. @type {Map<string, string>} */
    this._shown = new Map();
    page.texts.onHold = (id) => {
      this._shown.delete(id);
      this._drawCarets(id);
    };
    document.addEventListener("visibilitychange", () => this.tellPlace());
    addEventListener("online", () => this.tellPlace());
  }

  get isShared() {
    return this.state.status !== "local";
  }

  /** Everybody who has the notebook open, with their marks. */
  get people() {
    const { actors } = this.page.model.view;
    return this._people.map((person) => ({ ...person, who: actorOf(actors, person.actor) }));
  }

  /** @param {string} cell */
  in(cell) {
    return this._people.length ? gathered(this.people, cell) : [];
  }

  /** A worker is there: how does it stand? */
  async attached() {
    this._presence.again();
    await this.ask({ do: "state" }).catch(() => {}); // a worker that knows nothing of sharing
  }

  /** @param {{do: string} & Record<string, any>} question @returns {Promise<any>} */
  async ask(question) {
    const answer = await this.page.link.share(question);
    this.told(question.do === "link" ? answer.state : answer);
    return answer;
  }

  /** How it stands, as far as it changed. @param {Partial<ShareState>} news */
  told(news) {
    const before = this.state;
    const { status, relay, role, message, waiting, links, people } = { ...before, ...news };
    this.state = { status, relay, role, message, waiting, links, people };
    if (status !== before.status) this._turned(before.status);
    this.page.redrawSoon();
    for (const tell of this.watchers) tell();
  }

  /** @param {ShareState["status"]} before */
  _turned(before) {
    const { status, message } = this.state;
    if (status === "offline" && before === "live") announce("Not connected. What you do is saved here.");
    if (status === "live" && this._wasLive) announce("Connected again.");
    this._wasLive ||= status === "live";
    // Only over a line the relay is asked for links and people.
    if (status === "live" && this.watchers.size) this.ask({ do: "state" }).catch(() => {});
    const why = message ? `${sentence(message)} ` : "";
    this.page.banners.show(
      "sharing",
      status === "ended" ? { look: "warn", title: "Sharing has ended.", words: `${why}What is here stays in this browser.`, canClose: true } : null,
    );
    if (this.isShared) this.tellPlace();
    else this._presence.stop();
    if (before === "local" && this.isShared) this.page.introduction.offer();
  }

  /** @param {Person[]} people */
  here(people) {
    const cells = new Set([...this._people, ...people].flatMap(({ cell }) => cell ?? []));
    this._people = people;
    for (const id of cells) this._drawCell(id);
    this.page.redrawFrame();
    for (const tell of this.watchers) tell();
  }

  /** Names and cells may have changed. */
  draw() {
    for (const id of new Set(this._people.flatMap(({ cell }) => cell ?? []))) this._drawCell(id);
  }

  /** Whether somebody else types in a cell. @param {string} id */
  isTypedIn(id) {
    return this._people.some(({ cell, mode, you }) => cell === id && mode === "edit" && !you);
  }

  /** @param {string} id */
  _drawCell(id) {
    const cell = this.page.sheet.cell(id);
    if (cell) drawHere(cell.element, this.in(id));
    this._drawCarets(id);
  }

  /** @param {string} id */
  _drawCarets(id) {
    if (this.isTypedIn(id)) this.page.sheet.cell(id)?.source.showOthers();
    const editor = this.page.texts.editor(id);
    if (!editor) return;
    const others = this.people.filter(({ cell, mode, you }) => cell === id && mode === "edit" && !you);
    const carets = others.map(({ session, anchor, head, who }) => {
      const { initials, hue, kind } = who;
      const told = `${anchor} ${head} ${this._turns.get(session) ?? 0}`;
      return { session, told, anchor, head, initials, name: shortName(who), hue: hueName(hue), isSquare: kind === "agent" };
    });
    const key = JSON.stringify(carets);
    if (key === (this._shown.get(id) ?? "[]")) return;
    this._shown.set(id, key);
    editor.showCarets(carets);
  }

  /**
   * Texts were changed. Whoever changed one said where their caret is on the text as they have it,
   * and that word is mostly here before their change: it holds as it is, and is not carried along.
   * @param {any[]} ops
   */
  written(ops) {
    if (this._people.length === 0) return;
    for (const id of new Set(ops.flatMap(([verb, cell]) => (verb === "text" || verb === "source" ? [cell] : [])))) {
      const author = this.page.model.base.cells[id]?.edited?.actor;
      for (const person of this._people) {
        if (person.cell === id && person.actor === author) this._turns.set(person.session, (this._turns.get(person.session) ?? 0) + 1);
      }
      this._drawCarets(id);
    }
  }

  /** Where the reader is, for others. */
  tellPlace() {
    if (!this.isShared) return;
    const { active, isEditing } = this.page.select;
    const place = isEditing ? this.page.texts.editor(active ?? "")?.selection() : null;
    const mode = document.hidden ? "away" : isEditing ? "edit" : "select";
    this._presence.tell({ cell: active, anchor: place?.anchor ?? 0, head: place?.head ?? 0, mode });
  }

  /**
   * A cell was drawn anew: it flashes where somebody else changed it.
   * @param {HTMLElement} element
   * @param {import("./types.js").Cell} old
   * @param {import("./types.js").Cell} cell
   */
  noticed(element, old, cell) {
    const mark = cell.edited;
    if (!mark || old.edited?.ts === mark.ts || this.page.model.view.actors[mark.actor]?.me) return;
    const now = performance.now();
    const isTold = now - (this._flashed.get(cell.id) ?? -Infinity) < FLASH_AGAIN;
    this._flashed.set(cell.id, now);
    if (isTold) return;
    element.classList.add("flash");
    setTimeout(() => element.classList.remove("flash"), 260);
  }
}
