/**
 * How one view stands with the worker that it is attached to: what it sent there, which version of
 * the notebook it was shown last, and what it has to say again to the next worker.
 */

import { Unstored } from "./unstored.js";

/**
 * @typedef {import("./unstored.js").Sent} Sent
 *
 * @typedef {object} Surroundings
 * @property {import("./link.js").Handlers} handlers
 * @property {(message: any) => void} post to the worker
 * @property {() => void} onChange something was sent, or is stored now
 */

export class Attachment {
  /** Whether the worker has shown the notebook, so that it knows what commands speak of. */
  isAttached = false;
  /** How many events the view that is drawn has. */
  seq = 0;
  #asked = 0; // the newest attach: what earlier ones bring is not for this view any more
  #v = 0;

  /** @param {string} notebook its id @param {string} view its id @param {Surroundings} around */
  constructor(notebook, view, { handlers, post, onChange }) {
    this.handlers = handlers;
    this.post = post;
    this.onChange = onChange;
    this.unstored = new Unstored(notebook, view, {
      onKept: (ks) => handlers.onKept?.(ks),
      onChange,
    });
  }

  /** Ask for the notebook. Until it is here, what is sent waits: it is made on another version. */
  begin() {
    this.isAttached = false;
    this.post({ t: "attach", n: ++this.#asked });
  }

  /** Leave the worker. */
  end() {
    if (this.isAttached) this.post({ t: "detach" });
    this.isAttached = false;
  }

  /** @param {any} command @param {string} [before] the whole text that an edit is made on @returns {number} its k */
  send(command, before) {
    const sent = this.unstored.add(command, this.#v, before);
    if (this.isAttached) this.post({ t: "cmd", ...onWire(sent) });
    else this.unstored.keepNow();
    this.onChange();
    return sent.k;
  }

  /** The page may end without a word: everything is to be sent, and kept here. */
  keepAll() {
    this.handlers.onHide?.();
    this.unstored.keepNow();
  }

  /** What was drawn last time, from the disk. @param {any} view */
  drawSaved(view) {
    if (!this.isAttached) this.#draw(view, 0, true);
  }

  /** The worker shows the notebook. @param {any} message */
  viewed(message) {
    if (message.n !== this.#asked) return;
    this.#v = message.v;
    this.stored(message.stored);
    this.#draw(message.json, message.ack, false);
    this.isAttached = true; // last: what drawing lets go is sent after what waits here
    const again = this.unstored.after(message.ack).map((sent) => this.#fitted(sent, message.v));
    if (again.length > 0) this.post({ t: "cmds", all: again });
  }

  /** It brings what is shown forward. @param {any} message */
  patched(message) {
    if (!this.isAttached) return; // it is of what is about to be replaced
    this.seq = message.seq;
    this.stored(message.stored);
    this.#v = message.v; // first: an edit that the acknowledgement lets go is made with the ops
    this.handlers.onPatch?.(message.ops, { v: message.v, ack: message.ack });
  }

  /** Everything up to k is on the disk. @param {number} k */
  stored(k) {
    this.unstored.acknowledge(k);
    this.handlers.onStored?.(k);
  }

  /** @param {any} view @param {number} ack @param {boolean} saved */
  #draw(view, ack, saved) {
    this.seq = view.seq;
    this.handlers.onView?.(view, { v: this.#v, ack, saved });
  }

  /**
   * A command that was sent on another view. Where it can, it is to stand on this one.
   * @param {Sent} sent
   * @param {number} v
   */
  #fitted(sent, v) {
    const again = this.handlers.onAgain?.(sent.k);
    if (again) {
      sent.command = { ...sent.command, ...again.values };
      sent.before = again.before;
    }
    sent.base = v;
    return onWire(sent, !again);
  }
}

/** @param {Sent} sent @param {boolean} [isStray] it was not made on the version that it names */
function onWire({ k, base, command, before }, isStray = false) {
  return { k, base, command, ...(isStray ? { before } : {}) };
}
