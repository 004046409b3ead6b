/**
 * The notebook worker of the notebook that the address names, begun while the page itself is still
 * coming: Python starts in it before it is known for which notebook.
 */

import { checkVersion, fetchAsset, siteAddress, siteManifest } from "./assets.js";

/** @type {{id: string, worker: Promise<Worker>} | null} */
let begun = null;

/** Begin, unless another tab has this notebook's worker. @param {string} id the notebook's */
export async function beginEarly(id) {
  const { held = [] } = await navigator.locks.query();
  if (!begun && !held.some(({ name }) => name === lockOf(id))) begun = { id, worker: openWorker(id) };
}

/** The worker that was begun for a notebook, for the one who leads it. @param {string} id @returns {Promise<Worker> | null} */
export function takeEarly(id) {
  const found = begun?.id === id ? begun.worker : null;
  if (found) begun = null;
  return found;
}

/** The Web Lock of the tab that leads a notebook. @param {string} id */
export function lockOf(id) {
  return `foldbook:${id}`;
}

/**
 * A notebook worker of this page's build, never of a newer one, in which Python starts.
 * @param {string} id
 * @returns {Promise<Worker>} when it takes messages
 */
export function openWorker(id) {
  const opened = open(id);
  opened.catch(() => {}); // who takes it hears of it
  return opened;
}

/** @param {string} id @returns {Promise<Worker>} */
async function open(id) {
  await checkVersion();
  const script = await fetchAsset(`${siteAddress()}notebook_worker.js`);
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address, { type: "module", name: `notebook ${id}` });
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve; // its first word
    worker.onerror = (event) => reject(new Error(event.message || "The notebook worker could not be loaded"));
  });
  URL.revokeObjectURL(address);
  worker.postMessage({ t: "prepare", base: siteAddress(), manifest: await siteManifest() });
  return worker;
}
