/**
 * Archives as files of Pyodide's file system, without reading them: what one holds is looked up when
 * somebody first looks into its folders, and a file is inflated when it is first read. They are zip
 * archives, as wheels are, and stay as packed as they came, and where they are.
 */

import { inflateSync } from "fflate";

/**
 * @typedef {object} Top what an archive has at its top, so that it need not be read to be mounted
 * @property {string[]} folders
 * @property {string[]} files
 */

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const HEADER = 30; // bytes of a local header before the name
const TAIL = 22 + 0xffff; // bytes at the end among which the directory's place is told
const EXTRA = 256; // bytes that a local header may have beyond the directory's, as a rule
const FILE_MODE = 0o100644;
const FOLDER_MODE = 0o40777;
const INPUT_ERROR = 29; // EIO, as Emscripten counts

/** A zip archive, in memory or wherever a blob is. */
export class Archive {
  /** @type {Map<string, Entry> | undefined} */ #entries;

  /** @param {Blob | Uint8Array} data a blob is read in a worker only, where one can wait for it */
  constructor(data) {
    this.data = data;
    this.size = data instanceof Blob ? data.size : data.length;
  }

  /**
   * The files that it holds, by path; folders are left out.
   * @returns {Map<string, Entry>}
   * @throws {TypeError} where it is no zip archive as wheels are
   */
  get entries() {
    this.#entries ??= new Map(readDirectory(this).map((entry) => [entry.path, entry]));
    return this.#entries;
  }

  /** Bytes, wherever they are. @param {number} from @param {number} to @returns {Blob | Uint8Array} */
  part(from, to) {
    return this.data instanceof Blob ? this.data.slice(from, to) : this.data.subarray(from, to);
  }

  /** @param {number} from @param {number} to @returns {Uint8Array} */
  read(from, to) {
    const part = this.part(from, to);
    if (!(part instanceof Blob)) return part;
    const reader = new /** @type {any} */ (globalThis).FileReaderSync();
    return new Uint8Array(reader.readAsArrayBuffer(part));
  }
}

/**
 * An archive as it can be read here: where it is, by Chromium; whole, and before, by the others. Firefox
 * (seen with 153) may wait for ever when a blob is read while the worker waits and another one is being
 * read meanwhile. WebKit (seen with 2.50) may begin another task while it waits for a blob, in the midst
 * of Python's reading of a file.
 * @param {Blob | ArrayBuffer} data
 * @returns {Promise<Archive>}
 */
export async function openArchive(data) {
  if (!(data instanceof Blob)) return new Archive(new Uint8Array(data));
  if (navigator.userAgent.includes("Chrome/")) return new Archive(data);
  return new Archive(new Uint8Array(await data.arrayBuffer()));
}

/** A file of an archive. */
export class Entry {
  /**
   * @param {Archive} archive
   * @param {string} path within the archive
   * @param {{at: number, names: number, length: number, size: number, isDeflated: boolean}} how
   *   names: bytes that the path takes; length: of the packed bytes; size: when it is unpacked
   */
  constructor(archive, path, { at, names, length, size, isDeflated }) {
    this.archive = archive;
    this.path = path;
    this.at = at;
    this.least = HEADER + names + length;
    this.length = length;
    this.size = size;
    this.isDeflated = isDeflated;
  }

  /** Its bytes as they are packed. @returns {Uint8Array} */
  read() {
    const found = this.archive.read(this.at, this.#likelyEnd);
    const start = this.#startIn(found);
    if (start + this.length <= found.length) return found.subarray(start, start + this.length);
    return this.archive.read(this.at + start, this.at + start + this.length);
  }

  /** @returns {Uint8Array} */
  unpack() {
    const packed = this.read();
    return this.isDeflated ? inflateSync(packed, { out: new Uint8Array(this.size) }) : packed;
  }

  get #likelyEnd() {
    return Math.min(this.archive.size, this.at + this.least + EXTRA);
  }

  /** The local header's own names count: its extra field may differ from the directory's. @param {Uint8Array} local */
  #startIn(local) {
    const view = viewOf(local);
    if (view.byteLength < HEADER || view.getUint32(0, true) !== LOCAL) {
      throw new TypeError(`${this.path}: a file expected at byte ${this.at}`);
    }
    return HEADER + view.getUint16(26, true) + view.getUint16(28, true);
  }
}

/** @param {Archive} archive @returns {Entry[]} */
function readDirectory(archive) {
  const first = Math.max(0, archive.size - TAIL);
  const tail = archive.read(first, archive.size);
  const end = findEnd(viewOf(tail));
  const count = viewOf(tail).getUint16(end + 10, true);
  const start = viewOf(tail).getUint32(end + 16, true);
  const directory = start >= first ? tail.subarray(start - first) : archive.read(start, first + end);
  const view = viewOf(directory);
  /** @type {Entry[]} */
  const entries = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== DIRECTORY) throw new TypeError(`a directory entry expected at byte ${start + at}`);
    const names = view.getUint16(at + 28, true);
    const path = new TextDecoder().decode(directory.subarray(at + 46, at + 46 + names));
    if (!path.endsWith("/")) entries.push(readEntry(archive, path, view, at));
    at += 46 + names + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** @param {DataView} view of the archive's end @returns {number} */
function findEnd(view) {
  for (let at = view.byteLength - 22; at >= 0; at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new TypeError(`a zip archive expected, ${view.byteLength} bytes without a directory came`);
}

/** @param {Archive} archive @param {string} path @param {DataView} view @param {number} at @returns {Entry} */
function readEntry(archive, path, view, at) {
  const method = view.getUint16(at + 10, true);
  if (method !== STORED && method !== DEFLATED) throw new TypeError(`${path}: packed by method ${method}`);
  return new Entry(archive, path, {
    at: view.getUint32(at + 42, true),
    names: view.getUint16(at + 28, true),
    length: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    isDeflated: method === DEFLATED,
  });
}

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Put what archives hold into a folder; none is read before somebody looks.
 * @param {any} FS Pyodide's file system
 * @param {string} folder
 * @param {{archive: Archive, top: Top}[]} archives
 */
export function mountArchives(FS, folder, archives) {
  FS.mkdirTree(folder);
  const { node: parent } = FS.lookupPath(folder);
  /** @type {Map<string, Archive[]>} */
  const holders = new Map();
  for (const { archive, top } of archives) {
    for (const name of top.files) mountFile(FS, parent, name, () => entryOf(archive, name));
    for (const name of top.folders) holders.set(name, [...(holders.get(name) ?? []), archive]);
  }
  for (const [name, found] of holders) mountFolder(FS, parent, name, found);
}

/** @param {Archive} archive @param {string} path */
function entryOf(archive, path) {
  const found = archive.entries.get(path);
  if (!found) throw new TypeError(`an archive with ${path} expected; it is not in there`);
  return found;
}

/** A folder that gets its files when they are asked for. @param {any} FS @param {any} parent @param {string} name @param {Archive[]} archives */
function mountFolder(FS, parent, name, archives) {
  const known = parent.contents[name];
  if (known) return fillFolder(FS, known, name, archives);
  const node = parent.node_ops.mknod(parent, name, FOLDER_MODE, 0);
  const { node_ops: operations, contents } = node;
  const fill = () => {
    reading(FS, () => archives.forEach((archive) => archive.entries)); // where this fails all stays as it is
    node.node_ops = operations;
    become(node, "contents", contents);
    fillFolder(FS, node, name, archives);
    return contents;
  };
  node.node_ops = {
    ...operations,
    lookup: (/** @type {any} */ self, /** @type {string} */ child) => fill()[child] ?? operations.lookup(self, child),
  };
  Object.defineProperty(node, "contents", { get: fill, enumerable: true, configurable: true });
}

/** @param {any} FS @param {any} top @param {string} name @param {Archive[]} archives */
function fillFolder(FS, top, name, archives) {
  const folders = new Map([[name, top]]);
  const folderOf = (/** @type {string} */ path) => {
    let node = folders.get(path);
    if (!node) {
      const cut = path.lastIndexOf("/");
      const parent = folderOf(path.slice(0, cut));
      const own = path.slice(cut + 1);
      node = parent.contents[own] ?? parent.node_ops.mknod(parent, own, FOLDER_MODE, 0);
      folders.set(path, node);
    }
    return node;
  };
  for (const archive of archives) {
    for (const [path, entry] of archive.entries) {
      if (!path.startsWith(`${name}/`)) continue;
      const cut = path.lastIndexOf("/");
      mountFile(FS, folderOf(path.slice(0, cut)), path.slice(cut + 1), () => entry, entry.size);
    }
  }
}

/** @param {any} FS @param {any} parent @param {string} name @param {() => Entry} find @param {number} [size] */
function mountFile(FS, parent, name, find, size) {
  const node = parent.node_ops.mknod(parent, name, FILE_MODE, 0);
  node.atime = node.mtime = node.ctime = 0;
  if (size === undefined) later(node, "usedBytes", () => reading(FS, () => find().size));
  else node.usedBytes = size;
  later(node, "contents", () => reading(FS, () => find().unpack()));
}

/** @param {any} node @param {string} property @param {() => any} find its value, when it is first asked for */
function later(node, property, find) {
  Object.defineProperty(node, property, {
    get: () => become(node, property, find())[property],
    set: (value) => become(node, property, value),
    enumerable: true,
    configurable: true,
  });
}

/** @param {any} node @param {string} property @param {any} value */
function become(node, property, value) {
  return Object.defineProperty(node, property, { value, writable: true, enumerable: true, configurable: true });
}

/** What cannot be read is an error of the file system, which Python can tell of. @template T @param {any} FS @param {() => T} read @returns {T} */
function reading(FS, read) {
  try {
    return read();
  } catch (error) {
    console.error("A package cannot be read:", error);
    throw new FS.ErrnoError(INPUT_ERROR);
  }
}
