import assert from "node:assert/strict";
import test from "node:test";

import { checkNotebookFile } from "../../site/reading.js";

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text).buffer;

test("a notebook with Python's NaN and Infinity is a notebook", () => {
  checkNotebookFile("a.ipynb", bytes('{"nbformat": 4, "cells": [NaN, -Infinity, "NaN \\" NaN"]}'));
});

test("what is not JSON is refused by name", () => {
  assert.throws(() => checkNotebookFile("a.ipynb", bytes('{"nbformat": NaNa}')), /a\.ipynb.*JSON/);
  assert.throws(() => checkNotebookFile("a.ipynb", bytes('{"cells": NaN}')), /nbformat/);
});
