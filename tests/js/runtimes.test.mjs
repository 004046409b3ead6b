/** What is known of runtimes without a page. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.navigator ??= { platform: "" };
globalThis.matchMedia = () => ({ matches: false });
const { hasMemory } = await import("../../site/runtimes.js");

test("nobody is asked about a memory that is not there", () => {
  const cases = [
    [{ status: "ready", selected: true, count: 3 }, true],
    [{ status: "ready", selected: true, count: null }, false],
    [{ status: "ready", selected: false, count: null }, true], // what ran there is not counted
    [{ status: "unreachable", selected: true, count: 3 }, true],
    [{ status: "starting", selected: false, count: null }, false],
    [{ status: "lost", selected: false, count: null }, false],
    [{ status: "stopped", selected: false, count: null }, false],
    [null, false],
    [undefined, false],
  ];
  for (const [runtime, has] of cases) assert.equal(hasMemory(runtime), has, JSON.stringify(runtime));
});
