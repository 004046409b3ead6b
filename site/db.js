/**
 * What the page and the notebook worker keep in IndexedDB.
 *
 * One database per notebook, `foldbook-<id>`:
 *   rows     first seq of a segment -> Uint8Array (confirmed rows)
 *   pending  [session, n] -> Uint8Array (rows that no authority has numbered yet)
 *   refused  digest of a row -> Uint8Array (rows that the authority did not accept, and why)
 *   meta     name -> text, number or Uint8Array
 *   views    view id -> k, the number of the last command taken from that view
 *   view     "saved" -> JSON: what to draw before Python is up; "snapshot" -> Uint8Array, the
 *            fold of the rows up to "snapshot_seq" -> number (a Foldbook that knows none reads
 *            all the rows, so the version stays)
 *   blobs    SHA-256 in hex -> Uint8Array
 * and one for all, `foldbook`:
 *   notebooks  id -> Entry (the catalogue)   settings  name -> value
 *   inbox      number -> {notebook, view, k, command, before}: commands that no worker has taken;
 *              before: for an edit, the text that it was made on
 *
 * A transaction ends by itself as soon as nothing asks anything of it, so it cannot live across
 * an await of Python: every function here puts all its requests in at once.
 */

const VERSION = 1;
const NOTEBOOK_STORES = ["rows", "pending", "refused", "meta", "views", "view", "blobs"];

/**
 * Why a database could not do it. kind: "full" (no room, nothing was written), "newer" (written
 * by a newer Foldbook), "missing" (there is no such notebook here) or "failed".
 */
export class StoreError extends Error {
  /** @param {"full" | "newer" | "missing" | "failed"} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.name = "StoreError";
    this.kind = kind;
  }
}

/**
 * One change of a transaction: [store, key, value], or [store, key] to delete. A key of null
 * lets the store number the value itself.
 * @typedef {[string, IDBValidKey | null, any] | [string, IDBValidKey]} Change
 */

/**
 * A notebook's database.
 * @param {string} id
 * @param {{create?: boolean, anyVersion?: boolean}} [how] create: make it where it does not exist
 *   (default true); anyVersion: also one that a newer Foldbook wrote
 * @returns {Promise<IDBDatabase>}
 */
export function openNotebookDatabase(id, how = {}) {
  const version = how.anyVersion ? undefined : VERSION;
  return open(`foldbook-${id}`, version, how.create ?? true, (db) => {
    for (const name of NOTEBOOK_STORES) db.createObjectStore(name);
  });
}

/** The database of the catalogue, the settings and the inbox. @returns {Promise<IDBDatabase>} */
export function openHomeDatabase() {
  return open("foldbook", VERSION, true, (db) => {
    db.createObjectStore("notebooks");
    db.createObjectStore("settings");
    db.createObjectStore("inbox", { autoIncrement: true });
  });
}

/** Another database, with these stores. @param {string} name @param {string[]} stores @returns {Promise<IDBDatabase>} */
export function openDatabase(name, stores) {
  return open(name, VERSION, true, (db) => {
    for (const each of stores) db.createObjectStore(each);
  });
}

/**
 * @param {string} name
 * @param {number | undefined} version undefined: whichever it is of
 * @param {boolean} create
 * @param {(db: IDBDatabase) => void} build
 * @returns {Promise<IDBDatabase>}
 */
function open(name, version, create, build) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    let missing = false;
    request.onupgradeneeded = () => {
      missing = !create;
      if (missing) request.transaction?.abort();
      else build(request.result);
    };
    request.onsuccess = () => {
      const db = request.result;
      db.onversionchange = () => db.close(); // somebody deletes it, or a newer Foldbook needs it
      resolve(db);
    };
    request.onerror = () =>
      reject(
        missing
          ? new StoreError("missing", `there is no database ${name} in this browser`)
          : explain(request.error, name),
      );
  });
}

/**
 * Write everything or nothing.
 * @param {IDBDatabase} db
 * @param {Change[]} changes
 * @param {"strict" | "relaxed" | "default"} [durability] strict: on the disk when it resolves
 * @returns {Promise<void>} resolved when the transaction is complete
 */
export function write(db, changes, durability = "default") {
  return new Promise((resolve, reject) => {
    if (changes.length === 0) return resolve();
    const names = [...new Set(changes.map((change) => change[0]))];
    const transaction = begin(db, names, "readwrite", reject, durability);
    if (!transaction) return;
    transaction.oncomplete = () => resolve();
    try {
      for (const change of changes) {
        const store = transaction.objectStore(change[0]);
        if (change.length === 2) store.delete(change[1]);
        else if (change[1] === null) store.add(change[2]);
        else store.put(change[2], change[1]);
      }
      commit(transaction);
    } catch (error) {
      transaction.abort();
      reject(explain(error, db.name));
    }
  });
}

/**
 * Everything in these stores at one moment: for each the keys and, beside them, the values.
 * @param {IDBDatabase} db
 * @param {string[]} names
 * @returns {Promise<{keys: IDBValidKey[], values: any[]}[]>}
 */
export function readAll(db, names) {
  return new Promise((resolve, reject) => {
    const transaction = begin(db, names, "readonly", reject);
    if (!transaction) return;
    const found = names.map((name) => {
      const store = transaction.objectStore(name);
      return { keys: store.getAllKeys(), values: store.getAll() };
    });
    commit(transaction);
    transaction.oncomplete = () =>
      resolve(found.map(({ keys, values }) => ({ keys: keys.result, values: values.result })));
  });
}

/**
 * Everything in one store.
 * @param {IDBDatabase} db
 * @param {string} name
 * @returns {Promise<{keys: IDBValidKey[], values: any[]}>}
 */
export async function readStore(db, name) {
  const [found] = await readAll(db, [name]);
  return /** @type {{keys: IDBValidKey[], values: any[]}} */ (found);
}

/**
 * Records in order of their keys: from the last one whose key is not beyond ``key`` on, or from
 * the first.
 * @param {IDBDatabase} db
 * @param {string} name
 * @param {number} key
 * @param {number} limit records, at most
 * @returns {Promise<{keys: IDBValidKey[], values: any[]}>}
 */
export function readFrom(db, name, key, limit) {
  return new Promise((resolve, reject) => {
    const transaction = begin(db, [name], "readonly", reject);
    if (!transaction) return;
    const store = transaction.objectStore(name);
    /** @type {{keys: IDBRequest<IDBValidKey[]>, values: IDBRequest<any[]>} | undefined} */
    let found;
    const search = store.openKeyCursor(IDBKeyRange.upperBound(key), "prev");
    search.onsuccess = () => {
      const range = search.result ? IDBKeyRange.lowerBound(search.result.key) : null;
      found = { keys: store.getAllKeys(range, limit), values: store.getAll(range, limit) };
      commit(transaction);
    };
    transaction.oncomplete = () =>
      resolve({ keys: found?.keys.result ?? [], values: found?.values.result ?? [] });
  });
}

/**
 * The keys of a store.
 * @param {IDBDatabase} db
 * @param {string} name
 * @returns {Promise<IDBValidKey[]>}
 */
export function readKeys(db, name) {
  return ask(db, name, (store) => store.getAllKeys());
}

/**
 * One value; undefined where there is none.
 * @param {IDBDatabase} db
 * @param {string} name
 * @param {IDBValidKey} key
 * @returns {Promise<any>}
 */
export function read(db, name, key) {
  return ask(db, name, (store) => store.get(key));
}

/**
 * Change one value as one step that nobody can come between.
 * @template T
 * @param {IDBDatabase} db
 * @param {string} name
 * @param {IDBValidKey} key
 * @param {(old: T | undefined) => T | undefined} change gives undefined to leave it as it is
 * @returns {Promise<void>}
 */
export function update(db, name, key, change) {
  return new Promise((resolve, reject) => {
    const transaction = begin(db, [name], "readwrite", reject);
    if (!transaction) return;
    const store = transaction.objectStore(name);
    const request = store.get(key);
    request.onsuccess = () => {
      try {
        const next = change(request.result);
        if (next !== undefined) store.put(next, key);
        commit(transaction);
      } catch (error) {
        reject(error);
        transaction.abort();
      }
    };
    transaction.oncomplete = () => resolve();
  });
}

/** @param {string} name @returns {Promise<void>} */
export function deleteDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(explain(request.error, name));
  });
}

/**
 * @template T
 * @param {IDBDatabase} db
 * @param {string} name
 * @param {(store: IDBObjectStore) => IDBRequest<T>} question
 * @returns {Promise<T>}
 */
function ask(db, name, question) {
  return new Promise((resolve, reject) => {
    const transaction = begin(db, [name], "readonly", reject);
    if (!transaction) return;
    const request = question(transaction.objectStore(name));
    commit(transaction);
    transaction.oncomplete = () => resolve(request.result);
  });
}

/**
 * @param {IDBDatabase} db
 * @param {string[]} names
 * @param {"readonly" | "readwrite"} mode
 * @param {(error: StoreError) => void} reject
 * @param {"strict" | "relaxed" | "default"} [durability]
 * @returns {IDBTransaction | undefined}
 */
function begin(db, names, mode, reject, durability = "default") {
  try {
    const transaction = db.transaction(names, mode, { durability });
    transaction.onabort = () => reject(explain(transaction.error, db.name));
    return transaction;
  } catch (error) {
    reject(explain(error, db.name));
    return undefined;
  }
}

/**
 * All is asked. In WebKit (seen with 2.50) a transaction that is still waiting for its worker to say so,
 * when that is ended, holds back for ever whoever comes after it. In Chromium (seen with 156) one that
 * is committed may be complete before the large values are there that it was asked for.
 * @param {IDBTransaction} transaction
 */
function commit(transaction) {
  const { userAgent } = navigator;
  if (userAgent.includes("AppleWebKit/") && !userAgent.includes("Chrome/")) transaction.commit();
}

/** @param {unknown} error @param {string} name @returns {StoreError} */
function explain(error, name) {
  const cause = error instanceof Error || error instanceof DOMException ? error : null;
  const message = cause?.message || String(error);
  switch (cause?.name) {
    case "QuotaExceededError":
      return new StoreError("full", "this browser gives the page no more room to store");
    case "VersionError":
      return new StoreError("newer", `${name} was written by a newer version of Foldbook`);
    default:
      return new StoreError("failed", `${name}: ${message}`);
  }
}
