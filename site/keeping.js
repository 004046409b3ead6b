/**
 * Keeps the page itself, in the service worker, which goes on when the page is left: all files of
 * one build in one cache of its own. It is whole when its manifest is there, and older ones are
 * dropped only then, when no page of theirs is open any more; so no page meets files of another build.
 */

import { sha256 } from "./assets.js";

/** @typedef {import("./assets.js").Manifest} Manifest */

const MANIFEST = "manifest.json";
/** What was said of a body as it travelled. */
const OF_THE_WAY = ["content-encoding", "content-length", "vary", "set-cookie"];

/** What the caches of whole builds are called; the newest is the last. @param {string} site */
export const pagesOf = (site) => `foldbook-page ${site} `;

/** The lock that every open page of a build holds. @param {string} site @param {string} stamp */
export const lockOf = (site, stamp) => pagesOf(site) + stamp;

/** @param {Cache} cache @param {string} site */
export async function isWhole(cache, site) {
  return (await cache.match(site + MANIFEST)) !== undefined;
}

/** @param {string} site its address, ending in a slash @param {Manifest} manifest */
export async function keepPage(site, manifest) {
  const own = pagesOf(site) + manifest.stamp;
  const cache = await caches.open(own);
  if (!(await isWhole(cache, site))) {
    for (const address of manifest.page) await put(cache, site, manifest, address);
    const told = new Response(JSON.stringify(manifest), { headers: { "Content-Type": "application/json" } });
    await cache.put(site + MANIFEST, told);
  }
  const inUse = await buildsInUse();
  for (const name of await caches.keys()) {
    if (name.startsWith(pagesOf(site)) && name !== own && !inUse.has(name)) await caches.delete(name);
  }
}

/** @returns {Promise<Set<string | undefined>>} names of their locks */
async function buildsInUse() {
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map(({ name }) => name));
}

/**
 * One after the other: the reader's own requests come first.
 * @param {Cache} cache
 * @param {string} site
 * @param {Manifest} manifest
 * @param {string} address from the site's folder, as the page asks for it
 */
async function put(cache, site, manifest, address) {
  const url = site + address;
  const path = address.replace(/\?.*/, "");
  const expected = manifest.files[path]?.sha256;
  let response = await fetch(url);
  let data = await response.arrayBuffer();
  if ((await sha256(data)) !== expected) {
    response = await fetch(url, { cache: "reload" }); // some cache on the way had an older one
    data = await response.arrayBuffer();
    if ((await sha256(data)) !== expected) throw new Error(`${path} is not of this build`);
  }
  const headers = new Headers(response.headers);
  for (const name of OF_THE_WAY) headers.delete(name);
  await cache.put(url, new Response(data, { headers }));
}
