/**
 * The notebook worker: starts Python and hands it this notebook's messages. What they mean is
 * Python's affair (`foldbook.browser.notebook_worker`).
 */

import { loadPyodide } from "pyodide";
import createPyodideModule from "pyodide/pyodide.asm.mjs";

import { fetchAsset, fetchCompiled, isKept, keep, siteAddress, useSite } from "./assets.js";
import * as catalogue from "./catalogue.js";
import * as cipher from "./cipher.js";
import * as db from "./db.js";
import * as network from "./network.js";
import { reserve } from "./reserve.js";
import { archivesOf, describe, memoryOf, rehearsalKey, stubsOf } from "./snapshots.js";
import { answerWith, startPython } from "./start_python.js";

/** @typedef {import("pyodide").PyodideAPI} Pyodide */

const REHEARSALS = 4;
const REHEARSAL = 1.25; // s of this thread's time
// V8 stores what it has compiled when it has compiled nothing well for two seconds: whoever leaves
// after the first part has that.
const REST = 3000; // ms

/** Messages that came before Python was up. @type {[any, string][]} */
const early = [];

/** @type {(message: any, from: string) => void} */
let deliver = (message, from) => early.push([message, from]);

/** @type {BroadcastChannel | undefined} */
let channel;

/** @type {Pyodide | undefined} */
let python;

self.onmessage = ({ data }) => {
  if (data?.t === "boot") start(data);
  else if (data?.t === "rehearse") rehearse();
  else deliver(data, "page");
};

// What breaks Python for good while nobody waits for it counts as an error of the worker.
self.addEventListener("unhandledrejection", (event) => {
  if (event.reason?.pyodide_fatal_error) reportError(event.reason);
});

/**
 * @typedef {object} Boot
 * @property {string} base the site's address, ending in a slash
 * @property {import("./assets.js").Manifest} manifest
 * @property {string} id the notebook's
 * @property {boolean} quiet start no runtime until something is to be run
 * @property {boolean} crashed the worker before this one crashed
 */

/** @param {Boot} boot */
async function start(boot) {
  useSite(boot.base, boot.manifest);
  channel = new BroadcastChannel(`foldbook:${boot.id}`);
  channel.onmessage = (event) => deliver(event.data, "channel");
  try {
    python = await loadPython();
    const main = python.pyimport("foldbook.browser.notebook_worker");
    await main.main(boot.id, glue(python, boot));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    post({ t: "status", stage: "failed", message: lastLine(message), detail: message });
  }
}

/** @returns {Promise<Pyodide>} */
async function loadPython() {
  post({ t: "status", stage: "loading", message: "Starting Python" });
  const folder = `${siteAddress()}pyodide/`;
  takeFilesFrom(folder);
  const { python: loaded, started } = await startPython({
    source,
    packages: ["foldbook"],
    loadPyodide,
    createPyodideModule,
    options: { indexURL: folder, env: { HOME: "/home/pyodide" } },
    modules: new Map(),
  });
  post({ t: "started", worker: "notebook", ...started });
  post({ t: "status", stage: "opening", message: "Opening the notebook" });
  return loaded;
}

/** Once in a browser that keeps the machine code of what has run for long enough: let it run. */
async function rehearse() {
  if (!python || !navigator.userAgent.includes("Chrome/")) return;
  const key = await rehearsalKey();
  if (await isKept(key)) return;
  const rehearsal = python.pyimport("foldbook.browser.rehearsal");
  for (let part = 0; part < REHEARSALS; part++) {
    await rehearsal.rehearse(REHEARSAL);
    await new Promise((resolve) => setTimeout(resolve, REST));
  }
  rehearsal.destroy();
  keep(key, new Blob([key]));
}

/**
 * Pyodide's files come checked, and from what is kept; but the core, as long as nothing has failed,
 * so that the browser finds its machine code.
 * @param {string} folder
 */
function takeFilesFrom(folder) {
  let wasAsked = false;
  const fetchFromNetwork = self.fetch.bind(self);
  self.fetch = async (what, init) => {
    const url = what instanceof Request ? what.url : String(what);
    if (!url.startsWith(folder)) return fetchFromNetwork(what, init);
    if (url.endsWith(".asm.wasm") && !wasAsked) {
      wasAsked = true; // a second time something has failed
      return fetchCompiled(url);
    }
    return answerWith(url, await fetchAsset(url));
  };
}

async function source() {
  const description = await describe("notebook");
  const [memory, archives, stubs] = [memoryOf(description), archivesOf(description), stubsOf(description)];
  return { description, memory, archives, stubs };
}

/**
 * What Python gets from here.
 * @param {Pyodide} python
 * @param {Boot} boot
 */
function glue(python, boot) {
  return {
    db,
    cipher,
    network,
    quiet: boot.quiet,
    crashed: boot.crashed,
    identity: catalogue.identity,
    storage: catalogue.storage,
    reserve,
    inbox,
    dropInbox: catalogue.dropInbox,
    refresh: (/** @type {string} */ id, /** @type {string} */ json) =>
      catalogue.refresh(id, JSON.parse(json)),
    post: (/** @type {string} */ json, /** @type {string} */ to, /** @type {any} */ data) =>
      post({ ...JSON.parse(json), ...(data ? { data } : {}) }, to),
    loadPackage: (/** @type {string} */ name) => python.loadPackage(name),
    /** From now on messages go to Python: JSON, where it came from, and what JSON cannot hold. */
    listen: (/** @type {(json: string, from: string, extra: any) => void} */ callback) => {
      deliver = (message, from) => {
        const { data, port, ...rest } = message;
        callback(JSON.stringify(rest), from, data ?? port);
      };
      for (const [message, from] of early.splice(0)) deliver(message, from);
    },
  };
}

/**
 * The commands that wait, as JSON, and beside each the bytes that it brings, if it does.
 * @param {string} id
 * @returns {Promise<{items: string[], data: (ArrayBuffer | null)[]}>}
 */
async function inbox(id) {
  const { keys, items } = await catalogue.inbox(id);
  const { held = [] } = await navigator.locks.query();
  const living = new Set(held.map(({ name }) => name));
  const plain = items.map(({ view, k, before, command: { data: _, ...command } }, i) =>
    JSON.stringify({ key: keys[i], view, k, before, command, alive: living.has(`foldbook-view:${view}`) }),
  );
  return { items: plain, data: items.map(({ command }) => command.data ?? null) };
}

/**
 * @param {any} message
 * @param {string} [to] "page" (the tab of this worker), "channel" (all other tabs), else both
 */
function post(message, to) {
  if (to !== "channel") self.postMessage(message);
  if (to !== "page") channel?.postMessage(message);
}

/** @param {string} text @returns {string} */
function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? text;
}
