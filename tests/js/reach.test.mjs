/** Relays by their address, and who can use a link over them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isLoopback, readRelay, whyOnlyHere } from "../../site/reach.js";

test("addresses are read as people write them", () => {
  const cases = [
    ["relay.example", "https://relay.example", false],
    ["wss://relay.example/r/", "https://relay.example/r", false],
    [" https://relay.example:8443 ", "https://relay.example:8443", false],
    ["localhost:8765", "http://localhost:8765", true],
    ["ws://127.0.0.1:8765", "http://127.0.0.1:8765", true],
    ["http://[::1]:8765", "http://[::1]:8765", true],
  ];
  for (const [text, address, isHere] of cases) assert.deepEqual(readRelay(text), { address, isHere, problem: "" }, text);
});

test("what is no relay says why", () => {
  for (const text of ["", "  ", "ftp://relay.example", "https://", "a b"]) {
    const { address, problem } = readRelay(text);
    assert.equal(address, "", text);
    assert.notEqual(problem, "", text);
  }
  assert.match(readRelay("https://me:secret@relay.example").problem, /no name/);
  assert.match(readRelay("http://relay.example").problem, /only over https/);
});

test("only some hosts are this computer", () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) assert.ok(isLoopback(host), host);
  for (const host of ["relay.example", "127.0.0.1.example", "localhost.example", "192.168.1.2", "0.0.0.0"]) assert.ok(!isLoopback(host), host);
});

test("a link is of use elsewhere only where both the page and the relay are", () => {
  const site = "https://foldbook.example/";
  assert.equal(whyOnlyHere("https://relay.example", site), "");
  assert.match(whyOnlyHere("http://127.0.0.1:8765", site), /127\.0\.0\.1:8765 answers only on this computer/);
  assert.match(whyOnlyHere("https://relay.example", "http://127.0.0.1:8000/"), /page stands at 127\.0\.0\.1:8000/);
  assert.match(whyOnlyHere("http://relay.example", site), /no https/);
});
