/**
 * Tables: a data frame's HTML, rebuilt element by element in Foldbook's own look. Only what is
 * plainly a table is taken; everything else goes to a sandboxed frame.
 */

import { h } from "./dom.js";

const WRAPPERS = new Set(["DIV", "STYLE", "TABLE", "P", "SMALL"]);
const INLINE = new Set(["B", "I", "EM", "STRONG", "CODE", "SPAN", "BR", "SUB", "SUP"]);
const SECTIONS = new Set(["THEAD", "TBODY", "TFOOT", "TR", "TH", "TD", "CAPTION"]);
const ATTRIBUTES = new Set(["class", "border", "colspan", "rowspan", "halign", "valign", "scope"]);
const MOST_CELLS = 20_000;
const LONGEST = 2_000_000; // characters, far more than so many cells need
const MOST_COLUMNS = 5000; // cells may span many that are not there
const SHOWN_ROWS = 15;

/**
 * @typedef {{text: string, isHead: boolean, columns: number, rows: number}} TableCell
 * @typedef {{head: TableCell[][], body: TableCell[][], caption: string, note: string}} Table
 */

/**
 * The table in this HTML.
 * @param {string} html
 * @returns {Table | null} null where the HTML is anything more than a plain table
 */
export function readTable(html) {
  if (html.length > LONGEST || !/<table[\s>]/i.test(html)) return null;
  // A document made this way is inert: nothing in it runs or is loaded.
  const { body, head } = new DOMParser().parseFromString(html, "text/html");
  const tables = body.querySelectorAll("table");
  const [table] = tables;
  if (!table || tables.length !== 1 || ![...head.children].every(isHarmlessStyle)) return null;
  if (hasOwnText(body) || ![...body.querySelectorAll("*")].every((each) => isPlain(each, table))) return null;
  if (table.querySelectorAll("td, th").length > MOST_CELLS) return null;
  const rows = [...table.rows];
  if (rows.some((row) => widthOf(readRow(row)) > MOST_COLUMNS)) return null;
  const inHead = rows.filter((row) => row.parentElement?.tagName === "THEAD");
  const around = [...body.querySelectorAll("p, small")].map((each) => words(each)).filter(Boolean);
  return {
    head: mergeNames(inHead.map(readRow)),
    body: rows.filter((row) => !inHead.includes(row)).map(readRow),
    caption: words(table.caption),
    note: around.join(" "),
  };
}

/**
 * @param {Element} element
 * @param {HTMLTableElement} table
 */
function isPlain(element, table) {
  if (element.tagName === "STYLE") return isHarmlessStyle(element);
  const isInside = table.contains(element);
  const known = isInside ? SECTIONS.has(element.tagName) || INLINE.has(element.tagName) : false;
  if (!known && !(WRAPPERS.has(element.tagName) && (!isInside || element === table))) return false;
  if (!isInside && element.tagName === "DIV" && hasOwnText(element)) return false;
  return [...element.attributes].every(isPlainAttribute);
}

/** What pandas and polars put before every table says nothing that our own look does not. @param {Element} element */
function isHarmlessStyle(element) {
  if (element.tagName !== "STYLE") return false;
  const rules = (element.textContent ?? "").split("}").map((rule) => rule.trim());
  return rules.every((rule) => !rule || rule.startsWith(".dataframe"));
}

/** @param {Attr} attribute */
function isPlainAttribute({ name, value }) {
  if (name === "style") return /^\s*(text-align:\s*\w+;?\s*)?$/.test(value);
  return ATTRIBUTES.has(name);
}

/** @param {Element} element */
function hasOwnText(element) {
  return [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
}

/** @param {Element | null} element */
function words(element) {
  return (element?.textContent ?? "").replace(/\s+/g, " ").trim();
}

/**
 * @param {HTMLTableRowElement} row
 * @returns {TableCell[]}
 */
function readRow(row) {
  return [...row.cells].map((cell) => ({
    text: (cell.textContent ?? "").trim(),
    isHead: cell.tagName === "TH",
    columns: Math.min(1000, Math.max(1, cell.colSpan)),
    rows: Math.min(65_534, Math.max(1, cell.rowSpan)),
  }));
}

/** How many columns a row's cells take. @param {TableCell[]} row */
function widthOf(row) {
  return row.reduce((sum, cell) => sum + cell.columns, 0);
}

/**
 * pandas gives the names of the index a row of their own; where the row above has room they go up.
 * @param {TableCell[][]} head
 */
function mergeNames(head) {
  const above = head.at(-2);
  const names = head.at(-1);
  if (!above || !names || above.length !== names.length) return head;
  if ([...above, ...names].some((cell) => cell.columns > 1 || cell.rows > 1)) return head;
  if (!names.every((cell, i) => !cell.text || !above[i]?.text)) return head;
  const merged = above.map((cell, i) => (cell.text ? cell : names[i] ?? cell));
  return [...head.slice(0, -2), merged];
}

/**
 * @param {Table} table
 * @returns {HTMLElement}
 */
export function drawTable(table) {
  const index = countIndexColumns(table.body);
  const isNumeric = numericColumns(table, index);
  const draw = (/** @type {TableCell[]} */ row) => drawRow(row, index, isNumeric);
  const caption = captionOf(table);
  const element = h(
    "table",
    { class: "df" },
    table.head.length > 0 && h("thead", null, table.head.map(draw)),
    h("tbody", null, table.body.map(draw)),
  );
  const label = table.caption || "Table";
  const scroll = h("div", { class: "wide", role: "group", "aria-label": label, tabindex: "0" });
  scroll.append(element);
  return h("div", { class: "table" }, scroll, caption && h("div", { class: "cap" }, caption),
    table.body.length > SHOWN_ROWS && cutRows(scroll, table.body.length));
}

/**
 * @param {HTMLElement} scroll
 * @param {number} rows
 */
function cutRows(scroll, rows) {
  const button = h("button", { class: "more lnk", type: "button" });
  const show = (/** @type {boolean} */ all) => {
    scroll.classList.toggle("cut", !all);
    button.textContent = all ? "Show less" : `Show all ${rows.toLocaleString("en")} rows`;
    button.setAttribute("aria-expanded", String(all));
  };
  button.addEventListener("click", () => show(scroll.classList.contains("cut")));
  show(false);
  return button;
}

/**
 * @param {TableCell[]} row
 * @param {number} index
 * @param {boolean[]} isNumeric
 */
function drawRow(row, index, isNumeric) {
  let column = isNumeric.length - widthOf(row);
  return h(
    "tr",
    null,
    row.map((cell) => {
      const kind = column < index ? "ix" : isNumeric[column] ? "nu" : "tx";
      const place = column <= 0 ? `${kind} first` : kind;
      column += cell.columns;
      const spans = { colspan: cell.columns > 1 && cell.columns, rowspan: cell.rows > 1 && cell.rows };
      return h(cell.isHead && cell.text ? "th" : "td", { class: place, ...spans }, cell.text);
    }),
  );
}

/** @param {TableCell[][]} body */
function countIndexColumns(body) {
  return Math.max(0, ...body.map((row) => row.filter((cell) => cell.isHead).length));
}

const NUMBER = /^[-+\u2212]?(?:[\d,_]*\.?\d+|\d+\.)(?:e[-+]?\d+)?(?:[-+][\d.]+j)?%?$/i;
const NEUTRAL = /^(?:|\.\.\.|…|nan|nat|none|null|<na>|[-+]?inf)$/i;

/**
 * @param {Table} table
 * @param {number} index
 */
function numericColumns(table, index) {
  const widths = [...table.body, ...table.head].map(widthOf);
  const width = Math.max(0, ...widths);
  const verdicts = Array.from({ length: width }, () => ({ number: false, text: false }));
  for (const row of table.body) {
    // A row whose index cells are spanned from above has its missing cells at the left.
    const shift = width - widthOf(row);
    for (const [i, cell] of row.entries()) {
      const verdict = verdicts[i + shift];
      if (!verdict || NEUTRAL.test(cell.text)) continue;
      if (NUMBER.test(cell.text)) verdict.number = true;
      else verdict.text = true;
    }
  }
  return verdicts.map(({ number, text }, i) => i >= index && number && !text);
}

/**
 * "5 of 145 rows", where the HTML says how many there are.
 * @param {Table} table
 */
function captionOf({ body, caption, note }) {
  const whole = /^([\d,]+) rows × ([\d,]+) columns$/.exec(note);
  if (!whole) return [caption, note].filter(Boolean).join(". ");
  const shown = body.filter((row) => !row.every((cell) => /^(\.\.\.|…)$/.test(cell.text))).length;
  const all = Number(whole[1]?.replaceAll(",", ""));
  const columns = Number(whole[2]?.replaceAll(",", "")).toLocaleString("en");
  const rows = shown < all ? `${shown} of ${all.toLocaleString("en")} rows` : `${all} rows`;
  return [caption, `${rows}, ${columns} columns`].filter(Boolean).join(". ");
}
