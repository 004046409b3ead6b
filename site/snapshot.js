/**
 * A Python that was started before: the memory of a Pyodide with packages imported, compiled ones
 * too, laid over a fresh one. `build.py` makes the snapshots (`.build/snapshots/`).
 *
 * Pyodide itself can restore its memory, but not the shared libraries of compiled packages. They
 * are instantiated again at the very places where they were, without relocations and constructors,
 * whose effects are in the memory already; then the function table and the table of addresses (GOT)
 * get the entries that they had (`linker.js`). Everything used here is on Pyodide's `_module`, since
 * it is linked with all symbols exported; the snapshot fits one build of Pyodide only, and that is
 * checked.
 */

import { gatherCallbacks } from "./callbacks.js";
import { linkLibraries } from "./linker.js";

/**
 * @typedef {object} Library a shared library, in the order of loading
 * @property {string} path in Python's file system
 * @property {number} memory where its data starts
 * @property {number} memorySize
 * @property {number} table where its functions start
 * @property {number} tableSize
 * @property {string[]} needed names of libraries that it needs
 * @property {boolean} isGlobal whether others see its symbols
 * @property {boolean} isEarly whether it is linked at the start, not when it is first called
 * @property {number[]} handles that dlopen gave out for it
 */

/** @typedef {[start: number, length: number]} Run bytes of the memory */

/**
 * @typedef {object} Layout what of a Pyodide's state is not in its memory
 * @property {number} heapLength bytes
 * @property {Run[]} runs where the memory is not all zeros
 * @property {Run[]} changes where it differs from the memory of the snapshot that this one builds on
 * @property {number} tableStart entries of the function table before the first library
 * @property {number} tableLength
 * @property {Library[]} libraries
 * @property {[name: string, value: number, isRequired: boolean][]} addresses GOT entries that a
 *   fresh Pyodide has otherwise
 * @property {[index: number, owner: number, name: string][]} functions table entries outside the
 *   libraries' own; owner: a library's place, or -1 for Pyodide
 * @property {number[]} freeSlots table entries that may be used again
 * @property {{place: number, supported: number, unsupported: number}} waiting the word of the memory
 *   that says how Python waits for JavaScript: with the browser's stack switching (JSPI), or not
 * @property {number | null} chance where the state of NumPy's legacy generator is: 624 words that are
 *   made new, and its position among them
 */

/** @typedef {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} Pieces */

/**
 * @typedef {object} Parts
 * @property {Layout} layout
 * @property {Uint8Array} header as Pyodide's own snapshot begins, without memory
 * @property {Promise<Map<string, WebAssembly.Module>>} modules compiled early libraries, by path
 * @property {(path: string) => WebAssembly.Module} compile any other one
 * @property {Promise<BufferSource>} stubs a module of functions that stand for the others
 * @property {Promise<Pieces>} heap what stands in the layout's runs, one after the other
 * @property {(FS: any) => Promise<void> | void} mount puts the packages' files in their places
 */

const PIECES_AHEAD = 256; // of a megabyte or so, as browsers make them
const CHANCE_WORDS = 624; // of MT19937

/**
 * Start Pyodide with a snapshot laid over it.
 * @param {Parts} parts
 * @param {typeof import("pyodide").loadPyodide} loadPyodide
 * @param {any} createPyodideModule of `pyodide.asm.mjs`
 * @param {any} options for loadPyodide
 * @returns {Promise<any>} Pyodide
 * @throws {Error} where the snapshot does not fit
 */
export async function restorePython(parts, loadPyodide, createPyodideModule, options) {
  const { layout, header } = parts;
  const create = async (/** @type {any} */ settings) => {
    settings.INITIAL_MEMORY = layout.heapLength;
    const instantiate = settings.instantiateWasm;
    settings.instantiateWasm = (/** @type {any} */ imports, /** @type {any} */ receive) =>
      instantiate(imports, (/** @type {WebAssembly.Instance} */ core, /** @type {any} */ compiled) => {
        identifyFunctions(core);
        receive(core, compiled);
      });
    const placeCallbacks = gatherCallbacks();
    settings.preRun.push(placeCallbacks); // before anything of Python runs
    const module = await createPyodideModule(settings).finally(placeCallbacks);
    if (module.HEAP8.length !== layout.heapLength && module.growMemory(layout.heapLength) !== 1) {
      throw new Error(`${layout.heapLength} bytes of memory expected, there are not so many`);
    }
    linkLibraries(module, layout, await parts.modules, await parts.stubs, parts.compile);
    await layMemory(module, layout, await parts.heap);
    await parts.mount(module.FS);
    return module;
  };
  return loadPyodide({ ...options, _loadSnapshot: header, createPyodideModule: create });
}

/**
 * Make the functions that Pyodide exports the same objects as those in its table. By that Emscripten
 * knows which have an address, and adds the others to the table, so all addresses hang on it. WebKit
 * makes another object for each entry of the table, against the standard; Emscripten would add all
 * again there, and no address would be the snapshot's. The name of such an object is by the standard
 * the number of the function in its module, and no import of Pyodide's is in its table. Where the
 * first two objects are the same, all are.
 * @param {WebAssembly.Instance} core
 */
function identifyFunctions({ exports }) {
  const functions = Object.values(exports).filter((each) => typeof each === "function");
  const table = /** @type {WebAssembly.Table} */ (exports.__indirect_function_table);
  const known = new Set(functions);
  for (let index = 0; index < table.length; index++) {
    if (known.has(table.get(index))) return; // this browser keeps to the standard
  }
  const byNumber = new Map(functions.map((each) => [each.name, each]));
  for (let index = 0; index < table.length; index++) {
    const exported = byNumber.get(table.get(index)?.name);
    if (exported) table.set(index, exported);
  }
}

/**
 * The bytes of a memory, piece by piece; a blob is read at once, ahead of whoever takes them.
 * @param {Promise<Blob | ArrayBuffer>} coming bytes where a browser reads no blob here
 * @returns {Promise<Pieces>}
 */
export async function readAhead(coming) {
  const heap = await coming;
  if (!(heap instanceof Blob)) return [new Uint8Array(heap)];
  const reader = heap.stream().getReader();
  const asked = Array.from({ length: PIECES_AHEAD }, () => reader.read());
  asked.forEach((each) => each.catch(() => {})); // who takes them hears of it
  return (async function* () {
    for (let piece = await asked.shift(); piece && !piece.done; piece = await asked.shift()) {
      asked.push(reader.read());
      yield piece.value;
    }
  })();
}

/**
 * @param {any} module
 * @param {Layout} layout
 * @param {Pieces} pieces of the memory
 */
async function layMemory(module, { runs, waiting, chance }, pieces) {
  // The browser decides how Python calls C functions, and this is its decision here.
  const trampoline = trampolinePlace(module);
  const own = module.HEAP32[trampoline];
  // Beyond what is in use now all is zero as it is, and untouched it takes no room.
  module.HEAPU8.fill(0, 0, module._sbrk(0));
  const laid = new Laying(module.HEAPU8, runs);
  for await (const piece of pieces) laid.lay(piece);
  laid.end();
  module.HEAP32[trampoline] = own;
  module.HEAP32[waiting.place] = module.jspiSupported ? waiting.supported : waiting.unsupported;
  if (chance) refill(module, chance);
}

/** Bytes that go where runs are, one after the other. */
class Laying {
  #run = 0;
  #within = 0;
  #count = 0;

  /** @param {Uint8Array} memory @param {Run[]} runs */
  constructor(memory, runs) {
    this.memory = memory;
    this.runs = runs;
  }

  /** @param {Uint8Array} bytes */
  lay(bytes) {
    this.#count += bytes.length;
    for (let from = 0; from < bytes.length && this.#run < this.runs.length; ) {
      const [start, length] = /** @type {Run} */ (this.runs[this.#run]);
      const part = bytes.subarray(from, from + length - this.#within);
      this.memory.set(part, start + this.#within);
      from += part.length;
      this.#within += part.length;
      if (this.#within < length) continue;
      this.#run += 1;
      this.#within = 0;
    }
  }

  /** @throws {Error} where it was too little, or too much */
  end() {
    const expected = this.runs.reduce((sum, [, length]) => sum + length, 0);
    if (this.#count !== expected) throw new Error(`${expected} bytes of memory expected, ${this.#count} came`);
  }
}

/** Any words are a state; at the end of them the generator makes new ones. @param {any} module @param {number} chance */
function refill({ HEAPU8, HEAP32 }, chance) {
  HEAPU8.set(crypto.getRandomValues(new Uint8Array(4 * CHANCE_WORDS)), chance);
  HEAP32[(chance >>> 2) + CHANCE_WORDS] = CHANCE_WORDS;
}

/**
 * Give the memory of bytes back now: who knows when the collector comes. They are empty afterwards.
 * A message takes them along, and nobody is there to receive it; to shrink the buffer is not
 * enough, as browsers hold a second reference to what they made themselves.
 * @param {Uint8Array} bytes
 */
export function release(bytes) {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(null, [/** @type {ArrayBuffer} */ (bytes.buffer)]);
  port1.close();
}

/** @param {any} module @returns {number} where CPython keeps the address of its trampoline */
export function trampolinePlace(module) {
  return (module.__PyRuntime + module.HEAP32[module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >>> 2]) >>> 2;
}
