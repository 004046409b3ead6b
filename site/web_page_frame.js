/**
 * Outputs that bring HTML or scripts, in a file that stands for itself: each in a frame of an
 * opaque origin, without a network, as high as what it shows. Where scripts are off, a frame has
 * a height that can be pulled.
 */

import { h } from "./dom.js";
import { BRINGS_COLOURS } from "./output_frame.js";

/** In the file: hears how high the frames are to be. */
export const FRAME_SCRIPT = `"use strict";
addEventListener("message", ({ source, data }) => {
  if (!data || typeof data.height !== "number") return;
  for (const frame of document.querySelectorAll("iframe"))
    if (frame.contentWindow === source) {
      frame.style.height = Math.min(20000, Math.max(1, data.height)) + "px";
      frame.style.resize = "none";
    }
});
`;

/** In a frame: tells how high it is. */
const INNER_SCRIPT = `"use strict";
(() => {
  let before = 0;
  const tell = () => {
    const height = Math.ceil(Math.max(document.body.offsetHeight, document.body.scrollHeight));
    if (height !== before) parent.postMessage({ height: (before = height) }, "*");
  };
  new ResizeObserver(tell).observe(document.body);
  addEventListener("load", tell);
})();
`;

const STYLE = `:root{color-scheme:light dark}html{background:transparent}
body{margin:0;display:flow-root;font:400 13px/20px system-ui,sans-serif;overflow-wrap:break-word;overflow-x:auto}
pre,code{font:400 13px/20px ui-monospace,monospace}table{border-collapse:collapse}
th,td{padding:3px 16px;text-align:right}img,svg,video,canvas{max-width:100%}`;

/** @param {{html: string} | {script: string}} content @returns {HTMLElement} */
export function drawFrame(content) {
  const isHtml = "html" in content;
  const isLight = !isHtml || BRINGS_COLOURS.test(content.html);
  const inner = isHtml ? content.html : `<div id="element"></div><script>${asScript(content.script)}</script>`;
  const scheme = isLight ? "<style>:root{color-scheme:light}</style>" : "";
  const text =
    `<!doctype html><html><head><meta charset="utf-8"><base target="_blank"><style>${STYLE}</style>${scheme}` +
    `</head><body>${inner}<script>${INNER_SCRIPT}</script></body></html>`;
  const title = isHtml ? "HTML output" : "Script output";
  return h(
    "div",
    { class: isLight ? "framed plated" : "framed" },
    h("iframe", { sandbox: "allow-scripts", referrerpolicy: "no-referrer", title, srcdoc: text }),
  );
}

/** A script that cannot end its own element. @param {string} code */
function asScript(code) {
  return `{const element=document.getElementById("element");\n${code.replace(/<(?=\/script|!--)/gi, "\\x3C")}\n}`;
}
