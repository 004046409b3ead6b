// Runs folding.py in the Pyodide of a built site, under Node; prints its figures as JSON.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [dist, trace] = process.argv.slice(2);
const core = join(dist, "pyodide") + "/";
const { loadPyodide } = await import(pathToFileURL(core + "pyodide.mjs").href);
const pyodide = await loadPyodide({ indexURL: core });
await pyodide.loadPackage("foldbook", { messageCallback: () => {} });
const here = dirname(fileURLToPath(import.meta.url));
pyodide.FS.writeFile("/home/pyodide/folding.py", readFileSync(join(here, "folding.py")));
if (trace) pyodide.FS.writeFile("/home/pyodide/trace.json.gz", readFileSync(trace));
const code = `
import json, pathlib, folding
trace = pathlib.Path("/home/pyodide/trace.json.gz")
json.dumps(folding.measure(trace.read_bytes() if trace.exists() else None))`;
console.log(await pyodide.runPythonAsync(code));
process.exit(0);
