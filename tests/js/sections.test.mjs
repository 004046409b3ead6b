import assert from "node:assert/strict";
import { test } from "node:test";

import { headings } from "../../site/outline.js";
import { headingAbove, headingBelow, hiddenUnder, levelOf, placeFor } from "../../site/sections.js";

/** Cells by their levels: "1a" begins a section of level 1, "0b" is under one. */
const ORDER = ["0x", "1a", "0a", "2b", "0b", "3c", "0c", "2d", "0d", "1e", "0e"];
const level = (id) => Number(id[0]);
const hidden = (...folded) => Object.fromEntries(hiddenUnder(ORDER, level, new Set(folded)));

test("the level of a cell is that of its highest heading", () => {
  assert.equal(levelOf("markdown", "### Three\n\n## Two"), 2);
  assert.equal(levelOf("markdown", "###### Six"), 6);
  assert.equal(levelOf("markdown", "```\n# a comment\n```"), 0);
  assert.equal(levelOf("markdown", "No heading"), 0);
  assert.equal(levelOf("code", "# a comment"), 0);
});

test("headings of all six levels are found, and no seventh", () => {
  const found = headings("# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6\n####### 7");
  assert.deepEqual(found.map((each) => each.level), [1, 2, 3, 4, 5, 6]);
});

test("a folded section ends with the next heading that is not under it", () => {
  assert.deepEqual(hidden("2b"), { "0b": "2b", "3c": "2b", "0c": "2b" });
  assert.deepEqual(Object.keys(hidden("1a")), ["0a", "2b", "0b", "3c", "0c", "2d", "0d"]);
  assert.deepEqual(hidden("1e"), { "0e": "1e" });
});

test("what is folded inside of a folded section is hidden under that", () => {
  assert.deepEqual(hidden("2b", "3c"), hidden("2b"));
  assert.deepEqual(hidden("3c", "2d"), { "0c": "3c", "0d": "2d" });
});

test("a cell that is no heading any more folds nothing", () => {
  assert.deepEqual(hidden("0a", "gone"), {});
});

test("the headings above and below a cell", () => {
  assert.equal(headingAbove(ORDER, level, "0c"), "3c");
  assert.equal(headingAbove(ORDER, level, "3c"), "2b");
  assert.equal(headingAbove(ORDER, level, "2d"), "1a");
  assert.equal(headingAbove(ORDER, level, "0x"), null);
  assert.equal(headingBelow(ORDER, level, "0a"), "2b");
  assert.equal(headingBelow(ORDER, level, "1e"), null);
});

test("a folded section goes where no cell comes under it", () => {
  const place = (section, by) => placeFor(ORDER, level, section, by);
  assert.deepEqual(place(["2b", "0b", "3c", "0c"], 1), { after: "0d" }); // past its sister, and what is under it
  assert.deepEqual(place(["2d", "0d"], -1), { before: "2b" });
  assert.deepEqual(place(["2d", "0d"], 1), { after: "0e" }); // into the next chapter, at its end
  assert.deepEqual(place(["3c", "0c"], 1), { after: "0d" });
  assert.deepEqual(place(["2b", "0b", "3c", "0c"], -1), { before: "1a" });
  assert.deepEqual(place(["1e", "0e"], 1), null);
  assert.deepEqual(place(["1a", "0a", "2b", "0b", "3c", "0c", "2d", "0d"], -1), null); // "0x" would be hidden
});
