/**
 * The runtime worker: starts Python in an opaque origin and hands it the port to its notebook.
 * What goes over that port is Python's affair (`foldbook.browser.runtime_worker`).
 *
 * It is one file, Pyodide's own scripts included: WebKit imports no script into an opaque origin,
 * not even its own blob. It is started before anybody wants it, and waits for its boot. It has no
 * cache: what belongs to the site it asks of the page (by its own port), which knows the hashes and
 * keeps the files.
 */

import { loadPyodide } from "pyodide";
import createPyodideModule from "pyodide/pyodide.asm.mjs";

import { answerWith, startPython } from "./start_python.js";

/** @typedef {import("pyodide").PyodideAPI} Pyodide */

/**
 * @typedef {object} Boot
 * @property {string} base the site's address, ending in a slash
 * @property {SharedArrayBuffer | null} shared
 * @property {boolean} isCoreComing the frame is compiling Pyodide's core
 * @property {boolean} asBlob whether the page's blobs can be read here, which spares the page to touch
 *   what it hands over
 */

const CORE = ["python_stdlib.zip", "pyodide-lock.json"];
const COMPILED = "pyodide.asm.wasm";
const worker = /** @type {any} */ (self);
const fetchFromNetwork = self.fetch.bind(self);
/** @type {MessagePort} */
let page;
/** @type {Map<number, {resolve: (data: any) => void, reject: (error: Error) => void}>} */
const asked = new Map();
let questions = 0;
/** The site's files that Pyodide is going to fetch, by address. @type {Map<string, Promise<Blob | ArrayBuffer>>} */
const ahead = new Map();
let asBlob = false;
/** What was compiled elsewhere, by path; empty where a browser does not hand it on. @type {Map<string, WebAssembly.Module>} */
const modules = new Map();
/** @type {() => void} */
let coreArrives = () => {};
/** The core is here, or it is not to be had like this. */
let coreArrived = Promise.resolve();
/** What Python is told, once somebody wants this runtime: secret, name, replaces. @type {(session: any) => void} */
let begin;
/** @type {Promise<any>} */
const session = new Promise((resolve) => (begin = resolve));

self.onmessage = (event) => {
  event.data.modules?.forEach((/** @type {any} */ module, /** @type {string} */ path) => modules.set(path, module));
  if (event.data.modules) coreArrives();
  if (event.data.session) begin(event.data.session);
  if (!event.data.base) return;
  page = /** @type {MessagePort} */ (event.ports[0]);
  page.onmessage = ({ data }) => answered(data);
  asBlob = event.data.asBlob;
  if (event.data.isCoreComing) coreArrived = new Promise((resolve) => (coreArrives = resolve));
  start(event.data);
};

self.onmessageerror = () => coreArrives(); // not every browser passes modules on

/** @param {Boot} boot */
async function start(boot) {
  try {
    worker.fetch = (/** @type {any} */ what, /** @type {any} */ init) =>
      fetchAsset(boot.base, what, init);
    const python = await loadPython(boot);
    // What ends the process (os._exit, a crash in compiled code) throws in some callback of its own.
    /** @type {any} */ (python)._api.on_fatal = failed;
    if (boot.shared) python.setInterruptBuffer(new Uint8Array(boot.shared, 0, 1));
    const main = python.pyimport("foldbook.browser.runtime_worker");
    // Without stack switching (WebKit) Python cannot wait for the page, and says so where it would.
    const canWait = "Suspending" in WebAssembly;
    const given = glue(python, boot, await session);
    await (canWait ? main.main.callPromising(given) : main.main(given));
  } catch (error) {
    failed(error);
  }
}

/** @param {unknown} error */
function failed(error) {
  const detail = error instanceof Error ? error.message : String(error);
  post({ t: "failed", message: detail.trim().split("\n").at(-1) ?? detail, detail });
}

/** @param {Boot} boot @returns {Promise<Pyodide>} */
async function loadPython({ base, isCoreComing }) {
  post({ t: "status", message: "Starting Python" });
  askAhead(base, isCoreComing);
  const ask = (/** @type {string} */ snapshot) => quiet(askPage({ snapshot }));
  const [description, stubs, memory] = [ask("description"), ask("stubs"), ask("memory")];
  const archives = ask("archives");
  const { python, started } = await startPython({
    source: async () => ({ description: await description, stubs, memory, archives }),
    packages: ["foldbook", "ipython"],
    loadPyodide,
    createPyodideModule,
    options: {
      indexURL: `${base}pyodide/`,
      env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" },
    },
    modules,
    onCompiled: (path, module) => handOn(new Map([[path, module]])),
  });
  handOn(modules);
  post({ t: "started", ...started });
  return python;
}

/** For the worker that comes after this one. @param {Map<string, WebAssembly.Module>} modules */
function handOn(modules) {
  try {
    post({ t: "modules", modules });
  } catch (error) {
    console.info(`Compiled modules stay in their worker: ${error}`); // not every browser lets them go
  }
}

/**
 * What Python gets from here.
 * @param {Pyodide} python
 * @param {Boot} boot
 * @param {any} told
 */
function glue(python, boot, told) {
  return {
    python,
    session: JSON.stringify(told),
    base: boot.base,
    /** An interrupt was noticed, or is to be forgotten. */
    dropSignal: () => {
      if (boot.shared) new Uint8Array(boot.shared).fill(0);
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
    if (url.endsWith(`/${COMPILED}`)) {
      await coreArrived;
      if (modules.has(COMPILED)) return new Response(); // what was compiled before is not read again
    }
    const data = await (ahead.get(url) ?? askPage({ url }));
    ahead.delete(url);
    return answerWith(url, data);
  } catch (error) {
    return new Response(String(error), { status: 404, statusText: "Not Found" });
  }
}

/** What every start needs, asked for before Pyodide does. @param {string} base @param {boolean} isCoreComing */
function askAhead(base, isCoreComing) {
  const names = isCoreComing || modules.has(COMPILED) ? CORE : [...CORE, COMPILED];
  for (const name of names) {
    const url = `${base}pyodide/${name}`;
    ahead.set(url, quiet(askPage({ url })));
  }
}

/** @param {{url: string} | {snapshot: string}} question @returns {Promise<any>} */
function askPage(question) {
  return new Promise((resolve, reject) => {
    asked.set(++questions, { resolve, reject });
    page.postMessage({ id: questions, asBlob, ...question });
  });
}

/** @param {{id: number, data?: any, error?: string}} answer */
function answered({ id, data, error }) {
  const waiting = asked.get(id);
  asked.delete(id);
  if (data) waiting?.resolve(data);
  else waiting?.reject(new Error(error));
}

/** Who uses it hears of its failure. @template T @param {Promise<T>} promise @returns {Promise<T>} */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

/** @param {any} message */
function post(message) {
  worker.postMessage(message);
}

post({ t: "here" });
