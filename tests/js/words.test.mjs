import assert from "node:assert/strict";
import { test } from "node:test";

import { spanWords } from "../../site/words.js";

test("spans are told in the two units that say most", () => {
  assert.equal(spanWords(420), "0.42 s");
  assert.equal(spanWords(8_400), "8.4 s");
  assert.equal(spanWords(190_000), "3 min 10 s");
  assert.equal(spanWords(7_500_000), "2 h 5 min");
});

test("no unit is ever full", () => {
  assert.equal(spanWords(59_960), "1 min 0 s");
  assert.equal(spanWords(3_599_600), "1 h 0 min");
  assert.equal(spanWords(7_199_000), "2 h 0 min");
});
