/** The notebook worker: Python starts in it before it is told for which notebook. */

import { checkVersion, fetchAsset, siteAddress, siteManifest } from "./assets.js";

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
