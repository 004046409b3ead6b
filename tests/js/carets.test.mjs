/** Where others are in a text, while it changes under them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChangeSet, EditorState } from "../../site/node_modules/@codemirror/state/dist/index.js";
import { caretsField, setCarets } from "../../site/carets.js";
import { toCodePoints } from "../../site/code_points.js";
import { Unacknowledged, fromCodePoints, toDoc } from "../../site/editor_text.js";

const caret = (anchor, head = anchor) => ({ session: "s", name: "Tomás", initials: "T", hue: "rust", isSquare: false, told: `${anchor} ${head}`, anchor, head });
const places = (state) => state.field(caretsField).map(({ anchor, head }) => [anchor, head]);

/** An editor's state with somebody in it. */
function withOthers(doc, ...others) {
  const state = EditorState.create({ doc, extensions: [caretsField] });
  return state.update({ effects: setCarets.of(others) }).state;
}

test("a caret goes with the text that it stands in", () => {
  const state = withOthers("one two", caret(4), caret(0, 7));
  const after = state.update({ changes: { from: 0, insert: "zero " } }).state;
  assert.deepEqual(places(after), [[9, 9], [5, 12]]);
  assert.deepEqual(places(after.update({ changes: { from: 5, to: 12 } }).state), [[5, 5], [5, 5]]);
});

test("what is typed at a caret stands before it", () => {
  const state = withOthers("one", caret(3));
  assert.deepEqual(places(state.update({ changes: { from: 3, insert: "!" } }).state), [[4, 4]]);
});

test("who has said nothing new stands where the text has carried them", () => {
  const state = withOthers("one", caret(1)).update({ changes: { from: 0, insert: "zero " } }).state;
  const again = state.update({ effects: setCarets.of([{ ...caret(1), name: "T." }]) }).state;
  assert.deepEqual([places(again), again.field(caretsField)[0].name], [[[6, 6]], "T."]);
  assert.deepEqual(places(again.update({ effects: setCarets.of([caret(2)]) }).state), [[2, 2]]);
});

test("who is told to be beyond the text is at its end, and who has gone is gone", () => {
  const state = withOthers("one", caret(90));
  assert.deepEqual(places(state), [[3, 3]]);
  assert.deepEqual(places(state.update({ effects: setCarets.of([]) }).state), []);
});

test("a change and a new place in one step: the place is one of the text after it", () => {
  const state = withOthers("one", caret(1));
  const both = { changes: { from: 0, insert: "zero " }, effects: setCarets.of([caret(7)]) };
  assert.deepEqual(places(state.update(both).state), [[7, 7]]);
});

test("places are told on the text that others have, without what was only typed here", () => {
  const edits = new Unacknowledged(toDoc("a🙂c"));
  edits.add(ChangeSet.of({ from: 0, insert: "🙂🙂" }, 4)); // in flight
  edits.take();
  edits.add(ChangeSet.of({ from: 8, insert: "end" }, 8)); // waits
  const shown = "🙂🙂a🙂cend";
  const told = (text) => toCodePoints(edits.settled, edits.toSettled(shown.indexOf(text)));
  assert.deepEqual([told("a"), told("c"), told("end"), told("nd")], [0, 2, 3, 3]);
  const drawn = (at) => edits.toShown(fromCodePoints(edits.settled, at));
  assert.equal(shown.slice(drawn(2)), "cend");
  assert.equal(shown.slice(drawn(1)), "🙂cend");
});
