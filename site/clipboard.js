/** Cells that were copied, for all notebooks of a tab. A notebook's large values are blobs of its own: into another one they bring their bytes along. */

/** @typedef {import("./types.js").CellType} CellType */
/** @typedef {{cell_type: CellType, source: string, metadata: Record<string, any>, attachments: Record<string, any>}} Copied */

export class Clipboard {
  /** @type {Copied[]} */
  cells = [];
  /** The notebook that they are from. @type {string | null} */
  #from = null;
  /** What could be had, by digest. @type {Promise<Map<string, Uint8Array>>} */
  #bytes = Promise.resolve(new Map());

  /**
   * @param {Copied[]} cells
   * @param {string} from the notebook
   * @param {(digest: string) => Promise<Uint8Array | null>} blob that notebook's bytes; asked now, for it may be closed when they are pasted
   */
  copy(cells, from, blob) {
    this.cells = cells;
    this.#from = from;
    this.#bytes = fetchAll(digestsOf(cells), blob);
  }

  /** Whether the cells can be pasted there as they are. @param {string} notebook */
  isAtHome(notebook) {
    return notebook === this.#from || digestsOf(this.cells).length === 0;
  }

  /**
   * Store what the cells need in another notebook.
   * @param {(data: ArrayBuffer) => Promise<unknown>} putBlob
   * @returns {Promise<{cells: Copied[], lost: number}>} the cells without those values whose bytes are not there, and how many these are
   */
  async bring(putBlob) {
    const { cells } = this;
    const bytes = await this.#bytes;
    const digests = digestsOf(cells);
    for (const digest of digests) {
      const data = bytes.get(digest);
      if (data) await putBlob(data.slice().buffer);
    }
    const lost = new Set(digests.filter((digest) => !bytes.has(digest)));
    return { cells: lost.size ? cells.map((cell) => without(cell, lost)) : cells, lost: lost.size };
  }
}

/** @param {string[]} digests @param {(digest: string) => Promise<Uint8Array | null>} blob */
async function fetchAll(digests, blob) {
  /** @type {Map<string, Uint8Array>} */
  const found = new Map();
  for (const digest of digests) {
    const data = await blob(digest).catch(() => null); // it counts as lost, and is told when it is pasted
    if (data) found.set(digest, data);
  }
  return found;
}

/** @param {any} value @returns {string | null} the blob that stands there */
function digestOf(value) {
  return typeof value?.$blob === "string" ? value.$blob : null;
}

/** Where a cell's values may be blobs. @param {Copied} cell @returns {Array<Record<string, any>>} */
function bundlesOf({ metadata, attachments }) {
  const bundles = Object.values(attachments).filter((bundle) => bundle && typeof bundle === "object");
  return [metadata, attachments, ...bundles];
}

/** @param {Copied[]} cells @returns {string[]} */
function digestsOf(cells) {
  const values = cells.flatMap(bundlesOf).flatMap((bundle) => Object.values(bundle));
  return [...new Set(values.map(digestOf).filter((digest) => digest !== null))];
}

/** @param {Copied} cell @param {Set<string>} lost @returns {Copied} */
function without(cell, lost) {
  const copy = structuredClone(cell);
  for (const bundle of bundlesOf(copy)) {
    for (const [name, value] of Object.entries(bundle)) if (lost.has(digestOf(value) ?? "")) delete bundle[name];
  }
  return copy;
}
