import assert from "node:assert/strict";
import { test } from "node:test";

import { Unstored } from "../../site/unstored.js";

/** Where nothing can be stored: Node has no IndexedDB, so the inbox cannot be opened. */
function unstored(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return new Unstored("notebook", "view", { onKept: () => assert.fail("nothing can be kept"), onChange: () => {} });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a command that cannot be kept counts as unsafe, and why is told", async (t) => {
  const commands = unstored(t);
  commands.add({ do: "undo" }, 1);
  commands.keepNow();
  await settled();
  assert.equal(commands.unsafe, 1);
  assert.notEqual(commands.failed, undefined);
});

test("once the worker has stored everything nothing has failed", async (t) => {
  const commands = unstored(t);
  const { k } = commands.add({ do: "undo" }, 1);
  commands.add({ do: "redo" }, 1);
  commands.keepNow();
  await settled();
  commands.acknowledge(k);
  assert.notEqual(commands.failed, undefined);
  commands.acknowledge(k + 1);
  assert.equal(commands.unsafe, 0);
  assert.equal(commands.failed, undefined);
});
