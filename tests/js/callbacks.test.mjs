import assert from "node:assert/strict";
import test from "node:test";

import { gatherCallbacks } from "../../site/callbacks.js";

/** @param {(...values: any[]) => any} given @param {string} sig */
const signed = (given, sig) => Object.assign(given, { sig });

test("functions of every type get into the table at once, and answer from there", () => {
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 4 });
  const place = gatherCallbacks();
  table.set(0, signed((a, b) => a - b, "iii"));
  table.set(2, signed((a, b) => a + BigInt(b), "jji"));
  table.set(3, signed(() => undefined, "v"));
  assert.equal(table.get(0), null);
  place();
  assert.equal(table.get(0)(7, 2), 5);
  assert.equal(table.get(2)(40n, 2), 42n);
  assert.equal(table.get(3)(), undefined);
  assert.equal(table.get(1), null);
});

test("afterwards, and for what tells no signature, a table is as strict as ever", () => {
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const place = gatherCallbacks();
  assert.throws(() => table.set(0, () => 1), TypeError);
  assert.throws(() => table.set(0, signed(() => 1, "ix")), TypeError);
  place();
  assert.throws(() => table.set(0, signed(() => 1, "i")), TypeError);
  place();
  assert.equal(table.get(0), null);
});
