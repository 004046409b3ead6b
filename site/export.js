/**
 * A notebook's stored bytes as one file, whatever state they are in: for a backup, and to rescue
 * what a damaged notebook still has. No Python is needed for it.
 *
 * The file: the line `foldbook-log 1`; a line of JSON about the whole, {"notebook", "name",
 * "exported", "records"}; then for each record a line of JSON, {"store", "key", "bytes"}, the
 * bytes themselves just as they were stored, and a newline. Stores: rows, pending, refused,
 * blobs (see db.js). Secrets are not in it.
 */

import * as catalogue from "./catalogue.js";
import * as db from "./db.js";

export const MAGIC = "foldbook-log 1\n";
const STORES = ["rows", "pending", "refused", "blobs"];

/**
 * @param {string} id
 * @returns {Promise<{name: string, mime: string, data: Blob}>}
 */
export async function exportLog(id) {
  const database = await db.openNotebookDatabase(id, { create: false, anyVersion: true });
  try {
    const stores = STORES.filter((name) => database.objectStoreNames.contains(name));
    const found = await db.readAll(database, stores);
    const name = (await catalogue.entry(id))?.name ?? "Untitled";
    const records = found.flatMap(({ keys, values }, i) =>
      keys.map((key, j) => record(stores[i], key, values[j])),
    );
    const head = { notebook: id, name, exported: new Date().toISOString(), records: records.length };
    const parts = [MAGIC, `${JSON.stringify(head)}\n`, ...records.flat()];
    const mime = "application/x-foldbook-log";
    return { name: `${fileName(name)}.foldbook`, mime, data: new Blob(parts, { type: mime }) };
  } finally {
    database.close();
  }
}

/** @param {string | undefined} store @param {IDBValidKey} key @param {any} value @returns {BlobPart[]} */
function record(store, key, value) {
  // A damaged record may be anything; what is no bytes is written as JSON.
  const isBytes = value instanceof Uint8Array || value instanceof ArrayBuffer;
  const bytes = isBytes
    ? new Uint8Array(value)
    : new TextEncoder().encode(JSON.stringify(value) ?? "");
  const head = { store, key, bytes: bytes.byteLength, ...(isBytes ? {} : { form: "json" }) };
  return [`${JSON.stringify(head)}\n`, bytes, "\n"];
}

/** @param {string} name @returns {string} a name that file systems take */
export function fileName(name) {
  return name.replace(/[\\/:*?"<>|\u0000-\u001f]/g, "_").trim() || "Untitled";
}
