/**
 * The one script that runs in a runtime's frame. It is a constant: the page's CSP, which the
 * frame inherits, names its hash (`sha256-…` of exactly this text), so nothing else inline runs
 * there. It starts the workers it is given, one after the other, keeps the two bytes by which one
 * can be reached while it is blocked ([0] a signal number for Python, [1] free), and hands what one
 * compiled on to the next.
 *
 * From its parent, for each worker: {worker: data: URL, boot: any} with two ports: the frame's own,
 * and the worker's. On its own port it takes "interrupt", "stop" and {session: what Python is told}.
 */
export const RUNTIME_BOOTSTRAP = `"use strict";
let modules = null;
addEventListener("message", (event) => {
  if (event.source !== parent || !event.data || !event.data.worker) return;
  const [control, port] = event.ports;
  // WebKit says that this frame is isolated and gives it no shared memory all the same.
  const isShared = self.crossOriginIsolated && typeof SharedArrayBuffer === "function";
  const shared = isShared ? new SharedArrayBuffer(2) : null;
  const signal = shared && new Uint8Array(shared);
  const worker = new Worker(event.data.worker, { type: "module", name: "runtime" });
  let ticking = 0;
  const tell = (message) => control.postMessage(message);
  const tick = (on) => {
    clearInterval(ticking);
    ticking = on && signal ? setInterval(() => Atomics.compareExchange(signal, 0, 0, 14), 50) : 0;
  };
  worker.onmessage = ({ data, ports }) => {
    if (data.t === "busy") tick(data.busy);
    else if (data.t === "modules") modules = data.modules;
    else control.postMessage(data, ports);
  };
  worker.onerror = (error) => tell({ t: "failed", message: error.message || "the worker could not be started" });
  control.onmessage = ({ data }) => {
    if (data === "interrupt" && signal) Atomics.store(signal, 0, 2);
    else if (data === "stop") {
      tick(false);
      worker.terminate();
      control.close();
    } else if (data.session) worker.postMessage(data);
  };
  tell({ t: "frame", isolated: Boolean(signal) });
  // By itself: where a browser cannot pass them on, this message fails and the next does not.
  if (modules) worker.postMessage({ modules });
  worker.postMessage({ ...event.data.boot, shared }, [port]);
});
parent.postMessage({ t: "runtime frame" }, "*");
`;
