/** What is taken from a notebook's list of packages, and how it is called. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { INSTALLED, installedBy, namesOf, plainOnes } from "../../site/installs.js";

test("only what is one plain word is asked for again", () => {
  const good = ["cowsay==6.1", "seaborn", "dask[array]==2026.1.0", "https://example.org/tides-1.2-py3-none-any.whl"];
  const bad = ["--index-url=https://example.org", "a b", "a\nimport os", "x;y", "{os}", "$HOME", "'q'", "", 7, null];
  assert.deepEqual(plainOnes([...good, ...bad]), good);
  assert.deepEqual(plainOnes("cowsay"), []);
  assert.deepEqual(plainOnes(undefined), []);
});

test("a run tells what it has installed, in all its outputs", () => {
  const output = (/** @type {string} */ name) => ({ type: "display_data", data: { [INSTALLED]: { requirements: [name] } } });
  const execution = /** @type {any} */ ({ outputs: [output("one"), { type: "stream", text: "x" }, output("two==2")] });
  assert.deepEqual(installedBy(execution), ["one", "two==2"]);
  assert.deepEqual(installedBy(null), []);
});

test("packages are called as people call them", () => {
  assert.equal(namesOf(["cowsay==6.1"]), "cowsay 6.1");
  assert.equal(namesOf(["cowsay==6.1", "seaborn", "https://e.org/a/tides.whl"]), "cowsay 6.1, seaborn and tides.whl");
});
