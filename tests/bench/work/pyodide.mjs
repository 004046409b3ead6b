// Runs folding.py in the Pyodide of a built site, under Node; prints its figures as JSON.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [dist] = process.argv.slice(2);
const core = join(dist, "pyodide") + "/";
const { loadPyodide } = await import(pathToFileURL(core + "pyodide.mjs").href);
const pyodide = await loadPyodide({ indexURL: core });
await pyodide.loadPackage("foldbook", { messageCallback: () => {} });
const here = dirname(fileURLToPath(import.meta.url));
pyodide.FS.writeFile("/home/pyodide/folding.py", readFileSync(join(here, "folding.py")));
console.log(await pyodide.runPythonAsync("import json, folding; json.dumps(folding.measure())"));
process.exit(0);
