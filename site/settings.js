/** Settings of this browser: name, colour, theme, how code looks and is typed. */

import { setSetting } from "./catalogue.js";
import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { endsField } from "./ends.js";
import { hueRow, personHue, personName } from "./introduction.js";
import { followPreferences, kept, onPreferences, prefer, preferences } from "./preferences.js";

/** @typedef {"system" | "light" | "dark"} Theme */

const THEMES = /** @type {const} */ ([["system", "System"], ["light", "Light"], ["dark", "Dark"]]);
const PAPER = { light: "#ffffff", dark: "#101317" }; // --paper in tokens.css
const SWITCH = /** @type {const} */ ([["off", "Off"], ["on", "On"]]);
const INDENTS = /** @type {const} */ ([["2", "2 spaces"], ["4", "4 spaces"], ["8", "8 spaces"], ["tab", "Tab"]]);
const SIZES = /** @type {const} */ ([["12", "Small"], ["13", "Normal"], ["15", "Large"], ["18", "Larger"]]);

/** Put the pinned theme and size on the page; called before anything is drawn. */
export function applyLook() {
  const theme = localStorage.getItem("theme") ?? "system";
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  tintFrame(theme);
  const size = Number(localStorage.getItem("code-size") ?? "13");
  root.style.setProperty("--code-size", `${size / 16}rem`);
  root.style.setProperty("--code-line", `${Math.round(size * 1.54) / 16}rem`);
  const { wraps, tab } = preferences();
  root.toggleAttribute("data-wraps", wraps);
  root.style.setProperty("--tab", String(tab));
}

/** What the system draws round the page. @param {string} theme */
function tintFrame(theme) {
  for (const meta of /** @type {NodeListOf<HTMLMetaElement>} */ (document.querySelectorAll('meta[name="theme-color"]'))) {
    const isDark = theme === "dark" || (theme !== "light" && meta.media.includes("dark"));
    meta.content = isDark ? PAPER.dark : PAPER.light;
  }
}

/** Another tab changed them. */
export function followLook() {
  addEventListener("storage", (event) => {
    if (event.key === "theme" || event.key === "code-size") applyLook();
  });
  onPreferences(applyLook);
  followPreferences();
}

/** @param {{onPerson?: () => void}} [how] onPerson: the name or the colour is another one now */
export async function openSettings(how = {}) {
  const name = await personName();
  const hue = await personHue();
  let wanted = hue;
  const field = h("input", { ".value": name, id: "set-name", placeholder: "You", maxlength: 60, autocomplete: "name" });
  const keepName = async () => {
    const next = field.value.trim();
    if (next === name && wanted === hue) return;
    await setSetting("name", next);
    await setSetting("hue", wanted);
    how.onPerson?.();
  };
  openDialog({
    title: "Settings",
    body: [
      h(
        "div",
        { class: "field" },
        h("label", { for: "set-name" }, "Your name"),
        h("div", { class: "inp" }, field),
        h("div", { class: "hint" }, "Written beside your changes, in the log of each notebook."),
      ),
      h("div", { class: "field" }, h("span", { id: "set-hue" }, "Your colour"), hueRow("set-hue", hue, (chosen) => (wanted = chosen))),
      h("div", { class: "field" }, h("span", { id: "set-theme" }, "Theme"), choice("theme", "set-theme", THEMES, "system")),
      h("div", { class: "field" }, h("span", { id: "set-size" }, "Size of code"), choice("code-size", "set-size", SIZES, "13")),
      endsField(),
      preference("wrap", "Wrap long lines of code", SWITCH),
      preference("line-numbers", "Line numbers", SWITCH),
      preference("indent", "Indent with", INDENTS),
      preference("close-brackets", "Close brackets and quotes", SWITCH),
    ],
    acts: [{ label: "Done", look: "pri", first: true }],
    onClose: keepName,
  });
}

/** @param {string} key @param {string} label @param {ReadonlyArray<readonly [string, string]>} options */
function preference(key, label, options) {
  const id = `set-${key}`;
  return h("div", { class: "field" }, h("span", { id }, label), choice(key, id, options, kept(key), () => prefer(key, localStorage.getItem(key) ?? "")));
}

/**
 * A row of choices, kept at once.
 * @param {string} key
 * @param {string} labelId
 * @param {ReadonlyArray<readonly [string, string]>} options
 * @param {string} otherwise
 * @param {() => void} [changed]
 */
function choice(key, labelId, options, otherwise, changed = applyLook) {
  const now = localStorage.getItem(key) ?? otherwise;
  return h(
    "div",
    { class: "seg", role: "radiogroup", "aria-labelledby": labelId },
    options.map(([value, word]) =>
      h(
        "label",
        null,
        h("input", {
          type: "radio", name: key, value, ".checked": value === now,
          onchange: () => {
            localStorage.setItem(key, value);
            changed();
          },
        }),
        h("span", null, word),
      ),
    ),
  );
}
