/**
 * JavaScript functions in the function table of Pyodide. Emscripten puts some 260 there at each start:
 * it tries each as it is, which throws, and makes a WebAssembly module for it to go through. Here all
 * of them go through one.
 */

import { EXPORTS, FUNCTION_TYPE, HEADER, IMPORTS, TYPES, leb, name, section, vector } from "./wasm_format.js";

/** Value types as the letters of Emscripten's signatures; v is no value. @type {Record<string, number>} */
const LETTERS = { i: 0x7f, p: 0x7f, j: 0x7e, f: 0x7d, d: 0x7c, e: 0x6f };

/** @typedef {((...values: any[]) => any) & {sig?: string}} Callback sig: its result, then what it takes */

/**
 * From now on a function that tells its signature is kept instead of being put into a table, until
 * what is returned is called: then all are in their places. Nothing may call one before; to call it
 * again does nothing.
 * @returns {() => void}
 */
export function gatherCallbacks() {
  const { set } = WebAssembly.Table.prototype;
  /** @type {Map<WebAssembly.Table, Map<number, Callback>>} */
  const gathered = new Map();
  WebAssembly.Table.prototype.set = function (index, value) {
    const callback = /** @type {Callback} */ (value);
    if (typeof value !== "function" || !isSignature(callback.sig)) return set.call(this, index, value);
    const places = gathered.get(this) ?? new Map();
    gathered.set(this, places.set(index, callback));
    return undefined;
  };
  return () => {
    WebAssembly.Table.prototype.set = set;
    for (const [table, places] of gathered) {
      const functions = throughWasm([...places.values()]);
      [...places.keys()].forEach((index, i) => table.set(index, functions[i]));
    }
    gathered.clear();
  };
}

/** @param {unknown} sig */
function isSignature(sig) {
  return typeof sig === "string" && /^[vipjfde][ipjfde]*$/.test(sig);
}

/** The same functions as WebAssembly's own. @param {Callback[]} callbacks */
export function throughWasm(callbacks) {
  const signatures = [...new Set(callbacks.map(({ sig = "v" }) => sig))];
  const types = signatures.map((sig) => {
    const values = (/** @type {string} */ letters) => vector([...letters].map((letter) => [LETTERS[letter] ?? 0]));
    return [FUNCTION_TYPE, ...values(sig.slice(1)), ...values(sig[0] === "v" ? "" : sig.slice(0, 1))];
  });
  const names = callbacks.map((_, i) => String(i));
  const imports = callbacks.map(({ sig = "v" }, i) => [
    ...name("e"),
    ...name(names[i] ?? ""),
    0,
    ...leb(signatures.indexOf(sig)),
  ]);
  const exports = names.map((each, i) => [...name(each), 0, ...leb(i)]);
  const bytes = [...HEADER, ...section(TYPES, types), ...section(IMPORTS, imports), ...section(EXPORTS, exports)];
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  const { exports: found } = new WebAssembly.Instance(module, { e: Object.fromEntries(callbacks.entries()) });
  return names.map((each) => /** @type {Function} */ (found[each]));
}
