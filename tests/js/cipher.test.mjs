import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { loadPyodide } from "../../site/node_modules/pyodide/pyodide.mjs";
import * as cipherModule from "../../site/cipher.js";

const { CipherError, openCipher, publicKey } = cipherModule;
const vectors = JSON.parse(readFileSync(new URL("../samples/seal_vectors.json", import.meta.url), "utf8"));
const HEADER = 21; // bytes before the ciphertext: version, key id, nonce

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");
const [KEY, VERIFY, SEED] = [bytes(vectors.keys.payload), bytes(vectors.verify), bytes(vectors.seed)];
const boxes = [
  ...vectors.boxes.map(({ nonce, data, plain, ciphertext }) => [nonce, data, plain, ciphertext].map(bytes)),
];
const messages = vectors.signatures.map(({ message }) => bytes(message));
const signatures = vectors.signatures.map(({ signature }) => bytes(signature));

/** @param {Uint8Array} data @param {number} bit */
function flipped(data, bit) {
  const copy = Uint8Array.from(data);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

test("it seals as native Python does, on every shared vector", async () => {
  assert.ok(boxes.length >= 5);
  const cipher = await openCipher(KEY, VERIFY, SEED);
  const sealed = await cipher.sealMany(boxes.map(([nonce, data, plain]) => [nonce, data, plain]));
  assert.deepEqual(sealed.map(hex), vectors.boxes.map(({ ciphertext }) => ciphertext));
});

test("it opens what native Python sealed", async () => {
  const cipher = await openCipher(KEY, VERIFY);
  const opened = await cipher.openMany(boxes.map(([nonce, data, , ciphertext]) => [nonce, data, ciphertext]));
  assert.deepEqual(opened.map(hex), vectors.boxes.map(({ plain }) => plain));
});

test("it opens the rows that native Python sealed", async () => {
  const cipher = await openCipher(KEY, VERIFY);
  const items = vectors.rows.map(({ data, sealed }) => {
    const whole = bytes(sealed);
    return [whole.slice(9, HEADER), bytes(data), whole.slice(HEADER)];
  });
  const opened = await cipher.openMany(items);
  assert.equal(opened.length, 5);
  opened.forEach((plain, i) => assert.ok(hex(plain).includes(vectors.rows[i].payload)));
});

test("a changed bit, other data, another key: not authentic, and the others open", async () => {
  const cipher = await openCipher(KEY, VERIFY);
  const [nonce, data, plain, ciphertext] = boxes[4];
  const wrong = [
    ...Array.from({ length: ciphertext.length * 8 }, (_, bit) => [nonce, data, flipped(ciphertext, bit)]),
    ...Array.from({ length: nonce.length * 8 }, (_, bit) => [flipped(nonce, bit), data, ciphertext]),
    ...Array.from({ length: data.length * 8 }, (_, bit) => [nonce, flipped(data, bit), ciphertext]),
    ...Array.from({ length: ciphertext.length }, (_, size) => [nonce, data, ciphertext.slice(0, size)]),
    [nonce, new Uint8Array(0), ciphertext],
  ];
  const found = await cipher.openMany([...wrong, [nonce, data, ciphertext]]);
  assert.deepEqual(hex(found.pop()), hex(plain));
  assert.ok(found.length > 300 && found.every((each) => each === undefined));
  const other = await openCipher(bytes("11".repeat(32)), VERIFY);
  assert.deepEqual(await other.openMany([[nonce, data, ciphertext]]), [undefined]);
});

test("what breaks otherwise is no damage of the bytes", async () => {
  const cipher = await openCipher(KEY, VERIFY);
  await assert.rejects(cipher.openMany([["no bytes", new Uint8Array(0), new Uint8Array(16)]]), TypeError);
});

test("it signs and verifies as native Python does", async () => {
  const cipher = await openCipher(KEY, VERIFY, SEED);
  assert.deepEqual((await cipher.signMany(messages)).map(hex), signatures.map(hex));
  const right = messages.map((message, i) => [signatures[i], message]);
  assert.deepEqual(await cipher.verifyMany(right), messages.map(() => true));
  const wrong = [
    ...Array.from({ length: 512 }, (_, bit) => [flipped(signatures[1], bit), messages[1]]),
    [signatures[1], messages[2]],
    [signatures[1].slice(0, 63), messages[1]],
    [Uint8Array.of(...signatures[1], 0), messages[1]],
    [new Uint8Array(0), messages[1]],
    [new Uint8Array(64), messages[1]],
  ];
  assert.ok((await cipher.verifyMany(wrong)).every((each) => each === false));
});

test("nothing gives nothing", async () => {
  const cipher = await openCipher(KEY, VERIFY, SEED);
  for (const work of ["sealMany", "openMany", "signMany", "verifyMany"]) {
    assert.deepEqual(await cipher[work]([]), []);
  }
});

test("a seed has its public key, and no other", async () => {
  assert.equal(hex(await publicKey(SEED)), vectors.verify);
  const misfit = openCipher(KEY, bytes("22".repeat(32)), SEED);
  await assert.rejects(misfit, (error) => error instanceof CipherError && error.kind === "misfit");
});

test("without a seed nothing is signed", async () => {
  const cipher = await openCipher(KEY, VERIFY);
  await assert.rejects(cipher.signMany([messages[0]]), /a cipher with a seed expected/);
});

test("no key can be read back", async (t) => {
  const imported = [];
  const original = crypto.subtle.importKey;
  t.mock.method(crypto.subtle, "importKey", async function (...given) {
    const key = await original.apply(this, given);
    imported.push([given[2].name ?? given[2], key.type, key.extractable]);
    return key;
  });
  await openCipher(KEY, VERIFY, SEED);
  assert.deepEqual(imported, [
    ["AES-GCM", "secret", false],
    ["Ed25519", "public", false],
    ["Ed25519", "private", false],
  ]);
});

test("an engine without Ed25519 is told so", async (t) => {
  t.mock.method(crypto.subtle, "importKey", async (_format, _key, algorithm) => {
    if (algorithm.name === "Ed25519") throw new DOMException("Unrecognized name.", "NotSupportedError");
  });
  const isTold = (error) => error instanceof CipherError && error.kind === "unsupported" && /Ed25519/.test(error.message);
  await assert.rejects(openCipher(KEY, VERIFY), isTold);
  await assert.rejects(publicKey(SEED), isTold);
});

test("a key that is none is another error", async () => {
  await assert.rejects(openCipher(KEY, new Uint8Array(31)), { name: "DataError" });
});

test("a page without encryption is told so", async (t) => {
  t.mock.getter(globalThis, "crypto", () => ({}));
  const isTold = (error) => error instanceof CipherError && error.kind === "insecure" && /https/.test(error.message);
  await assert.rejects(openCipher(KEY, VERIFY), isTold);
  await assert.rejects(publicKey(SEED), isTold);
});

// What `foldbook.browser.cipher` makes of all this, in the Python of the browser.
const STORY = `
import sys
sys.path.insert(0, "/py")
from foldbook.browser.cipher import BrowserCipher, CipherMissing, public_key
from foldbook.errors import Mine

told = vectors.to_py()
raw = bytes.fromhex
KEY, VERIFY, SEED = raw(told["keys"]["payload"]), raw(told["verify"]), raw(told["seed"])
boxes = [tuple(raw(box[name]) for name in ("nonce", "data", "plain", "ciphertext")) for box in told["boxes"]]
signed = [(raw(each["signature"]), raw(each["message"])) for each in told["signatures"]]

cipher = await BrowserCipher.open(module, KEY, VERIFY, SEED)
sealed = await cipher.seal_many([box[:3] for box in boxes])
assert sealed == [box[3] for box in boxes], sealed
asked = [(nonce, data, ciphertext) for nonce, data, _, ciphertext in boxes]
opened = await cipher.open_many([*asked, (asked[0][0], b"other", asked[0][2])])
assert opened == [*(box[2] for box in boxes), None], opened
signatures = await cipher.sign_many([message for _, message in signed])
assert signatures == [signature for signature, _ in signed]
assert await cipher.verify_many([*signed, (signed[0][0], b"other")]) == [True] * len(signed) + [False]
assert await cipher.seal_many([]) == await cipher.verify_many([]) == []
assert await public_key(module, SEED) == VERIFY

reader = await BrowserCipher.open(module, KEY, VERIFY)
assert await reader.open_many(asked) == [box[2] for box in boxes]
found = []
try:
    await reader.sign_many([b""])
except Mine as why:
    found.append(str(why))
try:
    await BrowserCipher.open(module, KEY, bytes(32), SEED)
except CipherMissing as why:
    found.append(why.kind)
"|".join(found)
`;

test("Python in the browser seals, opens, signs and verifies as native Python does", async () => {
  const python = await loadPyodide();
  python.FS.mkdir("/py");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: fileURLToPath(new URL("../../py", import.meta.url)) }, "/py");
  const globals = python.toPy({});
  globals.set("module", { ...cipherModule });
  globals.set("vectors", vectors);
  const found = await python.runPythonAsync(STORY, { globals });
  assert.match(found, /^a cipher with a seed expected.*\|misfit$/);
});
