/** A zip of files that are stored as they are: what a backup of many notebooks is. */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

const MOST_BYTES = 0xffffffff;
const MOST_FILES = 0xffff;
const OVERHEAD = 100; // bytes around a file, at most, beside its name

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ /** @type {number} */ (TABLE[(crc ^ byte) & 0xff]);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Little-endian fields. @param {Array<[2 | 4, number]>} fields */
function pack(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

/** The time as DOS wrote it. @param {Date} date */
function dosTime(date) {
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  return /** @type {const} */ ([time, day]);
}

/**
 * @param {Array<{name: string, data: Blob}>} files names all different
 * @returns {Promise<Blob>}
 * @throws {RangeError} where it is more than the format without its 64-bit fields can hold
 */
export async function zip(files) {
  const bytes = files.reduce((sum, { name, data }) => sum + data.size + OVERHEAD + 6 * name.length, 0);
  if (bytes > MOST_BYTES || files.length > MOST_FILES) {
    throw new RangeError(`A zip holds less than 4 GB and 65,536 files; these are ${files.length} files of ${bytes} bytes.`);
  }
  const [time, day] = dosTime(new Date());
  /** @type {BlobPart[]} */
  const body = [];
  /** @type {BlobPart[]} */
  const directory = [];
  let at = 0;
  let directorySize = 0;
  for (const { name, data } of files) {
    const title = new TextEncoder().encode(name);
    const crc = crc32(new Uint8Array(await data.arrayBuffer()));
    /** @type {Array<[2 | 4, number]>} */
    const common = [
      [2, 20], [2, 0x0800], [2, 0], [2, time], [2, day], [4, crc], [4, data.size], [4, data.size],
      [2, title.length], [2, 0],
    ];
    const head = pack([[4, 0x04034b50], ...common]);
    const entry = pack([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]);
    body.push(head, title, data);
    directory.push(entry, title);
    at += head.length + title.length + data.size;
    directorySize += entry.length + title.length;
  }
  const end = pack([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, directorySize], [4, at], [2, 0]]);
  return new Blob([...body, ...directory, end], { type: "application/zip" });
}
