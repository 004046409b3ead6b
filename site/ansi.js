/**
 * What programs write to a terminal: SGR colours, carriage return, backspace, erase and cursor
 * moves, over any number of chunks. Pure.
 */

/**
 * @typedef {object} Style
 * @property {string} [fg] a token of 16, or "r g b"
 * @property {string} [bg]
 * @property {boolean} [bold]
 * @property {boolean} [dim]
 * @property {boolean} [italic]
 * @property {boolean} [underline]
 * @property {boolean} [strike]
 * @property {boolean} [inverse]
 *
 * @typedef {{text: string, style: Style | null}} Run
 * @typedef {string | Run[]} Line plain text, or text in styles
 */

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f\x9b]/g;
const SEQUENCE = /(?:\x1b\[|\x9b)([0-9;:?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^[\]]/y;
const UNFINISHED = /^(?:\x1b\[|\x9b)[0-9;:? -/]*$|^\x1b\][^\x07]{0,4096}$|^\x1b$/;
export const LONGEST_LINE = 5000;

/** A terminal without a width: lines that grow, a cursor in them. */
export class Terminal {
  constructor() {
    /** @type {Line[]} */
    this.lines = [""];
    /** The first line that changed since it was last set to Infinity. */
    this.dirty = 0;
    this._row = 0;
    this._column = 0;
    /** @type {Style | null} */
    this._style = null;
    this._rest = "";
  }

  /** How many lines there are to show; an empty one at the end is none. */
  get count() {
    return lengthOf(this.lines.at(-1) ?? "") ? this.lines.length : this.lines.length - 1;
  }

  /** @param {string} chunk */
  write(chunk) {
    const text = this._rest + chunk;
    this._rest = "";
    let at = 0;
    while (at < text.length) {
      SPECIAL.lastIndex = at;
      const next = SPECIAL.exec(text)?.index ?? text.length;
      if (next > at) this._put(text.slice(at, next));
      if (next === text.length) return;
      const after = this._control(text, next);
      if (after < 0) return;
      at = after;
    }
  }

  /**
   * @param {string} text
   * @param {number} at
   * @returns {number} where to go on, or -1 where the sequence is not complete yet
   */
  _control(text, at) {
    const code = text[at];
    if (code === "\n") this._newLine();
    else if (code === "\r") this._column = 0;
    else if (code === "\b") this._column = Math.max(0, this._column - 1);
    else if (code === "\x1b" || code === "\x9b") return this._escape(text, at);
    return at + 1;
  }

  /**
   * @param {string} text
   * @param {number} at
   */
  _escape(text, at) {
    SEQUENCE.lastIndex = at;
    const match = SEQUENCE.exec(text);
    if (match) {
      if (match[2]) this._command(match[2], match[1] ?? "");
      return SEQUENCE.lastIndex;
    }
    if (!UNFINISHED.test(text.slice(at, at + 4100))) return at + 1;
    this._rest = text.slice(at);
    return -1;
  }

  /**
   * @param {string} name
   * @param {string} parameters
   */
  _command(name, parameters) {
    if (name === "m") {
      this._style = applyCodes(this._style, parameters);
      return;
    }
    const first = Number.parseInt(parameters, 10) || 0;
    const many = Math.max(1, first);
    if (name === "K") this._eraseLine(first);
    else if (name === "J" && first >= 2) this._clear();
    else if (name === "A") this._row = Math.max(0, this._row - many);
    else if (name === "B") this._row = Math.min(this.lines.length - 1, this._row + many);
    else if (name === "C") this._column = Math.min(LONGEST_LINE, this._column + many);
    else if (name === "D") this._column = Math.max(0, this._column - many);
    else if (name === "G") this._column = Math.min(LONGEST_LINE, many - 1);
  }

  _newLine() {
    this._row += 1;
    this._column = 0;
    if (this._row === this.lines.length) this.lines.push("");
    this.dirty = Math.min(this.dirty, this._row);
  }

  /** @param {number} what 0 to the end, 1 from the start, 2 all */
  _eraseLine(what) {
    const line = this.lines[this._row] ?? "";
    if (what === 0) this._set(cutLine(line, 0, this._column));
    else if (what === 2) this._set("");
    else this._set(joinLines(" ".repeat(this._column), cutLine(line, this._column, Infinity)));
  }

  _clear() {
    this.lines = [""];
    this._row = this._column = this.dirty = 0;
  }

  /** @param {string} text */
  _put(text) {
    const line = this.lines[this._row] ?? "";
    const length = lengthOf(line);
    // Beyond what is drawn of a line styles say nothing, and would make it slow.
    /** @type {Line} */
    const piece = this._style && this._column < LONGEST_LINE ? [{ text, style: this._style }] : text;
    let start = length > this._column ? cutLine(line, 0, this._column) : line;
    if (length < this._column) start = joinLines(start, " ".repeat(this._column - length));
    this._column += text.length;
    const written = joinLines(start, piece);
    const more = length > this._column;
    this._set(more ? joinLines(written, cutLine(line, this._column, Infinity)) : written);
  }

  /** @param {Line} line */
  _set(line) {
    this.lines[this._row] = line;
    this.dirty = Math.min(this.dirty, this._row);
  }
}

/** @param {Line} line */
export function lengthOf(line) {
  if (typeof line === "string") return line.length;
  return line.reduce((sum, run) => sum + run.text.length, 0);
}

/**
 * @param {Line} line
 * @returns {Run[]}
 */
export function runsOf(line) {
  if (typeof line !== "string") return line;
  return line ? [{ text: line, style: null }] : [];
}

/**
 * @param {Line} left
 * @param {Line} right
 * @returns {Line}
 */
function joinLines(left, right) {
  if (typeof left === "string" && typeof right === "string") return left + right;
  const runs = [...runsOf(left)];
  for (const run of runsOf(right)) {
    const last = runs.at(-1);
    if (last && last.style === run.style) runs[runs.length - 1] = { ...run, text: last.text + run.text };
    else runs.push(run);
  }
  return runs;
}

/**
 * @param {Line} line
 * @param {number} from
 * @param {number} to
 * @returns {Line}
 */
export function cutLine(line, from, to) {
  if (typeof line === "string") return line.slice(from, to);
  const runs = [];
  let at = 0;
  for (const run of line) {
    const text = run.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text) runs.push({ ...run, text });
    at += run.text.length;
  }
  return runs;
}

/**
 * @param {Style | null} style
 * @param {string} parameters
 * @returns {Style | null}
 */
function applyCodes(style, parameters) {
  const codes = parameters.split(/[;:]/).map((code) => Number.parseInt(code, 10) || 0);
  /** @type {Style} */
  let next = { ...style };
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0;
    if (code === 0) next = {};
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(i + 1));
      if (colour !== null) next = { ...next, [code === 38 ? "fg" : "bg"]: colour };
      i += used;
    } else next = { ...next, ...simple(code) };
  }
  return Object.values(next).some(Boolean) ? next : null;
}

/**
 * @param {number} code
 * @returns {Style}
 */
function simple(code) {
  const colour = NAMES[code % 10];
  if (code >= 30 && code <= 37) return { fg: colour };
  if (code >= 90 && code <= 97) return { fg: colour };
  if (code >= 40 && code <= 47) return { bg: colour };
  if (code >= 100 && code <= 107) return { bg: colour };
  /** @type {Record<number, Style>} */
  const others = {
    1: { bold: true },
    2: { dim: true },
    3: { italic: true },
    4: { underline: true },
    7: { inverse: true },
    9: { strike: true },
    21: { underline: true },
    22: { bold: false, dim: false },
    23: { italic: false },
    24: { underline: false },
    27: { inverse: false },
    29: { strike: false },
    39: { fg: undefined },
    49: { bg: undefined },
  };
  return others[code] ?? {};
}

/**
 * The colour after 38 or 48.
 * @param {number[]} codes
 * @returns {[string | null, number]} the colour, and how many codes it took
 */
function extended(codes) {
  const byte = (/** @type {number | undefined} */ value) => Math.max(0, Math.min(255, value ?? 0));
  if (codes[0] === 2) return [`${byte(codes[1])} ${byte(codes[2])} ${byte(codes[3])}`, 4];
  if (codes[0] !== 5) return [null, 0];
  const n = byte(codes[1]);
  if (n < 16) return [NAMES[n % 8] ?? null, 2];
  if (n >= 232) return [`${8 + (n - 232) * 10} `.repeat(3).trim(), 2];
  const steps = [0, 95, 135, 175, 215, 255];
  const at = (/** @type {number} */ place) => steps[Math.floor((n - 16) / place) % 6];
  return [`${at(36)} ${at(6)} ${at(1)}`, 2];
}

/** The text without any control sequence. @param {string} text */
export function stripAnsi(text) {
  return text.replace(/(?:\x1b\[|\x9b)[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^[\]]/g, "");
}

/** What the lines say, without their styles. @param {Line[]} lines */
export function plainText(lines) {
  return lines.map((line) => runsOf(line).map((run) => run.text).join("")).join("\n");
}
