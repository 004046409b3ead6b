/** Foldbook in Pyodide, in a worker: one round of `paper_foldbook.py` for each message. */

import { answerWith, fetchFile } from "./paper_worker.js";

const FILES = ["folding.py", "stopwatch.py", "paper_foldbook.py", "trace.json.gz"];
const READ = `
import gzip, json, paper_foldbook
with gzip.open("trace.json.gz", "rt", encoding="utf-8") as file:
    trace = json.load(file)
`;

/** @type {Promise<any> | undefined} */
let starting;

answerWith(async ({ pyodide }) => {
  starting ??= startPython(pyodide);
  const python = await starting;
  return JSON.parse(python.runPython("json.dumps(paper_foldbook.measure(trace))"));
});

/** @param {string} folder the address of the built site's Pyodide, ending in a slash */
async function startPython(folder) {
  const { loadPyodide } = await import(`${folder}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: folder });
  await python.loadPackage("foldbook", { messageCallback: () => {} });
  for (const name of FILES) {
    const bytes = new Uint8Array(await new Response(await fetchFile(name)).arrayBuffer());
    python.FS.writeFile(name, bytes);
  }
  python.runPython(READ);
  return python;
}
