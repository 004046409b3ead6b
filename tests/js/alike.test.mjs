import assert from "node:assert/strict";
import { test } from "node:test";

import { endAlike, startAlike } from "../../site/alike.js";

test("how much is the same, wherever the first difference stands", () => {
  for (const at of [0, 1, 4095, 4096, 4097, 9000]) {
    const [same, rest] = ["x".repeat(at), "y".repeat(5000)];
    assert.equal(startAlike(`${same}a${rest}`, `${same}b${rest}c`), at);
    assert.equal(endAlike(`${rest}a${same}`, `c${rest}b${same}`, 14_000), at);
    assert.equal(startAlike(same, same + rest), at);
    assert.equal(endAlike(same, rest + same, at), at);
  }
});

test("the end is counted up to a most", () => {
  const text = "x".repeat(9000);
  assert.equal(endAlike(text, text, 4096), 4096);
  assert.equal(endAlike(text, text, 5), 5);
  assert.equal(endAlike("a", "b", 0), 0);
});
