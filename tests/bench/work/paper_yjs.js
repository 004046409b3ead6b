/** Yjs on a trace of one author's edits, in a worker: one round for each message. */

import * as Y from "yjs";

import { answerWith, fetchFile } from "./paper_worker.js";

/** Place, how many characters go, what comes. @typedef {[number, number, string]} Edit */
/** @typedef {{txns: {patches: Edit[]}[], endContent: string}} Trace */

/** @type {Promise<Trace>} */
const trace = readTrace();

answerWith(async () => {
  const { txns, endContent } = await trace;
  const edits = txns.flatMap(({ patches }) => patches);
  /** @type {Record<string, number>} */
  const figures = {};
  const timed = (/** @type {string} */ name, /** @type {() => string} */ work) => {
    const started = performance.now();
    const result = work();
    figures[name] = performance.now() - started;
    if (result !== endContent) throw new Error(`${name}: not the text that the author ended in`);
  };
  measure(edits, timed);
  return figures;
});

/** @param {Edit[]} edits @param {(name: string, work: () => string) => void} timed */
function measure(edits, timed) {
  /** @type {Uint8Array[]} */
  const updates = [];
  const alone = new Y.Doc().getText("paper");
  timed("text", () => typeInto(alone, edits));
  const observed = new Y.Doc().getText("paper");
  observed.observe(() => {}); // does not ask what changed: Yjs would reckon that for each event
  timed("fold", () => typeInto(observed, edits));
  const doc = new Y.Doc();
  const written = doc.getText("paper");
  doc.on("update", (update) => updates.push(update));
  timed("write", () => typeInto(written, edits));
  const other = new Y.Doc();
  timed("read", () => {
    for (const update of updates) Y.applyUpdate(other, update);
    return other.getText("paper").toString();
  });
}

/** One transaction for each insertion or deletion. @param {Y.Text} text @param {Edit[]} edits */
function typeInto(text, edits) {
  for (const [place, deleted, inserted] of edits) {
    if (deleted) text.delete(place, deleted);
    if (inserted) text.insert(place, inserted);
  }
  return text.toString();
}

async function readTrace() {
  const packed = await fetchFile("trace.json.gz");
  return await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).json();
}
