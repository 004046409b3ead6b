/**
 * Room that is kept back for when the browser gives no more: what makes room needs some first. It
 * is a record of a database of its own, large enough to stand in a file of its own, so that the
 * room is there as soon as it is deleted; and of random bytes, which no browser makes small.
 */

import * as db from "./db.js";

const NAME = "foldbook reserve";
const SIZE = 1024 * 1024; // bytes
const PIECE = 65_536; // bytes of randomness that are given at once

/**
 * Keep the room back, or give it up.
 * @param {boolean} keep
 * @returns {Promise<boolean>} whether it is kept now; false: there is no room for it
 */
export async function reserve(keep) {
  const database = await db.openDatabase(NAME, ["reserve"]);
  try {
    const [key] = await db.readKeys(database, "reserve");
    if (keep && key === undefined) await db.write(database, [["reserve", 1, filled()]], "strict");
    if (!keep && key !== undefined) await db.write(database, [["reserve", key]], "strict");
    return keep;
  } catch (error) {
    if (/** @type {any} */ (error)?.kind === "full") return false;
    console.error("No room is kept back:", error); // that says nothing of how much there is
    return keep;
  } finally {
    database.close();
  }
}

function filled() {
  const bytes = new Uint8Array(SIZE);
  for (let at = 0; at < SIZE; at += PIECE) crypto.getRandomValues(bytes.subarray(at, at + PIECE));
  return bytes;
}
