/**
 * Service worker for hosts that cannot send headers: it adds those that make the page
 * cross-origin isolated, so that a running cell can be interrupted. It stores nothing.
 *
 * It answers only for what must carry them, documents and workers. All else goes past it, for
 * a browser keeps compiled scripts and wasm only of answers that are the network's own.
 */

/** @type {any} */
const service = self;

const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  // Frames of other origins without credentials are all right; where a browser does not know
  // this value (Safari), it must be the stricter one.
  "Cross-Origin-Embedder-Policy": /^((?!chrome|firefox).)*safari/i.test(navigator.userAgent)
    ? "require-corp"
    : "credentialless",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

const CARRIERS = ["document", "iframe", "frame", "worker", "sharedworker"];

service.addEventListener("install", () => service.skipWaiting());
service.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(service.clients.claim());
});
service.addEventListener("fetch", (/** @type {any} */ event) => {
  const request = event.request;
  if (!CARRIERS.includes(request.destination) || new URL(request.url).origin !== location.origin) return;
  if (request.cache === "only-if-cached" && request.mode !== "same-origin") return;
  event.respondWith(fetch(request).then(withHeaders));
});

/** @param {Response} response @returns {Response} */
function withHeaders(response) {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  const bodyless = [101, 204, 205, 304].includes(status);
  return new Response(bodyless ? null : response.body, { status, statusText, headers });
}
