/**
 * Byte-compiles modules of wheels: `node compile.mjs PLAN.json`, where the plan says which.
 *
 * It is done by the very Python that will import them. What it writes tells nothing of a time, and
 * is believed without a look at the source.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { Archive } from "../../site/archive.js";
import { carryOut } from "../snapshots/program.mjs";

/**
 * @typedef {object} Job
 * @property {string} wheel its path
 * @property {string[]} modules paths within it
 * @property {string} target folder for what is made, with the paths that it has in the wheel
 *
 * @typedef {object} Plan
 * @property {string} pyodide folder of the Pyodide core
 * @property {string} folder where packages stand in Python's file system
 * @property {Record<string, string>} env
 * @property {import("pyodide").Lockfile["info"]} info of the lock, which says what it fits
 * @property {Job[]} jobs
 */

// None for what is no Python 3.14: some packages bring templates, or modules for others.
const COMPILE = `
from py_compile import PycInvalidationMode, compile
lambda path: compile(path, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
`;

await carryOut(run);

/** @param {Plan} plan */
async function run(plan) {
  const { loadPyodide } = await import(pathToFileURL(join(plan.pyodide, "pyodide.mjs")).href);
  const python = await loadPyodide({
    indexURL: `${plan.pyodide}/`,
    env: plan.env,
    lockFileContents: { info: plan.info, packages: {} }, // the lock is not written yet
  });
  const compile = python.runPython(COMPILE);
  for (const job of plan.jobs) {
    console.log(job.wheel);
    await compileWheel(python.FS, compile, plan.folder, job);
  }
}

/** @param {any} FS @param {(path: string) => string | undefined} compile @param {string} folder @param {Job} job */
async function compileWheel(FS, compile, folder, job) {
  const wanted = new Set(job.modules);
  const { entries } = new Archive(new Uint8Array(await readFile(job.wheel)));
  const modules = [...entries.values()].filter((entry) => wanted.has(entry.path));
  for (const entry of modules) {
    const path = `${folder}/${entry.path}`;
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, entry.unpack());
  }
  for (const { path } of modules) {
    const made = compile(`${folder}/${path}`);
    if (!made) continue;
    const place = join(job.target, made.slice(folder.length + 1));
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, FS.readFile(made));
  }
}
