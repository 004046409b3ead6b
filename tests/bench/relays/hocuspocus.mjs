/**
 * Hocuspocus as a program: PORT, and DATA for what it keeps.
 *
 * Its own extension for SQLite needs a program that no registry of packages has ready; this is
 * the same with the SQLite that Node has: one row for each document, written two seconds after
 * the last change, ten after the first, which is what Hocuspocus does unless told otherwise.
 */

import { DatabaseSync } from "node:sqlite";

import { Database } from "@hocuspocus/extension-database";
import { Server } from "@hocuspocus/server";

const { PORT, DATA } = process.env;
const file = new DatabaseSync(`${DATA}/documents.sqlite`);
file.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
file.exec("CREATE TABLE documents (name TEXT PRIMARY KEY, data BLOB)");
const read = file.prepare("SELECT data FROM documents WHERE name = ?");
const write = file.prepare("INSERT OR REPLACE INTO documents VALUES (?, ?)");

const server = new Server({
  address: "127.0.0.1",
  port: Number(PORT),
  quiet: true,
  stopOnSignals: true,
  extensions: [
    new Database({
      fetch: async ({ documentName }) => read.get(documentName)?.data ?? null,
      store: async ({ documentName, state }) => void write.run(documentName, state),
    }),
  ],
});
await server.listen();
