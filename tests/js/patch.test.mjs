/** Patches: what is on the path is copied, and every key is only a key. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { applyOp, keepEqual } from "../../site/patch.js";

const parse = JSON.parse;

test("each operation changes its place and leaves the rest the same object", () => {
  const before = { cells: { a: { source: "x" }, b: { tags: ["one"] } }, order: ["a", "b"] };
  const cases = [
    [["set", ["cells", "a", "source"], "y"], { ...before, cells: { ...before.cells, a: { source: "y" } } }],
    [["append", ["cells", "a", "source"], "z"], { ...before, cells: { ...before.cells, a: { source: "xz" } } }],
    [["push", ["cells", "b", "tags"], "two"], { ...before, cells: { ...before.cells, b: { tags: ["one", "two"] } } }],
    [["insert", ["order", 1], "c"], { ...before, order: ["a", "c", "b"] }],
    [["del", ["order", 0]], { ...before, order: ["b"] }],
    [["del", ["cells", "a"]], { ...before, cells: { b: before.cells.b } }],
  ];
  for (const [op, after] of cases) assert.deepEqual(applyOp(before, op), after);
  assert.equal(applyOp(before, ["set", ["order"], []]).cells, before.cells);
});

test("a path that leads nowhere, and a verb that is none, are errors", () => {
  assert.throws(() => applyOp({ a: null }, ["set", ["a", "b", "c"], 1]), /Expected an object or a list at a/);
  assert.throws(() => applyOp({ a: 1 }, ["twist", ["a"], 1]), /Expected set, del/);
});

test("what is equal stays the same object", () => {
  const old = { a: { b: [1, { c: 2 }] }, d: 3 };
  assert.equal(keepEqual(old, structuredClone(old)), old);
  const next = keepEqual(old, { a: { b: [1, { c: 2 }] }, d: 4 });
  assert.equal(next.a, old.a);
  assert.equal(next.d, 4);
  assert.notEqual(keepEqual(old, { a: old.a }), old);
});

test("a cell may be called __proto__", () => {
  const old = parse('{"cells": {"__proto__": {"source": "x"}, "b": {"source": "y"}}}');
  const set = applyOp(old, ["set", ["cells", "__proto__", "source"], "z"]);
  assert.deepEqual(Object.keys(set.cells), ["__proto__", "b"]);
  assert.equal(set.cells.__proto__.source, "z");
  const kept = keepEqual(old, parse('{"cells": {"__proto__": {"source": "w"}, "b": {"source": "y"}}}'));
  assert.deepEqual(Object.keys(kept.cells), ["__proto__", "b"]);
  assert.equal(kept.cells.b, old.cells.b);
  assert.equal({}.source, undefined);
});
