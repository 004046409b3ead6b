/** Opening a notebook by its address: asked for first, fetched then. */

import { fetchFile, rawAddress } from "./addresses.js";
import { openDialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { messageOf } from "./files.js";
import { sizeWords } from "./words.js";

/** @typedef {import("./addresses.js").Fetched} Fetched */

const QUIET = 400; // ms before it is said how much has come

/**
 * Ask for an address, or whether this one is to be opened.
 * @param {(fetched: Fetched) => Promise<void>} take raises where it is no notebook; the dialog stays then
 * @param {string} [address] that a link or a paste names
 */
export function askAddress(take, address = "") {
  const input = h("input", {
    type: "url", "aria-label": "Address", "aria-describedby": "address-help", placeholder: "https://", spellcheck: "false", autocomplete: "off", ".value": address,
    "data-first": !address,
  });
  const said = h("p", { class: "said", role: "status" });
  const leave = new AbortController();
  const open = async () => {
    if (busy) return;
    busy = true;
    try {
      await fetchInto(input.value, said, take, leave.signal);
      close();
    } catch (error) {
      if (leave.signal.aborted) return;
      fill(said, h("span", { class: "bad", role: "alert" }, messageOf(error)));
      input.focus();
    } finally {
      busy = false;
    }
  };
  let busy = false;
  const { element, close } = openDialog({
    title: address ? "Open this notebook?" : "Open from a URL",
    class: "by-address",
    body: [
      h("div", { class: "inp" }, input),
      h("p", { id: "address-help", class: "q" }, "A copy is kept in this browser. Nothing in it runs before you run it. Pages of GitHub, gists and nbviewer work, too."),
      said,
    ],
    acts: [
      { label: "Cancel" },
      { label: "Open", look: "pri", first: Boolean(address), run: () => open().then(() => false) },
    ],
    onClose: () => leave.abort(),
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    void open();
  });
  return element;
}

/** @param {string} text @param {HTMLElement} said @param {(fetched: Fetched) => Promise<void>} take @param {AbortSignal} signal */
async function fetchInto(text, said, take, signal) {
  const address = rawAddress(text);
  const began = performance.now();
  fill(said, "");
  const onProgress = (/** @type {number} */ bytes) => {
    if (performance.now() - began > QUIET) fill(said, `${sizeWords(bytes)} from ${address.host}.`);
  };
  await take(await fetchFile(address, onProgress, signal));
}
