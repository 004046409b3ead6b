/**
 * The one script that runs in a runtime's frame. It is a constant: the page's CSP, which the
 * frame inherits, names its hash (`sha256-…` of exactly this text), so nothing else inline runs
 * there. It starts workers, one after the other, each before it is wanted; keeps the two bytes by
 * which one can be reached while it is blocked ([0] a signal number for Python, [1] an interrupt that
 * it has not noticed), and hands what one compiled on to the next.
 *
 * It also compiles Pyodide's core while the worker is still reading its script.
 *
 * From its parent: {script: the worker's, as a blob or a data: URL, isCoreComing: boolean}; where a
 * browser (WebKit) starts no worker from the page's blob, it asks for the other one. Then {core: as a
 * blob, or null}. For each runtime: {boot: any} with two ports, the frame's own and the worker's. On
 * its own port it takes "interrupt", "stop" and {session: what Python is told}.
 */
export const RUNTIME_BOOTSTRAP = `"use strict";
const modules = new Map();
let core = null;
let giveCore = null;
let address = "";
let spare = null;
let isBlob = false;
let givenAddress = null;
const say = (message) => parent.postMessage({ t: "runtime frame", ...message }, "*");
const startOnce = () => new Promise((resolve, reject) => {
  const worker = new Worker(address, { name: "runtime" });
  worker.onmessage = () => resolve(worker);
  worker.onerror = (error) => reject(new Error(error.message || "the worker could not be started"));
});
const startWorker = () => startOnce().catch((error) => {
  if (!isBlob) throw error;
  const coming = new Promise((resolve) => (givenAddress = resolve));
  say({ needs: "address" });
  return coming.then(startOnce);
});
const compileCore = async (blob) => {
  const answer = new Response(blob, { headers: { "Content-Type": "application/wasm" } });
  try {
    modules.set("pyodide.asm.wasm", await WebAssembly.compileStreaming(answer));
  } catch {} // a worker does it for itself then
  core = null;
};
const spareOne = () => {
  if (spare) return;
  spare = startWorker();
  spare.catch(() => {});
};
addEventListener("message", ({ source, data, ports }) => {
  if (source !== parent || !data) return;
  if (data.isCoreComing) core = new Promise((resolve) => (giveCore = resolve)).then(compileCore);
  if ("core" in data) giveCore(data.core);
  if (data.script) {
    isBlob = data.script instanceof Blob;
    address = isBlob ? URL.createObjectURL(data.script) : data.script;
    if (givenAddress) givenAddress();
    else spareOne();
  }
  if (data.boot) begin(data.boot, ports);
});
const begin = async (boot, [control, port]) => {
  // WebKit says that this frame is isolated and gives it no shared memory all the same.
  const isShared = self.crossOriginIsolated && typeof SharedArrayBuffer === "function";
  const shared = isShared ? new SharedArrayBuffer(2) : null;
  const signal = shared && new Uint8Array(shared);
  const tell = (message) => control.postMessage(message);
  const coming = spare || startWorker();
  spare = null;
  let worker;
  try {
    worker = await coming;
  } catch (error) {
    tell({ t: "failed", message: error.message });
    return;
  }
  let ticking = 0;
  // Pyodide reads the signal and then writes 0, so that one that comes between the two is lost: the
  // second byte stays until Python has noticed it.
  const remind = () => {
    if (Atomics.load(signal, 1)) Atomics.store(signal, 0, 2);
    else Atomics.compareExchange(signal, 0, 0, 14);
  };
  const tick = (on) => {
    clearInterval(ticking);
    ticking = on && signal ? setInterval(remind, 50) : 0;
  };
  worker.onmessage = ({ data, ports }) => {
    if (data.t === "busy") tick(data.busy);
    else if (data.t === "modules") data.modules.forEach((module, path) => modules.set(path, module));
    else control.postMessage(data, ports);
    if (data.t === "ready") setTimeout(spareOne, 5000); // when the first cells have run
  };
  worker.onerror = (error) => tell({ t: "failed", message: error.message || "the worker has failed" });
  control.onmessage = ({ data }) => {
    if (data === "interrupt" && signal) {
      Atomics.store(signal, 1, 1);
      remind();
    } else if (data === "stop") {
      tick(false);
      worker.terminate();
      control.close();
    } else if (data.session) worker.postMessage(data);
  };
  tell({ t: "frame", isolated: Boolean(signal) });
  // By itself: where a browser cannot pass them on, this message fails and the next does not.
  if (modules.size) worker.postMessage({ modules });
  worker.postMessage({ ...boot, asBlob: isBlob, shared, isCoreComing: Boolean(core) }, [port]);
  if (core) core.then(() => worker.postMessage({ modules })).catch(() => worker.postMessage({ modules: [] }));
};
say({});
`;
