import assert from "node:assert/strict";
import { test } from "node:test";

import { Clipboard } from "../../site/clipboard.js";

const reference = (digest) => ({ $blob: digest, size: 3 });
const cell = (values) => ({ cell_type: "markdown", source: "x", metadata: {}, attachments: {}, ...values });
const CELLS = [
  cell({ metadata: { long: reference("m"), tags: ["a"] } }),
  cell({ attachments: { "p.png": { "image/png": reference("p"), "text/plain": "alt" }, whole: reference("w"), small: { "text/plain": "s" } } }),
  cell({ metadata: { again: reference("m") } }),
];

/** A notebook's bytes. */
const store = (digests) => async (digest) => (digests.includes(digest) ? new TextEncoder().encode(digest) : null);

async function brought(clipboard) {
  const put = [];
  const { cells, lost } = await clipboard.bring(async (data) => put.push(new TextDecoder().decode(data)));
  return { cells, lost, put };
}

test("a notebook's own copies need nothing", () => {
  const clipboard = new Clipboard();
  clipboard.copy(CELLS, "one", store(["m", "p", "w"]));
  assert.ok(clipboard.isAtHome("one"));
  assert.ok(!clipboard.isAtHome("two"));
  clipboard.copy([cell({ metadata: { tags: [1], nothing: null } })], "one", store([]));
  assert.ok(clipboard.isAtHome("two"));
});

test("into another notebook the bytes come along, each once", async () => {
  const clipboard = new Clipboard();
  clipboard.copy(CELLS, "one", store(["m", "p", "w"]));
  const { cells, lost, put } = await brought(clipboard);
  assert.deepEqual(cells, CELLS);
  assert.deepEqual(put, ["m", "w", "p"]);
  assert.equal(lost, 0);
});

test("bytes are there though the notebook that they are from is closed", async () => {
  const clipboard = new Clipboard();
  let isOpen = true;
  const blob = store(["m", "p", "w"]);
  clipboard.copy(CELLS, "one", async (digest) => (isOpen ? blob(digest) : Promise.reject(new Error("closed"))));
  await new Promise((resolve) => setImmediate(resolve));
  isOpen = false;
  assert.equal((await brought(clipboard)).lost, 0);
});

test("a value whose bytes cannot be had is left out and counted", async () => {
  const clipboard = new Clipboard();
  clipboard.copy(CELLS, "one", async (digest) => {
    if (digest === "w") throw new Error("unreadable");
    return store(["p"])(digest);
  });
  const { cells, lost, put } = await brought(clipboard);
  assert.deepEqual(put, ["p"]);
  assert.equal(lost, 2);
  assert.deepEqual(cells[0].metadata, { tags: ["a"] });
  assert.deepEqual(Object.keys(cells[1].attachments), ["p.png", "small"]);
  assert.deepEqual(cells[2].metadata, {});
  assert.deepEqual(CELLS[0].metadata.long, reference("m"), "the copy stays as it was");
});
