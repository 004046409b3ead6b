/**
 * The notebooks of this browser: the list that the home page shows, and the settings.
 *
 * A notebook's own facts are in its log. What is wanted from here (create, rename, import) is put
 * into the inbox as a command for its worker, whether one is up or not; the entry is only what
 * the list shows meanwhile.
 */

import * as db from "./db.js";
import { ENDING, checkNotebookFile } from "./reading.js";

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} name
 * @property {number} created ms since 1970
 * @property {number} changed ms since 1970
 * @property {number} cells
 * @property {number} events
 * @property {[number, string, number][]} strip ticks of the log: bucket, actor, count
 * @property {{id: string, name: string, hue?: string, initials?: string}[]} people
 * @property {number | null} deletedAt ms since 1970; null while it is not deleted
 * @property {{role: import("./types.js").Role | null, relay: string | null} | null} [shared]
 */

const HOME_CHANNEL = "foldbook:home";
const KEPT_AFTER_REMOVAL = 30 * 24 * 3600 * 1000; // ms

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/** The database `foldbook`, opened once. @returns {Promise<IDBDatabase>} */
export function home() {
  opened ??= db.openHomeDatabase().catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** All notebooks, the last changed first. @returns {Promise<Entry[]>} */
export async function list() {
  return (await all()).filter((entry) => !entry.deletedAt);
}

/** Notebooks that were removed and can still be restored. @returns {Promise<Entry[]>} */
export async function removed() {
  return (await all()).filter((entry) => entry.deletedAt);
}

/** @param {string} id @returns {Promise<Entry | undefined>} */
export async function entry(id) {
  return db.read(await home(), "notebooks", id);
}

/**
 * A new notebook with one empty code cell. It can be opened and typed into at once.
 * @param {string} [name]
 * @returns {Promise<string>} its id
 */
export async function create(name = "Untitled") {
  const id = newId();
  const cellId = newId();
  const cells = [{ cell_id: cellId, cell_type: "code", source: "" }];
  const command = { do: "create_notebook", notebook_id: id, name, cells };
  await begin(id, name, command, JSON.stringify(firstView(id, name, cellId)));
  return id;
}

/**
 * A new notebook from a file: .ipynb, a script (.py), or a log that Foldbook exported. It is read when it is
 * opened for the first time; one that is no notebook at all is refused, and nothing is made.
 * @param {string} fileName
 * @param {ArrayBuffer} data
 * @returns {Promise<string>} its id
 */
export async function importFile(fileName, data) {
  checkNotebookFile(fileName, data);
  const id = newId();
  const name = fileName.replace(ENDING, "") || "Untitled";
  await begin(id, name, { do: "import_file", notebook_id: id, name, file: fileName, data });
  return id;
}

/**
 * A notebook that somebody shares: its worker follows the link when it is opened. One that is here
 * already, even if it was removed from the list, takes the link's rights to its own.
 * @param {string} room the notebook's id
 * @param {string} link
 */
export async function join(room, link) {
  const command = { do: "join", link };
  const known = await entry(room);
  if (!known) {
    await begin(room, "Shared notebook", command);
    return refresh(room, { shared: { role: null, relay: null } }); // its worker knows more
  }
  if (known.deletedAt) await restore(room);
  return tell(room, command);
}

/** @param {string} id @param {string} name @returns {Promise<void>} */
export async function rename(id, name) {
  await tell(id, { do: "rename_notebook", name });
  await change(id, (old) => ({ ...old, name }));
}

/**
 * A copy with the same history, that goes its own way from now on.
 * @param {string} id
 * @param {string} [name] else the old name and "copy"
 * @returns {Promise<string>} the copy's id
 */
export async function duplicate(id, name) {
  const old = await entry(id);
  if (!old) throw new db.StoreError("missing", `there is no notebook ${id} in this browser`);
  const copy = newId();
  const copyName = name ?? `${old.name} copy`;
  await copyDatabase(id, copy);
  await copyInbox(id, copy);
  const now = Date.now();
  const values = { ...old, id: copy, name: copyName, created: now, changed: now, deletedAt: null, shared: null };
  await db.write(await home(), [["notebooks", copy, values]], "strict");
  await tell(copy, { do: "rename_notebook", name: copyName });
  announce();
  return copy;
}

/** Take a notebook off the list; `restore` brings it back. @param {string} id */
export async function remove(id) {
  await change(id, (old) => ({ ...old, deletedAt: Date.now() }));
}

/** @param {string} id */
export async function restore(id) {
  await change(id, (old) => ({ ...old, deletedAt: null }));
}

/**
 * Delete a notebook for good. Refused (false) while it is open anywhere.
 * @param {string} id
 * @returns {Promise<boolean>}
 */
export async function purge(id) {
  return navigator.locks.request(`foldbook:${id}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    await db.deleteDatabase(`foldbook-${id}`);
    const keys = (await inboxOf(id)).map(([key]) => key);
    /** @type {db.Change[]} */
    const changes = [["notebooks", id], ...keys.map((key) => /** @type {db.Change} */ (["inbox", key]))];
    await db.write(await home(), changes);
    announce();
    return true;
  });
}

/** Delete for good what was removed more than 30 days ago. */
export async function purgeOld() {
  for (const old of await removed()) {
    if (Date.now() - (old.deletedAt ?? Infinity) > KEPT_AFTER_REMOVAL) await purge(old.id);
  }
}

/**
 * Be told when the list changes, in this tab or another.
 * @param {() => void} callback
 * @returns {() => void} stops it
 */
export function watch(callback) {
  const channel = new BroadcastChannel(HOME_CHANNEL);
  channel.onmessage = () => callback();
  return () => channel.close();
}

/** @param {string} name @param {any} [otherwise] @returns {Promise<any>} */
export async function setting(name, otherwise) {
  return (await db.read(await home(), "settings", name)) ?? otherwise;
}

/** @param {string} name @param {any} value */
export async function setSetting(name, value) {
  await db.write(await home(), [["settings", name, value]], "strict");
  announce();
}

/**
 * Who sits here: the secret behind the actor id, made once for this browser, the name, the hue.
 * @returns {Promise<{secret: Uint8Array, name: string, hue: string}>}
 */
export async function identity() {
  const database = await home();
  const fresh = crypto.getRandomValues(new Uint8Array(32));
  await db.update(database, "settings", "actor_secret", (old) => (old ? undefined : fresh));
  return {
    secret: await db.read(database, "settings", "actor_secret"),
    name: await setting("name", "You"),
    hue: await setting("hue", ""),
  };
}

/**
 * What the worker knows better than the list.
 * @param {string} id
 * @param {Partial<Entry>} values
 */
export async function refresh(id, values) {
  await db.update(await home(), "notebooks", id, (/** @type {Entry | undefined} */ old) =>
    old ? { ...old, ...values } : undefined,
  );
  announce();
}

/**
 * What waits in the inbox for a notebook, oldest first.
 * @param {string} id
 * @returns {Promise<{keys: IDBValidKey[], items: any[]}>}
 */
export async function inbox(id) {
  const found = await inboxOf(id);
  return { keys: found.map(([key]) => key), items: found.map(([, value]) => value) };
}

/** @param {IDBValidKey[]} keys */
export async function dropInbox(keys) {
  await db.write(
    await home(),
    keys.map((key) => /** @type {db.Change} */ (["inbox", key])),
  );
}

/**
 * How much is stored, of how much, in bytes; 0 where the browser does not say.
 * @returns {Promise<{usage: number, quota: number}>}
 */
export async function storage() {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return { usage, quota };
}

/**
 * Ask the browser to keep what is stored here even when it runs out of room.
 * @returns {Promise<boolean>} whether it promised
 */
export async function persist() {
  return (await navigator.storage?.persist?.()) ?? false;
}

/**
 * Put commands for a notebook's worker into the inbox: they are durable when this resolves.
 * @param {string} notebook
 * @param {{view: string, k: number, command: object, before?: string}[]} items
 */
export async function putInbox(notebook, items) {
  const changes = items.map((item) => /** @type {db.Change} */ (["inbox", null, { notebook, ...item }]));
  await db.write(await home(), changes, "strict");
}

/** An id that sorts by nothing and is no secret. @returns {string} */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

/** @returns {Promise<Entry[]>} */
async function all() {
  const { values } = await db.readStore(await home(), "notebooks");
  return values.sort((a, b) => b.changed - a.changed);
}

/**
 * @param {string} id
 * @param {string} name
 * @param {object} command the first command of its log
 * @param {string} [view] what to draw at first, in JSON
 */
async function begin(id, name, command, view) {
  const database = await db.openNotebookDatabase(id);
  if (view) await db.write(database, [["view", "saved", view]], "strict");
  database.close();
  const now = Date.now();
  /** @type {Entry} */
  const values = {
    id, name, created: now, changed: now, cells: view ? 1 : 0, events: 0,
    strip: [], people: [], deletedAt: null,
  };
  const item = { notebook: id, view: homeView(), k: 1, command };
  await db.write(await home(), [["notebooks", id, values], ["inbox", null, item]], "strict");
  announce();
}

/** @param {string} id @param {object} command */
async function tell(id, command) {
  await putInbox(id, [{ view: homeView(), k: 1, command }]);
  const channel = new BroadcastChannel(`foldbook:${id}`);
  channel.postMessage({ t: "inbox" });
  channel.close();
}

/** @param {string} id @param {(old: Entry) => Entry} step */
async function change(id, step) {
  await db.update(await home(), "notebooks", id, (/** @type {Entry | undefined} */ old) => {
    if (!old) throw new db.StoreError("missing", `there is no notebook ${id} in this browser`);
    return step(old);
  });
  announce();
}

function announce() {
  const channel = new BroadcastChannel(HOME_CHANNEL);
  channel.postMessage({ t: "catalogue" });
  channel.close();
}

/** Commands of the home page come from a view that sends one command only. @returns {string} */
function homeView() {
  return `${Date.now().toString(36)}-${newId()}`;
}

/** @param {string} id @returns {Promise<[IDBValidKey, any][]>} */
async function inboxOf(id) {
  const { keys, values } = await db.readStore(await home(), "inbox");
  return values
    .map((value, i) => /** @type {[IDBValidKey, any]} */ ([keys[i], value]))
    .filter(([, value]) => value.notebook === id);
}

/** @param {string} from @param {string} to */
async function copyInbox(from, to) {
  const waiting = (await inboxOf(from)).map(([, value]) => value);
  await putInbox(to, waiting);
}

/**
 * The copy has the same rows but is another log: its worker gives it an epoch, and a session.
 * One that was joined lately may lack some yet, and cannot be copied then.
 * @param {string} from @param {string} to
 */
async function copyDatabase(from, to) {
  const source = await db.openNotebookDatabase(from, { create: false });
  const isWhole = (await db.read(source, "meta", "history")) === undefined;
  if (!isWhole) {
    source.close();
    throw new db.StoreError("failed", "its history has not arrived here yet; try again later");
  }
  const target = await db.openNotebookDatabase(to);
  try {
    const names = ["rows", "view", "blobs", "views"];
    const found = await db.readAll(source, names);
    const changes = found.flatMap(({ keys, values }, i) =>
      keys.map((key, j) => /** @type {db.Change} */ ([names[i] ?? "", key, values[j]])),
    );
    changes.push(["meta", "copied_from", from]);
    await db.write(target, changes, "strict");
  } finally {
    source.close();
    target.close();
  }
}

/**
 * What a new notebook looks like, so that it can be typed into before Python is up.
 * @param {string} id @param {string} name @param {string} cellId
 */
function firstView(id, name, cellId) {
  const cell = {
    id: cellId, type: "code", source: "", edited: null, created: null,
    metadata: {}, attachments: {}, execution: null,
  };
  return {
    seq: 0, pending: 0, readonly: null,
    notebook: { id, name, metadata: {} }, order: [cellId], cells: { [cellId]: cell },
    actors: {}, runtime: null, runtimes: [], files: [], log: { events: 0, strip: [] },
    undo: { undo: null, redo: null },
  };
}
