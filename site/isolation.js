/**
 * Cross-origin isolation, which an interrupt needs. Where the host sends no headers for it, the
 * service worker adds them, from the next load on; the page loads itself again only while the
 * reader has not done anything yet.
 */

export async function isolate() {
  if (crossOriginIsolated || !isSecureContext || !navigator.serviceWorker) return;
  let hasActed = false;
  const acted = () => {
    hasActed = true;
  };
  for (const kind of ["pointerdown", "keydown", "drop"]) addEventListener(kind, acted, { once: true, capture: true });
  const isFirst = !navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isFirst && !hasActed && !sessionStorage.getItem("isolated")) {
      sessionStorage.setItem("isolated", "tried");
      location.reload();
    }
  });
  // Without it everything but the soft interrupt works.
  await register().catch((error) => console.info("No isolation:", error));
}

/**
 * The service worker, with what it has to know of this host. Once it is in charge the page cannot
 * tell whose headers isolate it: then it stays what it was.
 * @returns {Promise<ServiceWorkerRegistration>}
 */
export function register() {
  const { serviceWorker } = navigator;
  const address = crossOriginIsolated ? (serviceWorker.controller?.scriptURL ?? "./sw.js?isolated") : "./sw.js";
  return serviceWorker.register(address);
}
