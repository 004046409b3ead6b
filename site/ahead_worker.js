/** Fetches what later starts need and puts it together, apart from the page: tens of megabytes. */

import { useSite } from "./assets.js";
import { fetchAhead } from "./snapshots.js";

/**
 * @typedef {object} Asked
 * @property {string} base the site's address
 * @property {import("./assets.js").Manifest} manifest
 * @property {string} tier
 */

self.onmessage = async (/** @type {MessageEvent<Asked>} */ { data: { base, manifest, tier } }) => {
  useSite(base, manifest);
  try {
    await fetchAhead(tier);
    self.postMessage({ done: true });
  } catch (error) {
    self.postMessage({ why: error instanceof Error ? error.message : String(error) });
  }
};
