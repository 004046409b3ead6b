/** Notebooks at addresses of the web: which file an address means, and how it is fetched. */

import { ENDING } from "./reading.js";

/** @typedef {{name: string, data: ArrayBuffer}} Fetched */

/**
 * The address of the file itself, where this is that of a page which shows it: GitHub, gists,
 * GitLab, and viewers of these.
 * @param {string} text
 * @returns {URL}
 * @throws {Error} with words for people, where this is no address that can be fetched
 */
export function rawAddress(text) {
  const given = text.trim();
  const whole = /^[\w.-]+\.[a-z]{2,}\//i.test(given) ? `https://${given}` : given;
  const address = URL.canParse(whole) ? new URL(whole) : null;
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new Error(`An address that begins with https:// was expected; “${given.slice(0, 80)}” came.`);
  }
  const path = address.pathname;
  const shown = /^\/(?:github|gist)(\/.*)$/.exec(path);
  const isViewer = /^(?:nbviewer\.(?:jupyter\.)?org|colab\.research\.google\.com)$/.test(address.host);
  if (isViewer && shown?.[1]) {
    return rawAddress(`https://${path.startsWith("/gist/") ? "gist." : ""}github.com${shown[1]}`);
  }
  const blob = /^(\/[^/]+\/[^/]+)\/(?:blob|raw)(\/.+)$/.exec(path);
  if (address.host === "github.com" && blob) return new URL(`https://raw.githubusercontent.com${blob[1]}${blob[2]}`);
  const gist = /^(\/[^/]+\/[0-9a-f]{20,})(?:\/(?:raw\/?)?)?$/.exec(path);
  if (address.host === "gist.github.com" && gist) return new URL(`https://gist.githubusercontent.com${gist[1]}/raw`);
  if (/\/-\/blob\//.test(path)) address.pathname = path.replace("/-/blob/", "/-/raw/");
  return address;
}

/**
 * What an address holds. Nothing of the reader goes along: no cookie, no referrer.
 * @param {URL} address
 * @param {(bytes: number) => void} onProgress
 * @param {AbortSignal} [signal]
 * @returns {Promise<Fetched>}
 * @throws {Error} with words for people
 */
export async function fetchFile(address, onProgress, signal) {
  const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-cache", signal }).catch((error) => {
    if (signal?.aborted) throw error;
    throw new Error(whyNot(address));
  });
  if (!answer.ok) throw new Error(`${address.host} answered ${answer.status}: ${MEANS[answer.status] ?? "the file was not given"}.`);
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let size = 0;
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parts.push(part.value);
    onProgress((size += part.value.byteLength));
  }
  const data = await new Blob(parts).arrayBuffer();
  return { name: nameOf(address, data), data };
}

/** @type {Record<number, string>} */
const MEANS = {
  401: "one must be signed in to read it",
  403: "it may not be read",
  404: "there is no such file, or it is not public",
  429: "too much was asked of it lately",
};

/** A browser does not tell a page why. @param {URL} address */
function whyNot({ host, protocol }) {
  if (!navigator.onLine) return "There is no network.";
  if (protocol === "http:" && location.protocol === "https:") {
    return `${host} is asked without encryption (http://), which a page with https:// may not do. Download the file, and open it here.`;
  }
  return (
    `${host} cannot be reached, or does not let pages of other sites read its files (CORS). ` +
    "Download the file in a tab of its own, and open it here."
  );
}

/** The file's name; where the address has none, its content says what it is. @param {URL} address @param {ArrayBuffer} data */
function nameOf(address, data) {
  const last = decoded(address.pathname.split("/").filter((part) => part && part !== "raw").at(-1) ?? "");
  const name = last || address.host;
  return ENDING.test(name) ? name : `${name}.${kindOf(data)}`;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return part;
  }
}

/** What a file without a telling name is. @param {ArrayBuffer} data @returns {"foldbook" | "py" | "ipynb"} */
function kindOf(data) {
  const text = new TextDecoder().decode(data.slice(0, 4096));
  if (text.startsWith("foldbook-log ")) return "foldbook";
  return /^[ \t]*#[ \t]*%%/m.test(text) ? "py" : "ipynb";
}

/**
 * What was pasted, where it is a notebook: as a file, or the address of one.
 * @param {string} text
 * @returns {{file: File} | {address: string} | null}
 */
export function readPasted(text) {
  const begins = text.trimStart().slice(0, 1);
  if (begins === "{" && /"nbformat"\s*:/.test(text)) return { file: new File([text], "Pasted.ipynb") };
  if (/^[ \t]*#[ \t]*%%/m.test(text)) return { file: new File([text], "Pasted.py") };
  const word = text.trim();
  return /^https?:\/\/\S+$/.test(word) ? { address: word } : null;
}
