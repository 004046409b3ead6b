/**
 * Bytes as an address that holds them: for what stands for itself, and for an opaque origin, which
 * reads no blob of this one.
 * @param {Blob} data
 * @returns {Promise<string>}
 */
export function dataAddress(data) {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(/** @type {string} */ (reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(data);
  });
}
