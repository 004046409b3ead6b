import assert from "node:assert/strict";
import { test } from "node:test";

import { areOutputsHidden, flipped } from "../../site/hiding.js";

/** The metadata after a turn. */
const turn = (metadata) => ({ ...metadata, ...flipped(metadata) });

test("outputs are hidden by Jupyter's new word and by its old one", () => {
  assert.equal(areOutputsHidden({}), false);
  assert.equal(areOutputsHidden({ jupyter: { outputs_hidden: true } }), true);
  assert.equal(areOutputsHidden({ collapsed: true }), true);
});

for (const metadata of [{}, { collapsed: true }, { collapsed: false }, { collapsed: true, jupyter: { outputs_hidden: true } }]) {
  test(`one turn changes what is shown, two change it back: ${JSON.stringify(metadata)}`, () => {
    const once = turn(metadata);
    assert.equal(areOutputsHidden(once), !areOutputsHidden(metadata));
    assert.equal(areOutputsHidden(turn(once)), areOutputsHidden(metadata));
  });
}

test("what else stands under jupyter stays", () => {
  assert.deepEqual(flipped({ jupyter: { source_hidden: true } }), { jupyter: { source_hidden: true, outputs_hidden: true } });
});
