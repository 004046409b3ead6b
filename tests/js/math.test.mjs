import assert from "node:assert/strict";
import { test } from "node:test";

import katex from "../../site/node_modules/katex/dist/katex.mjs";
import { OPTIONS, forKatex } from "../../site/math.js";

/** What the last of these formulas looks like, drawn after the others. */
function draw(...formulas) {
  const drawn = formulas.map((tex) => katex.renderToString(forKatex(tex), { ...OPTIONS, output: "mathml" }));
  return drawn.at(-1).replace(/<annotation.*<\/annotation>/s, "");
}

test("a command that one formula makes is known to the next", () => {
  assert.match(draw("\\newcommand{\\pair}[2]{#1#2} x", "\\pair{u}{v}"), /<mi>u<\/mi><mi>v<\/mi>/);
});

test("a command may be made again, as it is when a cell is drawn again", () => {
  assert.match(draw("\\newcommand{\\mine}{a}", "\\newcommand{\\mine}{b}", "\\mine"), /<mi>b<\/mi>/);
  assert.match(draw("\\newcommand\\mine{c}", "\\mine"), /<mi>c<\/mi>/);
  assert.match(draw("\\newcommand*{\\mine}{d}", "\\mine"), /<mi>d<\/mi>/);
});

test("a name that KaTeX has already is the notebook's to define", () => {
  assert.match(draw("\\newcommand{\\R}{r}", "\\R"), /<mi>r<\/mi>/);
});

test("formulas that notebooks write are drawn", () => {
  assert.match(draw("\\begin{eqnarray*} a &=& b \\label{one} \\end{eqnarray*}"), /<mtable/);
});
