/**
 * Makes snapshots: `node make.mjs PLAN.json`, where the plan says what goes in (`Plan`).
 *
 * The stages are made one on top of the other in one Pyodide, and the memory of each is kept as
 * its difference from the one before: that is half of what it would be alone. Time and chance
 * stand still meanwhile, so that the same plan gives the same bytes; whoever restores a snapshot
 * sets both right again.
 */

import nodeCrypto from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { trampolinePlace } from "../../site/snapshot.js";
import { mountArchives, Archive } from "../../site/archive.js";
import { carryOut } from "./program.mjs";
import { Recorder } from "./recorder.mjs";

/**
 * @typedef {object} Stage
 * @property {{path: string} & import("../../site/archive.js").Top} archive the packages that it needs
 *   beside the last one's
 * @property {string} prepare Python that imports what the snapshot is to hold
 * @property {boolean} isEarly whether the libraries that are loaded up to here are linked at each start;
 *   those that come later are when they are called
 * @property {string} target folder for layout.json, header, heap and stubs
 *
 * @typedef {object} Plan
 * @property {string} pyodide folder of the Pyodide core
 * @property {string} folder where packages stand in Python's file system
 * @property {Record<string, string>} env
 * @property {Stage[]} stages
 */

const RealDate = Date;
const EPOCH = Date.UTC(2026, 0, 1); // ms; any moment would do
const PAGE = 1 << 12; // bytes; finer than WebAssembly's own pages

await carryOut(make);

/** @param {Plan} plan */
async function make(plan) {
  const core = (name) => import(pathToFileURL(join(plan.pyodide, name)).href);
  const { loadPyodide } = await core("pyodide.mjs");
  const { default: createPyodideModule } = await core("pyodide.asm.mjs");
  const boot = (begin) => {
    const create = (settings) => {
      if (begin) settings.preRun.push(begin);
      return createPyodideModule(settings);
    };
    const options = { indexURL: `${plan.pyodide}/`, env: plan.env, _makeSnapshot: true };
    return loadPyodide({ ...options, createPyodideModule: create });
  };
  const waiting = await findWaiting(boot);
  const recorder = new Recorder(waiting);
  const python = await boot((module) => recorder.begin(module, trampolinePlace(module)));
  let last = new Uint8Array();
  for (const stage of plan.stages) last = await makeStage(python, recorder, plan.folder, stage, last);
}

/**
 * Where Pyodide decides, when it starts, by which function Python waits for JavaScript: with stack
 * switching (JSPI) or not. A snapshot is restored in browsers of both kinds.
 */
async function findWaiting(boot) {
  const statics = async (supported) => {
    standStill();
    if (supported) {
      WebAssembly.Suspending = function Suspending(given) {
        return given;
      };
      WebAssembly.promising = (given) => given;
    } else {
      delete WebAssembly.Suspending;
      delete WebAssembly.promising;
    }
    const { _module: module } = await boot();
    if (module.jspiSupported !== supported) throw new Error("Pyodide looks for JSPI by other names");
    return module.HEAP32.slice(0, module._emscripten_stack_get_end() >>> 2);
  };
  const [yes, no] = [await statics(true), await statics(false)];
  const places = [...yes.keys()].filter((place) => yes[place] !== no[place]);
  if (places.length !== 1) throw new Error(`one difference by JSPI expected, there are ${places.length}`);
  const [place] = places;
  standStill();
  return { place, supported: yes[place], unsupported: no[place] };
}

/** @param {Stage} stage @param {Uint8Array} last the memory of the stage before */
async function makeStage(python, recorder, folder, stage, last) {
  const { path, ...top } = stage.archive;
  const archive = new Archive(new Uint8Array(await readFile(path)));
  mountArchives(python.FS, folder, [{ archive, top }]);
  python.runPython("import importlib; importlib.invalidate_caches()"); // time stands still
  python.runPython(stage.prepare);
  if (stage.isEarly) recorder.endEarly();
  const chance = python.runPython("from foldbook.browser.frozen import settle; settle()");
  recorder.clean();
  const layout = { ...recorder.layout(), chance };
  return write(stage.target, python.makeMemorySnapshot(), layout, recorder.stubs(layout), last);
}

/** Pyodide's snapshot is a header, told by its second word, and the memory. */
async function write(target, snapshot, layout, stubs, last) {
  const [, start] = new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2);
  const heap = snapshot.slice(start);
  if (heap.length !== layout.heapLength) {
    throw new Error(`a memory of ${layout.heapLength} bytes expected, ${heap.length} came`);
  }
  const difference = heap.map((byte, i) => byte ^ (last[i] ?? 0));
  const changes = usedRuns(difference);
  const changed = Buffer.concat(changes.map(([at, length]) => difference.subarray(at, at + length)));
  await mkdir(target, { recursive: true });
  const described = { ...layout, runs: usedRuns(heap), changes };
  await writeFile(join(target, "layout.json"), JSON.stringify(described));
  await writeFile(join(target, "header"), snapshot.subarray(0, start));
  await writeFile(join(target, "heap"), changed);
  await writeFile(join(target, "stubs"), stubs);
  return heap;
}

/** Where the memory is not all zeros, in whole pages. @returns {[start: number, length: number][]} */
function usedRuns(heap) {
  const runs = [];
  const words = new BigUint64Array(heap.buffer, heap.byteOffset, heap.length / 8);
  const step = PAGE / 8;
  for (let at = 0; at < words.length; at += step) {
    const page = words.subarray(at, at + step);
    if (page.every((word) => word === 0n)) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === at * 8) last[1] += PAGE;
    else runs.push([at * 8, PAGE]);
  }
  return runs;
}

function standStill() {
  let tick = 0;
  const later = () => (tick += 1e-3);
  globalThis.Date = class extends RealDate {
    constructor(...values) {
      if (values.length) super(...values);
      else super(EPOCH);
    }
    static now() {
      return EPOCH;
    }
  };
  performance.now = later;
  process.hrtime.bigint = () => BigInt(Math.round(later() * 1e6));
  let state = 1;
  const fill = (array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      bytes[i] = state >>> 16;
    }
    return array;
  };
  crypto.getRandomValues = fill;
  nodeCrypto.randomFillSync = fill;
  Math.random = () => fill(new Uint32Array(1))[0] / 2 ** 32;
}
