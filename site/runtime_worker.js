/**
 * The runtime worker: starts Python in an opaque origin and hands it the port to its notebook.
 * What goes over that port is Python's affair (`foldbook.browser.runtime_worker`).
 *
 * It runs from a data: URL, so it must be one file, Pyodide's own scripts included: WebKit imports
 * no script into an opaque origin, not even its own blob. It has no cache: what belongs to the site
 * it asks of the page (by its own port), which knows the hashes and keeps the files.
 */

import { loadPyodide } from "pyodide";
import createPyodideModule from "pyodide/pyodide.asm.mjs";

/** @typedef {import("pyodide").PyodideAPI} Pyodide */

/**
 * @typedef {object} Boot
 * @property {string} base the site's address, ending in a slash
 * @property {SharedArrayBuffer | null} shared
 * @property {any} session what Python is told: secret, name, replaces
 */

const worker = /** @type {any} */ (self);
const fetchFromNetwork = self.fetch.bind(self);
/** @type {MessagePort} */
let page;
/** @type {Map<number, {resolve: (data: ArrayBuffer) => void, reject: (error: Error) => void}>} */
const asked = new Map();
let questions = 0;

self.onmessage = (event) => {
  page = /** @type {MessagePort} */ (event.ports[0]);
  page.onmessage = ({ data }) => answered(data);
  start(event.data);
};

/** @param {Boot} boot */
async function start(boot) {
  try {
    worker.fetch = (/** @type {any} */ what, /** @type {any} */ init) =>
      fetchAsset(boot.base, what, init);
    const python = await loadPython(boot.base);
    if (boot.shared) python.setInterruptBuffer(new Uint8Array(boot.shared, 0, 1));
    const main = python.pyimport("foldbook.browser.runtime_worker");
    // Without stack switching (WebKit) Python cannot wait for the page, and says so where it would.
    const canWait = "Suspending" in WebAssembly;
    const given = glue(python, boot);
    await (canWait ? main.main.callPromising(given) : main.main(given));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    post({ t: "failed", message: detail.trim().split("\n").at(-1) ?? detail, detail });
  }
}

/** @param {string} base @returns {Promise<Pyodide>} */
async function loadPython(base) {
  const folder = `${base}pyodide/`;
  post({ t: "status", message: "Starting Python" });
  return loadPyodide({
    indexURL: folder,
    createPyodideModule,
    env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" },
    packages: ["foldbook", "ipython"],
  });
}

/**
 * What Python gets from here.
 * @param {Pyodide} python
 * @param {Boot} boot
 */
function glue(python, boot) {
  return {
    python,
    session: JSON.stringify(boot.session),
    base: boot.base,
    /** Forget an interrupt that Python has not noticed yet. */
    dropSignal: () => {
      if (boot.shared) Atomics.store(new Uint8Array(boot.shared), 0, 0);
    },
    post: (/** @type {string} */ json) => post(JSON.parse(json)),
    /** Asks the page for the port to the notebook: sent at once, answered when it is there. */
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ t: "connect" }, [port2]);
      return port1;
    },
  };
}

/**
 * `fetch`, with the site's own files taken from the page.
 * @param {string} base
 * @param {RequestInfo | URL} what
 * @param {RequestInit} [init]
 */
async function fetchAsset(base, what, init) {
  const url = what instanceof Request ? what.url : String(what);
  const method = init?.method ?? (what instanceof Request ? what.method : "GET");
  if (method !== "GET" || !url.startsWith(`${base}pyodide/`)) return fetchFromNetwork(what, init);
  try {
    const data = await askPage(url);
    const type = url.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return new Response(data, { headers: { "Content-Type": type } });
  } catch (error) {
    return new Response(String(error), { status: 404, statusText: "Not Found" });
  }
}

/** @param {string} url @returns {Promise<ArrayBuffer>} */
function askPage(url) {
  return new Promise((resolve, reject) => {
    asked.set(++questions, { resolve, reject });
    page.postMessage({ id: questions, url });
  });
}

/** @param {{id: number, data?: ArrayBuffer, error?: string}} answer */
function answered({ id, data, error }) {
  const waiting = asked.get(id);
  asked.delete(id);
  if (data) waiting?.resolve(data);
  else waiting?.reject(new Error(error));
}

/** @param {any} message */
function post(message) {
  worker.postMessage(message);
}
