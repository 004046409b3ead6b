import assert from "node:assert/strict";
import { test } from "node:test";

import { Attachment } from "../../site/attachment.js";

/** A view that has asked a worker for the notebook, and what it said and drew. */
function open(handlers = {}) {
  const posted = [];
  const drawn = [];
  const attachment = new Attachment("nb", "v", {
    handlers: {
      onView: (view) => drawn.push(view.name),
      onPatch: (ops) => drawn.push(ops),
      ...handlers,
    },
    post: (message) => posted.push(message),
    onChange: () => {},
  });
  attachment.unstored.keepNow = () => {}; // there is no IndexedDB here
  attachment.begin();
  return { attachment, posted, drawn };
}

const shown = (n, name, ack = 0) => ({ n, v: 1, ack, stored: ack, json: { seq: 0, name } });
const patch = (v, ops) => ({ v, seq: v, ack: 0, stored: 0, ops });

test("what was asked for before the worker said hello is not drawn, and nothing is sent on it", () => {
  const { attachment, posted, drawn } = open();
  attachment.begin();
  attachment.viewed(shown(1, "old"));
  attachment.patched(patch(2, "on the old one"));
  attachment.send({ do: "rename_notebook" });
  assert.deepEqual(drawn, []);
  assert.deepEqual(posted.map(({ t, n }) => [t, n]), [["attach", 1], ["attach", 2]]);
  attachment.viewed(shown(2, "new"));
  attachment.patched(patch(2, "on the new one"));
  assert.deepEqual(drawn, ["new", "on the new one"]);
  assert.equal(posted.at(-1).t, "cmds");
  assert.deepEqual(posted.at(-1).all.map(({ k, base }) => [k, base]), [[1, 1]]);
  attachment.unstored.acknowledge(1);
});

test("while another worker begins, commands wait for what it shows", () => {
  const { attachment, posted } = open();
  attachment.viewed(shown(1, "one"));
  attachment.send({ do: "first" });
  attachment.begin();
  attachment.send({ do: "second" });
  assert.deepEqual(posted.map(({ t }) => t), ["attach", "cmd", "attach"]);
  attachment.viewed(shown(2, "two", 1));
  assert.deepEqual(posted.at(-1).all.map(({ k, base }) => [k, base]), [[2, 1]]);
  attachment.unstored.acknowledge(2);
});

test("an edit that fits what is shown goes again as it is on that; another one with its text", () => {
  const fits = { before: "new", values: { changes: [[0, "fitted"]] } };
  const { attachment, posted } = open({ onAgain: (k) => (k === 2 ? fits : null) });
  for (const _ of [1, 2]) attachment.send({ do: "edit_source", changes: [[0, "x"]] }, "old");
  attachment.viewed(shown(1, "one"));
  const [stray, again] = posted.at(-1).all;
  assert.deepEqual([stray.before, stray.command.changes], ["old", [[0, "x"]]]);
  assert.deepEqual([again.before, again.command.changes], [undefined, [[0, "fitted"]]]);
  attachment.unstored.acknowledge(2);
});
