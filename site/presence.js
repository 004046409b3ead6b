/**
 * Saying where one is, not more often than others can use it: at most twenty times a second, only
 * when it has changed, and now and then as a sign of life. Pure but for its clock.
 */

/** @typedef {{cell: string | null, anchor: number, head: number, mode: "edit" | "select" | "away"}} Place */

const BETWEEN = 50; // ms between two words of where one is
const SIGN_OF_LIFE = 10_000; // ms

export class Presence {
  /** @param {(place: Place) => void} send @param {() => number} [now] */
  constructor(send, now = () => performance.now()) {
    this.send = send;
    this.now = now;
    /** @type {Place | null} */
    this._place = null;
    this._said = "";
    this._at = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._soon = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._life = undefined;
  }

  /** One is here now. @param {Place} place */
  tell(place) {
    this._place = place;
    if (JSON.stringify(place) === this._said) return this._forget();
    if (this._soon !== undefined) return undefined;
    const wait = this._at + BETWEEN - this.now();
    if (wait <= 0) return this._say();
    this._soon = setTimeout(() => this._say(), wait);
    return undefined;
  }

  /** Somebody else listens now: they have not heard it. */
  again() {
    this._said = "";
    if (this._place) this.tell(this._place);
  }

  /** Nobody listens any more. */
  stop() {
    this._forget();
    clearTimeout(this._life);
    this._said = "";
    this._place = null;
  }

  _forget() {
    clearTimeout(this._soon);
    this._soon = undefined;
  }

  _say() {
    this._forget();
    clearTimeout(this._life);
    if (!this._place) return;
    this._said = JSON.stringify(this._place);
    this._at = this.now();
    this.send(this._place);
    this._life = setTimeout(() => this._say(), SIGN_OF_LIFE);
  }
}
