/**
 * Stand-ins for the functions of libraries that are linked only when one of them is called.
 *
 * A restored memory knows a library's functions by their places in the function table, and a call
 * through the table checks the type. So each place gets a function of the very type that belongs
 * there, which says which library is wanted and then calls what stands in its place by then.
 */

import {
  EXPORTS,
  FUNCTION_TYPE,
  HEADER,
  IMPORTS,
  TYPES,
  leb,
  name,
  section,
  vector,
} from "../../site/wasm_format.js";

const FUNCTIONS = 3;
const ELEMENTS = 9;
const CODE = 10;
const VALUE_TYPES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]); // numbers, vectors, references

/**
 * @typedef {{parameters: number[], results: number[]}} Type of a function; value types as in wasm
 * @typedef {{library: number, index: number, type: Type}} Place in the table, and whose it is
 */

/** Reads WebAssembly's binary format. */
class Reader {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    if (this.at >= this.bytes.length) throw new Error("a WebAssembly module expected, it ends in the middle");
    return this.bytes[this.at++];
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  skipName() {
    const length = this.number();
    this.at += length;
  }

  name() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  /** @template T @param {() => T} read @returns {T[]} */
  list(read) {
    return Array.from({ length: this.number() }, read);
  }

  valueType() {
    const type = this.byte();
    if (!VALUE_TYPES.has(type)) throw new Error(`a plain value type expected, 0x${type.toString(16)} came`);
    return type;
  }

  /** Limits of a table or a memory. */
  skipLimits() {
    const flags = this.byte();
    this.number();
    if (flags & 1) this.number();
  }
}

/**
 * What a library's table and exports hold, by type.
 * @param {Uint8Array} bytes of the library
 * @returns {{table: Type[], exported: Map<string, Type>}} table: in the order of its places
 */
export function functionTypes(bytes) {
  const sections = sectionsOf(bytes);
  const at = (/** @type {number} */ id) => new Reader(sections.get(id) ?? Uint8Array.of(0));
  const types = readTypes(at(TYPES));
  const functions = [...readImported(at(IMPORTS)), ...readNumbers(at(FUNCTIONS))].map((type) => types[type]);
  const exported = new Map(readExported(at(EXPORTS)).map(([name, index]) => [name, functions[index]]));
  return { table: readElements(at(ELEMENTS)).map((index) => functions[index]), exported };
}

/** @param {Uint8Array} bytes @returns {Map<number, Uint8Array>} */
function sectionsOf(bytes) {
  if (HEADER.some((byte, i) => bytes[i] !== byte)) throw new Error("a WebAssembly module expected");
  const reader = new Reader(bytes, HEADER.length);
  const found = new Map();
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const length = reader.number();
    found.set(id, bytes.subarray(reader.at, reader.at + length));
    reader.at += length;
  }
  return found;
}

/** @param {Reader} reader @returns {Type[]} */
function readTypes(reader) {
  return reader.list(() => {
    if (reader.byte() !== FUNCTION_TYPE) throw new Error("function types expected, another kind came");
    const values = () => reader.list(() => reader.valueType());
    return { parameters: values(), results: values() };
  });
}

/** The types of imported functions, by number. @param {Reader} reader @returns {number[]} */
function readImported(reader) {
  const found = reader.list(() => {
    reader.skipName();
    reader.skipName();
    return readImport(reader);
  });
  return found.filter((type) => type !== null);
}

/** @param {Reader} reader @returns {number | null} the type of a function */
function readImport(reader) {
  const kind = reader.byte();
  if (kind === 0) return reader.number();
  if (kind === 1) reader.byte();
  if (kind === 1 || kind === 2) reader.skipLimits();
  else if (kind === 3) reader.at += 2;
  else if (kind === 4) {
    reader.byte();
    reader.number();
  } else throw new Error(`an import of kind 0 to 4 expected, ${kind} came`);
  return null;
}

/** @param {Reader} reader @returns {number[]} */
function readNumbers(reader) {
  return reader.list(() => reader.number());
}

/** @param {Reader} reader @returns {[name: string, index: number][]} functions */
function readExported(reader) {
  const found = reader.list(() => [reader.name(), reader.byte(), reader.number()]);
  return found.filter(([, kind]) => kind === 0).map(([name, , index]) => [name, index]);
}

/** What stands in the table from its start on: Emscripten fills it with one active segment. @param {Reader} reader @returns {number[]} */
function readElements(reader) {
  const segments = reader.list(() => {
    const flags = reader.number();
    const [get] = [reader.byte(), reader.number()];
    if (flags !== 0 || get !== 0x23 || reader.byte() !== 0x0b) {
      throw new Error("a table that is filled from the library's own base expected");
    }
    return readNumbers(reader);
  });
  if (segments.length > 1) throw new Error(`one segment of the table expected, ${segments.length} came`);
  return segments[0] ?? [];
}

/**
 * A module with a function for each place. Instantiated, it fills the table that it imports
 * (`env.table`); each function calls `env.link` with the number of its library first.
 * @param {Place[]} places in ascending order
 * @param {number} tableLength
 * @returns {Uint8Array}
 */
export function makeStubs(places, tableLength) {
  /** @type {Map<string, {index: number, type: Type}>} */
  const types = new Map();
  const typeOf = (/** @type {Type} */ type) => {
    const key = `${type.parameters}:${type.results}`;
    const known = types.get(key) ?? { index: types.size, type };
    types.set(key, known);
    return known.index;
  };
  const link = typeOf({ parameters: [0x7f], results: [] });
  const own = places.map(({ type }) => typeOf(type));
  const code = places.map((place, i) => stub(place, own[i]));
  const encodedTypes = [...types.values()].map(({ type: { parameters, results } }) => [
    FUNCTION_TYPE,
    ...vector(parameters.map((value) => [value])),
    ...vector(results.map((value) => [value])),
  ]);
  const imports = [
    [...name("env"), ...name("table"), 1, 0x70, 0, ...leb(tableLength)],
    [...name("env"), ...name("link"), 0, ...leb(link)],
  ];
  return Uint8Array.from([
    ...HEADER,
    ...section(TYPES, encodedTypes),
    ...section(IMPORTS, imports),
    ...section(FUNCTIONS, own.map(leb)),
    ...section(ELEMENTS, elements(places)),
    ...section(CODE, code),
  ]);
}

/** @param {Place} place @param {number} type */
function stub({ library, index, type }, typeIndex) {
  const body = [0, 0x41, ...signed(library), 0x10, 0]; // no locals; link(library)
  type.parameters.forEach((_, i) => body.push(0x20, ...leb(i)));
  body.push(0x41, ...signed(index), 0x11, ...leb(typeIndex), 0, 0x0b); // call what stands there
  return [...leb(body.length), ...body];
}

/** Runs of neighbouring places; the first function is the import. @param {Place[]} places */
function elements(places) {
  /** @type {number[][]} */
  const runs = [];
  places.forEach(({ index }, i) => {
    const isNext = i > 0 && places[i - 1].index + 1 === index;
    if (isNext) runs.at(-1)?.push(i + 1);
    else runs.push([i + 1]);
  });
  return runs.map((run) => {
    const { index } = places[run[0] - 1];
    return [0, 0x41, ...signed(index), 0x0b, ...vector(run.map(leb))];
  });
}

/** A number as a constant of the code, whose sign is the last byte's second bit. @param {number} value not negative */
function signed(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x40) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
