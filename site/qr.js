/** A link as a QR code; fetched when somebody looks at one. */

import { correction, generate } from "lean-qr";
import { s } from "./dom.js";

const QUIET = 4; // modules around it, as the standard wants them

/** @param {string} text @param {string} label */
export function drawQr(text, label) {
  const code = generate(text, { minCorrectionLevel: correction.L });
  const parts = [];
  for (let y = 0; y < code.size; y++)
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) parts.push(`M${x} ${y}h1v1h-1z`);
  const size = code.size + 2 * QUIET;
  return s(
    "svg",
    { class: "qr", viewBox: `${-QUIET} ${-QUIET} ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
    s("path", { d: parts.join("") }),
  );
}
