/** A worker that runs Python of the built site, for tests: {code, files} in, {ok} or {error} out. */

import * as db from "./db.js";
import { loadPyodide } from "./pyodide/pyodide.mjs";

let python;

self.onmessage = async ({ data: { code, packages, archive } }) => {
  try {
    python ??= await loadPyodide({
      indexURL: new URL("./pyodide/", self.location.href).href,
      packages: ["foldbook", ...packages],
    });
    if (archive) python.unpackArchive(archive, "zip", { extractDir: "/home/pyodide/given" });
    self.db = db;
    const value = await python.runPythonAsync(code);
    postMessage({ ok: value });
  } catch (error) {
    postMessage({ error: String(error.message ?? error) });
  }
};
