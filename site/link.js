/**
 * A page's link to a notebook: to its worker, wherever that runs, and to its database.
 *
 * The worker is in the tab that leads (`leader.js`); all others reach it over a BroadcastChannel.
 * Every view attaches to a worker that says hello, and sends again what that one does not know.
 */

import { sha256 } from "./assets.js";
import { Attachment } from "./attachment.js";
import { Beginning } from "./beginning.js";
import * as catalogue from "./catalogue.js";
import * as db from "./db.js";
import { exportLog } from "./export.js";

/** @typedef {{stage: "loading"|"opening"|"ready"|"readonly"|"failed", title?: string, message?: string, done?: number, total?: number, detail?: string}} Status */
/** @typedef {{message: string, kind?: string, action?: {label: string, command: any}}} Toast */
/** @typedef {{events: number, unsaved: number, failed?: string}} Saved */

/**
 * What a page wants to be told.
 * @typedef {object} Handlers
 * @property {(view: any, how: {v: number, ack: number, saved: boolean}) => void} [onView] draw all
 *   of it anew; saved: it is the last known one, Python is not up yet
 * @property {(ops: any[], how: {v: number, ack: number}) => void} [onPatch] change what is drawn
 * @property {(k: number) => {before: string, values: object} | null} [onAgain] an edit that goes out
 *   again, as it fits the view that was drawn last: the text it is made on, and what is to change in
 *   the command. Without this it goes out as it was made
 * @property {(ks: number[]) => void} [onKept] these are stored here, though no worker took them
 * @property {(k: number) => void} [onStored] everything up to this one is on the disk
 * @property {() => void} [onHide] the page may end without a word: what is held back is to be sent
 * @property {(saved: Saved) => void} [onSaved] how many commands are not stored yet
 * @property {(status: Status) => void} [onStatus] how the worker's start goes on
 * @property {(refused: {k: number, command: any, message: string}) => void} [onRefused]
 * @property {(toast: Toast) => void} [onToast] action: what the reader may want to send then
 * @property {(host: any) => void} [onHost] progress of packages and other news of the runtime
 * @property {(state: any) => void} [onShare] how the sharing goes on
 * @property {(people: any[]) => void} [onPeople] who is here
 * @property {(news: import("./space.js").SpaceNews) => void} [onSpace] how much room is left to store
 * @property {(leads: boolean) => void} [onLeader] this tab now holds worker and runtime
 */

/** @type {Record<string, string>} */
const TITLES = {
  newer: "This notebook needs a newer Foldbook.",
  missing: "There is no such notebook in this browser.",
  failed: "This notebook cannot be read.",
  full: "There is no room.",
  updated: "Foldbook was updated.",
};

/**
 * @param {string | Beginning} notebook its id, or how it was begun
 * @param {Handlers} handlers
 * @param {{quiet?: boolean}} [how] quiet: no runtime is started until something is to be run
 * @returns {Link}
 */
export function openNotebook(notebook, handlers, how = {}) {
  const begun = notebook instanceof Beginning ? notebook : new Beginning(notebook, how);
  const link = new Link(begun, handlers);
  link.start();
  return link;
}

export class Link {
  /** @type {Map<string, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #calls = new Map();
  /** @type {IDBDatabase | null} */ #database = null;
  /** @type {Beginning} */ #begun;
  #persistAsked = false;
  #workerUnsaved = 0;
  /** @type {string | undefined} */ #failed;

  /** @param {Beginning} begun @param {Handlers} handlers */
  constructor(begun, handlers) {
    const { id } = begun;
    this.id = id;
    this.#begun = begun;
    this.view = `${Date.now().toString(36)}-${catalogue.newId()}`;
    this.handlers = handlers;
    this.channel = new BroadcastChannel(`foldbook:${id}`);
    this.attachment = new Attachment(id, this.view, {
      handlers,
      post: (message) => this.#post(message),
      onChange: () => this.#tellSaved(),
    });
    this.leader = begun.leader;
  }

  /** Draw what is stored, and look for a worker or hear of the one that was started here. */
  async start() {
    this.channel.onmessage = (event) => {
      if (!this.leader.leads) this.#receive(event.data); // else the worker is heard directly
    };
    document.addEventListener("visibilitychange", this.#hidden);
    for (const turn of ["online", "offline"]) addEventListener(turn, this.#online);
    this.#live();
    this.leader.hear({
      onMessage: (message) => this.#receive(message),
      onStart: () => this.#leads(),
      onCrash: (why, isAgain) => this.#crashed(why, isAgain),
      onFail: (error) => this.#fail(error),
      onNews: (news) => this.#spread(news),
    });
    try {
      const { database, view } = await this.#begun.stored;
      this.#database = database;
      if (view) this.attachment.drawSaved(view);
      this.#begun.drawn();
      this.attachment.begin();
    } catch (error) {
      this.leader.abandon(); // nothing is going to be drawn here: another tab may lead
      this.#fail(error);
    }
  }

  /** As long as this view is here, a worker leaves to it what it sent: it knows what it meant. */
  #live() {
    const { signal } = this.#begun.leave;
    const left = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    navigator.locks.request(`foldbook-view:${this.view}`, () => left).catch((error) => this.#fail(error));
  }

  /**
   * Send a command. It is kept until it is stored.
   * @param {any} command
   * @param {string} [before] the whole text that an edit is made on
   * @returns {number} its k
   */
  send(command, before) {
    const k = this.attachment.send(command, before);
    if (!this.#persistAsked && command.do !== "introduce") {
      this.#persistAsked = true;
      catalogue.persist();
    }
    return k;
  }

  /**
   * Ask the runtime: "complete" or "inspect".
   * @param {string} method
   * @param {object} params
   * @returns {Promise<any>}
   */
  call(method, params) {
    return this.#ask({ t: "call", method, params });
  }

  /**
   * Ask about sharing, or for something to be done about it.
   * @param {{do: string} & Record<string, any>} question
   * @returns {Promise<any>}
   */
  share(question) {
    return this.#ask({ t: "share", ...question });
  }

  /** Say where the reader is. It is not kept: what is late is wrong. @param {object} place */
  tellPlace(place) {
    if (this.attachment.isAttached) this.#post({ t: "presence", ...place });
  }

  /** Let go of output of earlier runs, as much as there must be room. */
  makeRoom() {
    if (this.attachment.isAttached) this.#post({ t: "make_room" });
  }

  /**
   * Read a file's cells into this notebook, at its end.
   * @param {string} name
   * @param {ArrayBuffer} data
   */
  importFile(name, data) {
    return this.#ask({ t: "import", name, data });
  }

  /**
   * @param {"ipynb" | "py" | "log"} format log: every stored byte, whatever state it is in
   * @returns {Promise<{name: string, mime: string, data: Blob}>}
   */
  async exportFile(format) {
    if (format === "log") return exportLog(this.id);
    const { name, mime, text } = await this.#ask({ t: "export", format });
    return { name, mime, data: new Blob([text], { type: mime }) };
  }

  /**
   * Store bytes that a command is going to name.
   * @param {ArrayBuffer} data
   * @returns {Promise<{digest: string, size: number}>} digest: SHA-256 in hex
   */
  async putBlob(data) {
    const digest = await sha256(data);
    await db.write(this.#open(), [["blobs", digest, new Uint8Array(data)]], "strict");
    return { digest, size: data.byteLength };
  }

  /** @param {string} digest @returns {Promise<Uint8Array | null>} null: it has not arrived */
  async blob(digest) {
    const read = async () => (await db.read(this.#open(), "blobs", digest)) ?? null;
    const here = await read();
    if (here || !this.attachment.isAttached) return here;
    await this.share({ do: "blob", digest }).catch(() => {}); // somebody else may have it
    return read();
  }

  /** Whether this tab holds the worker and the runtime: closing it loses Python's memory. */
  isLeader() {
    return this.leader.leads;
  }

  /** Leave the notebook. The worker, if it is here, stores what it has and ends. */
  async close() {
    document.removeEventListener("visibilitychange", this.#hidden);
    for (const turn of ["online", "offline"]) removeEventListener(turn, this.#online);
    this.attachment.keepAll();
    this.attachment.end();
    this.#begun.leave.abort();
    await this.leader.close();
    this.channel.close();
    this.#database?.close();
    this.#rejectCalls("the notebook was closed");
  }

  /**
   * The browser puts the page aside and may show it again. Until then its worker would stand still
   * in the middle of what it does, with a transaction that all other pages wait for.
   */
  suspend() {
    this.#begun.abandon();
    this.channel.close();
    this.#database?.close();
  }

  #hidden = () => {
    if (document.visibilityState !== "hidden") return this.#online();
    this.attachment.keepAll(); // the browser may end a hidden page without a word
    if (this.attachment.isAttached) this.#post({ t: "hidden" });
  };

  /** The network came or went, or this tab is back: look whether the relay can be reached. */
  #online = () => {
    if (this.attachment.isAttached) this.#post({ t: "online" });
  };

  #leads() {
    this.attachment.isAttached = false;
    this.handlers.onLeader?.(true);
  }

  /** @param {string} why @param {boolean} isAgain */
  #crashed(why, isAgain) {
    this.attachment.isAttached = false;
    this.#rejectCalls("the notebook worker crashed");
    if (isAgain) {
      this.#tell({
        t: "status",
        stage: "failed",
        title: "The notebook worker crashed twice.",
        message: `${why}. Nothing that was saved is lost, and what you type is kept in this browser.`,
      });
      this.attachment.keepAll();
      return;
    }
    const message =
      `The notebook worker crashed and was started anew (${why}). The notebook is as it was; ` +
      "what Python had in memory is lost.";
    this.#tell({ t: "toast", kind: "crashed", message });
  }

  /** To this page and to all others. @param {any} message */
  #tell(message) {
    this.channel.postMessage(message);
    this.#receive(message);
  }

  /** @param {any} message */
  #receive(message) {
    if (message.view !== undefined && message.view !== this.view) return;
    switch (message.t) {
      case "hello":
        return this.attachment.begin();
      case "view":
        return this.attachment.viewed(message);
      case "patch":
        return this.attachment.patched(message);
      case "patches":
        for (const each of message.all) this.attachment.patched(each);
        return undefined;
      case "stored":
        return this.attachment.stored(message.stored);
      case "saved":
        this.#workerUnsaved = message.unsaved;
        this.#failed = message.failed;
        return this.#tellSaved();
      case "refused":
        return this.handlers.onRefused?.(message);
      case "result":
        return this.#settle(message);
      case "status":
        return this.handlers.onStatus?.(message);
      case "toast":
        return this.handlers.onToast?.(message);
      case "started":
        return this.handlers.onHost?.({ started: message });
      case "news":
        return this.handlers.onHost?.(message);
      case "share":
        return this.handlers.onShare?.(message);
      case "space":
        return this.handlers.onSpace?.(message);
      case "people":
        return this.handlers.onPeople?.(message.people);
      case "host":
        if (this.leader.leads) this.leader.runtime.act(message);
        return undefined;
      default: // what other views tell the worker comes by here too
        return undefined;
    }
  }

  #tellSaved() {
    const { unstored, seq } = this.attachment;
    const unsaved = Math.max(unstored.unsafe, this.#workerUnsaved);
    this.handlers.onSaved?.({ events: seq, unsaved, failed: unstored.failed ?? this.#failed });
  }

  /** @param {any} question @returns {Promise<any>} */
  #ask(question) {
    const id = catalogue.newId();
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#post({ ...question, id });
    });
  }

  /** @param {{id: string, ok: boolean, value?: any, message?: string}} result */
  #settle({ id, ok, value, message }) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (ok) call?.resolve(value);
    else call?.reject(new Error(message));
  }

  /** @param {string} why */
  #rejectCalls(why) {
    for (const { reject } of this.#calls.values()) reject(new Error(why));
    this.#calls.clear();
  }

  /** To the worker, in this tab or another. @param {any} message */
  #post(message) {
    const whole = { ...message, view: this.view };
    if (this.leader.leads) this.leader.post(whole);
    else this.channel.postMessage(whole);
  }

  /** News of the runtime, for all tabs. @param {object} news */
  #spread(news) {
    const message = { t: "news", ...news };
    this.channel.postMessage(message);
    this.handlers.onHost?.(message);
  }

  #open() {
    if (!this.#database) throw new db.StoreError("missing", "the notebook is not open");
    return this.#database;
  }

  /** @param {unknown} error */
  #fail(error) {
    const message = error instanceof Error ? error.message : String(error);
    const title = TITLES[/** @type {any} */ (error)?.kind];
    this.handlers.onStatus?.({ stage: "failed", title, message });
  }
}
