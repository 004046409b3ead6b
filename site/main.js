/** The page: the list of notebooks, or the one that the address names. */

import { isolate } from "./isolation.js";
import { applyLook, followLook } from "./settings.js";

const RELOADED = "foldbook:reloaded";

applyLook();
followLook();
isolate();

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
const notebook = new URLSearchParams(location.search).get("notebook");

/** @type {Promise<{mount: (place: HTMLElement) => void | Promise<void>}>} */
const page = notebook
  ? import("./notebook.js").then(({ NotebookPage }) => new NotebookPage(notebook))
  : import("./home.js").then(({ HomePage }) => new HomePage());
await (await page.catch(reloadOnce)).mount(place);
sessionStorage.removeItem(RELOADED);

/** A part of the page is gone where the site was updated in this very moment. @param {unknown} error */
function reloadOnce(error) {
  if (sessionStorage.getItem(RELOADED)) throw error;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
  return new Promise(() => {}); // nothing else is done here
}
