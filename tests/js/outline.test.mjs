import assert from "node:assert/strict";
import { test } from "node:test";

import { firstWords } from "../../site/outline.js";

test("a code cell is known by its first line that says something", () => {
  assert.equal(firstWords("\n  \n%matplotlib inline\n   x = 1   \ny = 2"), "x = 1");
  assert.equal(firstWords("# %% The rain  \nx"), "The rain");
  assert.equal(firstWords("async def fetch(address):\n    pass"), "fetch");
  assert.equal(firstWords("\n %%bash \n%time"), "%%bash");
  assert.equal(firstWords("\t\r\n\f7\r\n8"), "7");
  assert.equal(firstWords(" \n "), "");
});
