/** Where one is: said at once, but not too often, and now and then though nothing changed. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Presence } from "../../site/presence.js";

const at = (head) => ({ cell: "a", anchor: head, head, mode: "edit" });

/** What is said, and the hands of the clock. */
function begin(t) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  let now = 0;
  const said = [];
  const presence = new Presence((place) => said.push([now, place.head]), () => now);
  const pass = (ms) => {
    for (const end = now + ms; now < end; ) {
      now += 1;
      mock.timers.tick(1);
    }
  };
  return { presence, said, pass };
}

test("the first is said at once, those that follow in their last form", (t) => {
  const { presence, said, pass } = begin(t);
  presence.tell(at(1));
  for (const head of [2, 3, 4]) {
    pass(10);
    presence.tell(at(head));
  }
  pass(100);
  assert.deepEqual(said, [[0, 1], [50, 4]]);
});

test("at most twenty times a second", (t) => {
  const { presence, said, pass } = begin(t);
  for (let i = 0; i < 2000; i += 1) {
    presence.tell(at(i));
    pass(1);
  }
  assert.ok(said.length <= 41, `${said.length} times in two seconds`);
  assert.ok(said.length >= 39, `${said.length} times in two seconds`);
});

test("what has not changed is not said, and who goes there and back has not moved", (t) => {
  const { presence, said, pass } = begin(t);
  presence.tell(at(1));
  presence.tell(at(1));
  pass(10);
  presence.tell(at(2));
  presence.tell(at(1));
  pass(500);
  assert.deepEqual(said, [[0, 1]]);
});

test("a sign of life each ten seconds, and none when nobody listens", (t) => {
  const { presence, said, pass } = begin(t);
  presence.tell(at(1));
  pass(20_500);
  assert.deepEqual(said, [[0, 1], [10_000, 1], [20_000, 1]]);
  presence.stop();
  pass(30_000);
  assert.equal(said.length, 3);
  presence.tell(at(1));
  assert.equal(said.length, 4);
});

test("who listens anew is told", (t) => {
  const { presence, said, pass } = begin(t);
  presence.again();
  presence.tell(at(1));
  pass(100);
  presence.again();
  assert.deepEqual(said, [[0, 1], [100, 1]]);
});
