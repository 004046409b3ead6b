/**
 * Wheels as files of Pyodide's file system, without unpacking them: each file is inflated when it
 * is first read. A wheel is a zip archive; what it holds stays as packed as it came.
 */

import { inflateSync } from "fflate";

/**
 * @typedef {object} Entry a file of a wheel
 * @property {string} path within the wheel
 * @property {Uint8Array} packed its bytes there
 * @property {number} size when it is unpacked
 * @property {boolean} isDeflated
 */

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const TAIL = 22 + 0xffff; // bytes at the end among which the directory's place is told
const FILE_MODE = 0o100644;

/**
 * The files that a wheel holds; folders are left out.
 * @param {Uint8Array} wheel
 * @returns {Entry[]}
 * @throws {TypeError} where it is no zip archive of the kind that wheels are
 */
export function readWheel(wheel) {
  const view = new DataView(wheel.buffer, wheel.byteOffset, wheel.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  /** @type {Entry[]} */
  const entries = [];
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== DIRECTORY) throw new TypeError(`a directory entry expected at byte ${at}`);
    const names = view.getUint16(at + 28, true);
    const entry = readEntry(wheel, view, at, names);
    if (!entry.path.endsWith("/")) entries.push(entry);
    at += 46 + names + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** @param {DataView} view @returns {number} */
function findEnd(view) {
  const first = Math.max(0, view.byteLength - TAIL);
  for (let at = view.byteLength - 22; at >= first; at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new TypeError(`a zip archive expected, ${view.byteLength} bytes without a directory came`);
}

/** @param {Uint8Array} wheel @param {DataView} view @param {number} at @param {number} names @returns {Entry} */
function readEntry(wheel, view, at, names) {
  const path = new TextDecoder().decode(wheel.subarray(at + 46, at + 46 + names));
  const method = view.getUint16(at + 10, true);
  if (method !== STORED && method !== DEFLATED) throw new TypeError(`${path}: packed by method ${method}`);
  const length = view.getUint32(at + 20, true);
  const local = view.getUint32(at + 42, true);
  if (view.getUint32(local, true) !== LOCAL) throw new TypeError(`${path}: a file expected at byte ${local}`);
  // The local header's own names count: its extra field may differ from the directory's.
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = wheel.subarray(start, start + length);
  return { path, packed, size: view.getUint32(at + 24, true), isDeflated: method === DEFLATED };
}

/** @param {Entry} entry @returns {Uint8Array} */
export function unpack(entry) {
  if (!entry.isDeflated) return entry.packed;
  return inflateSync(entry.packed, { out: new Uint8Array(entry.size) });
}

/**
 * Put files into a folder, as packed as they are.
 * @param {any} FS Pyodide's file system
 * @param {string} folder
 * @param {Entry[]} entries
 */
export function mountEntries(FS, folder, entries) {
  /** @type {Map<string, any>} */
  const folders = new Map();
  const folderOf = (/** @type {string} */ path) => {
    let node = folders.get(path);
    if (!node) {
      FS.mkdirTree(path);
      node = FS.lookupPath(path).node;
      folders.set(path, node);
    }
    return node;
  };
  for (const entry of entries) {
    const path = `${folder}/${entry.path}`;
    const cut = path.lastIndexOf("/");
    const parent = folderOf(path.slice(0, cut));
    const node = parent.node_ops.mknod(parent, path.slice(cut + 1), FILE_MODE, 0);
    node.usedBytes = entry.size;
    node.atime = node.mtime = node.ctime = 0;
    unpackLater(node, entry);
  }
}

/** @param {any} node a file of MEMFS @param {Entry} entry */
function unpackLater(node, entry) {
  const become = (/** @type {any} */ value) =>
    Object.defineProperty(node, "contents", { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(node, "contents", {
    get: () => become(unpack(entry)).contents,
    set: become,
    enumerable: true,
    configurable: true,
  });
}
