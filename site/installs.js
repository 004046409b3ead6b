/**
 * The packages that code has installed: recorded in the notebook's metadata, and offered again where
 * a Python does not have them. Nothing is installed by itself.
 */

import { newId } from "./catalogue.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Execution} Execution */

/** `foldbook.mime.INSTALLED`. */
export const INSTALLED = "application/vnd.foldbook.installed+json";
/** One word that means nothing else in a cell: a notebook may come from anybody. */
const PLAIN = /^[A-Za-z0-9][^\s'"\\`${};]*$/;

/** What a list of requirements holds that can be asked for. @param {unknown} list @returns {string[]} */
export function plainOnes(list) {
  return Array.isArray(list) ? list.filter((each) => typeof each === "string" && PLAIN.test(each)) : [];
}

/** What a run has installed. @param {Execution | null | undefined} execution @returns {string[]} */
export function installedBy(execution) {
  return (execution?.outputs ?? []).flatMap(({ data }) => plainOnes(data?.[INSTALLED]?.requirements));
}

/** "cowsay 6.1 and tides.whl". @param {string[]} requirements */
export function namesOf(requirements) {
  const names = requirements.map((each) => (each.includes("://") ? (each.split("/").at(-1) ?? each) : each.replace("==", " ")));
  return names.join(", ").replace(/, ([^,]*)$/, " and $1");
}

export class Installs {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** The runtime that was looked at last, whether it has what the notebook wants, and whether that was offered. */
    this._session = "";
    this._isDone = false;
    this._isOffered = false;
  }

  /** A run is over. What the reader has asked for is recorded. @param {Execution} execution */
  ended(execution) {
    const requirements = installedBy(execution);
    const { model, canEdit } = this.page;
    if (requirements.length === 0) return;
    if (execution.runtime === this._session) this._take();
    if (execution.requested.actor === model.me && canEdit) this.page.send({ do: "record_packages", requirements });
  }

  /** Where this browser's Python is new and the notebook has had more than that, say so once. */
  offer() {
    const { page } = this;
    const { runtime, order, cells, notebook } = page.model.view;
    const session = runtime?.selected && runtime.kind === "browser" && runtime.here ? runtime.session : "";
    if (session !== this._session) {
      this._session = session;
      this._isOffered = this._isDone = false;
      page.banners.show("installs", null);
      const ran = (/** @type {string} */ id) => cells[id]?.execution?.runtime === session && installedBy(cells[id]?.execution).length > 0;
      if (session && order.some(ran)) this._take();
    }
    if (!session || this._isDone || this._isOffered || runtime?.status !== "ready" || !page.canEdit || !page.canRun) return;
    if (!page.texts.isAttached) return; // what is drawn before a worker is there may be older than the log
    const recorded = plainOnes(notebook.metadata?.["foldbook"]?.packages);
    if (recorded.length === 0) return;
    this._isOffered = true;
    page.banners.show("installs", this._words(recorded));
  }

  /** Nothing is to be offered any more. */
  _take() {
    this._isDone = true;
    this.page.banners.show("installs", null);
  }

  /** @param {string[]} recorded @returns {import("./banners.js").Banner} */
  _words(recorded) {
    return {
      look: "",
      title: `This notebook has installed ${namesOf(recorded)}.`,
      words: "Python has started since, and does not have it any more.",
      acts: [{ label: "Install again", run: () => this._install(recorded) }],
      canClose: true,
    };
  }

  /** In a cell, where everybody sees it: the one that says just this, or a new one at the top. @param {string[]} recorded */
  _install(recorded) {
    const { page } = this;
    const { model } = page;
    const source = `%pip install ${recorded.join(" ")}`;
    this._take();
    let id = model.view.order.find((each) => model.source(each).trim() === source);
    if (!id) {
      id = newId();
      page.send({ do: "create_cell", cell_id: id, cell_type: "code", source, after: null });
    }
    page.send({ do: "run_cells", cell_ids: [id] });
    page.select.set(id);
  }
}
