/**
 * Has the page itself kept, so that a notebook opens where nobody answers: the service worker does
 * it (`keeping.js`). What Python needs is kept already (`assets.js`), and must be there first.
 */

import { allKept, fetchAsset, ownBuild, siteAddress, siteManifest } from "./assets.js";
import { register } from "./isolation.js";
import { fetchTier } from "./snapshots.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */

const CORE = ["pyodide/pyodide.asm.wasm", "pyodide/python_stdlib.zip", "pyodide/pyodide-lock.json"];
const PAUSE = 4000; // ms after the notebook is there before anything of this is begun
const IDLE = 10_000; // ms to wait for a quiet moment, at most

const TOLD = "foldbook:told-loss"; // in this tab

let isBegun = false;

/**
 * When all is quiet, have the notebook's page kept. Nothing waits for it, and what goes wrong harms
 * nothing; where it cannot be done at all the reader is told.
 * @param {Page} page
 */
export function keepLater(page) {
  if (isBegun) return;
  isBegun = true;
  if (canKeep()) setTimeout(() => whenIdle(keepNow), PAUSE);
  else tellLoss(page);
}

/** A private window may have no service worker, and an address without https has none. */
function canKeep() {
  return isSecureContext && Boolean(navigator.serviceWorker) && "caches" in globalThis;
}

/** Once in a tab. @param {Page} page */
function tellLoss(page) {
  if (sessionStorage.getItem(TOLD)) return;
  sessionStorage.setItem(TOLD, "yes");
  const interrupt = crossOriginIsolated ? "" : " To interrupt a cell ends Python here, and its memory is lost.";
  page.banners.show("loss", {
    look: "warn",
    title: "This window keeps less than others.",
    words:
      `${isSecureContext ? "It has no service worker, as private windows may have none" : "Its address is not secure (https)"}: without a network the page does not open.${interrupt} ` +
      "A private window forgets its notebooks when it is closed: download what you want to keep.",
    acts: [{ label: "Download .ipynb", run: () => page.files.download("ipynb") }],
    canClose: true,
  });
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
  if (manifest.stamp !== ownBuild()) return false; // the site has been updated: the next page keeps itself
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
