/** Which build a page is of. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { buildOf } from "../../site/newer.js";

test("a page says which build it is of", () => {
  const page = `<!doctype html><head><meta name="foldbook-build" content="1f2e" /></head>`;
  assert.equal(buildOf(page), "1f2e");
});

test("what is no page of ours says nothing", () => {
  assert.equal(buildOf("<h1>Sign in to the hotel's network</h1>"), "");
});
