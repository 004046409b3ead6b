/** A page with no looks: it opens a notebook and keeps its view, so that a test can ask for it. */

import * as catalogue from "./catalogue.js";
import * as db from "./db.js";
import { openNotebook } from "./link.js";
import { applyOp } from "./patch.js";

const state = { view: null, drawn: [], saved: null, status: [], refused: [], toasts: [], news: [] };

const handlers = {
  onView: (view, how) => {
    state.view = view;
    state.drawn.push(how);
  },
  onPatch: (ops) => {
    for (const op of ops) state.view = patched(state.view, op);
  },
  onSaved: (saved) => (state.saved = saved),
  onStatus: (status) => state.status.push(status),
  onRefused: (refused) => state.refused.push(refused),
  onToast: (toast) => state.toasts.push(toast),
  onHost: (news) => state.news.push(news),
};

/** Texts of this page's own edits do not come back in patches: it keeps them here. */
function patched(view, op) {
  if (op[0] === "text") {
    const source = edited(view.cells[op[1]].source, op[2]);
    return applyOp(view, ["set", ["cells", op[1], "source"], source]);
  }
  if (op[0] === "source") return applyOp(view, ["set", ["cells", op[1], "source"], op[2]]);
  return applyOp(view, op);
}

function edited(text, changes) {
  const points = [...text];
  let at = 0;
  let made = "";
  for (const section of changes) {
    if (typeof section === "number") {
      made += points.slice(at, at + section).join("");
      at += section;
    } else {
      made += section[1];
      at += section[0];
    }
  }
  return made + points.slice(at).join("");
}

/** What would be drawn first. */
async function readSaved(id) {
  const database = await db.openNotebookDatabase(id);
  const saved = await db.read(database, "view", "saved");
  database.close();
  return saved;
}

async function open(id) {
  window.link = openNotebook(id, handlers);
}

/** Send a command; an edit is drawn here, as a page draws what is typed. */
function send(command) {
  const before = command.do === "edit_source" ? state.view.cells[command.cell_id].source : undefined;
  const k = window.link.send(command, before);
  if (command.do === "edit_source") {
    state.view = patched(state.view, ["text", command.cell_id, command.changes]);
  }
  return k;
}

Object.assign(window, { catalogue, db, state, open, send, readSaved });

/** Put a row of an unknown type at the end of a closed notebook's log. */
async function appendStranger(id) {
  const database = await db.openNotebookDatabase(id);
  const keys = await db.readKeys(database, "rows");
  const key = keys.at(-1);
  const record = await db.read(database, "rows", key);
  await db.write(database, [["rows", key, renamed(record)]], "strict");
  database.close();
}

/** The record with its events' type made another of the same length, and its checksum. */
function renamed(record) {
  const made = Uint8Array.from(record);
  const text = new TextDecoder("latin1").decode(made);
  const at = text.indexOf('"type":"') + 8;
  const end = text.indexOf('"', at);
  const name = "fromTheFuture".padEnd(end - at, "_").slice(0, end - at);
  for (let i = 0; i < name.length; i++) made[at + i] = name.charCodeAt(i);
  new DataView(made.buffer).setUint32(0, crc32(made.subarray(4)));
  return made;
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

Object.assign(window, { appendStranger });
