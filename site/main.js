/** The page: the list of notebooks, or the one that the address names. */

import { isolate } from "./isolation.js";
import { applyLook, followLook } from "./settings.js";

applyLook();
followLook();
isolate();

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
const notebook = new URLSearchParams(location.search).get("notebook");

if (notebook) {
  const { NotebookPage } = await import("./notebook.js");
  new NotebookPage(notebook).mount(place);
} else {
  const { HomePage } = await import("./home.js");
  await new HomePage().mount(place);
}
