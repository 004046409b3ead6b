import assert from "node:assert/strict";
import test from "node:test";

import { functionTypes, makeStubs } from "../../.build/snapshots/stubs.mjs";
import { throughWasm } from "../../site/callbacks.js";

const I32 = 0x7f;
const F64 = 0x7c;

test("a stand-in has the library linked, and calls what is in its place then", () => {
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 300 });
  const [add, half] = throughWasm([
    Object.assign((a, b) => a + b, { sig: "iii" }),
    Object.assign((value) => value / 2, { sig: "dd" }),
  ]);
  const places = [
    { library: 7, index: 63, type: { parameters: [I32, I32], results: [I32] } },
    { library: 7, index: 64, type: { parameters: [F64], results: [F64] } },
    { library: 130, index: 299, type: { parameters: [], results: [] } },
  ];
  const linked = [];
  const link = (library) => {
    linked.push(library);
    table.set(63, add);
    table.set(64, half);
  };
  new WebAssembly.Instance(new WebAssembly.Module(makeStubs(places, 300)), { env: { table, link } });
  const early = table.get(64);
  assert.equal(table.get(63)(40, 2), 42);
  assert.deepEqual(linked, [7]);
  assert.equal(table.get(63), add);
  assert.equal(early(9), 4.5, "who kept a stand-in reaches the function all the same");
  assert.equal(table.get(62), null);
  assert.throws(() => table.get(299)(), RangeError, "nobody put the function into its place");
  assert.equal(linked.at(-1), 130);
});

// (func (export "f") (param i32) (result f64)), twice in a table that begins at __table_base.
const LIBRARY = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, I32, 1, F64],
  ...[2, 33, 2],
  ...[1, 0x65, 12, ...Buffer.from("__table_base"), 3, I32, 0],
  ...[1, 0x65, 7, ...Buffer.from("a_table"), 1, 0x70, 0, 2],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[9, 9, 1, 0, 0x23, 0, 0x0b, 2, 0, 0],
  ...[10, 13, 1, 11, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b],
);

test("the types of a library's table and exports are read from its bytes", () => {
  const type = { parameters: [I32], results: [F64] };
  const found = functionTypes(LIBRARY);
  assert.deepEqual(found.table, [type, type]);
  assert.deepEqual([...found.exported], [["f", type]]);
});

test("what is no library is said to be none", () => {
  assert.throws(() => functionTypes(Uint8Array.of(1, 2, 3, 4)), /a WebAssembly module expected/);
  assert.throws(() => functionTypes(LIBRARY.subarray(0, 20)), /ends in the middle/);
});
