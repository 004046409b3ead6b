/** A document that came as an output. No frame may hold one here, so it opens beside the notebook. */

import { h } from "./dom.js";
import { saveAs } from "./files.js";
import { toBlob } from "./pictures.js";

const NAME = "output.pdf";
const STAYS = 60_000; // ms that a browser may need until it has read what it opens

/** @param {import("./pictures.js").Picture} given @returns {HTMLElement} */
export function drawDocument({ mime, value, alt, blob }) {
  const problem = h("span", { role: "status" });
  const act = (/** @type {(file: Blob) => void} */ take) => async () => {
    problem.textContent = "";
    try {
      take(await toBlob(mime, value, blob));
    } catch {
      problem.textContent = typeof value === "string" ? " It cannot be read." : " It is not here yet.";
    }
  };
  const button = (/** @type {string} */ label, /** @type {(file: Blob) => void} */ take) =>
    h("button", { class: "lnk", type: "button", onclick: act(take) }, label);
  const words = alt === "Picture" ? "A PDF document. " : `A PDF document: ${alt}. `;
  const save = button("Save", (file) => saveAs(NAME, file));
  return h("div", { class: "notice" }, words, button("Open", openBeside), " ", save, problem);
}

/** @param {Blob} file */
function openBeside(file) {
  const address = URL.createObjectURL(file);
  window.open(address, "_blank", "noopener");
  setTimeout(() => URL.revokeObjectURL(address), STAYS);
}
