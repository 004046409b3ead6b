import assert from "node:assert/strict";
import { test } from "node:test";

import { describeFrames, notesOf, parseTraceback } from "../../site/traceback.js";

const RULE = "\x1b[91m-------\x1b[39m";

test("frames of cells and libraries are told apart", () => {
  const parsed = parseTraceback([
    RULE,
    "\x1b[91mValueError\x1b[39m      Traceback (most recent call last)",
    "\x1b[96mCell\x1b[39m\x1b[96m \x1b[39m\x1b[32mIn[2]\x1b[39m\x1b[32m, line 3\x1b[39m\n\x1b[92m      1\x1b[39m a = 1\n\x1b[92m----> \x1b[39m\x1b[92m3\x1b[39m \x1b[38;5;255;43mf\x1b[39;49m('{')\n",
    "\x1b[96mCell\x1b[39m In[1], line 3, in \x1b[36mf\x1b[39m\x1b[94m(x)\x1b[39m\n----> 3     return json.loads(x)\n",
    "File /lib/python3.14/json/__init__.py:346, in loads(s, cls)\n--> 346 return _default_decoder.decode(s)\n",
    "File /lib/python3.14/site-packages/numpy/lib/x.py:12, in g(s)\n---> 12 x\n",
    "ValueError: no",
  ]);
  assert.equal(parsed.causes, 0);
  const [top, inner, json, numpy] = parsed.frames;
  assert.deepEqual([top.count, top.line, top.name, top.code], [2, 3, "", "f('{')"]);
  assert.deepEqual([inner.count, inner.line, inner.name], [1, 3, "f"]);
  assert.deepEqual([json.library, json.line, json.name], ["json", 346, "loads"]);
  assert.equal(numpy.library, "numpy");
  assert.equal(describeFrames([json, numpy]), "2 frames inside json and numpy");
});

test("a syntax error has its line and code", () => {
  const text =
    "  \x1b[96mCell\x1b[39m \x1b[32mIn[3]\x1b[39m, line 1\n\x1b[33m    x = = 1\x1b[39m\n        ^\n\x1b[91mSyntaxError\x1b[39m: invalid syntax\n";
  const [frame] = parseTraceback([text]).frames;
  assert.deepEqual([frame.count, frame.line, frame.code], [3, 1, "x = = 1"]);
});

test("of a chain the last exception counts, and the others are counted", () => {
  const parsed = parseTraceback([
    "Cell In[4], line 2\n----> 2 1/0\n",
    "ZeroDivisionError: division by zero",
    "\nThe above exception was the direct cause of the following exception:\n",
    "Cell In[4], line 4\n----> 4 raise ValueError from e\n",
  ]);
  assert.equal(parsed.causes, 1);
  assert.deepEqual(parsed.frames.map((frame) => frame.line), [4]);
});

test("older IPython's headers are read", () => {
  const old = parseTraceback([
    "<ipython-input-7-abc> in <module>\n----> 1 1/0\n",
    "/usr/lib/python3/dist-packages/scipy/a.py in f(x)\n     10 y\n---> 11     x\n",
  ]);
  assert.deepEqual(old.frames.map((frame) => [frame.count, frame.line]), [[7, 1], [null, 11]]);
  assert.equal(old.frames[1].library, "scipy");
  const [middle] = parseTraceback(["Input In [3], in <cell line: 2>()\n----> 2 1/0\n"]).frames;
  assert.deepEqual([middle.count, middle.line, middle.name], [3, 2, ""]);
});

test("what is not Python's has no frames", () => {
  assert.equal(parseTraceback(["Error in eval(expr): object 'x' not found"]), null);
  assert.equal(parseTraceback([]), null);
});

test("what was added to an exception stands behind its message", () => {
  const lines = ["\u001b[31mValueError\u001b[39m: no\nCell In[3], line 1", "\u001b[31mValueError\u001b[39m: no", "Perhaps so."];
  assert.equal(notesOf(lines, "ValueError", "no"), "Perhaps so.");
  assert.equal(notesOf(lines.slice(0, 2), "ValueError", "no"), "");
  assert.equal(notesOf(["ValueError"], "ValueError", ""), "");
});
