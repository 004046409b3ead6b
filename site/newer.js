/**
 * Whether the site has a newer build than this page's. The page goes on with what it has; the new
 * one comes when the reader asks for it, and never by itself.
 */

import { ownBuild, siteAddress } from "./assets.js";
import { lockOf } from "./keeping.js";

const FIRST = 60_000; // ms after which it is looked for the first time
const BETWEEN = 10 * 60_000; // ms between two looks
const STAMP = /<meta name="foldbook-build" content="([^"]+)"/;

/** The build that a page is of. @param {string} html @returns {string} empty: it does not say */
export function buildOf(html) {
  return STAMP.exec(html)?.[1] ?? "";
}

/**
 * Look from time to time, when the reader comes back to the page, and when there is a network again.
 * @param {() => void} tell there is a newer build; told once
 */
export function watchForNewer(tell) {
  const own = ownBuild();
  let lookedAt = Date.now();
  let isTold = false;
  const look = async () => {
    lookedAt = Date.now();
    const there = await buildOfHost();
    if (!there || there === own || isTold) return;
    isTold = true;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", cameBack);
    removeEventListener("online", look);
    tell();
  };
  const cameBack = () => !document.hidden && Date.now() - lookedAt > FIRST && look();
  const timer = setInterval(() => document.hidden || look(), BETWEEN);
  setTimeout(look, FIRST);
  document.addEventListener("visibilitychange", cameBack);
  addEventListener("online", look);
}

/** As long as this page is open its build stays kept: parts of it may be asked for later. */
export function holdBuild() {
  const forGood = new Promise(() => {});
  const held = navigator.locks?.request(lockOf(siteAddress(), ownBuild()), { mode: "shared" }, () => forGood);
  held?.catch((error) => console.info("This page's build may go before the page does:", error));
}

/** @returns {Promise<string>} empty: nobody answers, or something else does */
async function buildOfHost() {
  try {
    const answer = await fetch(siteAddress(), { cache: "no-cache" });
    return answer.ok ? buildOf(await answer.text()) : "";
  } catch {
    return ""; // no network: it is asked again
  }
}
