/** Notebooks as files, from the list: without opening them on a page. */

import { exportLog } from "./export.js";
import { saveAs, writeFile } from "./files.js";
import { openNotebook } from "./link.js";
import { showToast } from "./toast.js";
import { plural } from "./words.js";
import { zip } from "./zip.js";

/**
 * One notebook as a file. Its worker writes it, so one is started for as long as that takes.
 * @param {string} id
 * @param {import("./files.js").Format} format
 * @returns {Promise<{name: string, data: Blob, notes: string[]}>} notes: what is not in it
 */
export async function exportNotebook(id, format) {
  if (format === "log") return { ...(await exportLog(id)), notes: [] };
  showToast("Writing the file.");
  /** @type {(view: import("./types.js").View) => void} */
  let isThere = () => {};
  /** @type {(error: Error) => void} */
  let isNot = () => {};
  /** @type {Promise<import("./types.js").View>} */
  const attached = new Promise((resolve, reject) => {
    isThere = resolve;
    isNot = reject;
  });
  /** @type {string[]} */
  const notes = [];
  const link = openNotebook(
    id,
    {
      onToast: ({ kind, message }) => kind === "export" && notes.push(message),
      onView: (view, { saved }) => saved || isThere(view),
      onStatus: ({ stage, message = "Python did not start." }) => stage === "failed" && isNot(new Error(message)),
    },
    { quiet: true },
  );
  try {
    return { ...(await writeFile(link, format, { view: await attached })), notes };
  } finally {
    await link.close();
  }
}

/**
 * Every notebook's log in one file. One that cannot be read does not keep the others out.
 * @param {Array<{id: string, name: string}>} entries
 * @returns {Promise<string[]>} the names of those that are not in it
 */
export async function exportAll(entries) {
  /** @type {Array<{name: string, data: Blob}>} */
  const files = [];
  /** @type {string[]} */
  const missing = [];
  /** @type {unknown} */
  let why;
  const names = new Set();
  for (const entry of entries) {
    try {
      const { name, data } = await exportLog(entry.id);
      files.push({ name: freeName(name, names), data });
    } catch (error) {
      missing.push(entry.name);
      why = error;
    }
  }
  if (files.length === 0 && why) throw why;
  const day = new Date().toISOString().slice(0, 10);
  saveAs(`foldbook-${day}.zip`, await zip(files));
  showToast(`${plural(files.length, "notebook")} backed up. Open a .foldbook file to restore one.`);
  return missing;
}

/** @param {string} name @param {Set<string>} taken */
function freeName(name, taken) {
  let free = name;
  for (let i = 2; taken.has(free.toLowerCase()); i++) free = name.replace(/(\.\w+)$/, ` ${i}$1`);
  taken.add(free.toLowerCase());
  return free;
}
