/** How a worker starts Python: from a snapshot, and if that does not work, from the beginning. */

import { readAhead, restorePython } from "./snapshot.js";
import { mountArchives, openArchive } from "./archive.js";

/** @typedef {import("./archive.js").Archive} Archive */

/**
 * @typedef {object} Source
 * @property {import("./snapshots.js").Description} description
 * @property {Promise<Blob | ArrayBuffer>} memory
 * @property {Promise<(Blob | ArrayBuffer)[]>} archives in the description's order
 * @property {Promise<Blob | ArrayBuffer>} stubs
 */

/**
 * How it went: `why` says why it was no snapshot.
 * @typedef {{snapshot: string | null, milliseconds: number, why?: string}} Started
 */

/**
 * @typedef {object} Wanted
 * @property {() => Promise<Source>} source of the snapshot
 * @property {string[]} packages what is loaded where no snapshot can be used
 * @property {typeof import("pyodide").loadPyodide} loadPyodide
 * @property {any} createPyodideModule
 * @property {any} options for loadPyodide
 * @property {Map<string, WebAssembly.Module>} modules compiled before, by path; those that are
 *   compiled now are added
 * @property {(path: string, module: WebAssembly.Module) => void} [onCompiled] another one is, long after the start
 */

const CORE = "pyodide.asm.wasm";

/** @param {Wanted} wanted @returns {Promise<{python: any, started: Started}>} */
export async function startPython(wanted) {
  const begun = performance.now();
  const core = shareCore(wanted.modules);
  const took = () => Math.round(performance.now() - begun);
  try {
    const source = await wanted.source();
    const python = await Promise.race([restore(wanted, source), core.failed]);
    return { python, started: { snapshot: source.description.tier, milliseconds: took() } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.warn(`Python starts without its snapshot: ${why}`);
    const { loadPyodide, createPyodideModule, options, packages } = wanted;
    const python = await loadPyodide({ ...options, createPyodideModule, packages });
    return { python, started: { snapshot: null, milliseconds: took(), why } };
  } finally {
    core.stop();
  }
}

/** @param {Wanted} wanted @param {Source} source */
async function restore(wanted, { description, memory, archives: data, stubs }) {
  const { folder, layout, packages } = description;
  const archives = data.then((found) =>
    Promise.all(found.map(async (each, i) => ({ archive: await openArchive(each), top: topOf(description, i) }))),
  );
  const heap = readAhead(memory);
  for (const each of [archives, heap]) each.catch(() => {}); // who waits for them hears of it
  const { loadPyodide, createPyodideModule, options, modules, onCompiled } = wanted;
  /** @type {Archive[]} */
  let opened = [];
  const compile = (/** @type {string} */ path) => {
    const known = modules.get(path);
    if (known) return known;
    const { holder, start, end } = placeOf(description, path);
    const bytes = /** @type {BufferSource} */ (opened[holder]?.read(start, end));
    const module = new WebAssembly.Module(bytes);
    modules.set(path, module);
    onCompiled?.(path, module);
    return module;
  };
  const parts = {
    layout,
    header: Uint8Array.from(atob(description.header), (character) => character.charCodeAt(0)),
    modules: compileEarly(description, archives, modules),
    compile,
    stubs: bytesOf(stubs),
    heap,
    mount: async (/** @type {any} */ FS) => {
      const found = await archives;
      opened = found.map(({ archive }) => archive);
      mountArchives(FS, folder, found);
    },
  };
  const python = await restorePython(parts, loadPyodide, createPyodideModule, options);
  for (const name of packages) python.loadedPackages[name] = "default channel";
  const frozen = python.pyimport("foldbook.browser.frozen");
  frozen.thaw(python.toPy(environment(options.env)));
  frozen.destroy();
  return python;
}

/**
 * @param {Source["description"]} description
 * @param {Promise<{archive: Archive}[]>} opened
 * @param {Map<string, WebAssembly.Module>} modules
 */
async function compileEarly(description, opened, modules) {
  const missing = description.layout.libraries.filter(({ path, isEarly }) => isEarly && !modules.has(path));
  await Promise.all(
    missing.map(async ({ path }) => {
      const { holder, start, end } = placeOf(description, path);
      const bytes = (await opened)[holder]?.archive.part(start, end);
      modules.set(path, await WebAssembly.compileStreaming(wasmAnswer(/** @type {BodyInit} */ (bytes))));
    }),
  );
  return modules;
}

/** Where a library stands in the archives. @param {Source["description"]} description @param {string} path */
function placeOf({ folder, archives }, path) {
  const inside = path.slice(folder.length + 1);
  const holder = archives.findIndex(({ libraries }) => libraries[inside]);
  const [start, size] = archives[holder]?.libraries[inside] ?? [0, 0];
  if (!size) throw new Error(`${path} expected in the archives; it is not there`);
  return { holder, start, end: start + size };
}

/**
 * Pyodide compiles its core by itself: where that was done before, it gets the result.
 * @param {Map<string, WebAssembly.Module>} modules
 */
function shareCore(modules) {
  const real = WebAssembly.instantiateStreaming;
  /** @type {(error: unknown) => void} */
  let fail = () => {};
  /** Pyodide says nothing where this goes wrong, and waits for ever. @type {Promise<never>} */
  const failed = new Promise((_, reject) => (fail = reject));
  failed.catch(() => {});
  WebAssembly.instantiateStreaming = async (source, imports) => {
    try {
      const answer = await source;
      const module = modules.get(CORE) ?? (await WebAssembly.compileStreaming(answer));
      modules.set(CORE, module);
      return { module, instance: await WebAssembly.instantiate(module, imports) };
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  return { failed, stop: () => (WebAssembly.instantiateStreaming = real) };
}

/** @param {Promise<Blob | ArrayBuffer>} data @returns {Promise<ArrayBuffer>} */
async function bytesOf(data) {
  const found = await data;
  return found instanceof Blob ? found.arrayBuffer() : found;
}

/** @param {Source["description"]} description @param {number} place */
function topOf({ archives }, place) {
  const found = archives[place];
  if (!found) throw new Error(`${archives.length} archives expected, more came`);
  return found;
}

/** A file of the site as the answer to a fetch of Pyodide's. @param {string} url @param {Blob | ArrayBuffer} data */
export function answerWith(url, data) {
  return url.endsWith(".wasm") ? wasmAnswer(data) : new Response(data);
}

/** @param {BodyInit} data */
function wasmAnswer(data) {
  return new Response(data, { headers: { "Content-Type": "application/wasm" } });
}

/** The environment that a Python from the beginning would have. @param {Record<string, string>} own */
function environment(own) {
  const language = (globalThis.navigator?.language ?? "C").replace("-", "_");
  return { ...own, LANG: `${language}.UTF-8` };
}
