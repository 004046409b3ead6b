/**
 * Who leads a notebook: one tab holds the Web Lock `foldbook:<id>` and with it the notebook worker
 * and the runtime's frame. When it goes, the next in the lock's queue starts a worker.
 */

import { checkVersion, siteAddress, siteManifest } from "./assets.js";
import { RuntimeHost } from "./runtime_host.js";

const CRASH_AGAIN = 60_000; // ms within which a worker that crashes again is not started anew
const ENDS_WITHIN = 3000; // ms that the worker gets to store what it has

/**
 * @typedef {object} Handlers
 * @property {(message: any) => void} onMessage the worker says something
 * @property {() => void} onStart a worker is about to start here
 * @property {(why: string, isAgain: boolean) => void} onCrash isAgain: no other one is started
 * @property {(error: unknown) => void} onFail no worker could be started
 * @property {(news: object) => void} onNews of the runtime
 */

/**
 * What is known of the notebook before its worker is there.
 * @typedef {object} Saved
 * @property {boolean} isThere whether there is such a notebook
 * @property {boolean} wantsPython whether cells may run in this browser's Python
 */

export class Leader {
  /** @type {Worker | null} */ #worker = null;
  /** @type {(() => void) | null} */ #release = null;
  #crashedAt = -Infinity;
  /** @type {Handlers | null} */ #handlers = null;
  /** @type {Array<(handlers: Handlers) => void>} */ #unheard = [];

  /** @param {string} id @param {boolean} quiet no runtime is started until something is to be run */
  constructor(id, quiet) {
    this.id = id;
    this.quiet = quiet;
    this.runtime = new RuntimeHost(
      (message, transfer) => this.#worker?.postMessage(message, transfer ?? []),
      (news) => this.#tell(({ onNews }) => onNews(news)),
    );
  }

  /** Who listens from now on; what happened before is told at once. @param {Handlers} handlers */
  hear(handlers) {
    this.#handlers = handlers;
    for (const tell of this.#unheard.splice(0)) tell(handlers);
  }

  /** Whether the worker is here. */
  get leads() {
    return this.#worker !== null;
  }

  /** To the worker, where it is here. @param {any} message */
  post(message) {
    this.#worker?.postMessage(message);
  }

  /**
   * Wait for the lock; hold it, and the worker with it, until the end.
   * @param {AbortSignal} signal gives up the waiting
   * @param {Promise<Saved>} saved until it is known all is prepared, and nothing begins
   */
  async lead(signal, saved) {
    const held = new Promise((resolve) => (this.#release = () => resolve(undefined)));
    try {
      await navigator.locks.request(`foldbook:${this.id}`, { signal }, () => {
        if (signal.aborted) return undefined;
        saved.then(({ wantsPython }) => wantsPython && !this.quiet && !signal.aborted && this.runtime.prepare());
        this.#start(false, signal, saved);
        return held;
      });
    } catch (error) {
      if (!signal.aborted) this.#tell(({ onFail }) => onFail(error)); // a browser that refuses locks
    }
  }

  /** The worker stores what it has and ends; then somebody else may lead. */
  async close() {
    if (this.#worker) await this.#end(this.#worker);
    this.#release?.();
  }

  /** End at once, whatever is not stored. */
  abandon() {
    this.#worker?.terminate();
    this.#worker = null;
    this.runtime.end();
    this.#release?.();
  }

  /**
   * @param {boolean} crashed whether it stands in the place of one that crashed
   * @param {AbortSignal} [signal] the notebook is left before the worker is there
   * @param {Promise<Saved>} [saved]
   */
  async #start(crashed, signal, saved) {
    try {
      await checkVersion();
      const manifest = await siteManifest();
      if (saved && !(await saved).isThere) this.abandon();
      else if (!signal?.aborted) this.#begin(manifest, crashed);
    } catch (error) {
      this.runtime.end();
      this.#tell(({ onFail }) => onFail(error));
    }
  }

  /** @param {import("./assets.js").Manifest} manifest @param {boolean} crashed */
  #begin(manifest, crashed) {
    this.#tell(({ onStart }) => onStart());
    // Its name has a hash: it is this page's build's, or there is none.
    const script = siteAddress() + manifest.notebook_worker;
    const worker = new Worker(script, { type: "module", name: `notebook ${this.id}` });
    worker.onmessage = ({ data }) => this.#tell(({ onMessage }) => onMessage(data));
    worker.onerror = (event) => {
      if (worker === this.#worker) this.#crashed(event.message || "it could not be loaded");
    };
    const { id, quiet } = this;
    worker.postMessage({ t: "boot", base: siteAddress(), manifest, id, quiet, crashed });
    this.#worker = worker;
  }

  /**
   * An error that nobody in the worker caught: what it holds cannot be trusted any more, and what
   * it has stored can. Another one begins with that, once; the runtime goes with its port.
   * @param {string} why
   */
  #crashed(why) {
    this.#worker?.terminate();
    this.#worker = null;
    this.runtime.end();
    const isAgain = performance.now() - this.#crashedAt < CRASH_AGAIN;
    this.#crashedAt = performance.now();
    this.#tell(({ onCrash }) => onCrash(why, isAgain));
    if (!isAgain) this.#start(true);
  }

  /** @param {Worker} worker @returns {Promise<void>} */
  #end(worker) {
    return new Promise((resolve) => {
      const end = () => {
        worker.terminate();
        this.runtime.end();
        this.#worker = null;
        resolve();
      };
      const patience = setTimeout(end, ENDS_WITHIN);
      worker.onmessage = (event) => {
        if (event.data?.t !== "closed") return;
        clearTimeout(patience);
        end();
      };
      worker.postMessage({ t: "close" });
    });
  }

  /** @param {(handlers: Handlers) => void} tell */
  #tell(tell) {
    if (this.#handlers) tell(this.#handlers);
    else this.#unheard.push(tell);
  }
}
