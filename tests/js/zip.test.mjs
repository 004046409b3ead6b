import assert from "node:assert/strict";
import { test } from "node:test";

import { unzipSync } from "../../site/node_modules/fflate/esm/index.mjs";
import { zip } from "../../site/zip.js";

test("what is put in comes out", async () => {
  const files = [
    { name: "Tidy data.foldbook", data: new Blob(["rows"]) },
    { name: "Möbius.foldbook", data: new Blob([]) },
  ];
  const made = unzipSync(new Uint8Array(await (await zip(files)).arrayBuffer()));
  assert.deepEqual(Object.keys(made), ["Tidy data.foldbook", "Möbius.foldbook"]);
  assert.equal(new TextDecoder().decode(made["Tidy data.foldbook"]), "rows");
});

test("what a zip cannot hold is refused, not cut", async () => {
  const part = new Blob([new Uint8Array(2 ** 20)]);
  const huge = new Blob(Array.from({ length: 4096 }, () => part)); // made of one, so it takes no room
  await assert.rejects(zip([{ name: "huge", data: huge }]), /less than 4 GB/);
});
