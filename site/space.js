/** What people are told when the browser gives Foldbook little or no more room to store. */

import { persist } from "./catalogue.js";
import { plural, sizeWords } from "./words.js";

/**
 * News of the notebook worker: how much is left ("": enough), or what was let go of. only: this
 * browser has the only copy.
 * @typedef {object} SpaceNews
 * @property {"" | "low" | "full"} [level]
 * @property {boolean} [only]
 * @property {{outputs: number, bytes: number, only: boolean}} [dropped]
 */

/** @param {import("./notebook.js").NotebookPage} page @param {SpaceNews} news */
export function tellSpace(page, news) {
  if (news.dropped) tellDropped(page, news.dropped);
  else tellLevel(page, news);
}

/** @param {import("./notebook.js").NotebookPage} page @param {SpaceNews} news */
function tellLevel(page, { level, only }) {
  // Only a window may ask; where it is granted there may be more room.
  if (level) persist().catch((error) => console.error("Lasting storage was not asked for:", error));
  const backup = { label: "Download backup", run: () => page.files.download("log") };
  const letGo = { label: "Let go of earlier outputs", run: () => page.link.makeRoom() };
  /** @type {import("./banners.js").Banner} */
  const low = {
    look: "warn",
    title: "There is little room left.",
    words:
      "This browser gives Foldbook not much more. When nothing is left, outputs of earlier runs that later runs have " +
      "replaced are let go of, so that what you type can be kept.",
    acts: [backup, letGo],
    canClose: true,
  };
  /** @type {import("./banners.js").Banner} */
  const full = {
    look: "warn",
    title: "There is no room left.",
    words:
      "This browser gives Foldbook hardly any more. Delete notebooks or files that you do not need, so that what you " +
      "type can be kept.",
    acts: [backup],
    canClose: true,
  };
  page.banners.show("space", level === "full" ? full : level && only ? low : null);
}

/** @param {import("./notebook.js").NotebookPage} page @param {{outputs: number, bytes: number, only: boolean}} dropped */
function tellDropped(page, { outputs, bytes, only }) {
  const verb = outputs === 1 ? "is" : "are";
  page.banners.show("dropped", {
    look: "warn",
    title: "Earlier outputs are not kept any more.",
    words:
      `There was no room left: ${plural(outputs, "output")} of runs that later runs have replaced (${sizeWords(bytes)}) ${verb} not kept ` +
      `${only ? "any more" : "in this browser; the relay still has them"}. All that is shown and all that was typed is here.`,
    canClose: true,
  });
}
