import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { BOOTSTRAP, BOOTSTRAP_HASH, frameDocument } from "../../site/output_bootstrap.js";

test("the hash is that of the frame's script", () => {
  const digest = createHash("sha256").update(BOOTSTRAP, "utf8").digest("base64");
  assert.equal(BOOTSTRAP_HASH, `sha256-${digest}`);
});

test("the script closes no tag of its own", () => {
  assert.doesNotMatch(BOOTSTRAP, /<\/script|<!--/i);
  assert.equal(frameDocument(false).split("<script>").length, 2);
});

test("a frame has no network until it is allowed one", () => {
  const policy = (hasNetwork) => /content="([^"]*)"/.exec(frameDocument(hasNetwork))[1];
  assert.doesNotMatch(policy(false), /https:|'unsafe-eval'|\*/);
  assert.match(policy(true), /connect-src data: blob: https:/);
  assert.doesNotMatch(policy(true), /script-src[^;]*https:/);
});
