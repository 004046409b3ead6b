/**
 * Links to a shared notebook: `SITE#join/ROOM/KEY`. The part after # never leaves the browser, and
 * is taken out of the address before anything else is done: neither the address, nor the history,
 * nor a script that asks for the page's base may tell the key.
 */

import * as catalogue from "./catalogue.js";

/** @typedef {import("./banners.js").Banner} Banner */

const MARK = "join/";
const FORM = /^join\/([A-Za-z0-9_-]{4,128})\/([A-Za-z0-9_+/-]{8,8192}={0,2})$/;

/** @type {Banner} */
const BROKEN = {
  look: "bad",
  title: "This link is not whole.",
  words: "It begins like a link to a shared notebook, but a part of it is missing or was changed on the way. Nothing was opened. Copy all of it and open it again, or ask for a new one.",
  canClose: true,
};

/**
 * What a fragment says, with or without its #.
 * @param {string} fragment
 * @returns {{room: string, link: string} | null} null: it is no whole link
 */
export function parseJoin(fragment) {
  const found = FORM.exec(unescaped(fragment.replace(/^#/, "")).trim());
  return found?.[1] ? { room: found[1], link: found[0] } : null;
}

/** Some programs write %2F for a slash. @param {string} text */
function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a link on this site. @param {string} fragment @param {string} site */
export function joinAddress(fragment, site) {
  return `${site.replace(/[?#].*$/, "")}#${fragment}`;
}

/** Take the link out of the address. @returns {string | null} null: there is none */
export function takeLink() {
  const fragment = location.hash.slice(1);
  if (!fragment.startsWith(MARK)) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return fragment;
}

/**
 * Go to the notebook that a link leads to: its worker finds the link in the inbox.
 * @param {string} fragment
 * @returns {Promise<Banner>} what to say where it leads nowhere; else the page is left
 */
export async function follow(fragment) {
  const found = parseJoin(fragment);
  if (!found) return BROKEN;
  try {
    await catalogue.join(found.room, found.link);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { look: "bad", title: "The link was not followed.", words: `${why}. Open it again.`, canClose: true };
  }
  location.replace(`./?notebook=${encodeURIComponent(found.room)}`);
  return new Promise(() => {}); // nothing else is done here
}
