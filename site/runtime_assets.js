/** The site's files for those who cannot fetch them themselves, each checked against the manifest. */

/** @type {Promise<Record<string, {size: number, sha256: string}>> | undefined} */
let manifest;

/** The folder that this page stands in. @returns {string} */
export function siteAddress() {
  return new URL("./", document.baseURI).href;
}

/**
 * @param {string} url of a file that the manifest lists
 * @returns {Promise<ArrayBuffer>} the caller's own copy
 */
export async function fetchAsset(url) {
  const path = url.startsWith(siteAddress()) ? url.slice(siteAddress().length) : "";
  manifest ??= fetchManifest();
  const listed = (await manifest)[path];
  if (!listed) throw new Error(`a file of this site expected, ${url} is none`);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  const data = await response.arrayBuffer();
  const found = await sha256(data);
  if (found !== listed.sha256) {
    throw new Error(`${path}: SHA-256 ${listed.sha256} expected, ${found} came; reload the page`);
  }
  return data;
}

async function fetchManifest() {
  const response = await fetch(new URL("manifest.json", siteAddress()));
  if (!response.ok) {
    manifest = undefined;
    throw new Error(`manifest.json: the server answered ${response.status}`);
  }
  return (await response.json()).files;
}

/** @param {ArrayBuffer} data @returns {Promise<string>} in hex */
async function sha256(data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
