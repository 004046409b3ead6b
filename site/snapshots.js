/**
 * The snapshots of this site: their descriptions and memories. A memory comes as its difference
 * from that of the snapshot below it; once it has been put together it is kept.
 */

import { allKept, dropOthers, fetchJson, fetchKept, fetchPacked, isKept, keep, readKept, sha256, siteManifest } from "./assets.js";
import { release } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Run} Run */

/**
 * @typedef {object} Description
 * @property {string} path where it stands
 * @property {string} tier
 * @property {string | null} base path of the description of the one below
 * @property {string} folder where packages stand in Python's file system
 * @property {import("./snapshot.js").Layout} layout
 * @property {string} header in base64
 * @property {string} heap path of the memory, or of its difference
 * @property {string} stubs path of what stands for libraries until they are linked
 * @property {({path: string, libraries: Record<string, [start: number, size: number]>} &
 *   import("./archive.js").Top)[]} archives the packages' files; libraries: where they stand unpacked
 * @property {string[]} packages their names, as Pyodide's lock has them
 */

const PIECE = 4 << 20; // bytes that are worked on before others get their turn

/** @param {string} tier @returns {Promise<Description>} */
export async function describe(tier) {
  return describeAt(await pathOf(tier));
}

/** @param {string} path @returns {Promise<Description>} */
async function describeAt(path) {
  return { ...(await fetchJson(path)), path };
}

/** @param {string} tier @returns {Promise<string>} of its description, whose name tells its content */
async function pathOf(tier) {
  const path = (await siteManifest()).snapshots[tier];
  if (!path) throw new Error(`this site has no snapshot "${tier}"`);
  return path;
}

/**
 * The memory of a snapshot: the bytes of its layout's runs, one after the other.
 * @param {Description} description
 * @returns {Promise<Blob>}
 */
export async function memoryOf(description) {
  const key = await keyOf(description.path);
  const size = sizeOf(description.layout.runs);
  const kept = await readKept(key, size);
  if (kept) return kept;
  const memory = await putTogether(description);
  const found = new Blob([memory]);
  release(memory);
  keep(key, found);
  return found;
}

/** The packages' files, in the description's order. @param {Description} description @returns {Promise<Blob[]>} */
export function archivesOf({ archives }) {
  return Promise.all(archives.map(({ path }) => fetchKept(path)));
}

/** What stands for libraries until they are linked. @param {Description} description @returns {Promise<Blob>} */
export function stubsOf({ stubs }) {
  return fetchKept(stubs);
}

/** Whether a start from this tier needs nothing from the server. @param {string} tier */
export async function isAtHand(tier) {
  return isKept(await keyOf(await pathOf(tier)));
}

/** Have everything here that a start from this tier needs. @param {string} tier */
export async function fetchTier(tier) {
  const description = await describe(tier);
  await archivesOf(description);
  await stubsOf(description);
  await memoryOf(description);
}

/**
 * Fetch everything that a tier needs, to be used from the next start on, and drop what belongs to
 * an older version of the site.
 * @param {string} tier
 */
export async function fetchAhead(tier) {
  await fetchTier(tier);
  await allKept();
  const { files, snapshots } = await siteManifest();
  const hashes = Object.values(files).map((file) => file.sha256);
  const memories = await Promise.all(Object.values(snapshots).map(keyOf));
  await dropOthers(new Set([...hashes, ...memories, await rehearsalKey()]));
}

/** What it is kept under that this browser has been shown the core at work. @returns {Promise<string>} */
export async function rehearsalKey() {
  const core = (await siteManifest()).files["pyodide/pyodide.asm.wasm"]?.sha256;
  return sha256(new TextEncoder().encode(`the machine code of ${core} in ${navigator.userAgent}`));
}

/** What a memory is kept under: its description names all that it is made of. @param {string} path */
function keyOf(path) {
  return sha256(new TextEncoder().encode(`the memory of ${path}`));
}

/** @param {Description} description @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function putTogether({ base, heap, layout }) {
  const coming = fetchPacked(heap);
  if (!base) return new Uint8Array(await coming);
  const below = await describeAt(base);
  const [under, changed] = await Promise.all([bytesOf(memoryOf(below)), coming]);
  const whole = new Uint8Array(layout.heapLength);
  spread(whole, below.layout.runs, under);
  release(under);
  await change(whole, layout.changes, changed);
  release(new Uint8Array(changed));
  const memory = gather(whole, layout.runs);
  release(whole);
  return memory;
}

/** @param {Promise<Blob>} blob */
async function bytesOf(blob) {
  return new Uint8Array(await (await blob).arrayBuffer());
}

/** @param {Run[]} runs */
function sizeOf(runs) {
  return runs.reduce((sum, [, length]) => sum + length, 0);
}

/** @param {Uint8Array} whole @param {Run[]} runs @param {Uint8Array} memory */
function spread(whole, runs, memory) {
  let from = 0;
  for (const [start, length] of runs) {
    whole.set(memory.subarray(from, from + length), start);
    from += length;
  }
}

/** Both places are whole pages, so that words can be taken. @param {Uint8Array} whole @param {Run[]} runs @param {ArrayBuffer} changed */
async function change(whole, runs, changed) {
  if (changed.byteLength !== sizeOf(runs)) {
    throw new Error(`${sizeOf(runs)} bytes of memory expected, ${changed.byteLength} came`);
  }
  const target = new Int32Array(whole.buffer);
  const source = new Int32Array(changed);
  let from = 0;
  let since = 0;
  for (const [start, length] of runs) {
    const words = length / 4;
    const to = start / 4;
    for (let i = 0; i < words; i++) target[to + i] = (target[to + i] ?? 0) ^ (source[from + i] ?? 0);
    from += words;
    since += length;
    if (since < PIECE) continue;
    since = 0;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** @param {Uint8Array} whole @param {Run[]} runs */
function gather(whole, runs) {
  const memory = new Uint8Array(sizeOf(runs));
  let to = 0;
  for (const [start, length] of runs) {
    memory.set(whole.subarray(start, start + length), to);
    to += length;
  }
  return memory;
}
