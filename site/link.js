/**
 * A page's link to a notebook: to its worker, wherever that runs, and to its database.
 *
 * One tab, the *leader*, holds the Web Lock `foldbook:<id>` and with it the notebook worker and
 * the runtime's frame; all others reach the worker over a BroadcastChannel. When the leader goes,
 * the next in the lock's queue starts a worker, and every view attaches to that one.
 * Commands are numbered (k) and kept until the worker has said that they are stored; while there
 * is no worker they are put into the inbox in IndexedDB at once.
 */

import * as catalogue from "./catalogue.js";
import * as db from "./db.js";
import { exportLog } from "./export.js";
import { RuntimeHost } from "./runtime_host.js";

/** @typedef {{stage: "loading"|"opening"|"ready"|"readonly"|"failed", title?: string, message?: string, done?: number, total?: number, detail?: string}} Status */
/** @typedef {{message: string, kind?: string, action?: {label: string, command: any}}} Toast */
/** @typedef {{events: number, unsaved: number, failed?: string}} Saved */

/**
 * What a page wants to be told.
 * @typedef {object} Handlers
 * @property {(view: any, how: {v: number, ack: number, saved: boolean}) => void} [onView] draw all
 *   of it anew; saved: it is the last known one, Python is not up yet
 * @property {(ops: any[], how: {v: number, ack: number}) => void} [onPatch] change what is drawn
 * @property {(k: number, command: any) => any} [onAgain] a command that goes out again, as it fits
 *   the view that was drawn last
 * @property {(ks: number[]) => void} [onKept] these are stored here, though no worker took them
 * @property {(saved: Saved) => void} [onSaved] how many commands are not stored yet
 * @property {(status: Status) => void} [onStatus] how the worker's start goes on
 * @property {(refused: {k: number, command: any, message: string}) => void} [onRefused]
 * @property {(toast: Toast) => void} [onToast] action: what the reader may want to send then
 * @property {(host: any) => void} [onHost] progress of packages and other news of the runtime
 * @property {(leads: boolean) => void} [onLeader] this tab now holds worker and runtime
 */

const PATIENCE = 1000; // ms that a command may wait for its acknowledgement before it is kept here
const CRASH_AGAIN = 60_000; // ms within which a worker that crashes again is not started anew

// An answer to running code means nothing to any other, and may be a password: it is not kept.
const PASSING = ["reply_input"];
/** @type {Record<string, string>} */
const TITLES = {
  newer: "This notebook needs a newer Foldbook.",
  missing: "There is no such notebook in this browser.",
  failed: "This notebook cannot be read.",
  full: "There is no room.",
};

/** @typedef {{k: number, base: number, seq: number, command: any, kept: "no" | "soon" | "yes" | "never"}} Sent */

/**
 * @param {string} id
 * @param {Handlers} handlers
 * @param {{quiet?: boolean}} [how] quiet: no runtime is started until something is to be run
 * @returns {Link}
 */
export function openNotebook(id, handlers, how = {}) {
  const link = new Link(id, handlers, how);
  link.start();
  return link;
}

export class Link {
  /** @type {Sent[]} */ #unacked = [];
  /** @type {Map<string, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #calls = new Map();
  /** @type {Worker | null} */ #worker = null;
  /** @type {IDBDatabase | null} */ #database = null;
  /** @type {(() => void) | null} */ #release = null;
  #leave = new AbortController();
  #attached = false;
  #persistAsked = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;
  #k = 0;
  #v = 0;
  #seq = 0;
  #ack = 0;
  #workerUnsaved = 0;
  #crashedAt = -Infinity;
  /** @type {string | undefined} */ #failed;

  /** @param {string} id @param {Handlers} handlers @param {{quiet?: boolean}} [how] */
  constructor(id, handlers, how = {}) {
    this.id = id;
    this.how = how;
    this.view = `${Date.now().toString(36)}-${catalogue.newId()}`;
    this.handlers = handlers;
    this.channel = new BroadcastChannel(`foldbook:${id}`);
    this.runtime = new RuntimeHost(
      (message, transfer) => this.#worker?.postMessage(message, transfer ?? []),
      (news) => this.#spread(news),
    );
  }

  /** Draw what is stored, then look for a worker or become the one who starts it. */
  async start() {
    this.channel.onmessage = (event) => {
      if (!this.#worker) this.#receive(event.data); // else the worker is heard directly
    };
    document.addEventListener("visibilitychange", this.#hidden);
    this.#live();
    try {
      this.#database = await db.openNotebookDatabase(this.id, { create: false });
      const saved = await db.read(this.#database, "view", "saved");
      if (saved && !this.#attached) this.#draw(JSON.parse(saved), 0, true);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#attach();
    this.#lead();
  }

  /** As long as this view is here, a worker leaves to it what it sent: it knows what it meant. */
  #live() {
    if (!this.handlers.onAgain) return;
    const { signal } = this.#leave;
    const left = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    navigator.locks.request(`foldbook-view:${this.view}`, () => left).catch((error) => this.#fail(error));
  }

  /**
   * Send a command. It is kept until it is stored.
   * @param {any} command
   * @returns {number} its k
   */
  send(command) {
    /** @type {Sent} */
    const sent = { k: ++this.#k, base: this.#v, seq: this.#seq, command, kept: PASSING.includes(command.do) ? "never" : "no" };
    this.#unacked.push(sent);
    if (this.#attached) this.#post(this.#cmd(sent));
    else this.#keepNow();
    this.#keepLater();
    this.#tellSaved();
    if (!this.#persistAsked && command.do !== "introduce") {
      this.#persistAsked = true;
      catalogue.persist();
    }
    return sent.k;
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
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    const digest = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    await db.write(this.#open(), [["blobs", digest, new Uint8Array(data)]], "strict");
    return { digest, size: data.byteLength };
  }

  /** @param {string} digest @returns {Promise<Uint8Array | null>} null: it has not arrived */
  async blob(digest) {
    return (await db.read(this.#open(), "blobs", digest)) ?? null;
  }

  /** Whether this tab holds the worker and the runtime: closing it loses Python's memory. */
  isLeader() {
    return this.#worker !== null;
  }

  /** Leave the notebook. The worker, if it is here, stores what it has and ends. */
  async close() {
    document.removeEventListener("visibilitychange", this.#hidden);
    if (this.#attached) this.#post({ t: "detach" });
    this.#attached = false;
    this.#leave.abort();
    if (this.#worker) await this.#endWorker();
    this.#release?.();
    this.channel.close();
    this.#database?.close();
    for (const { reject } of this.#calls.values()) reject(new Error("the notebook was closed"));
    this.#calls.clear();
  }

  /**
   * The browser puts the page aside and may show it again. Until then its worker would stand still
   * in the middle of what it does, with a transaction that all other pages wait for.
   */
  suspend() {
    this.#leave.abort();
    this.#worker?.terminate();
    this.runtime.end();
    this.#release?.();
    this.channel.close();
    this.#database?.close();
  }

  #hidden = () => {
    if (document.visibilityState === "hidden" && this.#attached) this.#post({ t: "hidden" });
  };

  /** Wait for the lock; hold it, and the worker with it, until the notebook is left. */
  async #lead() {
    const held = new Promise((resolve) => (this.#release = () => resolve(undefined)));
    try {
      await navigator.locks.request(`foldbook:${this.id}`, { signal: this.#leave.signal }, () => {
        if (this.#leave.signal.aborted) return undefined;
        this.#startWorker(false);
        return held;
      });
    } catch (error) {
      if (!this.#leave.signal.aborted) this.#fail(error);
    }
  }

  /** @param {boolean} crashed whether it stands in the place of one that crashed */
  #startWorker(crashed) {
    this.#attached = false;
    const url = new URL("./notebook_worker.js", document.baseURI);
    const worker = new Worker(url, { type: "module", name: `notebook ${this.id}` });
    worker.onmessage = (event) => this.#receive(event.data);
    worker.onerror = (event) => {
      if (worker === this.#worker) this.#crashed(event.message || "it could not be loaded");
    };
    worker.postMessage({ t: "boot", id: this.id, quiet: this.how.quiet ?? false, crashed });
    this.#worker = worker;
    this.handlers.onLeader?.(true);
  }

  /**
   * An error that nobody in the worker caught: what it holds cannot be trusted any more, and what
   * it has stored can. Another one begins with that, once; the runtime goes with its port.
   * @param {string} why
   */
  #crashed(why) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#attached = false;
    this.runtime.end();
    for (const { reject } of this.#calls.values()) reject(new Error("the notebook worker crashed"));
    this.#calls.clear();
    const isAgain = performance.now() - this.#crashedAt < CRASH_AGAIN;
    this.#crashedAt = performance.now();
    if (isAgain) {
      this.#tell({
        t: "status",
        stage: "failed",
        title: "The notebook worker crashed twice.",
        message: `${why}. Nothing that was saved is lost, and what you type is kept in this browser.`,
      });
      this.#keepNow();
      return;
    }
    const message =
      `The notebook worker crashed and was started anew (${why}). The notebook is as it was; ` +
      "what Python had in memory is lost.";
    this.#tell({ t: "toast", kind: "crashed", message });
    this.#startWorker(true);
  }

  /** To this page and to all others. @param {any} message */
  #tell(message) {
    this.channel.postMessage(message);
    this.#receive(message);
  }

  /** @returns {Promise<void>} */
  #endWorker() {
    const worker = /** @type {Worker} */ (this.#worker);
    return new Promise((resolve) => {
      const end = () => {
        worker.terminate();
        this.runtime.end();
        this.#worker = null;
        resolve();
      };
      const patience = setTimeout(end, 3000);
      worker.onmessage = (event) => {
        if (event.data?.t !== "closed") return;
        clearTimeout(patience);
        end();
      };
      worker.postMessage({ t: "close" });
    });
  }

  #attach() {
    const isKnown = this.handlers.onAgain !== undefined; // then all goes out again with the view
    const waiting = isKnown ? [] : this.#unacked.map(({ k, command }) => ({ k, command }));
    this.#post({ t: "attach", have: { seq: this.#seq, ack: this.#ack }, waiting });
  }

  /** @param {any} message */
  #receive(message) {
    if (message.view !== undefined && message.view !== this.view) return;
    switch (message.t) {
      case "hello":
        return this.#attach();
      case "view":
        return this.#viewed(message);
      case "patch":
        this.#seq = message.seq;
        this.#ack = message.ack;
        this.#acknowledge(message.stored);
        this.#v = message.v; // first: an edit that the acknowledgement lets go is made with the ops
        return this.handlers.onPatch?.(message.ops, { v: message.v, ack: message.ack });
      case "stored":
        return this.#acknowledge(message.stored);
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
      case "news":
        return this.handlers.onHost?.(message);
      case "host":
        if (this.#worker) this.runtime.act(message);
        return undefined;
      default: // what other views tell the worker comes by here too
        return undefined;
    }
  }

  /** @param {any} message */
  #viewed(message) {
    this.#v = message.v;
    this.#ack = message.ack;
    this.#acknowledge(message.stored);
    this.#draw(message.json, message.ack, false);
    this.#attached = true; // last: what drawing lets go is sent after what waits here
    for (const sent of this.#unacked) {
      if (sent.k <= message.ack) continue;
      // It was sent after the attach, on another view; it is to stand on this one.
      sent.command = this.handlers.onAgain?.(sent.k, sent.command) ?? sent.command;
      sent.base = message.v;
      this.#post(this.#cmd(sent));
    }
  }

  /** @param {any} view @param {number} ack @param {boolean} saved */
  #draw(view, ack, saved) {
    this.#seq = view.seq;
    this.handlers.onView?.(view, { v: this.#v, ack, saved });
  }

  /** Everything up to k is stored. @param {number} k */
  #acknowledge(k) {
    this.#unacked = this.#unacked.filter((sent) => sent.k > k);
    this.#tellSaved();
  }

  #tellSaved() {
    const waiting = this.#unacked.filter((sent) => sent.kept !== "yes").length;
    const unsaved = Math.max(waiting, this.#workerUnsaved);
    this.handlers.onSaved?.({ events: this.#seq, unsaved, failed: this.#failed });
  }

  /** @param {Sent[]} commands */
  async #keep(commands) {
    for (const sent of commands) sent.kept = "soon";
    try {
      const items = commands.map(({ k, base, seq, command }) => ({
        view: this.view, k, base, seq, command,
      }));
      await catalogue.putInbox(this.id, items);
      for (const sent of commands) sent.kept = "yes";
      this.#failed = undefined;
      this.handlers.onKept?.(items.map(({ k }) => k));
    } catch (error) {
      for (const sent of commands) sent.kept = "no";
      this.#failed = error instanceof Error ? error.message : String(error);
    }
    this.#tellSaved();
  }

  /** Keep what a worker does not acknowledge: its tab may be gone. */
  #keepLater() {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#keepNow();
    }, PATIENCE);
  }

  #keepNow() {
    const waiting = this.#unacked.filter((sent) => sent.kept === "no");
    if (waiting.length > 0) this.#keep(waiting);
  }

  /** @param {Sent} sent */
  #cmd({ k, base, command }) {
    return { t: "cmd", k, base, command };
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

  /** To the worker, in this tab or another. @param {any} message */
  #post(message) {
    const whole = { ...message, view: this.view };
    if (this.#worker) this.#worker.postMessage(whole);
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
    const title = error instanceof db.StoreError ? TITLES[error.kind] : undefined;
    this.handlers.onStatus?.({ stage: "failed", title, message });
  }
}
