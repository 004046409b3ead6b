"""The cipher in every engine: the same bytes as everywhere, and what one engine cannot take."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builder import serve
from foldbook.native.cipher import public_key
from playwright.sync_api import Browser

from tests.browser.engines import ENGINES, launched

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "tests" / "samples" / "seal_vectors.json").read_text(encoding="utf-8"))
Ask = Callable[..., Any]
"""The value that the body of an async function (over ``args``) returns in the page."""

_HELP = """
const { openCipher, publicKey } = await import(new URL('cipher.js', location.href).href);
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, '0')).join('');
"""
_VECTORS = (
    _HELP
    + """
const [{ keys, verify, seed, boxes, signatures }] = args;
const cipher = await openCipher(bytes(keys.payload), bytes(verify), bytes(seed));
const asked = boxes.map((box) => [bytes(box.nonce), bytes(box.data), bytes(box.plain)]);
const sealed = await cipher.sealMany(asked);
const right = boxes.map((box) => [bytes(box.nonce), bytes(box.data), bytes(box.ciphertext)]);
const wrong = right.map(([nonce, data, text]) => [nonce, Uint8Array.of(...data, 0), text]);
const opened = await cipher.openMany([...right, ...wrong]);
const messages = signatures.map(({ message }) => bytes(message));
const made = await cipher.signMany(messages);
const pairs = signatures.map(({ signature }, i) => [bytes(signature), messages[i]]);
const mine = made.map((signature, i) => [signature, messages[i]]);
const others = made.map((signature) => [signature, bytes('ff')]);
return {
  sealed: sealed.map(hex),
  opened: opened.map((plain) => plain === undefined ? null : hex(plain)),
  verified: await cipher.verifyMany([...pairs, ...mine]),
  refused: await cipher.verifyMany([...others, [new Uint8Array(64), messages[0]]]),
};
"""
)
_PUBLIC = (
    _HELP
    + """
const found = [];
for (const seed of args[0]) {
  try {
    const key = await publicKey(bytes(seed));
    const cipher = await openCipher(new Uint8Array(32), key, bytes(seed));
    const message = bytes('01');
    const [signature] = await cipher.signMany([message]);
    found.push([hex(key), ...await cipher.verifyMany([[signature, message]])]);
  } catch (error) {
    found.push(error.name);
  }
}
return found;
"""
)


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with nothing but the cipher beside it."""
    folder = tmp_path_factory.mktemp("cipher")
    shutil.copy(ROOT / "site" / "cipher.js", folder)
    (folder / "index.html").write_text("<!doctype html><title>Cipher</title>", encoding="utf-8")
    with serve.running(folder) as url:
        yield url


@pytest.fixture(scope="module", params=["chromium", *sorted(ENGINES)])
def ask(
    request: pytest.FixtureRequest, page_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ask]:
    if request.param == "chromium":
        browser: Browser = request.getfixturevalue("chromium")
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(page_url)
            yield lambda body, *args: page.evaluate(f"async (args) => {{ {body} }}", list(args))
        return
    with launched(request.param, tmp_path_factory.mktemp(request.param)) as engine:
        engine.go(page_url)
        yield engine.run


def test_every_engine_agrees_with_the_vectors(ask: Ask) -> None:
    found = ask(_VECTORS, VECTORS)
    boxes, signatures = VECTORS["boxes"], VECTORS["signatures"]
    assert found["sealed"] == [box["ciphertext"] for box in boxes]
    assert found["opened"] == [box["plain"] for box in boxes] + [None] * len(boxes)
    assert found["verified"] == [True] * 2 * len(signatures)
    assert found["refused"] == [False] * (len(signatures) + 1)


def test_a_new_seed_works_in_every_engine(ask: Ask) -> None:
    """A seed that begins with zero does not in all, which is why no new one does."""
    seeds = [bytes([1 + i]) + bytes([i * 7 % 256]) * 30 + bytes([i % 3]) for i in range(255)]
    publics = [public_key(seed) for seed in seeds]
    assert any(key[0] == 0 for key in publics)
    assert any(key[-1] == 0 for key in publics)
    found = ask(_PUBLIC, [seed.hex() for seed in seeds])
    assert found == [[key.hex(), True] for key in publics]
    (zero,) = ask(_PUBLIC, [bytes(32).hex()])
    assert zero in ("DataError", [public_key(bytes(32)).hex(), True])
