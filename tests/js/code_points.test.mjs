import assert from "node:assert/strict";
import { test } from "node:test";

import { Text } from "../../site/node_modules/@codemirror/state/dist/index.js";
import { countCodePoints, lengthIn, toCodePoints, toUnits } from "../../site/code_points.js";

/** Lines with and without pairs, so many that the text is a tree of several levels. */
const LINES = Array.from({ length: 3000 }, (_, at) => (at % 7 ? `line ${at}` : `😀 ${at} 𝒳𝒳`));

/** Every place that stands in no pair. */
function* places(text) {
  let units = 0;
  let points = 0;
  for (const character of text) {
    yield [units, points];
    units += character.length;
    points += 1;
  }
  yield [units, points];
}

test("positions in a tree are those in its text", () => {
  const doc = Text.of(LINES);
  assert.ok(doc.children[0].children, "a tree of one level only");
  assert.equal(lengthIn(doc), countCodePoints(doc.toString()));
  for (const [units, points] of places(doc.toString())) {
    assert.equal(toCodePoints(doc, units), points);
    assert.equal(toUnits(doc, points), units);
  }
  assert.equal(toUnits(doc, lengthIn(doc) + 3), doc.length + 3);
});

test("what is known of a text is right after a change of it", () => {
  let doc = Text.of(LINES);
  lengthIn(doc);
  for (const [at, cut, put] of [[20_000, 900, "𝒳\n😀"], [0, 2, ""], [15_000, 0, "a\nb"]]) {
    doc = doc.replace(at, at + cut, Text.of(put.split("\n")));
    assert.equal(lengthIn(doc), countCodePoints(doc.toString()));
    const middle = toUnits(doc, 9000);
    assert.equal(countCodePoints(doc.sliceString(0, middle)), 9000);
  }
});
