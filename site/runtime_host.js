/**
 * The runtimes of the tab that leads a notebook. The notebook worker says what to do and is told
 * how it went; at most one runtime is there at a time.
 */

import { startRuntime } from "./runtime_frame.js";

/** @typedef {{session: string, runtime: import("./runtime_frame.js").Runtime}} Hosted */

export class RuntimeHost {
  /** @type {Hosted | null} */ #hosted = null;

  /**
   * @param {(message: any, transfer?: Transferable[]) => void} tell the notebook worker
   * @param {(news: {session: string, message: string, done?: number, total?: number}) => void} news
   */
  constructor(tell, news) {
    this.tell = tell;
    this.news = news;
  }

  /** @param {{do: string, session: string, options?: any}} message */
  act(message) {
    switch (message.do) {
      case "start":
        return this.#start(message.session, message.options);
      case "interrupt":
        return this.#interrupt(message.session);
      case "stop":
        if (this.#hosted?.session === message.session) this.end();
        return undefined;
      default:
        throw new Error(`start, interrupt or stop expected, ${message.do} came`);
    }
  }

  /** End what runs here; its memory is gone. */
  end() {
    this.#hosted?.runtime.stop();
    this.#hosted = null;
  }

  /** @param {string} session @param {any} options what Python is told */
  #start(session, options) {
    this.end();
    const runtime = startRuntime({
      session: options,
      onStatus: (status) => this.news({ session, ...status }),
      onPort: (port) => this.tell({ t: "port", session, port }, [port]),
      onReady: () => {
        this.news({ session, message: "" }); // the start is over
        this.tell({ t: "runtime", session, state: "ready" });
      },
      onFailed: ({ message, detail }) =>
        this.tell({ t: "runtime", session, state: "failed", message, detail }),
    });
    this.#hosted = { session, runtime };
  }

  /** @param {string} session */
  #interrupt(session) {
    const done = this.#hosted?.session === session && this.#hosted.runtime.interrupt();
    this.tell({ t: "runtime", session, state: done ? "interrupted" : "uninterruptible" });
  }
}
