/**
 * The site's files for Python, each checked against the manifest and kept by its hash in the
 * browser's cache storage, so that a later start asks the server for nothing but the manifest.
 */

/**
 * @typedef {object} Manifest
 * @property {string} stamp tells this build from all others
 * @property {string} notebook_worker path of its script
 * @property {string} find_worker path of its script
 * @property {string} ahead_worker path of its script
 * @property {string[]} page addresses of all that the page itself may ask for
 * @property {Record<string, {size: number, sha256: string}>} files by path
 * @property {Record<string, string>} snapshots paths of their descriptions, by tier
 */

/** A worker puts another one in its place, which asks here. */
const fetchFromServer = globalThis.fetch.bind(globalThis);
const STORE = "foldbook-files";
const WASM = "application/wasm";
/** @type {RequestInit} */
const KEPT = { cache: "force-cache" };
const HASH = /[0-9a-f]{64}$/;

/** The site has been updated since this page was loaded. */
export class Outdated extends Error {
  kind = "updated";

  constructor() {
    super("Load the page again to go on. What you typed is kept in this browser");
  }
}

/** @type {Promise<unknown>} */
let keeping = Promise.resolve();

/** @type {Promise<Manifest> | undefined} */
let manifest;
let address = globalThis.document ? new URL("./", document.baseURI).href : "";

/** The folder that the page stands in. @returns {string} */
export function siteAddress() {
  return address;
}

/** A worker is told where the page stands, and what that knows. @param {string} given @param {Manifest} known */
export function useSite(given, known) {
  address = given;
  manifest = Promise.resolve(known);
}

/**
 * Before something new is started: whether the server still has the site that this page is of.
 * Where it cannot be asked, what is here has to do.
 * @throws {Outdated}
 */
export async function checkVersion() {
  const own = ownBuild();
  const asked = fetchManifest();
  manifest ??= unlessItFails(asked);
  const there = await asked.catch(() => null);
  if (own && there && there.stamp !== own) throw new Outdated();
}

/** The build that this page is of; empty where no build has put it there. */
export function ownBuild() {
  return document.querySelector('meta[name="foldbook-build"]')?.getAttribute("content") ?? "";
}

/** What the site consists of. @returns {Promise<Manifest>} */
export function siteManifest() {
  manifest ??= unlessItFails(fetchManifest());
  return manifest;
}

/**
 * @param {string} url of a file that the manifest lists
 * @returns {Promise<Blob>} a blob from what is kept: it is read by whom it is given to, and no
 *   byte of it passes through the page
 */
export async function fetchAsset(url) {
  const path = url.startsWith(siteAddress()) ? url.slice(siteAddress().length) : "";
  const listed = await entryOf(path || url);
  const kept = await readKept(listed.sha256, listed.size);
  if (kept) return kept;
  const address = byContent(url, listed);
  const data = await answerOf(address, KEPT)
    .then((answer) => check(path, listed, answer))
    // Whatever a cache holds under that address instead, the server is asked once more.
    .catch(async () => check(path, listed, await answerOf(address, { cache: "reload" })));
  const blob = new Blob([data]);
  keep(listed.sha256, blob);
  return blob;
}

/**
 * A file to be compiled, past what is kept here: of an answer that is the network's own a browser
 * keeps the machine code too, but not where it is asked to check a hash. The address names the
 * content; a core of another build would be refused by the snapshot.
 * @param {string} url of a file that the manifest lists
 * @returns {Promise<Response>}
 */
export async function fetchCompiled(url) {
  const listed = await entryOf(url.slice(siteAddress().length));
  try {
    const answer = await answerOf(byContent(url, listed), KEPT);
    if (answer.headers.get("Content-Type")?.startsWith(WASM)) return answer;
  } catch (error) {
    console.info(`${url} is taken from what is kept: ${error}`); // the network does not have it any more
  }
  return new Response(await fetchAsset(url), { headers: { "Content-Type": WASM } });
}

/** An address that no other content has, so that a browser's cache need not ask. @param {string} url @param {{sha256: string}} listed */
function byContent(url, { sha256: hash }) {
  return `${url}?${hash.slice(0, 12)}`;
}

/**
 * A large file that is not kept as it is. Where a host does not pack it on its way, its packed
 * copy is taken.
 * @param {string} path
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchPacked(path) {
  const listed = await entryOf(path);
  const url = siteAddress() + path;
  const response = await answerOf(url);
  if (response.headers.has("Content-Encoding")) return check(path, listed, response);
  const packed = await fetchFromServer(`${url}.gz`);
  if (!packed.ok) return check(path, listed, response);
  await response.body?.cancel();
  return check(path, listed, await unpacked(await packed.arrayBuffer()));
}

/** The same, kept as it is. @param {string} path @returns {Promise<Blob>} */
export async function fetchKept(path) {
  const { sha256: hash, size } = await entryOf(path);
  const kept = await readKept(hash, size);
  if (kept) return kept;
  const blob = new Blob([await fetchPacked(path)]);
  keep(hash, blob);
  return blob;
}

/** @param {string} path */
async function entryOf(path) {
  const listed = (await siteManifest()).files[path];
  if (!listed) throw new Error(`a file of this site expected, ${path} is none`);
  return listed;
}

/** @param {string} url @param {RequestInit} [how] */
async function answerOf(url, how) {
  const response = await fetchFromServer(url, how);
  if (!response.ok) throw new Error(`${url}: the server answered ${response.status}`);
  return response;
}

/** @param {string} path @param {{sha256: string}} listed @param {Response} response @returns {Promise<ArrayBuffer>} */
async function check(path, listed, response) {
  const data = await response.arrayBuffer();
  const found = await sha256(data);
  if (found !== listed.sha256) {
    if (globalThis.document) await checkVersion();
    throw new Error(`${path}: SHA-256 ${listed.sha256} expected, ${found} came; reload the page`);
  }
  return data;
}

/** Some hosts have unpacked a file whose name ends in .gz already. @param {ArrayBuffer} data */
function unpacked(data) {
  const [first, second] = new Uint8Array(data);
  if (first !== 0x1f || second !== 0x8b) return new Response(data);
  return new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** @param {string} path of a JSON file that the manifest lists @returns {Promise<any>} */
export async function fetchJson(path) {
  return JSON.parse(await (await fetchAsset(siteAddress() + path)).text());
}

/**
 * What is kept under a hash; null where nothing is, or where this browser keeps nothing.
 * @param {string} hash
 * @param {number} size bytes that it must have
 * @returns {Promise<Blob | null>}
 */
export async function readKept(hash, size) {
  const found = await (await openStore())?.match(keyOf(hash));
  const data = await found?.blob();
  return data?.size === size ? data : null;
}

/** @param {string} hash @returns {Promise<boolean>} */
export async function isKept(hash) {
  return (await (await openStore())?.match(keyOf(hash))) !== undefined;
}

/**
 * Keep bytes under a hash; nobody needs to wait for it. Where there is no room it is as if this had
 * not been asked for: they can be had again.
 * @param {string} hash
 * @param {Blob} data
 */
export function keep(hash, data) {
  keeping = Promise.all([keeping, put(hash, data)]);
}

/** When everything that is to be kept is kept, as far as there is room. */
export async function allKept() {
  await keeping;
}

/** @param {string} hash @param {Blob} data */
async function put(hash, data) {
  const store = await openStore();
  await store?.put(keyOf(hash), new Response(data)).catch(() => {});
}

/** Drop what belongs to an older version of this site. @param {Set<string>} hashes what stays */
export async function dropOthers(hashes) {
  const store = await openStore();
  for (const request of (await store?.keys()) ?? []) {
    const hash = HASH.exec(request.url)?.[0];
    if (!hash || !hashes.has(hash)) await store?.delete(request);
  }
}

/** @param {BufferSource} data @returns {Promise<string>} in hex */
export async function sha256(data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Private windows and the like may have none. @returns {Promise<Cache | null>} */
async function openStore() {
  if (!("caches" in globalThis)) return null;
  return caches.open(STORE).catch(() => null);
}

/** @param {string} hash */
function keyOf(hash) {
  return `${siteAddress()}kept/${hash}`;
}

/** @returns {Promise<Manifest>} */
async function fetchManifest() {
  return (await answerOf(`${siteAddress()}manifest.json`, { cache: "no-cache" })).json();
}

/** The manifest from now on; whoever comes after a failure asks the server again. @param {Promise<Manifest>} asked */
function unlessItFails(asked) {
  asked.catch(() => {
    manifest = undefined;
  });
  return asked;
}
