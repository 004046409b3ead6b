import assert from "node:assert/strict";
import { test } from "node:test";

import { RUNTIME_BOOTSTRAP } from "../../site/runtime_bootstrap.js";

const SIGINT = 2;
const SIGALRM = 14;

/** A runtime's frame with a worker that is only noted down. */
async function begun() {
  const parent = { postMessage() {} };
  const workers = [];
  class Worker {
    constructor() {
      workers.push(this);
      queueMicrotask(() => this.onmessage({ data: { t: "loaded" } }));
    }

    postMessage(message) {
      if (message.shared) this.signal = new Uint8Array(message.shared);
    }

    terminate() {}
  }
  let hear;
  const surroundings = {
    self: { crossOriginIsolated: true },
    parent,
    Worker,
    addEventListener: (_, listener) => (hear = listener),
  };
  new Function(...Object.keys(surroundings), RUNTIME_BOOTSTRAP)(...Object.values(surroundings));
  const control = { postMessage() {}, close() {} };
  hear({ source: parent, data: { script: "data:," } });
  hear({ source: parent, data: { boot: {} }, ports: [control, {}] });
  const booted = () => workers.find((worker) => worker.signal);
  await until(() => booted() && control.onmessage);
  return { control, worker: booted() };
}

async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("an interrupt that Pyodide overwrites is said again until Python has noticed it", async () => {
  const { control, worker } = await begun();
  const { signal } = worker;
  worker.onmessage({ data: { t: "busy", busy: true } });
  await until(() => signal[0] === SIGALRM);
  control.onmessage({ data: "interrupt" });
  assert.equal(signal[0], SIGINT);
  for (let lost = 0; lost < 3; lost++) {
    signal[0] = 0;
    await until(() => signal[0] !== 0);
    assert.equal(signal[0], SIGINT);
  }
  signal.fill(0); // it was noticed
  await until(() => signal[0] !== 0);
  assert.equal(signal[0], SIGALRM);
  control.onmessage({ data: "stop" });
});

test("where no code runs an interrupt is said once", async () => {
  const { control, worker } = await begun();
  const { signal } = worker;
  worker.onmessage({ data: { t: "busy", busy: true } });
  worker.onmessage({ data: { t: "busy", busy: false } });
  control.onmessage({ data: "interrupt" });
  signal[0] = 0;
  await new Promise((resolve) => setTimeout(resolve, 120)); // two ticks would have come
  assert.equal(signal[0], 0);
  control.onmessage({ data: "stop" });
});
