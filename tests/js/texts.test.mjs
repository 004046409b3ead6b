import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeSet } from "../../site/node_modules/@codemirror/state/dist/index.js";
import { Unacknowledged, toDoc } from "../../site/editor_text.js";
import { CellTexts } from "../../site/texts.js";

/** One cell in an editor without a screen, and what was sent of it. */
function open(text) {
  const sent = [];
  const texts = new CellTexts((id, changes) => sent.push([id, changes]));
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
    destroy: () => (editor.isGone = true),
    /** Put a text at the start, which is `length` units long. */
    type: (insert, length) => {
      edits.add(ChangeSet.of({ from: 0, insert }, length));
      give();
    },
  };
  texts.hold("a", editor, text);
  return { texts, editor, sent };
}

test("what was typed into a cell that somebody deleted goes out before its editor is forgotten", () => {
  const { texts, editor, sent } = open("x");
  editor.type("1", 1);
  editor.type("2", 2); // waits for the first to be acknowledged
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
