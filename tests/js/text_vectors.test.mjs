import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { canonical, cross, fromChanges, toChanges, toDoc } from "../../site/editor_text.js";

const FILE = new URL("../samples/text_vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(FILE, "utf8"));

test("the page transforms as the log does, on every shared vector", () => {
  assert.ok(vectors.length > 100, `only ${vectors.length} vectors`);
  for (const { text, a, b, a_over_b, b_over_a, result } of vectors) {
    const doc = toDoc(text);
    const later = canonical(fromChanges(a, doc), doc);
    const earlier = canonical(fromChanges(b, doc), doc);
    const [laterNow, earlierNow, afterLater] = cross(later, earlier, doc);
    const afterEarlier = earlier.apply(doc);
    const story = JSON.stringify({ text, a, b });
    assert.deepEqual(toChanges(laterNow, afterEarlier), a_over_b, story);
    assert.deepEqual(toChanges(earlierNow, afterLater), b_over_a, story);
    assert.equal(laterNow.apply(afterEarlier).toString(), result, story);
    assert.equal(earlierNow.apply(afterLater).toString(), result, story);
  }
});
