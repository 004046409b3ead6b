/** What the paper benchmark's two workers share: a message asks for a round, its answer tells. */

/**
 * Answer each message with `{figures}`, or with `{error}`.
 * @param {(asked: any) => Promise<Record<string, number>>} measure
 */
export function answerWith(measure) {
  self.onmessage = async ({ data }) => {
    try {
      self.postMessage({ figures: await measure(data) });
    } catch (error) {
      self.postMessage({ error: error instanceof Error ? error.stack : String(error) });
    }
  };
}

/** @param {string} name @returns {Promise<ReadableStream<Uint8Array<ArrayBuffer>>>} */
export async function fetchFile(name) {
  const answer = await fetch(new URL(name, self.location.href));
  if (!answer.ok || !answer.body) throw new Error(`${name} expected, status ${answer.status} came`);
  return answer.body;
}
