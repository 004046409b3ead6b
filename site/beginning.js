/**
 * How a page comes to a notebook: it reads what is stored of it, and leads it where nobody else does.
 * `main.js` begins so while the parts of the page are still on their way; whoever draws listens later.
 */

import * as db from "./db.js";
import { Leader } from "./leader.js";

/** @typedef {{database: IDBDatabase, view: any}} Stored view: what was drawn last time, or undefined */

const PATIENCE = 100; // ms for a first picture, which a hidden page never has

export class Beginning {
  /** Ends it: the notebook is left. */
  leave = new AbortController();
  /** @type {() => void} */ #start = () => {};

  /** @param {string} id the notebook's @param {{quiet?: boolean}} [how] quiet: no runtime is started until something is to be run */
  constructor(id, { quiet = false } = {}) {
    this.id = id;
    this.leader = new Leader(id, quiet);
    this.stored = readStored(id);
    /** @type {Promise<void>} */
    const drawn = new Promise((resolve) => (this.#start = resolve));
    const saved = Promise.all([this.stored, drawn]).then(
      ([{ view }]) => ({ isThere: true, wantsPython: !runsElsewhere(view?.runtime) }),
      () => ({ isThere: false, wantsPython: false }), // who draws hears why
    );
    this.leader.lead(this.leave.signal, saved);
  }

  /** What is stored is drawn: workers start when it can be seen, as they take long and the picture does not. */
  drawn() {
    setTimeout(this.#start, PATIENCE);
    requestAnimationFrame(() => setTimeout(this.#start));
  }

  /** Leave at once, whatever is not stored: another tab may lead. */
  abandon() {
    this.leave.abort();
    this.leader.abandon();
  }
}

/** @param {string} id @returns {Promise<Stored>} */
async function readStored(id) {
  const database = await db.openNotebookDatabase(id, { create: false });
  const saved = await db.read(database, "view", "saved");
  return { database, view: saved && JSON.parse(saved) };
}

/** Whether people have selected a machine to run the cells. @param {import("./types.js").Runtime | null | undefined} runtime */
function runsElsewhere(runtime) {
  return Boolean(runtime?.selected) && runtime?.kind !== "browser";
}
