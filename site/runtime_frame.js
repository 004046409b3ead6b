/**
 * The page's side of runtimes: a hidden frame with an opaque origin, and in it the worker that
 * runs Python. It can reach neither the page nor what the page has stored; it is handed the
 * site's files, checked, and one port to the notebook worker. The frame stays when a runtime ends:
 * what one worker compiled the next one need not.
 */

import { fetchAsset, siteAddress } from "./assets.js";
import { dataAddress } from "./data_address.js";
import { RUNTIME_BOOTSTRAP } from "./runtime_bootstrap.js";

// What the frame may do, within what the page may: run its one script (the page's policy names
// its hash) and Python, and reach the network, for the user's own requests and for packages.
const FRAME_POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob: data:; " +
  "connect-src https: wss: http://localhost:* ws://localhost:* http://127.0.0.1:* ws://127.0.0.1:*";

const CORE = "pyodide/pyodide.asm.wasm";

/**
 * @typedef {object} Options
 * @property {import("./supplies.js").Supplies} supplies what Python starts from
 * @property {(status: {message: string, done?: number, total?: number}) => void} onStatus
 *   how the start and the loading of packages go on; an empty message: over
 * @property {(started: import("./start_python.js").Started) => void} onStarted Python is up
 * @property {(port: MessagePort) => void} onPort the port to Python, for the notebook worker
 * @property {() => void} onReady Python takes executions
 * @property {(error: {message: string, detail?: string}) => void} onFailed it will never be ready
 */

/**
 * @typedef {object} Runtime
 * @property {(told: {secret: string} & Record<string, any>) => void} begin join a notebook; Python
 *   starts before that
 * @property {() => boolean} interrupt false: it cannot be interrupted here, end it
 * @property {() => void} stop
 */

/**
 * A frame and when it has its worker's script.
 * @typedef {{element: HTMLIFrameElement, ready: Promise<void>, close: () => void}} Frame
 */

export class RuntimeFrame {
  /** @type {Frame | null} */ #frame = null;

  /** A new worker. @param {Options} options @returns {Runtime} */
  start(options) {
    const { port1: control, port2: frames } = new MessageChannel();
    const { port1: files, port2: workers } = new MessageChannel();
    let isolated = false;
    let ended = false;
    const stop = () => {
      if (ended) return;
      ended = true;
      control.postMessage("stop"); // whatever it is doing
      control.close();
      files.close();
    };
    const fail = (/** @type {{message: string, detail?: string}} */ error) => {
      if (ended) return;
      stop();
      options.onFailed(error);
    };
    control.onmessage = ({ data, ports }) => {
      if (ended) return;
      if (data.t === "frame") isolated = data.isolated;
      else if (data.t === "connect" && ports[0]) options.onPort(ports[0]);
      else if (data.t === "status") options.onStatus(data);
      else if (data.t === "started") options.onStarted(data);
      else if (data.t === "ready") options.onReady();
      else if (data.t === "failed") fail(data);
      else if (data.t === "ended") fail({ message: "The runtime has left the notebook." });
    };
    files.onmessage = ({ data }) => answer(files, data, options.supplies);
    this.#boot([frames, workers]).catch((error) => fail({ message: messageOf(error) }));
    return {
      stop,
      begin: (told) => {
        if (!ended) control.postMessage({ session: told });
      },
      interrupt: () => {
        if (isolated && !ended) control.postMessage("interrupt");
        return isolated && !ended;
      },
    };
  }

  /** Take the frame away, and with it whatever runs there. */
  remove() {
    this.#frame?.close();
    this.#frame = null;
  }

  /** @param {MessagePort[]} ports */
  async #boot(ports) {
    const frame = (this.#frame ??= openFrame());
    await frame.ready;
    frame.element.contentWindow?.postMessage({ boot: { base: siteAddress() } }, "*", ports);
  }
}

/** @returns {Frame} */
function openFrame() {
  const element = makeFrame();
  const script = fetchAsset(`${siteAddress()}runtime_worker.js`);
  const core = fetchAsset(`${siteAddress()}${CORE}`);
  core.catch(() => {});
  /** @type {(given: Promise<void>) => void} */
  let resolve = () => {};
  /** @type {Promise<void>} */
  const ready = new Promise((settle) => (resolve = settle));
  ready.catch(() => {}); // who starts a runtime hears of it
  const greet = (/** @type {MessageEvent} */ event) => {
    if (event.source !== element.contentWindow || event.data?.t !== "runtime frame") return;
    const given = give(element, script, event.data.needs === "address");
    resolve(given);
    if (event.data.needs) return;
    const pass = (/** @type {Blob | null} */ blob) => element.contentWindow?.postMessage({ core: blob }, "*");
    given.then(() => core).then(pass, () => pass(null)); // who needs it then asks again, and hears why
  };
  const close = () => {
    removeEventListener("message", greet);
    element.remove();
  };
  addEventListener("message", greet);
  document.body.append(element);
  return { element, ready, close };
}

/** @param {HTMLIFrameElement} frame @param {Promise<Blob>} script @param {boolean} asAddress */
async function give(frame, script, asAddress) {
  const blob = new Blob([await script], { type: "text/javascript;charset=utf-8" });
  const given = asAddress ? { script: await dataAddress(blob) } : { script: blob, isCoreComing: true };
  frame.contentWindow?.postMessage(given, "*");
}

function makeFrame() {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.setAttribute("allow", "cross-origin-isolated *");
  frame.setAttribute("referrerpolicy", "no-referrer");
  frame.title = "Python";
  frame.hidden = true;
  frame.setAttribute("aria-hidden", "true");
  frame.srcdoc =
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Python</title>` +
    `<meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY}">` +
    `<script>${RUNTIME_BOOTSTRAP}</script>`;
  return frame;
}

/**
 * @param {MessagePort} port
 * @param {{id: number, url?: string, snapshot?: "description" | "memory" | "archives" | "stubs", asBlob: boolean}} question
 * @param {Options["supplies"]} supplies
 */
async function answer(port, { id, url, snapshot, asBlob }, supplies) {
  try {
    const found = await (snapshot ? supplies.snapshot(snapshot) : supplies.file(url ?? ""));
    const data = asBlob ? found : await buffersOf(found);
    port.postMessage({ id, data }, [data].flat().filter((each) => each instanceof ArrayBuffer));
  } catch (error) {
    port.postMessage({ id, error: messageOf(error) });
  }
}

/** @param {any} found @returns {Promise<any>} */
async function buffersOf(found) {
  if (Array.isArray(found)) return Promise.all(found.map(buffersOf));
  return found instanceof Blob ? found.arrayBuffer() : found;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
