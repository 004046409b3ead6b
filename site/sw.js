/**
 * Service worker, for two things. Where the host sends no headers that make the page cross-origin
 * isolated (so that a running cell can be interrupted), it adds them. And where the host does not
 * answer, the page comes from what is kept (`keeping.js`): one whole build, or none.
 *
 * While a page loads from the network, all but documents and what must carry the headers goes past
 * it: a browser keeps compiled scripts only of answers that are the network's own.
 */

import { isWhole, keepPage, pagesOf } from "./keeping.js";

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
const GATEWAY = [502, 503, 504]; // somebody answers in place of a host that does not

const SCOPE = /** @type {string} */ (service.registration.scope);
/** `offline.js` says by this that the host isolates the page by itself. */
const isHostIsolating = new URL(location.href).searchParams.has("isolated");

const PAGE = /^(?:index\.html)?(?:\?|$)/;
/** The address names the content: what is kept is as good as what the host has. */
const BY_CONTENT = /^(?:chunks\/[^/]+-[0-9A-Z]{8}\.js|(?:main\.js|style\.css)\?[0-9a-f]{12})$/;
const BY_NAME = /^(?:(?:fonts|katex|assets)\/.+|icon[\w-]*\.(?:svg|png)|app\.webmanifest|manifest\.json)$/;

const LOADING = 20_000; // ms that a page may take to load
/** Pages that the host has answered for lately, and until when. @type {Map<string, number>} */
const loading = new Map();

service.addEventListener("install", () => service.skipWaiting());
service.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(service.registration.navigationPreload?.enable().catch(() => {}));
  event.waitUntil(service.clients.claim());
});
/** `offline.js` asks to have the page kept. */
service.addEventListener("message", (/** @type {any} */ event) => {
  const tell = (/** @type {string} */ problem) => event.ports[0].postMessage({ problem });
  event.waitUntil(keepPage(SCOPE, event.data.keep).then(() => tell(""), (error) => tell(String(error))));
});
/** A run has ended, and the reader wants to see it. */
service.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(showPage(event.notification.data));
});
service.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, href, hash } = new URL(request.url);
  if (origin !== location.origin || request.method !== "GET") return;
  if (request.cache === "only-if-cached" && request.mode !== "same-origin") return;
  const address = href.slice(0, href.length - hash.length);
  const path = address.startsWith(SCOPE) ? address.slice(SCOPE.length) : null;
  if (request.mode === "navigate" && path !== null && PAGE.test(path)) {
    event.respondWith(openPage(event).then(withHeaders));
  } else if (!isHostIsolating && CARRIERS.includes(request.destination)) {
    event.respondWith(fromHost(request, address).then(withHeaders));
  } else if (path === null || isLoading(event.clientId)) {
    return;
  } else if (BY_CONTENT.test(path)) {
    event.respondWith(keptAnywhere(address).then((found) => found ?? fetch(request)));
  } else if (BY_NAME.test(path)) {
    event.respondWith(fromHost(request, address));
  }
});

/** The page at this address, which is open somewhere. @param {string} address */
async function showPage(address) {
  const open = await service.clients.matchAll({ type: "window", includeUncontrolled: true });
  await open.find((/** @type {any} */ { url }) => url === address)?.focus();
}

/** @param {any} event @returns {Promise<Response>} */
async function openPage({ request, preloadResponse, resultingClientId }) {
  try {
    const response = (await preloadResponse) ?? (await fetch(request));
    const kept = GATEWAY.includes(response.status) ? await keptPage("index.html") : undefined;
    if (kept) return kept;
    loads(resultingClientId);
    return response;
  } catch (error) {
    const kept = await keptPage("index.html");
    if (kept) return kept;
    throw error;
  }
}

/** @param {Request} request @param {string} address @returns {Promise<Response>} */
async function fromHost(request, address) {
  try {
    const response = await fetch(request);
    return (GATEWAY.includes(response.status) && (await keptAnywhere(address))) || response;
  } catch (error) {
    const kept = await keptAnywhere(address);
    if (kept) return kept;
    throw error;
  }
}

/** A file of the newest build that is here whole. @param {string} path @returns {Promise<Response | undefined>} */
async function keptPage(path) {
  for (const cache of await builds()) {
    if (await isWhole(cache, SCOPE)) return cache.match(SCOPE + path);
  }
  return undefined;
}

/** @param {string} address @returns {Promise<Response | undefined>} */
async function keptAnywhere(address) {
  for (const cache of await builds()) {
    const found = await cache.match(address);
    if (found) return found;
  }
  return undefined;
}

/** The newest first. @returns {Promise<Cache[]>} */
async function builds() {
  const names = (await caches.keys()).filter((name) => name.startsWith(pagesOf(SCOPE)));
  return Promise.all(names.reverse().map((name) => caches.open(name)));
}

/** @param {string} client */
function loads(client) {
  const now = Date.now();
  for (const [each, until] of loading) if (until < now) loading.delete(each);
  loading.set(client, now + LOADING);
}

/** @param {string} client */
function isLoading(client) {
  return (loading.get(client) ?? 0) > Date.now();
}

/** @param {Response} response @returns {Response} */
function withHeaders(response) {
  if (isHostIsolating || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  const bodyless = [101, 204, 205, 304].includes(status);
  return new Response(bodyless ? null : response.body, { status, statusText, headers });
}
