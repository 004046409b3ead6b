/**
 * Has the page itself kept, so that a notebook opens where nobody answers: the service worker does
 * it (`keeping.js`). What Python needs is kept already (`assets.js`), and must be there first.
 */

import { allKept, fetchAsset, siteAddress, siteManifest } from "./assets.js";
import { register } from "./isolation.js";
import { fetchTier } from "./snapshots.js";

const CORE = ["pyodide/pyodide.asm.wasm", "pyodide/python_stdlib.zip", "pyodide/pyodide-lock.json"];
const PAUSE = 4000; // ms after the notebook is there before anything of this is begun
const IDLE = 10_000; // ms to wait for a quiet moment, at most

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
    if (await haveKept()) document.documentElement.setAttribute("data-kept", "");
  } catch (error) {
    isBegun = false;
    console.info("This page is not kept for when there is no network:", error);
  }
}

/** @returns {Promise<boolean>} whether this build is here whole */
async function haveKept() {
  const manifest = await siteManifest();
  const own = document.querySelector('meta[name="foldbook-build"]')?.getAttribute("content");
  if (manifest.stamp !== own) return false; // the site has been updated: the next page keeps itself
  await fetchTier("notebook");
  await Promise.all(CORE.map((path) => fetchAsset(siteAddress() + path)));
  await allKept();
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => (data.problem ? reject(new Error(data.problem)) : resolve(true));
    active?.postMessage({ keep: manifest }, [port2]);
  });
}

/** @param {() => void} act Safari does not tell when it is idle */
function whenIdle(act) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(act, { timeout: IDLE });
  else setTimeout(act);
}
