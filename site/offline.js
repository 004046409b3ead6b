/**
 * Keeps the page itself, so that a notebook opens where nobody answers: all files of one build in
 * one cache of its own, which the service worker (`sw.js`) takes them from. It is whole when its
 * manifest is there, and older ones are dropped only then; so no page meets files of another build.
 * What Python needs is kept already (`assets.js`), and must be there first.
 */

import { allKept, fetchAsset, sha256, siteAddress, siteManifest } from "./assets.js";
import { register } from "./isolation.js";
import { fetchTier } from "./snapshots.js";

const MANIFEST = "manifest.json";
const CORE = ["pyodide/pyodide.asm.wasm", "pyodide/python_stdlib.zip", "pyodide/pyodide-lock.json"];
const PAUSE = 4000; // ms after the notebook is there before anything of this is begun
const IDLE = 10_000; // ms to wait for a quiet moment, at most
/** What was said of a body as it travelled. */
const OF_THE_WAY = ["content-encoding", "content-length", "vary", "set-cookie"];

let isBegun = false;

/** When all is quiet, have this page kept. Nothing waits for it, and what goes wrong harms nothing. */
export function keepLater() {
  if (isBegun || !isSecureContext || !navigator.serviceWorker || !("caches" in globalThis)) return;
  isBegun = true;
  setTimeout(() => whenIdle(keepNow), PAUSE);
}

async function keepNow() {
  try {
    await register();
    if (await keepPage()) document.documentElement.setAttribute("data-kept", "");
  } catch (error) {
    isBegun = false;
    console.info("This page is not kept for when there is no network:", error);
  }
}

/** @returns {Promise<boolean>} whether this build is here whole */
async function keepPage() {
  const manifest = await siteManifest();
  const own = document.querySelector('meta[name="foldbook-build"]')?.getAttribute("content");
  if (manifest.stamp !== own) return false; // the site has been updated: the next page keeps itself
  const all = `foldbook-page ${siteAddress()} `;
  const cache = await caches.open(all + own);
  if (!(await cache.match(siteAddress() + MANIFEST))) {
    await fetchTier("notebook");
    await Promise.all(CORE.map((path) => fetchAsset(siteAddress() + path)));
    await allKept();
    for (const address of manifest.page) await put(cache, manifest, address);
    const told = new Response(JSON.stringify(manifest), { headers: { "Content-Type": "application/json" } });
    await cache.put(siteAddress() + MANIFEST, told);
  }
  for (const name of await caches.keys()) {
    if (name.startsWith(all) && name !== all + own) await caches.delete(name);
  }
  return true;
}

/**
 * One after the other: the reader's own requests come first.
 * @param {Cache} cache
 * @param {import("./assets.js").Manifest} manifest
 * @param {string} address from the site's folder, as the page asks for it
 */
async function put(cache, manifest, address) {
  const url = siteAddress() + address;
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

/** @param {() => void} act Safari does not tell when it is idle */
function whenIdle(act) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(act, { timeout: IDLE });
  else setTimeout(act);
}
