/** Links to a shared notebook: whole ones are understood, all others are not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { joinAddress, parseJoin } from "../../site/join.js";

const KEY = "Qm9va3MgYXJlIGZvbGRlZCBzaGVldHM";

test("a whole link names its room and is kept as it is", () => {
  const link = `join/7Q2M_a-b/${KEY}`;
  assert.deepEqual(parseJoin(link), { room: "7Q2M_a-b", link });
  assert.deepEqual(parseJoin(`#${link}`), { room: "7Q2M_a-b", link });
  assert.deepEqual(parseJoin(`#${link}==`), { room: "7Q2M_a-b", link: `${link}==` });
});

test("what programs do to a link on its way is undone", () => {
  const link = `join/7Q2M/${KEY}+/x=`;
  assert.deepEqual(parseJoin(`#${encodeURIComponent(link)}`), { room: "7Q2M", link });
  assert.deepEqual(parseJoin(`#${link}%20`), { room: "7Q2M", link });
});

test("a link that lacks a part is none", () => {
  const broken = ["", "join", "join/", "join/7Q2M", "join/7Q2M/", `join//${KEY}`, `join/7Q2M/${KEY}?x`, `join/../${KEY}`];
  const wrong = [`join/a b c/${KEY}`, "join/7Q2M/short", `join/7Q2M/${KEY}=x`, `%E0%A4%A/${KEY}`, `JOIN/7Q2M/${KEY}`];
  for (const each of [...broken, ...wrong]) assert.equal(parseJoin(`#${each}`), null, each);
});

test("the address of a link has nothing of the page's own address but where the site is", () => {
  const site = "https://foldbook.example/sub/?notebook=abc#other";
  assert.equal(joinAddress("join/7Q2M/k", site), "https://foldbook.example/sub/#join/7Q2M/k");
});
