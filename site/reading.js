/** Whether a file may be a notebook: looked at before anything is made for it. */

const LOG = "foldbook-log ";

/** How the name of a file ends that may be a notebook. */
export const ENDING = /\.(ipynb|json|py|foldbook)$/i;

/**
 * Raises an error with words for people where the file is no notebook of any version. Whether
 * every cell of it can be read is found out when it is.
 * @param {string} name
 * @param {ArrayBuffer} data
 */
export function checkNotebookFile(name, data) {
  const start = new TextDecoder("latin1").decode(data.slice(0, LOG.length));
  if (start === LOG) return;
  if (/\.py$/i.test(name)) return checkScript(name, data);
  if (/\.foldbook$/i.test(name)) throw new Error(`The file ${name} is no log that Foldbook wrote.`);
  const value = parsed(name, new TextDecoder().decode(data));
  if (typeof value?.nbformat !== "number") {
    throw new Error(`The file ${name} is no notebook: an object with nbformat, a number, was expected.`);
  }
}

/** @param {string} name @param {ArrayBuffer} data */
function checkScript(name, data) {
  try {
    if (!new TextDecoder("utf-8", { fatal: true }).decode(data).includes("\0")) return;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new Error(`The file ${name} is no Python script: text in UTF-8 was expected.`);
}

// Python writes numbers that JSON has no words for, and reads them too: strings stay as they are.
const NUMBERS = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** @param {string} name @param {string} text @returns {any} */
function parsed(name, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const strict = text.replace(NUMBERS, (found) => (found.startsWith('"') ? found : "null"));
    if (strict !== text) return parsed(name, strict);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The file ${name} is no notebook: JSON was expected. ${why}`);
  }
}
