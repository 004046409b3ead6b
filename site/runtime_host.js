/**
 * The runtimes of the tab that leads a notebook. The notebook worker says what to do and is told
 * how it went; at most one runtime is there at a time. Python may be started before anybody asks
 * for a runtime: then it waits for its session.
 */

import { fetchAhead } from "./ahead.js";
import { RuntimeFrame } from "./runtime_frame.js";
import { SCIENCE, Supplies } from "./supplies.js";

/** @typedef {{session: string | null, runtime: import("./runtime_frame.js").Runtime, early: Array<() => void>}} Hosted */

const LEAST_MEMORY = 4; // GB of the device for the larger snapshot
const PAUSE = 3000; // ms after a runtime is ready before what the next start may use is fetched

export class RuntimeHost {
  /** @type {Hosted | null} */ #hosted = null;
  #frame = new RuntimeFrame();
  /** @type {Promise<void> | null} */ #fetching = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #soon;

  /**
   * @param {(message: any, transfer?: Transferable[]) => void} tell the notebook worker
   * @param {(news: object) => void} news for people: how the start and the loading of packages go
   *   on, and how Python was started
   */
  constructor(tell, news) {
    this.tell = tell;
    this.news = news;
  }

  /** Start Python for whoever is going to want a runtime. */
  prepare() {
    if (!this.#hosted) this.#hosted = this.#boot();
  }

  /** @param {{do: string, session: string, options?: any}} message */
  act(message) {
    switch (message.do) {
      case "start":
        return this.#start(message.session, message.options);
      case "interrupt":
        return this.#interrupt(message.session);
      case "stop":
        if (this.#hosted?.session === message.session) this.#stop();
        return undefined;
      default:
        throw new Error(`start, interrupt or stop expected, ${message.do} came`);
    }
  }

  /** End what runs here; its memory is gone, and so is all that was compiled for it. */
  end() {
    clearTimeout(this.#soon);
    this.#stop();
    this.#frame.remove();
  }

  #stop() {
    this.#hosted?.runtime.stop();
    this.#hosted = null;
  }

  /** @param {string} session @param {any} options what Python is told */
  #start(session, options) {
    if (this.#hosted?.session !== null) this.#stop();
    this.#hosted ??= this.#boot();
    this.#hosted.session = session;
    this.#hosted.runtime.begin(options);
    for (const tell of this.#hosted.early.splice(0)) tell();
  }

  /** @returns {Hosted} */
  #boot() {
    /** What is heard before somebody wants this runtime is told then. @param {(session: string) => void} tell */
    const told = (tell) => {
      const now = () => hosted.session !== null && tell(hosted.session);
      if (hosted.session === null) hosted.early.push(now);
      else now();
    };
    const runtime = this.#frame.start({
      supplies: new Supplies(),
      onStatus: (status) => this.news({ ...status }),
      onStarted: (started) => {
        this.news({ started: { worker: "runtime", ...started } });
      },
      onPort: (port) => told((session) => this.tell({ t: "port", session, port }, [port])),
      onReady: () =>
        told((session) => {
          this.news({ session, message: "" }); // the start is over
          this.tell({ t: "runtime", session, state: "ready" });
          this.#fetchLater();
        }),
      onFailed: ({ message, detail }) =>
        told((session) => this.tell({ t: "runtime", session, state: "failed", message, detail })),
    });
    /** @type {Hosted} */
    const hosted = { session: null, runtime, early: [] };
    return hosted;
  }

  /** @param {string} session */
  #interrupt(session) {
    const done = this.#hosted?.session === session && this.#hosted.runtime.interrupt();
    this.tell({ t: "runtime", session, state: done ? "interrupted" : "uninterruptible" });
  }

  /** The larger snapshot, when all is quiet: the next start is going to use it. */
  #fetchLater() {
    if (this.#fetching || isFrugal()) return;
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => {
      this.#fetching = fetchAhead(SCIENCE).then(
        () => {
          document.documentElement.setAttribute("data-ahead", SCIENCE);
          this.tell({ t: "rehearse" });
        },
        (error) => {
          this.#fetching = null;
          console.info(`The larger snapshot is not here yet: ${error}`);
        },
      );
    }, PAUSE);
  }
}

/** Whether bytes or memory are dear here, as far as the browser says. */
function isFrugal() {
  const { connection, deviceMemory = LEAST_MEMORY } = /** @type {any} */ (navigator);
  return Boolean(connection?.saveData) || deviceMemory < LEAST_MEMORY;
}
