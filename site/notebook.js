/** The page of one notebook: makes its parts, hears the worker, hands out what the parts ask for. */

import { action } from "./actions.js";
import { Banners } from "./banners.js";
import { enableDrag } from "./drag.js";
import { Drawing } from "./drawing.js";
import { h } from "./dom.js";
import { Ends } from "./ends.js";
import { Files, messageOf, onDrop } from "./files.js";
import { Find } from "./find.js";
import { Folds } from "./folds.js";
import { Header } from "./header.js";
import { Installs } from "./installs.js";
import { Introduction } from "./introduction.js";
import { Keys } from "./keys.js";
import { Leaving } from "./leaving.js";
import { openNotebook } from "./link.js";
import { Model } from "./model.js";
import { keepLater } from "./offline.js";
import { CellOperations } from "./operations.js";
import { openPalette, openShortcuts } from "./palette.js";
import { Panel } from "./panel.js";
import { Phone } from "./phone.js";
import { onPreferences } from "./preferences.js";
import { Rights } from "./rights.js";
import { openRuntime } from "./runtime_menu.js";
import { Runs } from "./runs.js";
import { RuntimeVoice } from "./runtimes.js";
import { Selection } from "./select.js";
import { openSettings } from "./settings.js";
import { Sharing } from "./sharing.js";
import { Sheet } from "./sheet.js";
import { tellSpace } from "./space.js";
import { Status } from "./status.js";
import { CellTexts } from "./texts.js";
import { showToast } from "./toast.js";
import { Toolbar } from "./toolbar.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").View} View */
/** @typedef {import("./actions.js").Action} Action */

/** Kinds of words that stay until they are closed, with their titles. @type {Record<string, string>} */
const LASTING = { import: "From the file:", export: "Left out of the file:", inbox: "Not as it was done:", crashed: "Python was lost." };

export class NotebookPage {
  /** @param {import("./beginning.js").Beginning} begun */
  constructor(begun) {
    this.id = begun.id;
    this.isHost = false;
    this._failedToOpen = false;
    this.drawing = new Drawing(this);
    this.voice = new RuntimeVoice();
    /** What is open over the page and shows how it stands. @type {Set<() => void>} */
    this.watchers = new Set();
    /** How Python was started in each worker. @type {Record<string, import("./start_python.js").Started>} */
    this.started = {};
    this.texts = new CellTexts((cell_id, changes, length_before, before) =>
      this.send({ do: "edit_source", cell_id, changes, length_before }, before),
    );
    this.model = new Model(this.texts, () => this.redrawSoon());
    this.select = new Selection(this);
    this.cells = new CellOperations(this);
    this.run = new Runs(this);
    this.files = new Files(this);
    this.banners = new Banners();
    this.rights = new Rights(this);
    this.introduction = new Introduction(this);
    this.installs = new Installs(this);
    this.sharing = new Sharing(this);
    this.ends = new Ends(this);
    this.status = new Status(this);
    this.header = new Header(this);
    this.panel = new Panel(this);
    this.toolbar = new Toolbar(this);
    this.sheet = new Sheet(this);
    this.folds = new Folds(this);
    this.find = new Find(this);
    this.phone = new Phone(this);
    this.keys = new Keys(this);
    this.leaving = new Leaving(this);
    this.body = h("div", { class: "mid" }, this.panel.element, this.panel.scrim, this.sheet.scroller, this.find.bar.element);
    this.sheet.scroller.prepend(this.banners.element);
    this.root = h(
      "div",
      { class: "app" },
      this.header.element,
      this.phone.editHeader,
      h("nav", { class: "bars", "aria-label": "Tools" }, this.toolbar.element),
      this.body,
      h("nav", { class: "bars", "aria-label": "Keys" }, this.phone.keyrow),
      this.phone.bar,
      this.status.element,
    );
    this.link = openNotebook(begun, this._handlers());
    this.toolbar.element.addEventListener("mousedown", keepFocus);
    onDrop(this.root, (files) => this.files.add(files));
    document.addEventListener("paste", (event) => this.files.pasted(event));
    enableDrag(this);
    onPreferences(() => this._preferred());
    addEventListener("pagehide", (event) => (event.persisted ? this.link.suspend() : this.link.close()));
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** @param {HTMLElement} place */
  mount(place) {
    place.replaceChildren(this.root);
    this.redraw();
  }

  /** @returns {import("./link.js").Handlers} */
  _handlers() {
    return {
      onView: (json, { ack, saved }) => this._viewed(json, ack, saved),
      onPatch: (ops, { ack }) => {
        this.sheet.still(ops, () => this.model.patch(ops, ack));
        this.sharing.written(ops);
      },
      onAgain: (k) => this.texts.again(k),
      onKept: (ks) => this.texts.kept(ks),
      onStored: (k) => this.texts.stored(k),
      onHide: () => this.texts.giveOutAll(),
      onSaved: (saved) => this._saved(saved),
      onStatus: (status) => this._told(status),
      onRefused: ({ k, message }) => {
        this.model.refused(k);
        showToast(message);
      },
      onToast: (toast) => this._toast(toast),
      onHost: (news) => this._news(news),
      onShare: (state) => this.sharing.told(state),
      onPeople: (people) => this.sharing.here(people),
      onSpace: (news) => tellSpace(this, news),
      onLeader: (leads) => {
        this.isHost = leads;
      },
    };
  }

  /** @param {View} json @param {number} ack @param {boolean} saved */
  _viewed(json, ack, saved) {
    // What was kept to be drawn first may be older than the first cell.
    const isFirst = this.model.view.order.length === 0;
    this.model.reset(json, ack);
    this.texts.attach(!saved);
    if (!saved) this._attached();
    if (!isFirst) return;
    this.redraw();
    const [first] = this.model.view.order;
    const isNew = this.model.view.order.length === 1 && this.model.source(first ?? "") === "";
    if (isNew && this.canEdit) this.select.edit(); // it is there to be typed in
  }

  /** A worker is there, perhaps another one than before. */
  _attached() {
    this.introduction.say();
    this.sharing.attached();
  }

  /** @param {import("./types.js").Saved} saved */
  _saved(saved) {
    this._lastSaved = saved;
    this.drawSaved();
    this.banners.show(
      "full",
      saved.failed
        ? {
            look: "bad",
            title: "Not saved.",
            words: `${saved.failed}. What is here stays on this page until it is closed; it is saved as soon as there is room.`,
            acts: [{ label: "Download the raw log", run: () => this.files.download("log") }],
          }
        : null,
    );
  }

  /** What an editor holds back is not saved either. */
  drawSaved() {
    const { unsent } = this.texts;
    const saved = this._lastSaved;
    if (saved) this.header.drawSaved({ ...saved, unsaved: saved.unsaved + unsent });
  }

  /** @type {import("./types.js").Saved | null} */
  _lastSaved = null;

  /** @param {import("./types.js").LinkStatus} status */
  _told(status) {
    if (status.stage === "ready") keepLater(this);
    const wasPreparing = this.status.preparing;
    if (status.stage === "loading" || status.stage === "opening") this.texts.attach(false);
    this.status.tell(status);
    if (Boolean(wasPreparing) !== Boolean(this.status.preparing)) this.sheet.redrawAll();
    this.redrawSoon();
  }

  /** Short words of the worker; those about what may be lost stay until they are closed. @param {import("./link.js").Toast} toast */
  _toast({ message, kind, action }) {
    const title = kind && LASTING[kind];
    if (title) this.banners.show(kind, { look: "warn", title, words: message, canClose: true });
    else showToast(message, action && { label: action.label, run: () => this.send(action.command) });
  }

  /** News of the runtime: packages that load. @param {any} news */
  _news(news) {
    if (news.started) this.started[news.started.worker] = news.started;
    else this.status.tellNews(news);
  }

  /** The notebook is damaged. What a link does not allow is another matter: `rights`. */
  get isReadOnly() {
    return this.model.view.readonly !== null;
  }

  get canEdit() {
    return this.rights.why("edit") === "";
  }

  get canRun() {
    return this.rights.why("run") === "";
  }

  /** The runtime that is asked for completions. @param {"complete" | "inspect"} method @param {object} params */
  async ask(method, params) {
    const { runtime } = this.model.view;
    if (!runtime?.selected || runtime.status !== "ready") return null;
    return this.link.call(method, params).catch(() => null);
  }

  /**
   * Send a command to the worker, drawing at once what can be foretold.
   * @param {Command} command
   * @param {string} [before] the text that an edit is made on
   * @returns {number}
   */
  send(command, before) {
    const why = this.rights.whyNotSend(command);
    if (why) {
      showToast(why);
      return 0;
    }
    const k = this.link.send(command, before);
    this.model.sent(k, command);
    return k;
  }

  /** @param {string[]} ids @param {() => void} run */
  afterTyping(ids, run) {
    this.texts.after(ids, run);
  }

  /** What a person asks for is asked of what is drawn with all that went before it. @param {Action} wanted */
  act(wanted) {
    this.drawing.due();
    const why = this.rights.whyNotAct(wanted);
    if (why) showToast(why);
    else wanted.run(this);
  }

  /** @param {string} id */
  actById(id) {
    this.act(action(id));
  }

  redrawSoon() {
    this.drawing.soon();
  }

  redraw() {
    this.drawing.now();
  }

  redrawFrame() {
    this.drawing.frame();
  }

  redrawSelection() {
    this.drawing.selection();
  }

  /** The person wants code to be shown otherwise. */
  _preferred() {
    for (const id of this.texts.held) this.texts.editor(id)?.setPreferences();
    this.sheet.redrawAll();
  }

  /** The caret of an editor moved. */
  cursorMoved() {
    this.status.drawCursor();
    this.sharing.tellPlace();
  }

  /** How outputs of a cell get what they need from here. @param {string} id */
  outputOptions(id) {
    return {
      blob: this.blob,
      count: this.model.cell(id)?.execution?.count ?? null,
      onGoToLine: (/** @type {number} */ line) => {
        this.select.set(id, { focus: false });
        this.select.edit({ line });
      },
    };
  }

  /** @param {string} digest @returns {Promise<Blob>} */
  blob = async (digest) => {
    const data = await this.link.blob(digest);
    if (data === null) throw new Error("It has not arrived yet.");
    return new Blob([data.slice()]);
  };

  openPalette() {
    openPalette(this);
  }

  /** @param {HTMLElement} anchor */
  openRuntime(anchor) {
    openRuntime(this, anchor);
  }

  openShortcuts() {
    openShortcuts();
  }

  async openShare() {
    const { openShare } = await import("./share.js");
    openShare(this);
  }

  openSettings() {
    openSettings({ onPerson: () => this.introduction.say() }).catch((error) =>
      this.banners.show("file", { look: "bad", title: "Settings cannot be read.", words: messageOf(error), canClose: true }),
    );
  }

  goHome() {
    location.assign("./");
  }

  /** The site as it is now. */
  renew() {
    this.leaving.renew();
  }
}

/** A press on a button of the toolbar leaves the keyboard where it is. @param {MouseEvent} event */
function keepFocus(event) {
  if (/** @type {HTMLElement} */ (event.target).closest("button")) event.preventDefault();
}
