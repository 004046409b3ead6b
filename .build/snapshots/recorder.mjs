/**
 * Records, while a Pyodide is at work, what of its state is not in its memory (the layout that
 * `site/snapshot.js` restores).
 */

import { functionTypes, makeStubs } from "./stubs.mjs";

const RealInstance = WebAssembly.Instance;
/** Where a loaded library's bytes are kept (`struct dso` of Emscripten's dynlink.c). */
const DSO_DATA = 28;
const DSO_SIZE = 32;
const FREE_PIECES = [1 << 20, 1 << 18, 1 << 16, 1 << 14, 1 << 12, 1 << 10, 256];
const MARGIN = 1 << 17; // bytes at the top of the memory below which nothing more is taken

export class Recorder {
  /** @type {{path: string, memory: number, table: number, found: any, instance: WebAssembly.Instance}[]} */
  #loaded = [];
  #module = null;
  #tableStart = 0;
  #addresses = new Map();
  #early = 0;

  /**
   * From now on every library that is loaded is seen.
   * @param {import("../../site/snapshot.js").Layout["waiting"]} waiting
   */
  constructor(waiting) {
    this.waiting = waiting;
    const see = (compiled, imports) => this.#see(compiled, imports);
    WebAssembly.Instance = function Instance(compiled, imports) {
      return see(compiled, imports);
    };
    WebAssembly.Instance.prototype = RealInstance.prototype;
  }

  /** A fresh module, before anything was loaded into it. */
  begin(module, trampoline) {
    this.#module = module;
    // Some browsers have a table that is longer by one entry, the trampoline's: a snapshot made
    // with the longer one fits both.
    if (!module.HEAP32[trampoline]) module.wasmTable.grow(1);
    this.#tableStart = module.wasmTable.length;
    for (const [name, address] of Object.entries(module.GOT)) this.#addresses.set(name, address.value);
  }

  /** What was loaded up to now is called at every start: it is linked then, and not when it is called. */
  endEarly() {
    this.#early = this.#loaded.length;
  }

  #isEarly(place) {
    return place < this.#early || Boolean(this.#module.LDSO.loadedLibsByName[this.#loaded[place].path].global);
  }

  #see(compiled, imports) {
    const instance = new RealInstance(compiled, imports);
    if (!imports || !("GOT.mem" in imports)) return instance;
    const seen = new Set(this.#loaded.map((each) => each.path));
    const loading = Object.entries(this.#module.LDSO.loadedLibsByName).filter(
      ([path, library]) => library.exports === "loading" && !seen.has(path),
    );
    if (loading.length === 0) throw new Error("a library that is being loaded expected; there is none");
    const [path] = loading.at(-1);
    this.#loaded.push({
      path,
      memory: imports.env.__memory_base,
      table: imports.env.__table_base,
      found: this.#module.getDylinkMetadata(compiled),
      instance,
    });
    this.#forgetBytes(path);
    return instance;
  }

  /** dlopen keeps the bytes of a library's file for ever; nobody needs them. */
  #forgetBytes(path) {
    const { LDSO, HEAPU8, HEAPU32, _free } = this.#module;
    for (const [handle, library] of Object.entries(LDSO.loadedLibsByHandle)) {
      if (library.exports !== "loading" || library.name !== path) continue;
      const data = (Number(handle) + DSO_DATA) >>> 2;
      const size = (Number(handle) + DSO_SIZE) >>> 2;
      if (!HEAPU32[data]) continue;
      HEAPU8.fill(0, HEAPU32[data], HEAPU32[data] + HEAPU32[size]);
      _free(HEAPU32[data]);
      HEAPU32[data] = HEAPU32[size] = 0;
    }
  }

  /** Make what is unused in the memory zero: it packs better, and tells nothing of this machine. */
  clean() {
    const module = this.#module;
    const end = module._emscripten_stack_get_end();
    module.HEAPU8.fill(0, end, module._emscripten_stack_get_current());
    const taken = [];
    for (const size of FREE_PIECES) {
      while (module._sbrk(0) + size + MARGIN < module.HEAPU8.length) {
        const place = module._malloc(size);
        if (!place) break;
        taken.push(place);
        module.HEAPU8.fill(0, place, place + size);
      }
    }
    for (const place of taken) module._free(place);
  }

  /** @returns {import("../../site/snapshot.js").Layout} */
  layout() {
    const module = this.#module;
    refuseOpenFiles(module.FS);
    const owners = this.#owners();
    const isOwn = (index) =>
      this.#loaded.some(({ table, found }) => index >= table && index < table + found.tableSize);
    const functions = [];
    for (let index = this.#tableStart; index < module.wasmTable.length; index++) {
      const held = isOwn(index) ? null : module.wasmTable.get(index);
      if (!held) continue;
      const owner = owners.get(held);
      if (!owner && !module.freeTableIndexes.includes(index)) {
        throw new Error(`entry ${index} of the function table (${held.name}) belongs to nobody: a live callback?`);
      }
      if (owner) functions.push([index, ...owner]);
    }
    return {
      heapLength: module.HEAPU8.length,
      tableStart: this.#tableStart,
      tableLength: module.wasmTable.length,
      libraries: this.#libraries(),
      addresses: this.#changedAddresses(),
      functions,
      freeSlots: [...module.freeTableIndexes],
      waiting: this.waiting,
    };
  }

  /** Who exports a function: [place of the library or -1, name]. */
  #owners() {
    const owners = new Map();
    const add = (exported, owner) => {
      for (const [name, each] of Object.entries(exported)) {
        if (typeof each === "function" && !owners.has(each)) owners.set(each, [owner, name]);
      }
    };
    this.#loaded.forEach(({ instance }, i) => add(instance.exports, i));
    add(this.#module.LDSO.loadedLibsByName.__main__.exports, -1);
    return owners;
  }

  /**
   * What stands in the table for the libraries that are not linked at the start.
   * @param {import("../../site/snapshot.js").Layout} layout of the same moment
   */
  stubs({ libraries, functions, tableLength }) {
    const places = [];
    libraries.forEach(({ path, table, tableSize, isEarly }, library) => {
      if (isEarly) return;
      const types = functionTypes(this.#module.FS.readFile(path));
      if (types.table.length !== tableSize) {
        throw new Error(`${path}: ${tableSize} functions in the table expected, there are ${types.table.length}`);
      }
      types.table.forEach((type, i) => places.push({ library, index: table + i, type }));
      for (const [index, owner, name] of functions) {
        if (owner === library) places.push({ library, index, type: types.exported.get(name) });
      }
    });
    return makeStubs(places.sort((a, b) => a.index - b.index), tableLength);
  }

  #libraries() {
    const { loadedLibsByName, loadedLibsByHandle } = this.#module.LDSO;
    const handles = Object.entries(loadedLibsByHandle).filter(([handle]) => Number(handle) !== 0);
    return this.#loaded.map(({ path, memory, table, found }, place) => ({
      path,
      memory,
      memorySize: found.memorySize,
      table,
      tableSize: found.tableSize,
      needed: [...found.neededDynlibs],
      isGlobal: Boolean(loadedLibsByName[path].global),
      isEarly: this.#isEarly(place),
      handles: handles.filter(([, each]) => each === loadedLibsByName[path]).map(([handle]) => Number(handle)),
    }));
  }

  #changedAddresses() {
    return Object.entries(this.#module.GOT)
      .filter(([name, address]) => this.#addresses.get(name) !== address.value)
      .map(([name, address]) => [name, address.value, Boolean(address.required)]);
  }
}

function refuseOpenFiles(FS) {
  const open = FS.streams.filter((stream) => stream && stream.fd > 2).map(({ path }) => path);
  if (open.length) throw new Error(`no open file expected, there are ${open}: frozen.py is to close them`);
}
