/** Relays by their address: whether it is one, and who can use a link over it. Pure. */

/** @typedef {{address: string, isHere: boolean, problem: string}} Relay isHere: on this computer only */

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** @param {string} host */
export function isLoopback(host) {
  return LOOPBACK.test(host);
}

/**
 * What somebody wrote as the address of a relay.
 * @param {string} text
 * @returns {Relay} problem: why it is none; empty where it is
 */
export function readRelay(text) {
  const written = text.trim();
  if (!written) return none("Write the address of a relay.");
  const isBare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(written);
  const scheme = isBare ? (isLoopback(written.replace(/[:/].*$/, "")) ? "http://" : "https://") : "";
  const url = parse(scheme + written.replace(/^ws(s?):\/\//i, "http$1://"));
  if (!url || !/^https?:$/.test(url.protocol)) return none("A relay's address begins with https:// and names a host.");
  if (url.username || url.password || url.search || url.hash) return none("A relay's address has no name, no ? and no # in it.");
  const isHere = isLoopback(url.hostname);
  const problem =
    url.protocol === "http:" && !isHere ? "Browsers reach a relay on another computer only over https. This address begins with http." : "";
  return { address: url.href.replace(/\/$/, ""), isHere, problem };
}

/** @param {string} problem @returns {Relay} */
function none(problem) {
  return { address: "", isHere: false, problem };
}

/** @param {string} text */
function parse(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/**
 * Why people at other computers cannot use a link; empty where they can.
 * @param {string | null} relay its address
 * @param {string} site the address of this page
 */
export function whyOnlyHere(relay, site) {
  const page = parse(site);
  const url = parse(relay ?? "");
  if (url && isLoopback(url.hostname)) return `The relay at ${url.host} answers only on this computer.`;
  if (page && isLoopback(page.hostname)) return `This page stands at ${page.host}, which other computers cannot open.`;
  if (url?.protocol === "http:") return `The relay at ${url.host} has no https, without which browsers do not reach it from other computers.`;
  return "";
}
