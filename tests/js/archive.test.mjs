/** Archives as files: what a zip archive holds, inflated when it is read, and never before. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { mountArchives, Archive } from "../../site/archive.js";

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
    const { entries } = new Archive(archive(FILES, { method, comment: "PK\u0005\u0006 is no end" }));
    assert.deepEqual([...entries.keys()], ["a/__init__.py", "a/ü.py"]);
    assert.deepEqual([...entries.values()].map((entry) => text(entry.unpack())), ["", FILES["a/ü.py"]]);
  }
});

test("what is no archive, or packed otherwise, is said", () => {
  const entriesOf = (/** @type {Uint8Array} */ data) => new Archive(data).entries;
  assert.throws(() => entriesOf(new Uint8Array(100)), /a zip archive expected/);
  assert.throws(() => entriesOf(archive({ x: "y" }, { method: 12 })), /x: packed by method 12/);
  const cut = archive({ x: "y" });
  cut[0] = 0;
  assert.throws(() => entriesOf(cut).get("x").read(), /x: a file expected at byte 0/);
});

/** What of Emscripten's file system a mount needs. */
function fileSystem() {
  const operations = {
    mknod: (parent, name, mode) =>
      (parent.contents[name] = { name, mode, contents: mode & 0o40000 ? {} : new Uint8Array(), node_ops: operations }),
    lookup: (_, name) => {
      throw new Error(`no ${name}`);
    },
  };
  const top = { contents: {}, node_ops: operations };
  const ErrnoError = class extends Error {
    constructor(errno) {
      super(String(errno));
      this.errno = errno;
    }
  };
  return { mkdirTree: () => {}, lookupPath: () => ({ node: top }), top, ErrnoError };
}

const TOP = { folders: ["a"], files: [] };

test("an archive is read when somebody looks into its folder, and a file when it is read, once", () => {
  const FS = fileSystem();
  const archived = new Archive(archive(FILES));
  let reads = 0;
  const read = archived.read.bind(archived);
  archived.read = (from, to) => ((reads += 1), read(from, to));
  mountArchives(FS, "/lib/site-packages", [{ archive: archived, top: TOP }]);
  assert.deepEqual(Object.keys(FS.top.contents), ["a"]);
  assert.equal(reads, 0);
  const folder = FS.top.contents.a;
  const node = folder.node_ops.lookup(folder, "ü.py");
  assert.deepEqual(Object.keys(folder.contents), ["__init__.py", "ü.py"]);
  assert.throws(() => folder.node_ops.lookup(folder, "none.py"), /no none.py/);
  assert.equal(reads, 1);
  assert.equal(node.usedBytes, Buffer.from(FILES["a/ü.py"]).length);
  assert.equal(text(node.contents), FILES["a/ü.py"]);
  assert.equal(node.contents, node.contents);
  assert.equal(reads, 2);
  node.contents = new Uint8Array([65]);
  assert.equal(text(node.contents), "A");
});

test("archives share a folder; a file at the top tells its size when it is asked", () => {
  const FS = fileSystem();
  const [one, two] = [{ "a/x.py": "1", "six.py": "666" }, { "a/y/z.py": "2" }].map((files) => new Archive(archive(files)));
  mountArchives(FS, "/", [
    { archive: one, top: { folders: ["a"], files: ["six.py"] } },
    { archive: two, top: TOP },
  ]);
  assert.equal(FS.top.contents["six.py"].usedBytes, 3);
  assert.deepEqual(Object.keys(FS.top.contents.a.contents), ["x.py", "y"]);
  mountArchives(FS, "/", [{ archive: new Archive(archive({ "a/y/more.py": "3" })), top: TOP }]);
  assert.deepEqual(Object.keys(FS.top.contents.a.contents.y.contents), ["z.py", "more.py"]);
});

test("what cannot be read is an input error, each time", (context) => {
  context.mock.method(console, "error", () => {});
  const FS = fileSystem();
  const archived = new Archive(archive(FILES));
  mountArchives(FS, "/", [{ archive: archived, top: TOP }]);
  archived.data = new Uint8Array(50);
  archived.size = 50;
  const folder = FS.top.contents.a;
  for (let i = 0; i < 2; i++) assert.throws(() => folder.contents, { errno: 29 });
});
