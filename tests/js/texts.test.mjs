import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeSet } from "../../site/node_modules/@codemirror/state/dist/index.js";
import { Unacknowledged, fromChanges, toDoc } from "../../site/editor_text.js";
import { CellTexts } from "../../site/texts.js";

/** One cell in an editor without a screen, and what was sent of it. */
function open(text) {
  const sent = [];
  /** What the editor shows. */
  let shown = toDoc(text);
  const texts = new CellTexts((id, changes) => sent.push([id, changes])); // k: how many were sent
  texts.isAttached = true;
  const edits = new Unacknowledged(toDoc(text));
  const give = () => {
    const next = edits.take();
    if (next) texts.edited("a", next.changes, next.lengthBefore);
  };
  const editor = {
    isGone: false,
    isDirty: () => !edits.isEmpty,
    holdsBack: () => edits.isWaiting,
    settle: () => edits.acknowledge(),
    giveOut: give,
    acknowledge: () => (edits.acknowledge(), give()),
    applyRemote: (changes) => (shown = edits.receive(changes).apply(shown)),
    text: () => shown.toString(),
    destroy: () => (editor.isGone = true),
    /** Type something at a place, from the start in UTF-16 units. */
    type: (insert, from = 0) => {
      const changes = ChangeSet.of({ from, insert }, shown.length);
      shown = changes.apply(shown);
      edits.add(changes);
      give();
    },
  };
  texts.hold("a", editor, text);
  return { texts, editor, sent };
}

test("what was typed into a cell that somebody deleted goes out before its editor is forgotten", () => {
  const { texts, editor, sent } = open("x");
  editor.type("1");
  editor.type("2"); // waits for the first to be acknowledged
  texts.putAway("a");
  texts.sweep(() => false);
  assert.equal(editor.isGone, false);
  texts.acknowledge(1);
  texts.giveOut();
  assert.deepEqual(sent, [["a", [[0, "1"]]], ["a", [[0, "2"]]]]);
  texts.acknowledge(2);
  texts.giveOut();
  texts.sweep(() => false);
  assert.equal(editor.isGone, true);
});

test("the editor of a cell that may come back is kept", () => {
  const { texts, editor } = open("x");
  texts.putAway("a");
  texts.sweep(() => true);
  assert.equal(texts.takeBack("a"), editor);
});

/** The text once a worker that knows `text` has taken in everything from k on, in this order. */
function taken(texts, text, ...ks) {
  return ks.reduce((doc, k) => {
    const { before, values } = texts.again(k);
    assert.equal(before, doc.toString(), `what ${k} is made on`);
    return fromChanges(values.changes, doc).apply(doc);
  }, toDoc(text)).toString();
}

test("what a worker took and did not store is sent again under what was typed after it", () => {
  const { texts, editor } = open("x");
  editor.type("1", 1);
  texts.acknowledge(1);
  texts.giveOut();
  editor.type("2", 2);
  texts.acknowledge(0); // another worker, which knows the text as it was
  texts.reset("a", "x");
  texts.giveOut();
  assert.equal(editor.text(), "x12");
  assert.equal(taken(texts, "x", 1, 2), "x12");
  texts.acknowledge(2);
  editor.type("3", 3);
  assert.equal(texts.again(3).before, "x12");
});

test("what a worker took stands where it stood, though others' changes around it came or went", () => {
  const { texts, editor } = open("one two");
  editor.type("!", 3);
  texts.acknowledge(1);
  texts.receive("a", [[0, "lost "]]); // with the worker, as the exclamation mark
  texts.giveOut();
  editor.type("?", editor.text().length);
  texts.acknowledge(0);
  texts.reset("a", "> one two <");
  assert.equal(editor.text(), "> one! two? <");
  assert.equal(taken(texts, "> one two <", 1, 2), "> one! two? <");
});

test("what is stored is not sent again, whatever the text is then", () => {
  const { texts, editor } = open("x");
  editor.type("1", 1);
  texts.acknowledge(1);
  texts.stored(1);
  texts.giveOut();
  texts.acknowledge(0);
  texts.reset("a", "y");
  assert.equal(editor.text(), "y");
  assert.equal(texts.again(1), null);
});

test("what is held back goes out at once where the page may end", () => {
  const { texts, editor, sent } = open("");
  for (const letter of "abc") editor.type(letter);
  assert.deepEqual(sent.map(([, changes]) => changes), [[[0, "a"]]]);
  texts.giveOutAll();
  assert.deepEqual(sent.map(([, changes]) => changes), [[[0, "a"]], [[0, "cb"]]]);
  texts.acknowledge(2);
  texts.giveOut();
  assert.equal(editor.isDirty(), false);
});
