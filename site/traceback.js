/** Reads the traceback that IPython prints, back into frames. Pure. */

import { stripAnsi } from "./ansi.js";

/**
 * @typedef {object} Frame
 * @property {number | null} count the run of the cell it is in: `Cell In[3]`; null for a file
 * @property {string} file "" for a cell
 * @property {string} library "" where it is the author's own file
 * @property {number} line
 * @property {string} name the function; "" at the top of a cell
 * @property {string} code the line that was running
 *
 * @typedef {object} Traceback
 * @property {Frame[]} frames outermost first
 * @property {number} causes how many exceptions came before this one
 */

const CELL = /^\s*(?:Cell In ?\[(\d+)\]|Input In ?\[(\d+)\])(?:, (?:line (\d+)|in <.*?line: (\d+)>\(\)))?(?:, in (.*))?$/;
const OLD_CELL = /^<ipython-input-(\d+)-\w+> in (.*)$/;
const FILE = /^File (.+?):(\d+)(?:, in (.*))?$/;
const OLD_FILE = /^(\S.*\.(?:py|pyx|pyi|so)) in (.+)$/;
const PLAIN_FILE = /^ {2}File "?(.+?)"?, line (\d+)(?:, in (.*))?$/;
const ARROW = /^-+> *(\d+)(?: (.*))?$/;
const CAUSE = /^(?:The above exception was the direct cause|During handling of the above)/;

/**
 * @param {string[]} traceback the lines of a Jupyter error, ANSI and all
 * @returns {Traceback | null} null where no frame can be read from it
 */
export function parseTraceback(traceback) {
  const lines = stripAnsi(traceback.join("\n")).split("\n");
  /** @type {Frame[]} */
  let frames = [];
  let causes = 0;
  for (const [i, line] of lines.entries()) {
    if (CAUSE.test(line.trim())) {
      causes += 1;
      frames = [];
      continue;
    }
    const frame = readHeader(line);
    const last = frames.at(-1);
    if (frame) frames.push({ ...frame, code: codeAfter(lines, i) });
    else if (last) readArrow(last, line);
  }
  frames = frames.filter((frame) => frame.line > 0);
  return frames.length ? { frames, causes } : null;
}

/**
 * What was added to the exception (`add_note`): it stands behind the message.
 * @param {string[]} traceback the lines of a Jupyter error, ANSI and all
 * @param {string} ename
 * @param {string} evalue
 */
export function notesOf(traceback, ename, evalue) {
  const text = stripAnsi(traceback.join("\n"));
  const message = `${ename}: ${evalue}`;
  const at = evalue ? text.lastIndexOf(message) : -1;
  return at < 0 ? "" : text.slice(at + message.length).trim();
}

/**
 * @param {string} line
 * @returns {Frame | null}
 */
function readHeader(line) {
  const cell = CELL.exec(line) ?? null;
  if (cell) {
    const count = Number(cell[1] ?? cell[2]);
    return { ...NOTHING, count, line: Number(cell[3] ?? cell[4] ?? 0), name: nameOf(cell[5]) };
  }
  const old = OLD_CELL.exec(line);
  if (old) return { ...NOTHING, count: Number(old[1]), name: nameOf(old[2]) };
  const file = FILE.exec(line) ?? PLAIN_FILE.exec(line);
  if (file) return inFile(file[1] ?? "", Number(file[2]), file[3]);
  const oldFile = OLD_FILE.exec(line);
  return oldFile ? inFile(oldFile[1] ?? "", 0, oldFile[2]) : null;
}

/** @type {Frame} */
const NOTHING = { count: null, file: "", library: "", line: 0, name: "", code: "" };

/**
 * @param {string} file
 * @param {number} line
 * @param {string | undefined} name
 * @returns {Frame}
 */
function inFile(file, line, name) {
  return { ...NOTHING, file, line, library: libraryOf(file), name: nameOf(name) };
}

/** `f(x)` is `f`; the top of a module has no name. @param {string | undefined} text */
function nameOf(text) {
  const name = (text ?? "").replace(/\(.*$/s, "").trim();
  return name.startsWith("<module") || name.startsWith("<cell line") ? "" : name;
}

/**
 * The package that a file belongs to, as people import it.
 * @param {string} file
 */
function libraryOf(file) {
  const path = file.replaceAll("\\", "/");
  const installed = /\/(?:site|dist)-packages\/([^/]+)/.exec(path);
  const standard = /\/lib\/python[\d.]+(?:\.zip)?\/([^/]+)/.exec(path);
  const name = installed?.[1] ?? standard?.[1] ?? (/^<frozen ([\w.]+)>/.exec(path)?.[1] || "");
  return name.replace(/\.(py|pyx|pyi|so)$/, "");
}

/**
 * The code of a syntax error stands below its header without an arrow.
 * @param {string[]} lines
 * @param {number} header
 */
function codeAfter(lines, header) {
  const code = lines[header + 1] ?? "";
  const caret = lines[header + 2] ?? "";
  return code.startsWith("    ") && /^\s*\^[\^~]*\s*$/.test(caret) ? code.trim() : "";
}

/**
 * @param {Frame} frame
 * @param {string} line
 */
function readArrow(frame, line) {
  const arrow = ARROW.exec(line);
  if (!arrow || frame.code) return;
  frame.line ||= Number(arrow[1]);
  frame.code = arrow[2] ?? "";
}

/**
 * "3 frames inside matplotlib and numpy".
 * @param {Frame[]} frames
 */
export function describeFrames(frames) {
  const names = [...new Set(frames.map((frame) => frame.library).filter(Boolean))];
  const number = frames.length === 1 ? "1 frame" : `${frames.length} frames`;
  if (names.length === 0) return number;
  const shown = names.slice(0, 3);
  const others = names.length - shown.length;
  if (others) return `${number} inside ${shown.join(", ")} and ${others} more`;
  return `${number} inside ${shown.join(", ").replace(/, ([^,]*)$/, " and $1")}`;
}
