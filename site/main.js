/** The page: the list of notebooks, or the one that the address names. */

import { Beginning } from "./beginning.js";
import { follow, takeLink } from "./join.js";
import { isolate } from "./isolation.js";
import { holdBuild, watchForNewer } from "./newer.js";
import { applyLook, followLook } from "./settings.js";

/**
 * @typedef {object} Page
 * @property {(place: HTMLElement) => void | Promise<void>} mount
 * @property {import("./banners.js").Banners} banners
 * @property {() => void} renew go over to what the site is now
 */

const RELOADED = "foldbook:reloaded";
const AWAY = 5000; // ms after which somebody who was on the way to another page is here to stay

let isLeaving = false;
addEventListener("beforeunload", () => {
  isLeaving = true;
});

// First of all: what the address holds after # is a key.
const link = takeLink();
const wrong = link === null ? null : await follow(link);

applyLook();
followLook();
isolate();

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
const notebook = wrong ? null : new URLSearchParams(location.search).get("notebook");

/** @type {Promise<Page>} */
const coming = notebook
  ? openPage(new Beginning(notebook))
  : import("./home.js").then(({ HomePage }) => new HomePage());
// A link that is put into the address of an open page changes only what follows the #.
addEventListener("hashchange", async () => {
  const next = takeLink();
  const words = next === null ? null : await follow(next);
  if (words) (await coming).banners.show("join", words);
});
const page = await coming.catch(reloadOnce);
if (wrong) page.banners.show("join", wrong);
await page.mount(place);
sessionStorage.removeItem(RELOADED);
holdBuild();
watchForNewer(() => page.banners.show("newer", newerWords()));

/** @param {Beginning} begun @returns {Promise<Page>} */
async function openPage(begun) {
  try {
    const { NotebookPage } = await import("./notebook.js");
    return new NotebookPage(begun);
  } catch (error) {
    begun.abandon(); // a page that does not come must not keep the notebook from other tabs
    throw error;
  }
}

/** @returns {import("./banners.js").Banner} */
function newerWords() {
  return {
    look: "",
    title: "A new version of Foldbook is here.",
    words: "This page goes on with the one it has. All that is written here is kept.",
    acts: [{ label: "Load the new version", run: () => page.renew() }],
    canClose: true,
  };
}

/**
 * A part of the page is gone where the site was updated in this very moment. It does not come either
 * where the page is being left, and a reload would call the reader back.
 * @param {unknown} error
 * @returns {Promise<never>}
 */
function reloadOnce(error) {
  if (sessionStorage.getItem(RELOADED)) throw error;
  const reload = () => {
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
  };
  setTimeout(reload, isLeaving ? AWAY : 0);
  return new Promise(() => {}); // nothing else is done here
}
