/** What later starts need, fetched in a worker (`ahead_worker.js`): the page has no long task by it. */

import { allKept, siteAddress, siteManifest } from "./assets.js";

/**
 * Fetch everything that a tier needs, to be used from the next start on, and drop what belongs to
 * an older version of the site.
 * @param {string} tier
 */
export async function fetchAhead(tier) {
  await allKept(); // it builds on what the first start has fetched
  const manifest = await siteManifest();
  const worker = new Worker(siteAddress() + manifest.ahead_worker, { type: "module", name: "ahead" });
  try {
    await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => ("why" in data ? reject(new Error(data.why)) : resolve(undefined));
      worker.onerror = ({ message }) => reject(new Error(message || "what fetches it could not be loaded"));
      worker.postMessage({ base: siteAddress(), manifest, tier });
    });
  } finally {
    worker.terminate();
  }
}
