import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const SITE = new URL("../../site/", import.meta.url);
const IMPORT = /^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"\.\/([\w.]+)"/gm;

/** Which modules of the page each of them imports. */
const graph = new Map(
  readdirSync(SITE)
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, [...readFileSync(new URL(name, SITE), "utf8").matchAll(IMPORT)].map((found) => found[1])]),
);

/** The first circle that can be reached from a module; undefined where there is none. */
function circleFrom(name, path, done) {
  if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
  if (done.has(name)) return undefined;
  for (const next of graph.get(name) ?? []) {
    const found = circleFrom(next, [...path, name], done);
    if (found) return found;
  }
  done.add(name);
  return undefined;
}

test("imports are read", () => {
  assert.ok(graph.get("notebook.js")?.includes("model.js"));
});

test("no module imports itself by way of others", () => {
  const done = new Set();
  for (const name of graph.keys()) assert.equal(circleFrom(name, [], done)?.join(" -> "), undefined);
});
