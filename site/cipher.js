/**
 * AES-256-GCM and Ed25519 by WebCrypto, many at a time. What is sealed and why stands in Python
 * (`foldbook.seal`); this knows keys and bytes.
 *
 * Keys are imported once, and cannot be read back from here. Ed25519 is in Chromium from 137, in
 * Firefox from 129, in Safari from 17 and in WebKitGTK. Safari's signatures are right, but made with
 * chance: the same message gets another one each time.
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const ED25519 = { name: "Ed25519" };
const SIGNATURE_SIZE = 64;
const PROBE = new TextEncoder().encode("foldbook.probe");
// A seed is imported as PKCS #8, which every engine takes: this, then the seed (RFC 8410). But
// WebKitGTK loses a zero at a seed's beginning and then refuses it, so no new seed begins with one.
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/**
 * Why there is no cipher. kind: "insecure" (the page's address), "unsupported" (the browser),
 * "misfit" (the seed is not the one behind the public key).
 */
export class CipherError extends Error {
  /** @param {"insecure" | "unsupported" | "misfit"} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.name = "CipherError";
    this.kind = kind;
  }
}

/**
 * @param {Bytes} payloadKey 32 bytes
 * @param {Bytes} verifyKey the room's Ed25519 public key, 32 bytes
 * @param {Bytes | null} [seed] the 32 bytes behind it, where its holder may sign
 * @returns {Promise<Cipher>}
 * @throws {CipherError}
 */
export async function openCipher(payloadKey, verifyKey, seed) {
  const { subtle } = secureCrypto();
  const aes = await subtle.importKey("raw", payloadKey, "AES-GCM", false, ["encrypt", "decrypt"]);
  const verifier = await withEd25519(() => subtle.importKey("raw", verifyKey, ED25519, false, ["verify"]));
  const signer = seed ? await importSeed(seed, false) : null;
  const cipher = new Cipher(subtle, aes, verifier, signer);
  if (signer && !(await cipher.fits())) {
    throw new CipherError("misfit", "The seed of this room's public key expected, the seed of another came.");
  }
  return cipher;
}

class Cipher {
  #subtle;
  #aes;
  #verifier;
  #signer;

  /**
   * @param {SubtleCrypto} subtle
   * @param {CryptoKey} aes
   * @param {CryptoKey} verifier
   * @param {CryptoKey | null} signer
   */
  constructor(subtle, aes, verifier, signer) {
    this.#subtle = subtle;
    this.#aes = aes;
    this.#verifier = verifier;
    this.#signer = signer;
  }

  /** Whether what is signed here is verified here. */
  async fits() {
    const [signature] = await this.signMany([PROBE]);
    const [isRight] = await this.verifyMany([[/** @type {Bytes} */ (signature), PROBE]]);
    return isRight;
  }

  /**
   * @param {Array<[Bytes, Bytes, Bytes]>} items nonce, additional data, plaintext
   * @returns {Promise<Uint8Array[]>} ciphertexts with their tags
   */
  sealMany(items) {
    return Promise.all(
      items.map(async ([iv, additionalData, plain]) =>
        new Uint8Array(await this.#subtle.encrypt(gcm(iv, additionalData), this.#aes, plain)),
      ),
    );
  }

  /**
   * @param {Array<[Bytes, Bytes, Bytes]>} items nonce, additional data, ciphertext with its tag
   * @returns {Promise<Array<Uint8Array | undefined>>} plaintexts; undefined: not authentic
   */
  openMany(items) {
    return Promise.all(
      items.map(async ([iv, additionalData, ciphertext]) => {
        try {
          return new Uint8Array(await this.#subtle.decrypt(gcm(iv, additionalData), this.#aes, ciphertext));
        } catch (error) {
          if (nameOf(error) === "OperationError") return undefined;
          throw error;
        }
      }),
    );
  }

  /**
   * @param {Bytes[]} messages
   * @returns {Promise<Uint8Array[]>} signatures
   */
  async signMany(messages) {
    const signer = this.#signer;
    if (!signer) throw new Error("a cipher with a seed expected: this one can verify, but not sign");
    const sign = (/** @type {Bytes} */ message) => this.#subtle.sign(ED25519, signer, message);
    return (await Promise.all(messages.map(sign))).map((signature) => new Uint8Array(signature));
  }

  /**
   * @param {Array<[Bytes, Bytes]>} items signature, message
   * @returns {Promise<boolean[]>}
   */
  verifyMany(items) {
    return Promise.all(
      items.map(
        async ([signature, message]) =>
          signature.length === SIGNATURE_SIZE &&
          (await this.#subtle.verify(ED25519, this.#verifier, signature, message)),
      ),
    );
  }
}

/**
 * The Ed25519 public key of a seed.
 * @param {Bytes} seed 32 bytes
 * @returns {Promise<Uint8Array>} 32 bytes
 * @throws {CipherError}
 */
export async function publicKey(seed) {
  const key = await importSeed(seed, true);
  const { x = "" } = await secureCrypto().subtle.exportKey("jwk", key);
  const text = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** @param {Bytes} seed @param {boolean} extractable @returns {Promise<CryptoKey>} */
async function importSeed(seed, extractable) {
  const whole = new Uint8Array([...PKCS8, ...seed]);
  return withEd25519(() => secureCrypto().subtle.importKey("pkcs8", whole, ED25519, extractable, ["sign"]));
}

function secureCrypto() {
  if (globalThis.crypto?.subtle) return globalThis.crypto;
  throw new CipherError(
    "insecure",
    "Browsers encrypt only in pages that came over https or from this machine; this page came otherwise.",
  );
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withEd25519(work) {
  try {
    return await work();
  } catch (error) {
    if (nameOf(error) !== "NotSupportedError") throw error;
    throw new CipherError(
      "unsupported",
      "This browser does not know Ed25519 signatures, which shared notebooks need. Chromium has them from 137, Firefox from 129, Safari from 17.",
    );
  }
}

/** @param {Bytes} iv @param {Bytes} additionalData */
function gcm(iv, additionalData) {
  return { name: "AES-GCM", iv, additionalData, tagLength: 128 };
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof Error ? error.name : "";
}
