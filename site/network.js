/** HTTP and WebSockets for the notebook worker's Python (`foldbook.browser.network`). */

const PATIENCE = 30_000; // ms for an answer to begin, and for a socket to open

/**
 * @param {string} method
 * @param {string} url
 * @param {[string, string][]} headers
 * @param {Uint8Array<ArrayBuffer> | null} body
 * @returns {Promise<{status: number, body: Uint8Array}>} rejected where nobody answers
 */
export async function ask(method, url, headers, body) {
  const answer = await fetch(url, {
    method,
    headers: new Headers(headers),
    body,
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: body && body.length > 1e6 ? null : AbortSignal.timeout(PATIENCE),
  });
  return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
}

/**
 * An open socket, or undefined where nobody answers.
 * @param {string} url
 * @param {string} subprotocol
 * @returns {Promise<Socket | undefined>}
 */
export function connect(url, subprotocol) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, subprotocol);
    socket.binaryType = "arraybuffer";
    const timer = setTimeout(() => socket.close(), PATIENCE);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve(new Socket(socket));
    };
    socket.onclose = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
  });
}

/** Keeps what comes before anybody listens. */
class Socket {
  /** @param {WebSocket} socket */
  constructor(socket) {
    this._socket = socket;
    /** @type {(Uint8Array | undefined)[]} */
    this._early = [];
    /** @type {((data: Uint8Array | undefined) => void) | null} */
    this._take = (data) => this._early.push(data);
    socket.onmessage = ({ data }) => this._take?.(new Uint8Array(data));
    socket.onclose = () => this._take?.(undefined);
  }

  /** @param {((data: Uint8Array | undefined) => void) | null} take */
  listen(take) {
    this._take = take;
    if (take) for (const data of this._early.splice(0)) take(data);
  }

  /** @param {Uint8Array<ArrayBuffer>} frame */
  send(frame) {
    if (this._socket.readyState === WebSocket.OPEN) this._socket.send(frame);
  }

  close() {
    this._socket.close();
  }
}
