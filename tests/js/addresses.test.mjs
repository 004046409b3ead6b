import assert from "node:assert/strict";
import test from "node:test";

import { rawAddress, readPasted } from "../../site/addresses.js";

const GIST = "0123456789abcdef0123456789abcdef";

test("an address that shows a file becomes that of the file", () => {
  const raw = "https://raw.githubusercontent.com/ines/tides/main/a%20b.ipynb";
  for (const [shown, file] of [
    ["https://github.com/ines/tides/blob/main/a%20b.ipynb", raw],
    [" github.com/ines/tides/raw/main/a%20b.ipynb ", raw],
    ["https://nbviewer.org/github/ines/tides/blob/main/a%20b.ipynb", raw],
    ["https://colab.research.google.com/github/ines/tides/blob/main/a%20b.ipynb", raw],
    [`https://gist.github.com/ines/${GIST}`, `https://gist.githubusercontent.com/ines/${GIST}/raw`],
    [`https://nbviewer.org/gist/ines/${GIST}`, `https://gist.githubusercontent.com/ines/${GIST}/raw`],
    ["https://gitlab.com/a/b/-/blob/main/c.ipynb?x=1", "https://gitlab.com/a/b/-/raw/main/c.ipynb?x=1"],
    ["http://127.0.0.1:8000/blob/c.ipynb", "http://127.0.0.1:8000/blob/c.ipynb"],
  ]) {
    assert.equal(rawAddress(shown).href, file);
  }
});

test("what is no address of the web is refused by name", () => {
  for (const wrong of ["", "tides.ipynb", "file:///etc/passwd", "javascript:alert(1)", "data:,x"]) {
    assert.throws(() => rawAddress(wrong), /https:\/\/ was expected/);
  }
});

test("what is pasted is told by its content", () => {
  const named = (/** @type {string} */ text) => {
    const found = readPasted(text);
    return found && ("file" in found ? found.file.name : found.address);
  };
  assert.equal(named('\n{"cells": [], "nbformat": 4}'), "Pasted.ipynb");
  assert.equal(named("import a\n# %%\n1"), "Pasted.py");
  assert.equal(named(" https://x.example/a.ipynb\n"), "https://x.example/a.ipynb");
  assert.equal(named('{"a": 1}'), null);
  assert.equal(named("see https://x.example"), null);
});
