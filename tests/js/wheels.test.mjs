/** Wheels as files: what a zip archive holds, inflated when it is read, and never before. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { mountEntries, readWheel, unpack } from "../../site/wheels.js";

/** @param {number} value @param {number} bytes */
const number = (value, bytes) => Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255);

/**
 * A zip archive; local headers get an extra field that the directory does not have.
 * @param {Record<string, string>} files
 * @param {{method?: number, comment?: string}} [how]
 */
function archive(files, { method = 8, comment = "" } = {}) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [path, text] of Object.entries(files)) {
    const plain = Buffer.from(text);
    const packed = method === 8 ? deflateRawSync(plain) : plain;
    const name = Buffer.from(path);
    const common = [...number(20, 2), 0, 0, ...number(method, 2), ...number(0, 8), ...number(packed.length, 4), ...number(plain.length, 4), ...number(name.length, 2)];
    const local = [...number(0x04034b50, 4), ...common, ...number(3, 2), ...name, 1, 2, 3, ...packed];
    directory.push(...number(0x02014b50, 4), ...number(20, 2), ...common, ...number(0, 12), ...number(at, 4), ...name);
    parts.push(...local);
    at += local.length;
  }
  const count = Object.keys(files).length;
  const end = [...number(0x06054b50, 4), ...number(0, 4), ...number(count, 2), ...number(count, 2), ...number(directory.length, 4), ...number(at, 4), ...number(comment.length, 2), ...Buffer.from(comment)];
  return Uint8Array.from([...parts, ...directory, ...end]);
}

const FILES = { "a/__init__.py": "", "a/b/": "", "a/ü.py": "x = 1\n".repeat(200) };
const text = (bytes) => new TextDecoder().decode(bytes);

test("files come as they went in, deflated or stored, and folders are left out", () => {
  for (const method of [0, 8]) {
    const entries = readWheel(archive(FILES, { method, comment: "PK\u0005\u0006 is no end" }));
    assert.deepEqual(entries.map(({ path }) => path), ["a/__init__.py", "a/ü.py"]);
    assert.deepEqual(entries.map((entry) => text(unpack(entry))), ["", FILES["a/ü.py"]]);
  }
});

test("what is no archive, or packed otherwise, is said", () => {
  assert.throws(() => readWheel(new Uint8Array(100)), /a zip archive expected/);
  assert.throws(() => readWheel(archive({ x: "y" }, { method: 12 })), /x: packed by method 12/);
  const cut = archive({ x: "y" });
  cut[0] = 0;
  assert.throws(() => readWheel(cut), /x: a file expected at byte 0/);
});

test("a mounted file is unpacked when it is read, once, and can be written", () => {
  const nodes = {};
  const parent = { node_ops: { mknod: (_, name) => (nodes[name] = { contents: new Uint8Array() }) } };
  const folders = [];
  const FS = { mkdirTree: (path) => folders.push(path), lookupPath: () => ({ node: parent }) };
  const entries = readWheel(archive(FILES));
  let reads = 0;
  const { packed } = entries[1];
  Object.defineProperty(entries[1], "packed", { get: () => ((reads += 1), packed) });
  mountEntries(FS, "/lib/site-packages", entries);
  assert.deepEqual(folders, ["/lib/site-packages/a"]);
  const node = nodes["ü.py"];
  assert.equal(reads, 0);
  assert.equal(node.usedBytes, FILES["a/ü.py"].length);
  assert.equal(text(node.contents), FILES["a/ü.py"]);
  assert.equal(node.contents, node.contents);
  assert.equal(reads, 1);
  node.contents = new Uint8Array([65]);
  assert.equal(text(node.contents), "A");
});
