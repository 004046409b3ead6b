import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_LINE, Terminal, lengthOf, plainText, stripAnsi } from "../../site/ansi.js";

/** What a terminal shows after these chunks. */
function shown(...chunks) {
  const terminal = new Terminal();
  for (const chunk of chunks) terminal.write(chunk);
  return plainText(terminal.lines);
}

test("a carriage return overwrites, over chunks", () => {
  assert.equal(shown("10%\r", "100%", "\n", "x"), "100%\nx");
  assert.equal(shown("long line\rab"), "abng line");
  assert.equal(shown("a\r\nb"), "a\nb");
});

test("backspace, erase and cursor moves do what a terminal does", () => {
  assert.equal(shown("abc\b\bX"), "aXc");
  assert.equal(shown("abc\r\x1b[KX"), "X");
  assert.equal(shown("one\ntwo\x1b[1A\rONE"), "ONE\ntwo");
  assert.equal(shown("a\x1b[3Cb"), "a   b");
  assert.equal(shown("gone\x1b[2Jnew"), "new");
});

test("a sequence may be cut anywhere between chunks", () => {
  const text = "\x1b[1;31mred\x1b[0m \x1b]8;;https://x.example\x07link\x1b]8;;\x07 end";
  for (let cut = 0; cut <= text.length; cut += 1) {
    assert.equal(shown(text.slice(0, cut), text.slice(cut)), "red link end", `cut at ${cut}`);
  }
});

test("styles end where they are switched off", () => {
  const terminal = new Terminal();
  terminal.write("\x1b[1;31ma\x1b[22mb\x1b[39mc\x1b[38;5;196md\x1b[48;2;1;2;3me");
  assert.deepEqual(terminal.lines[0], [
    { text: "a", style: { bold: true, fg: "red" } },
    { text: "b", style: { bold: false, dim: false, fg: "red" } },
    { text: "c", style: null },
    { text: "d", style: { fg: "255 0 0" } },
    { text: "e", style: { fg: "255 0 0", bg: "1 2 3" } },
  ]);
});

test("a styled line overwritten keeps the styles of what is left", () => {
  const terminal = new Terminal();
  terminal.write("\x1b[32mgreen\x1b[0m\rX");
  assert.equal(plainText(terminal.lines), "Xreen");
  assert.equal(terminal.lines[0][1].style.fg, "green");
});

test("stray controls show nothing and stop nothing", () => {
  assert.equal(shown("a\x00\x07b\x1bXc\x1b["), "abc");
  assert.equal(stripAnsi("\x1b[38;5;255;43mf\x1b[39;49m"), "f");
});

test("a line of many colours is kept in no more pieces than are shown", () => {
  const terminal = new Terminal();
  terminal.write("\x1b[31mr\x1b[32mg".repeat(20_000));
  const [line] = terminal.lines;
  assert.equal(lengthOf(line), 40_000);
  assert.ok(line.length <= LONGEST_LINE + 1);
});
