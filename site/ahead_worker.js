/** Fetches what later starts need and puts it together, apart from the page: tens of megabytes. */

import { allKept, useSite } from "./assets.js";
import { fetchAhead, fetchTier } from "./snapshots.js";

const WORK = { ahead: fetchAhead, whole: fetchTier };

/**
 * @typedef {object} Asked
 * @property {string} base the site's address
 * @property {import("./assets.js").Manifest} manifest
 * @property {"ahead" | "whole"} what
 * @property {string} tier
 */

self.onmessage = async (/** @type {MessageEvent<Asked>} */ { data: { base, manifest, what, tier } }) => {
  useSite(base, manifest);
  try {
    await WORK[what](tier);
    await allKept(); // it ends with this worker
    self.postMessage({ done: true });
  } catch (error) {
    self.postMessage({ why: error instanceof Error ? error.message : String(error) });
  }
};
