/** Patches of JSON: what is on the path is copied, all else stays the same object. Pure. */

/** @typedef {import("./types.js").Op} Op */

/**
 * The value with one operation made. "text" and "source" are not for here.
 * @param {any} value
 * @param {Op} op ["set" | "del" | "insert" | "append" | "push", path, what]
 * @returns {any}
 */
export function applyOp(value, op) {
  const [verb, path, what] = op;
  return change(value, path, 0, verb, what);
}

/**
 * @param {any} value
 * @param {Array<string | number>} path
 * @param {number} depth
 * @param {string} verb
 * @param {any} what
 * @returns {any}
 */
function change(value, path, depth, verb, what) {
  if (depth === path.length) return changeHere(value, verb, what, path);
  const key = /** @type {string | number} */ (path[depth]);
  if (value === null || typeof value !== "object") {
    throw new TypeError(`Expected an object or a list at ${path.slice(0, depth).join("/")}; it is ${value}.`);
  }
  const copy = Array.isArray(value) ? value.slice() : { ...value };
  if (verb === "del" && depth === path.length - 1) {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete copy[key];
  } else if (verb === "insert" && depth === path.length - 1 && Array.isArray(copy)) {
    copy.splice(Number(key), 0, what);
  } else put(copy, key, change(value[key], path, depth + 1, verb, what));
  return copy;
}

/**
 * @param {any} value
 * @param {string} verb
 * @param {any} what
 * @param {Array<string | number>} path
 */
function changeHere(value, verb, what, path) {
  switch (verb) {
    case "set":
      return what;
    case "append":
      return (value ?? "") + what;
    case "push":
      return [...(value ?? []), what];
    default:
      throw new TypeError(`Expected set, del, insert, append or push at ${path.join("/")}; it is ${verb}.`);
  }
}

/**
 * `next`, with every part that equals its part of `old` replaced by that one, so that what did
 * not change is the same object.
 * @param {any} old
 * @param {any} next
 * @returns {any}
 */
export function keepEqual(old, next) {
  if (old === next || old === null || next === null) return next;
  if (typeof old !== "object" || typeof next !== "object") return next;
  if (Array.isArray(old) !== Array.isArray(next)) return next;
  const keys = Object.keys(next);
  /** @type {any} */
  const kept = Array.isArray(next) ? [] : {};
  let same = keys.length === Object.keys(old).length;
  for (const key of keys) {
    put(kept, key, keepEqual(old[key], next[key]));
    if (kept[key] !== old[key] || !(key in old)) same = false;
  }
  return same ? old : kept;
}

/**
 * `holder[key] = value`, where "__proto__" (a file may give a cell that id) is a key like others.
 * @param {any} holder
 * @param {string | number} key
 * @param {any} value
 */
function put(holder, key, value) {
  if (key !== "__proto__") holder[key] = value;
  else Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
