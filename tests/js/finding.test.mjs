import assert from "node:assert/strict";
import { test } from "node:test";

import { firstFrom, matchesIn, movedTo, patternOf, replacementsIn } from "../../site/finding.js";

const query = (text, how = {}) => ({ text, matchCase: false, wholeWord: false, isPattern: false, ...how });

/** The pieces of a text that are found. */
const found = (text, wanted, how) => matchesIn(text, patternOf(query(wanted, how))).map(({ from, to }) => text.slice(from, to));

/** A text with all that is found replaced. */
function replaced(text, wanted, template, how = {}) {
  let made = "";
  let at = 0;
  for (const { from, to, insert } of replacementsIn(text, patternOf(query(wanted, how)), template, { isPattern: Boolean(how.isPattern) })) {
    made += text.slice(at, from) + insert;
    at = to;
  }
  return made + text.slice(at);
}

test("nothing is looked for where nothing was written", () => {
  assert.equal(patternOf(query("")), null);
});

test("text stands for itself, and case does not matter", () => {
  assert.deepEqual(found("a.b A.B axb", "a.b"), ["a.b", "A.B"]);
  assert.deepEqual(found("f(x)[0]/2 {a|b} ^$ \\n", "\\n"), ["\\n"]);
  for (const sign of "^$.*+?()[]{}|\\/-#&~") assert.deepEqual(found(`x${sign}y`, sign), [sign]);
  assert.deepEqual(found("Straße STRASSE É é", "é"), ["É", "é"]);
});

test("case can be made to matter", () => {
  assert.deepEqual(found("Data data", "data", { matchCase: true }), ["data"]);
});

test("whole words end where letters of any script do", () => {
  assert.deepEqual(matchesIn("x xs _x x1 élx x", patternOf(query("x", { wholeWord: true }))), [{ from: 0, to: 1 }, { from: 15, to: 16 }]);
  assert.deepEqual(found("xs x", "xs|x", { wholeWord: true, isPattern: true }), ["xs", "x"]);
});

test("a regular expression sees lines, and what is empty is not found", () => {
  assert.deepEqual(found("ab\nac", "^a.$", { isPattern: true }), ["ab", "ac"]);
  assert.deepEqual(found("bbaab", "a*", { isPattern: true }), ["aa"]);
  assert.deepEqual(found("a\nb", "a\\nb", { isPattern: true }), ["a\nb"]);
});

test("a wrong regular expression is told in words, without what it is put into", () => {
  for (const [text, words] of [["(", /^Unterminated group$/], ["[z-a]", /out of order/], ["a{2,1}", /quantifier/]]) {
    assert.throws(() => patternOf(query(text, { isPattern: true, wholeWord: true })), { message: words });
  }
});

test("what takes its place stands for itself", () => {
  assert.equal(replaced("a b a", "a", "$&$1"), "$&$1 b $&$1");
});

const TEMPLATES = ["$1", "$2$1", "$$1", "$&!", "[$`|$']", "$3", "$0", "$01", "$10", "$12", "$<word>", "$<none>", "$", "$x", "${1}", "$<open"];
for (const [pattern, text] of [
  ["(\\w)(\\d)", "a1 b2 ü c3"],
  ["(?<word>[a-z]+)(-)?", "ab- cd"],
  ["x", "axbx"],
  ["(?<=a)b|^c", "ab cab"],
]) {
  test(`a template means what it means to JavaScript: ${pattern}`, () => {
    for (const template of TEMPLATES) {
      const wanted = text.replace(patternOf(query(pattern, { isPattern: true })), template);
      assert.equal(replaced(text, pattern, template, { isPattern: true }), wanted, template);
    }
  });
}

test("one match alone is replaced by what it is among the others", () => {
  const pattern = patternOf(query("(?<=a)b", { isPattern: true }));
  const [, second] = matchesIn("ab ab", pattern);
  assert.deepEqual(replacementsIn("ab ab", pattern, "[$&]", { isPattern: true, only: second }), [{ from: 4, to: 5, insert: "[b]" }]);
});

test("the first match from a place on", () => {
  const matches = matchesIn("a a a", patternOf(query("a")));
  assert.deepEqual([0, 1, 2, 5].map((at) => firstFrom(matches, at)), [0, 1, 1, 3]);
});

test("a place moves with what comes before it, and stays before what comes after", () => {
  assert.equal(movedTo(0, "x = 1", "# x\nx = 1"), 4);
  assert.equal(movedTo(4, "a b c", "a b c d"), 4);
  assert.equal(movedTo(4, "a b c", "c"), 0);
  assert.equal(movedTo(2, "a b c", "a bb c"), 2);
});
