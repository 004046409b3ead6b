/**
 * The shared libraries of a restored Python: instantiated at the very places where they were, into a
 * memory that knows them already.
 *
 * Most are linked when one of their functions is called for the first time: until then stand-ins of
 * the same types are in their places of the function table (`.build/snapshots/stubs.mjs`), and call
 * `link`. A start needs few, a notebook as a rule not half of them.
 */

/** @typedef {import("./snapshot.js").Layout} Layout */
/** @typedef {import("./snapshot.js").Library} Library */

/**
 * Put libraries in their places, or what stands for them; before the memory is laid.
 * @param {any} module of Pyodide
 * @param {Layout} layout
 * @param {Map<string, WebAssembly.Module>} compiled the early ones
 * @param {BufferSource} stubs
 * @param {(path: string) => WebAssembly.Module} compile any other one, while it is waited for
 */
export function linkLibraries(module, layout, compiled, stubs, compile) {
  const { wasmTable: table } = module;
  // One entry is CPython's trampoline, which some browsers are too old for; its place stays free then.
  if (table.length > layout.tableStart || table.length < layout.tableStart - 1) {
    throw new Error(`a function table of ${layout.tableStart} entries expected, ${table.length} came`);
  }
  table.grow(layout.tableLength - table.length);
  setAddresses(module, layout);
  const linker = new Linker(module, layout, compile);
  const env = { table, link: (/** @type {number} */ place) => linker.linkLate(place) };
  new WebAssembly.Instance(new WebAssembly.Module(stubs), { env });
  linker.linkEarly(compiled);
  for (const slot of layout.freeSlots) {
    if (!module.freeTableIndexes.includes(slot)) module.freeTableIndexes.push(slot);
  }
}

/** @param {any} module @param {Layout} layout */
function setAddresses({ GOT }, { addresses }) {
  for (const [name, value, isRequired] of addresses) {
    const address = (GOT[name] ??= new WebAssembly.Global({ value: "i32", mutable: true }, -1));
    address.value = value;
    if (isRequired) address.required = true;
  }
}

class Linker {
  /** By their places in the layout. @type {WebAssembly.Instance[]} */ #instances = [];
  /** What each library gives to others, by its file's name. @type {Map<string, Record<string, any>>} */
  #symbols = new Map();
  /** @type {Map<string, number>} */ #places = new Map();

  /** @param {any} module @param {Layout} layout @param {(path: string) => WebAssembly.Module} compile */
  constructor(module, layout, compile) {
    this.module = module;
    this.layout = layout;
    this.compile = compile;
    this.main = module.LDSO.loadedLibsByName.__main__.exports;
    layout.libraries.forEach(({ path }, place) => this.#places.set(nameOf(path), place));
  }

  /** @param {Map<string, WebAssembly.Module>} compiled */
  linkEarly(compiled) {
    this.layout.libraries.forEach((library, place) => {
      if (library.isEarly) this.#link(place, compiled.get(library.path));
      else this.#announce(place);
    });
    this.#fill(-1, this.main);
    this.layout.libraries.forEach(({ isEarly }, place) => isEarly && this.#fillFrom(place));
  }

  /**
   * Link a library whose memory is laid already, and those that it needs. Instantiating writes its
   * data as they are in the file; what has become of them since is put back.
   * @param {number} place
   */
  linkLate(place) {
    if (this.#instances[place]) return;
    const { path, memory, memorySize, needed } = this.#library(place);
    for (const name of needed) {
      const other = this.#places.get(nameOf(name));
      if (other !== undefined) this.linkLate(other);
    }
    const kept = this.module.HEAPU8.slice(memory, memory + memorySize);
    this.#link(place, this.compile(path));
    this.module.HEAPU8.set(kept, memory);
    this.#fillFrom(place);
  }

  /** @param {number} place */
  #library(place) {
    const found = this.layout.libraries[place];
    if (!found) throw new Error(`one of ${this.layout.libraries.length} libraries expected, number ${place} came`);
    return found;
  }

  /** @param {number} place @param {WebAssembly.Module | undefined} compiled */
  #link(place, compiled) {
    const { module } = this;
    const library = this.#library(place);
    if (!compiled) throw new Error(`${library.path} expected; it is not here`);
    const found = module.getDylinkMetadata(compiled);
    if (found.memorySize !== library.memorySize || found.tableSize !== library.tableSize) {
      throw new Error(`${library.path} is another build than the snapshot's`);
    }
    /** @type {{symbols: Record<string, any>}} */
    const own = { symbols: {} };
    const addresses = this.#addresses(found.weakImports);
    const env = this.#environment(library, own);
    const imports = { "GOT.mem": addresses, "GOT.func": addresses, env, wasi_snapshot_preview1: env };
    const instance = new WebAssembly.Instance(compiled, imports);
    this.#instances[place] = instance;
    own.symbols = module.relocateExports(instance.exports, library.memory);
    this.#symbols.set(nameOf(library.path), own.symbols);
    const entry = module.LDSO.loadedLibsByName[library.path] ?? this.#register(library);
    Object.defineProperty(entry, "exports", { value: own.symbols, writable: true, configurable: true });
    if (library.isGlobal) module.mergeLibSymbols(own.symbols, library.path);
  }

  /** Who asks such a library for a symbol has it linked. @param {number} place */
  #announce(place) {
    const library = this.#library(place);
    const get = () => {
      this.linkLate(place);
      return this.#symbols.get(nameOf(library.path));
    };
    Object.defineProperty(this.#register(library), "exports", { get, configurable: true });
  }

  /** @param {Library} library */
  #register({ path, isGlobal, handles }) {
    const entry = this.module.newDSO(path, undefined, {});
    entry.global = isGlobal;
    entry.refcount = Infinity;
    for (const handle of handles) this.module.LDSO.loadedLibsByHandle[handle] = entry;
    return entry;
  }

  /** @param {number} place of a library whose own part of the table is filled */
  #fillFrom(place) {
    const { table, tableSize } = this.#library(place);
    this.module.updateTableMap(table, tableSize);
    this.#fill(place, this.#instances[place]?.exports ?? {});
  }

  /** The entries that somebody's functions have got outside of its own part. @param {number} whose @param {any} exports */
  #fill(whose, exports) {
    const { wasmTable: table } = this.module;
    for (const [index, owner, name] of this.layout.functions) {
      if (owner !== whose) continue;
      if (!exports[name]) throw new Error(`a function ${name} expected for entry ${index}; there is none`);
      table.set(index, exports[name]);
      this.module.updateTableMap(index, 1);
    }
  }

  /** Addresses by name, as `GOT` has them. @param {Set<string>} weak */
  #addresses(weak) {
    const { GOT, GOTHandler } = this.module;
    const get = (/** @type {object} */ _, /** @type {string} */ name) => GOT[name] ?? GOTHandler.get(weak, name);
    return new Proxy({}, { get });
  }

  /**
   * What a library imports: its places, Pyodide's functions, and those of others, which are looked
   * up when they are called, as some come with a library that is linked later.
   * @param {Library} library
   * @param {{symbols: Record<string, any>}} own
   */
  #environment(library, own) {
    /** @type {Record<string, any>} */
    const stubs = Object.create(null);
    const get = (/** @type {object} */ _, /** @type {string} */ name) => {
      if (name === "__memory_base") return library.memory;
      if (name === "__table_base") return library.table;
      const known = this.main[name];
      if (known !== undefined && !known.stub) return known;
      stubs[name] ??= (/** @type {any[]} */ ...values) => this.#find(library, own, name)(...values);
      return stubs[name];
    };
    return new Proxy({}, { get });
  }

  /** @param {Library} library @param {{symbols: Record<string, any>}} own @param {string} name */
  #find(library, own, name) {
    const known = this.main[name];
    if (known && !known.stub) return known;
    const others = library.needed.map((each) => this.#symbols.get(nameOf(each))?.[name]);
    const found = others.find(Boolean) ?? own.symbols[name];
    if (!found) throw new Error(`${library.path} calls ${name}, which nobody has`);
    return found;
  }
}

/** @param {string} path */
function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}
