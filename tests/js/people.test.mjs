/** Who is here, in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { crowd, doingWords, gathered, namesWords, placeWords } from "../../site/people.js";

const who = (name, kind = "person") => ({ name, kind, hue: "rust", initials: name[0], me: name === "Mara" });
const person = (name, cell, mode = "edit", more = {}) => ({
  session: name, actor: name, you: name === "Mara", cell, anchor: 0, head: 0, mode, idle: false, who: who(name, more.kind), ...more,
});
const mara = person("Mara", "a");
const tomas = person("Tomás Rey", "a");
const ines = person("Ines Okafor", "a", "select");

test("everybody counts once, you first, where they are busy", () => {
  const reading = person("Tomás Rey", "b", "away", { session: "phone" });
  const found = crowd([reading, ines, tomas, mara]);
  assert.deepEqual(found.map(({ actor, cell }) => [actor, cell]), [["Mara", "a"], ["Tomás Rey", "a"], ["Ines Okafor", "a"]]);
});

test("a cell with nobody but you, or only with who is away, is empty", () => {
  assert.deepEqual(gathered([mara], "a"), []);
  assert.deepEqual(gathered([mara, person("Ines", "a", "away")], "a"), []);
  assert.equal(gathered([mara, tomas], "a").length, 2);
  assert.deepEqual(gathered([tomas], "b"), []);
});

test("names in a row", () => {
  assert.equal(namesWords([tomas]), "Tomás");
  assert.equal(namesWords([tomas, ines]), "Tomás and Ines");
  assert.equal(namesWords([tomas, ines, person("Bo", "a")]), "Tomás, Ines and Bo");
  assert.equal(namesWords([tomas, ines, person("Bo", "a"), person("Al", "a")]), "Tomás, Ines and 2 others");
});

test("what is done in a cell", () => {
  assert.equal(doingWords([tomas]), "Editing");
  assert.equal(doingWords([ines]), "Reading");
  assert.equal(doingWords([mara, tomas, ines]), "2 people editing");
  assert.equal(doingWords([tomas, ines]), "Tomás editing");
  assert.equal(doingWords([ines, person("Bo", "a", "select")]), "2 people here");
  assert.equal(doingWords([tomas, person("Kestrel", "a", "edit", { kind: "agent" })]), "2 editing");
});

test("where somebody is", () => {
  assert.equal(placeWords(tomas, ["x", "a"]), "Editing cell 2");
  assert.equal(placeWords(ines, ["a"]), "Reading cell 1");
  assert.equal(placeWords({ ...ines, idle: true }, ["a"]), "Reading cell 1, idle");
  assert.equal(placeWords(person("Bo", "gone"), ["a"]), "Here");
  assert.equal(placeWords(person("Bo", "a", "away"), ["a"]), "Away");
});
