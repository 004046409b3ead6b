import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeSet } from "../../site/node_modules/@codemirror/state/dist/index.js";
import { toCodePoints } from "../../site/code_points.js";
import {
  Unacknowledged,
  canonical,
  cross,
  difference,
  fromChanges,
  loneSurrogates,
  toChanges,
  toDoc,
} from "../../site/editor_text.js";

const ALPHABET = ["a", "b", "\n", "é", "😀", "𝒳", "\r"];

test("positions and lengths are counted in code points", () => {
  const doc = toDoc("a😀b\nc");
  const change = ChangeSet.of({ from: 3, to: 4, insert: "𝒳!" }, doc.length);
  assert.deepEqual(toChanges(change, doc), [2, [1, "𝒳!"]]);
  assert.equal(fromChanges([2, [1, "𝒳!"]], doc).apply(doc).toString(), "a😀𝒳!\nc");
  assert.equal(toCodePoints(doc, 3), 2);
});

test("half of an emoji is never replaced alone", () => {
  const doc = toDoc("x😀y");
  const half = ChangeSet.of({ from: 2, to: 3, insert: "😁"[1] }, doc.length);
  assert.deepEqual(toChanges(canonical(half, doc), doc), [1, [1, "😁"]]);
});

test("halves of pairs that a change leaves alone are found, whole pairs are not", () => {
  const doc = toDoc("😀😀😀");
  const cut = ChangeSet.of([{ from: 2, to: 3 }], doc.length);
  assert.deepEqual(loneSurrogates(cut, cut.apply(doc)), [2]);
  const between = ChangeSet.of([{ from: 2, insert: "x" }], doc.length);
  assert.deepEqual(loneSurrogates(between, between.apply(doc)), []);
});

test("a change that reaches beyond the text is refused", () => {
  assert.throws(() => fromChanges([4, [1, ""]], toDoc("ab")), RangeError);
});

test("carriage returns survive", () => {
  const doc = toDoc("a\r\nb");
  assert.equal(doc.toString(), "a\r\nb");
  assert.equal(fromChanges([2, [0, "\r\n"]], doc).apply(doc).toString(), "a\r\r\n\nb");
});

test("a later insertion goes left of an earlier one at the same place", () => {
  const mine = new Unacknowledged(toDoc("ab"));
  mine.add(ChangeSet.of({ from: 1, insert: "later" }, 2));
  mine.take();
  const shown = mine.receive([1, [0, "earlier"]]).apply(toDoc("alaterb"));
  assert.equal(shown.toString(), "alaterearlierb");
});

test("what is typed while a change is in flight waits as one", () => {
  const mine = new Unacknowledged(toDoc(""));
  mine.add(ChangeSet.of({ from: 0, insert: "a" }, 0));
  assert.deepEqual(mine.take(), { changes: [[0, "a"]], lengthBefore: 0 });
  mine.add(ChangeSet.of({ from: 1, insert: "b" }, 1));
  mine.add(ChangeSet.of({ from: 2, insert: "c" }, 2));
  assert.equal(mine.take(), null);
  mine.acknowledge();
  assert.deepEqual(mine.take(), { changes: [1, [0, "bc"]], lengthBefore: 1 });
});

test("what was typed and taken back is not sent", () => {
  const mine = new Unacknowledged(toDoc("x"));
  mine.add(ChangeSet.of({ from: 1, insert: "a" }, 1));
  mine.add(ChangeSet.of({ from: 1, to: 2 }, 2));
  assert.equal(mine.take(), null);
  assert.ok(mine.isEmpty);
});

test("another text from the other side keeps one's own edits", () => {
  const mine = new Unacknowledged(toDoc("one two"));
  mine.add(ChangeSet.of({ from: 7, insert: "!" }, 7));
  const shown = mine.receiveText("one 2 two").apply(toDoc("one two!"));
  assert.equal(shown.toString(), "one 2 two!");
  assert.equal(difference(toDoc("😀"), "😁").apply(toDoc("😀")).toString(), "😁");
});

test("300 sessions of three typists and a sequencer end in one text", () => {
  for (let seed = 1; seed <= 300; seed += 1) playSession(seed);
});

/** Three typists over one sequencer; messages wait in queues and arrive at random. */
function playSession(seed) {
  const random = makeRandom(seed);
  const pick = (count) => Math.floor(random() * count);
  const history = [];
  const start = Array.from({ length: pick(6) }, () => ALPHABET[pick(5)]).join("");
  let text = toDoc(start);
  const typists = [0, 1, 2].map(() => makeTypist(toDoc(start)));
  for (let step = 0; step < 120; step += 1) {
    const typist = typists[pick(3)];
    const what = pick(3);
    if (what === 0) typist.type(randomEdit(typist.doc, random));
    else if (what === 1) typist.hear();
    else text = hearOne(typist, typists, history, text);
  }
  while (typists.some((each) => each.out.length || each.in.length || !each.mine.isEmpty)) {
    for (const typist of typists) {
      text = hearOne(typist, typists, history, text);
      typist.hear();
    }
  }
  for (const typist of typists) {
    assert.equal(typist.doc.toString(), text.toString(), `seed ${seed}`);
    assert.equal(typist.mine.settled.toString(), text.toString(), `seed ${seed}`);
  }
}

function makeTypist(doc) {
  const typist = { doc, mine: new Unacknowledged(doc), version: 0, out: [], in: [] };
  const send = () => {
    const next = typist.mine.take();
    if (next) typist.out.push({ base: typist.version, ...next });
  };
  typist.type = (changes) => {
    typist.mine.add(changes);
    typist.doc = changes.apply(typist.doc);
    send();
  };
  typist.hear = () => {
    const message = typist.in.shift();
    if (!message) return;
    typist.version += 1;
    if (message.own) typist.mine.acknowledge();
    else typist.doc = typist.mine.receive(message.changes).apply(typist.doc);
    send();
  };
  return typist;
}

/** The sequencer takes one message in, as the worker's screen does, and tells everybody. */
function hearOne(typist, typists, history, text) {
  const message = typist.out.shift();
  if (!message) return text;
  let before = message.base ? history[message.base - 1].after : (history[0]?.before ?? text);
  let change = fromChanges(message.changes, before);
  assert.equal(message.lengthBefore, [...before.toString()].length);
  for (const earlier of history.slice(message.base)) {
    [change] = cross(change, fromChanges(earlier.changes, before), before);
    before = earlier.after;
  }
  const after = change.apply(text);
  const changes = toChanges(change, text);
  history.push({ changes, before: text, after });
  for (const each of typists) each.in.push({ own: each === typist, changes });
  return after;
}

function randomEdit(doc, random) {
  const from = Math.floor(random() * (doc.length + 1));
  const to = Math.min(doc.length, from + Math.floor(random() * 4));
  const insert = random() < 0.7 ? ALPHABET[Math.floor(random() * ALPHABET.length)] : "";
  const second = Math.min(doc.length, to + Math.floor(random() * 3));
  const edits = [{ from, to, insert }];
  if (random() < 0.3) edits.push({ from: second, insert: "z" });
  return canonical(ChangeSet.of(edits, doc.length, "\n"), doc);
}

function makeRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
