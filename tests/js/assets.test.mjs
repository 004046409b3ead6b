/** What the site consists of, with a server that does not always answer. */

import assert from "node:assert/strict";
import { test } from "node:test";

const MANIFEST = { stamp: "this build" };
/** @type {(() => Response)[]} */
const answers = [];
globalThis.document = { baseURI: "https://foldbook.example/", querySelector: () => null };
globalThis.fetch = async () => answers.shift()();
const { checkVersion, siteManifest } = await import("../../site/assets.js");

const here = () => Response.json(MANIFEST);
const gateway = () => new Response("", { status: 503 });
const nobody = () => {
  throw new TypeError("Failed to fetch");
};

test("a manifest that did not come is asked for again", async () => {
  answers.push(nobody, gateway, here);
  await assert.rejects(siteManifest(), /Failed to fetch/);
  await assert.rejects(siteManifest(), /503/);
  assert.deepEqual(await siteManifest(), MANIFEST);
});

test("a server that cannot be asked takes away nothing that is here", async () => {
  answers.push(gateway);
  await checkVersion();
  assert.deepEqual(await siteManifest(), MANIFEST);
});
