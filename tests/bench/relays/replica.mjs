/**
 * A document of Yjs at a server, as `replica.py` is a notebook: the same words, the same lines.
 *
 *     node replica.mjs write ADDRESS DIALECT EVENTS
 *     node replica.mjs read ADDRESS DIALECT ROOM EVENTS
 *
 * It speaks the protocol itself (y-protocols), as the providers of both servers do, without what
 * they do besides.
 */

import { once } from "node:events";
import readline from "node:readline/promises";

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as sync from "y-protocols/sync";
import * as Y from "yjs";

const EDIT = "edited, ";
const ROOM = "room-of-a-replica";
const [what, address, dialect, ...rest] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint());
const tell = (values) => console.log(JSON.stringify(values));

const doc = new Y.Doc();
const text = doc.getText("paper");

/** @param {(encoder: encoding.Encoder) => void} write */
function message(write) {
  const encoder = encoding.createEncoder();
  if (dialect === "hocuspocus") encoding.writeVarString(encoder, ROOM);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

/** Open a socket and sync the document; the promise is kept when both sides have said what they had. */
async function connect() {
  const path = dialect === "hocuspocus" ? "" : `/${ROOM}`;
  const socket = new WebSocket(address.replace("http", "ws") + path);
  socket.binaryType = "arraybuffer";
  await once(socket, "open");
  if (dialect === "hocuspocus")
    socket.send(
      message((encoder) => {
        for (const number of [2, 0]) encoding.writeVarUint(encoder, number);
        for (const word of ["x", "4.7.0"]) encoding.writeVarString(encoder, word);
      }),
    );
  const heard = new Promise((done) => {
    socket.onmessage = ({ data }) => {
      const decoder = decoding.createDecoder(new Uint8Array(data));
      if (dialect === "hocuspocus") decoding.readVarString(decoder);
      const kind = decoding.readVarUint(decoder);
      if (kind !== 0 && kind !== 4) return;
      let step;
      const answer = message((encoder) => {
        encoding.writeVarUint(encoder, 0);
        const before = encoding.length(encoder);
        step = sync.readSyncMessage(decoder, encoder, doc, "network");
        if (encoding.length(encoder) === before) encoder.empty = true;
      });
      if (step === sync.messageYjsSyncStep1) socket.send(answer);
      if (step === sync.messageYjsSyncStep2) done(undefined);
    };
  });
  socket.send(
    message((encoder) => {
      encoding.writeVarUint(encoder, 0);
      sync.writeSyncStep1(encoder, doc);
    }),
  );
  doc.on("update", (update, origin) => {
    if (origin !== "network")
      socket.send(
        message((encoder) => {
          encoding.writeVarUint(encoder, 0);
          sync.writeUpdate(encoder, update);
        }),
      );
  });
  await heard;
  return socket;
}

async function write(count) {
  for (let i = 0; i < count; i++) text.insert(text.length, EDIT);
  tell({ link: ROOM });
  const lines = readline.createInterface(process.stdin);
  await once(lines, "line");
  const began = now();
  await connect();
  tell({ began });
}

async function read(count) {
  const whole = EDIT.length * (count - 1);
  const began = now();
  await connect();
  tell({ began, linked: now() });
  while (text.length < whole) await once(doc, "update").catch(() => {});
  tell({ ended: now(), whole: text.toString() === EDIT.repeat(count - 1) });
}

await (what === "write" ? write(Number(rest[0])) : read(Number(rest[1])));
