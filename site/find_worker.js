/** Looks for regular expressions apart from the page: it can be ended in the middle of one. */

import { answerTo } from "./finding.js";

/** @param {import("./searching.js").Answer | null} said null: it is there */
const say = (said) => self.postMessage(said);

self.onmessage = (/** @type {MessageEvent<{k: number, question: import("./finding.js").Question}>} */ { data: { k, question } }) => {
  try {
    say({ k, found: answerTo(question) });
  } catch (error) {
    // What is well written can still be too large to be run.
    say({ k, why: error instanceof Error ? error.message : String(error) });
  }
};
say(null);
