/** A text field whose text everybody shares; a second element shows it. The address names the server. */

import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const doc = new Y.Doc();
const text = doc.getText("paper");
const field = /** @type {HTMLTextAreaElement} */ (document.querySelector("textarea"));
const shown = /** @type {HTMLElement} */ (document.querySelector("pre"));
const provider = new WebsocketProvider(location.hash.slice(1), "room-of-typing", doc, {
  disableBc: true, // through the server, also between the pages of one browser
});
provider.on("sync", () => {
  globalThis.isThere = true;
});
field.addEventListener("input", () => text.insert(text.length, field.value.slice(text.length)));
text.observe(() => {
  shown.textContent = text.toString();
});
