/** Files: into the notebook (picker, drop), out of it (downloads), and notebooks as files. */

import { askLine } from "./dialogs.js";
import { h } from "./dom.js";
import { fileName } from "./export.js";
import { showToast, tellSlow } from "./toast.js";
import { plural, sizeWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").File} File_ */

/** @typedef {"ipynb" | "py" | "html" | "log"} Format */

/** What a notebook can be downloaded as. @type {Array<{format: Format, label: string}>} */
export const FORMATS = [
  { format: "ipynb", label: "Notebook (.ipynb)" },
  { format: "py", label: "Python script (.py)" },
  { format: "html", label: "Web page (.html)" },
  { format: "log", label: "Raw log (.foldbook)" },
];

/**
 * A notebook as a file. The page itself draws it as a web page; the others its worker writes.
 * @param {import("./link.js").Link} link
 * @param {Format} format
 * @param {{view: import("./types.js").View, source?: (id: string) => string}} drawn
 * @returns {Promise<{name: string, data: Blob}>}
 */
export async function writeFile(link, format, { view, source }) {
  const slow = tellSlow("Writing the file.");
  try {
    if (format !== "html") return await link.exportFile(format);
    const { writeWebPage } = await import("./web_page.js");
    const onProgress = (/** @type {number} */ done, /** @type {number} */ total) => slow.say(`Writing the file: cell ${done} of ${total}.`);
    const blob = (/** @type {string} */ digest) => link.blob(digest);
    return { name: `${fileName(view.notebook.name)}.html`, data: await writeWebPage({ view, source, blob, onProgress }) };
  } finally {
    slow.end();
  }
}

/**
 * Hand a file to the reader.
 * @param {string} name
 * @param {Blob} data
 */
export function saveAs(name, data) {
  const address = URL.createObjectURL(data);
  const link = h("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Ask the reader for files.
 * @param {string} accept
 * @param {(files: File[]) => void} take
 */
export function pickFiles(accept, take) {
  const input = h("input", { type: "file", accept: accept || null, multiple: true, hidden: true });
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  document.body.append(input);
  input.click();
}

/**
 * Files dropped anywhere on `target`.
 * @param {HTMLElement} target
 * @param {(files: File[]) => void} take
 */
export function onDrop(target, take) {
  let depth = 0;
  const show = (/** @type {boolean} */ is) => target.classList.toggle("dropping", is);
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  target.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show(true);
  });
  target.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    show(depth > 0);
  });
  target.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  target.addEventListener(
    "drop",
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      depth = 0;
      show(false);
      take([...(event.dataTransfer?.files ?? [])]);
    },
    true,
  );
}

export class Files {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  choose() {
    pickFiles("", (files) => this.add(files));
  }

  /** Dropped or chosen: notebooks become cells at the end, all else files beside the code. @param {File[]} files */
  async add(files) {
    if (!this.page.rights.allows("edit")) return;
    const done = [];
    for (const file of files) {
      const slow = tellSlow(`Adding ${file.name}, ${sizeWords(file.size)}.`);
      try {
        await this._take(file);
        done.push(file.name);
      } catch (error) {
        this.page.banners.show("file", { look: "bad", title: `${file.name} was not added.`, words: messageOf(error), canClose: true });
      } finally {
        slow.end();
      }
    }
    if (done.length) showToast(done.length === 1 ? `Added ${done[0]}.` : `Added ${plural(done.length, "file")}.`);
  }

  /** A notebook's text, or its file, becomes cells at the end; what is typed into takes its own. @param {ClipboardEvent} event */
  async pasted(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => /\.ipynb$/i.test(file.name));
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (files.length) return this.add(files);
    if (!text.includes("nbformat")) return undefined;
    const { readPasted } = await import("./addresses.js");
    const found = readPasted(text);
    return found && "file" in found ? this.add([found.file]) : undefined;
  }

  /** @param {File} file */
  async _take(file) {
    const data = await file.arrayBuffer();
    if (/\.ipynb$/i.test(file.name)) {
      const notes = await this.page.link.importFile(file.name, data);
      if (notes.length) this.page.banners.show("import", { look: "warn", title: "From the file:", words: notes.join(" "), canClose: true });
      return;
    }
    const { digest, size } = await this.page.link.putBlob(data);
    this.page.send({ do: "add_file", path: file.name, digest, size, mime: file.type || "application/octet-stream" });
  }

  /** @param {File_} file */
  copyPath(file) {
    navigator.clipboard?.writeText(file.path).then(() => showToast("Path copied."), () => showToast(file.path));
  }

  /** @param {File_} file */
  async save(file) {
    const slow = tellSlow(`Reading ${file.path}, ${sizeWords(file.size)}.`);
    const data = await this.page.link.blob(file.digest).finally(() => slow.end());
    if (data === null) return showToast(`${file.path} has not arrived yet.`);
    saveAs(file.path.split("/").at(-1) ?? file.path, new Blob([data.slice()], { type: file.mime }));
  }

  /** Another name, or another folder. @param {File_} file */
  async rename(file) {
    const to = await askLine({ title: "Rename file", label: "Name, or path", value: file.path, act: "Rename" });
    if (!to || to === file.path) return undefined;
    if (!isPath(to)) return showToast("Not renamed. A name or a path in the working directory is expected, as data/rain.csv.");
    if (this.page.model.view.files.some(({ path }) => path === to)) return showToast(`Not renamed. There is a file ${to} already.`);
    this.page.send({ do: "rename_file", path: file.path, to });
    return showToast(`Renamed to ${to}.`, {
      label: "Undo",
      run: () => this.page.send({ do: "rename_file", path: to, to: file.path }),
    });
  }

  /** @param {File_} file */
  remove(file) {
    this.page.send({ do: "remove_file", path: file.path });
    showToast(`Removed ${file.path}.`, {
      label: "Undo",
      run: () => this.page.send({ do: "add_file", ...file }),
    });
  }

  /** @param {Format} format */
  async download(format) {
    const { link, model } = this.page;
    try {
      const view = { ...model.view };
      const source = (/** @type {string} */ id) => model.source(id);
      const { name, data } = await writeFile(link, format, { view, source });
      saveAs(name, data);
    } catch (error) {
      this.page.banners.show("file", { look: "bad", title: "The file was not made.", words: messageOf(error), canClose: true });
    }
  }

  /** Ctrl+S: it is saved already; say where, and offer a copy. */
  sayWhereSaved() {
    const { failed, unsaved } = this.page.header.state;
    const words = failed ? `Not saved: ${failed}` : unsaved > 0 ? "Saving." : "Saved already, in this browser.";
    showToast(words, { label: "Download a copy", run: () => this.download("ipynb") });
  }
}

/** As `foldbook.events.files.Path` has it. @param {string} path */
function isPath(path) {
  return path.length <= 512 && path.split("/").every((part) => part && !/^\.+$/.test(part));
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
