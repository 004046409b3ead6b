/** Files: into the notebook (picker, drop), out of it (downloads), and notebooks as files. */

import { h } from "./dom.js";
import { showToast } from "./toast.js";
import { plural } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").File} File_ */

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
      try {
        await this._take(file);
        done.push(file.name);
      } catch (error) {
        this.page.banners.show("file", { look: "bad", title: `${file.name} was not added.`, words: messageOf(error), canClose: true });
      }
    }
    if (done.length) showToast(done.length === 1 ? `Added ${done[0]}.` : `Added ${plural(done.length, "file")}.`);
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
    const data = await this.page.link.blob(file.digest);
    if (data === null) return showToast(`${file.path} has not arrived yet.`);
    saveAs(file.path.split("/").at(-1) ?? file.path, new Blob([data.slice()], { type: file.mime }));
  }

  /** @param {File_} file */
  remove(file) {
    this.page.send({ do: "remove_file", path: file.path });
    showToast(`Removed ${file.path}.`, {
      label: "Undo",
      run: () => this.page.send({ do: "add_file", ...file }),
    });
  }

  /** @param {"ipynb" | "py" | "log"} format */
  async download(format) {
    try {
      const { name, data } = await this.page.link.exportFile(format);
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

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
