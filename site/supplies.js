/**
 * What a runtime's worker is going to ask for, fetched while the worker itself is still starting:
 * the snapshot that it begins with, its packages, and Pyodide's own files.
 */

import { fetchAsset, siteAddress } from "./assets.js";
import { archivesOf, describe, isAtHand, memoryOf, stubsOf } from "./snapshots.js";

/** The snapshot of a first start, and the larger one that takes its place when it is here. */
export const FIRST = "first";
export const SCIENCE = "science";

const CORE = ["pyodide/python_stdlib.zip", "pyodide/pyodide-lock.json"];

export class Supplies {
  /** @type {Map<string, Promise<Blob>>} */
  #files = new Map();

  constructor() {
    for (const path of CORE) this.#fetch(path);
    this.description = quiet(chooseTier().then(describe));
    this.memory = quiet(this.description.then(memoryOf));
    this.archives = quiet(this.description.then(archivesOf));
    this.stubs = quiet(this.description.then(stubsOf));
  }

  /** @param {"description" | "memory" | "archives" | "stubs"} what @returns {Promise<any>} */
  snapshot(what) {
    return this[what];
  }

  /** The file at an address, once; a second time it is fetched anew. @param {string} url */
  file(url) {
    const found = this.#files.get(url);
    this.#files.delete(url);
    return found ?? fetchAsset(url);
  }

  /** @param {string} path */
  #fetch(path) {
    const url = siteAddress() + path;
    this.#files.set(url, quiet(fetchAsset(url)));
  }
}

/** Who asks for it hears of its failure. @template T @param {Promise<T>} promise @returns {Promise<T>} */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

/** @returns {Promise<string>} */
async function chooseTier() {
  return (await isAtHand(SCIENCE)) ? SCIENCE : FIRST;
}
