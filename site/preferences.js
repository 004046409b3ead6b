/** How a person wants code to be shown and typed: kept in this browser, and in no log. */

/**
 * @typedef {object} Preferences
 * @property {boolean} wraps long lines go on in the next row
 * @property {boolean} numbers lines have numbers
 * @property {string} indent what one step is: spaces or a tab
 * @property {number} tab how wide a tab is, in spaces
 * @property {boolean} closes a bracket or quote that is opened is closed too
 */

/** The keys under which they are kept, and what they are where nobody has said. @type {Record<string, string>} */
const KEPT = { wrap: "off", "line-numbers": "off", indent: "4", "close-brackets": "on" };

/** @type {Set<() => void>} */
const followers = new Set();

/** @returns {Preferences} */
export function preferences() {
  const indent = kept("indent");
  return {
    wraps: kept("wrap") === "on",
    numbers: kept("line-numbers") === "on",
    indent: indent === "tab" ? "\t" : " ".repeat(Number(indent) || 4),
    tab: indent === "tab" ? 4 : Number(indent) || 4,
    closes: kept("close-brackets") === "on",
  };
}

/** What is chosen now. @param {string} key */
export function kept(key) {
  return localStorage.getItem(key) ?? KEPT[key] ?? "";
}

/** @param {string} key one of those above @param {string} value */
export function prefer(key, value) {
  localStorage.setItem(key, value);
  tell();
}

/** @param {string} key one that is on or off @returns {boolean} what it is now */
export function flip(key) {
  const isOn = kept(key) !== "on";
  prefer(key, isOn ? "on" : "off");
  return isOn;
}

/** Be told when they change, here or in another tab. @param {() => void} call */
export function onPreferences(call) {
  followers.add(call);
}

function tell() {
  for (const call of followers) call();
}

/** Another tab changed them. */
export function followPreferences() {
  addEventListener("storage", ({ key }) => {
    if (key === null || key in KEPT) tell();
  });
}
