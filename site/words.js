/** How times, spans, sizes and counts are written. */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY = 86_400_000;

/** A count with commas: 1,284. @param {number} count */
export function countWords(count) {
  return Math.round(count).toLocaleString("en-US");
}

/** "1 cell", "2 cells". @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${countWords(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {Date} date */
function clock(date) {
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}

/** What a worker says, as a sentence. @param {string} text */
export function sentence(text) {
  const words = text.trim();
  return words && words.charAt(0).toUpperCase() + words.slice(1).replace(/[.]?$/, ".");
}

/** Whole local days between two times. @param {Date} from @param {Date} to */
function daysBetween(from, to) {
  const start = new Date(from.getFullYear(), from.getMonth(), from.getDate());
  const end = new Date(to.getFullYear(), to.getMonth(), to.getDate());
  return Math.round((end.getTime() - start.getTime()) / DAY);
}

/** "10:44" today, then "Yesterday, 16:20", then "18 Nov". @param {number} ms @param {number} [now] */
export function timeWords(ms, now = Date.now()) {
  const date = new Date(ms);
  const today = new Date(now);
  const days = daysBetween(date, today);
  if (days <= 0) return clock(date);
  if (days === 1) return `Yesterday, ${clock(date)}`;
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return date.getFullYear() === today.getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

/** As `timeWords`, but "2 min ago" within the hour. @param {number} ms @param {number} [now] */
export function agoWords(ms, now = Date.now()) {
  const minutes = Math.floor((now - ms) / 60_000);
  if (minutes < 1) return "Just now";
  if (minutes < 60) return `${minutes} min ago`;
  return timeWords(ms, now);
}

/** As `agoWords`, short enough for a phone's edge. @param {number} ms @param {number} [now] */
export function shortAgoWords(ms, now = Date.now()) {
  return agoWords(ms, now).replace(/,.*/, "");
}

/** The whole date, for tooltips. @param {number} ms */
export function fullTimeWords(ms) {
  const date = new Date(ms);
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}, ${clock(date)}:${String(date.getSeconds()).padStart(2, "0")}`;
}

/** "0.42 s", "8.4 s", "3 min 10 s", "2 h 5 min". @param {number} ms */
export function spanWords(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.995) return `${Number(seconds.toFixed(2))} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "6 KB", "48 MB", "1.2 GB". @param {number} bytes */
export function sizeWords(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} KB`;
  const mega = bytes / 1e6;
  if (mega < 999.5) return `${mega < 9.95 ? mega.toFixed(1) : Math.round(mega)} MB`;
  return `${(mega / 1000).toFixed(1)} GB`;
}

/** "6.1 of 10.4 MB". @param {number} done @param {number} total */
export function progressWords(done, total) {
  return `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`;
}
