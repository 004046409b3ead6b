/** A program of the build that runs Pyodide in Node: `node PROGRAM PLAN.json`. */

import { readFile } from "node:fs/promises";

/**
 * Do what the plan says, and end.
 * @template Plan
 * @param {(plan: Plan) => Promise<unknown>} work
 */
export async function carryOut(work) {
  try {
    await work(JSON.parse(await readFile(process.argv[2], "utf8")));
    process.exit(0); // Pyodide leaves a timer behind
  } catch (error) {
    console.error(error.message); // the stack would print the whole of Pyodide's one line
    process.exit(1);
  }
}
