/**
 * The document that a sandboxed output starts as. Its script is a constant: the page's
 * content-security policy names it by hash (`srcdoc` inherits that policy), and no markup of an
 * output ever stands in a `srcdoc`. What an output brings is handed in by message and lives in an
 * opaque origin.
 */

/**
 * The script in the frame. Messages to the page: `ready`, `height`, `open` (a link), `save` (a
 * file that a link offers), `blocked` (an address that the policy refused), `failed` (a script's
 * error), `drawn` and `undrawn` (a chart). What draws charts (`vega_chart.js`, `plotly_chart.js`,
 * `mermaid_chart.js`) is handed in by the page and leaves itself in `foldbookChart`.
 */
export const BOOTSTRAP = `"use strict";
(() => {
  const page = parent;
  const say = (message) => page.postMessage({ foldbook: 1, ...message }, "*");
  let drawn = false;
  let height = 0;

  const measure = () => {
    const now = Math.ceil(Math.max(document.body.offsetHeight, document.body.scrollHeight));
    if (now !== height) say({ height: (height = now) });
  };
  const asScript = (code, attributes) =>
    new Promise((done) => {
      const script = document.createElement("script");
      for (const { name, value } of attributes) if (name !== "src") script.setAttribute(name, value);
      script.src = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      script.onload = script.onerror = done;
      return attributes.place ? attributes.place.replaceWith(script) : document.body.append(script);
    });
  const isCode = (type) => !type || type === "module" || /(java|ecma)script/i.test(type);
  const runOne = async (script) => {
    const attributes = [...script.attributes];
    attributes.place = script;
    if (!script.src) return asScript(script.textContent, attributes);
    try {
      const answer = await fetch(script.src);
      if (answer.ok) return asScript(await answer.text(), attributes);
      say({ failed: script.src + " answers " + answer.status });
    } catch (error) {
      say({ failed: script.src + " could not be loaded" });
    }
  };
  const loadStyle = async (link) => {
    const answer = await fetch(link.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const style = document.createElement("style");
    style.textContent = await answer.text();
    link.replaceWith(style);
  };
  const bindHandlers = async (root) => {
    const found = [];
    for (const element of root.querySelectorAll("*"))
      for (const { name, value } of [...element.attributes])
        if (/^on/i.test(name)) {
          element.removeAttribute(name);
          found.push({ element, type: name.slice(2).toLowerCase(), value });
        }
    const bound = (window.foldbookHandlers = []);
    for (const { element, type, value } of found.slice(0, 500)) {
      bound.length = 0;
      await asScript("foldbookHandlers.push(function (event) {" + value + "\\n})", []);
      const handler = bound[0];
      if (handler)
        element.addEventListener(type, function (event) {
          if (handler.call(this, event) === false) event.preventDefault();
        });
    }
  };
  const draw = async (html) => {
    // A document made this way is inert: its handlers are taken out before they could be refused.
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const scripts = [...parsed.querySelectorAll("script")].filter((s) => isCode(s.type));
    await bindHandlers(parsed);
    document.body.append(...parsed.head.childNodes, ...parsed.body.childNodes);
    document.body.querySelectorAll("link[rel~=stylesheet][href]").forEach(loadStyle);
    for (const script of scripts) await runOne(script);
    measure();
  };
  const wear = ({ scheme, tokens }) => {
    const root = document.documentElement.style;
    root.colorScheme = scheme;
    for (const [name, value] of Object.entries(tokens)) root.setProperty(name, value);
    if (window.foldbookChart) foldbookChart.wear();
  };
  const drawChart = async (library, chart) => {
    await asScript(library, []);
    await document.fonts.ready;
    const place = document.body.appendChild(document.createElement("div"));
    try {
      await foldbookChart.draw(place, chart, say);
      measure();
      say({ drawn: true });
    } catch (error) {
      say({ undrawn: String((error && error.message) || error) });
    }
  };
  const picture = (type, of, port) =>
    foldbookChart.picture(type, of).then(
      (file) => port.postMessage({ file }),
      (error) => port.postMessage({ problem: String((error && error.message) || error) }),
    );
  const offer = async (name, address) => {
    try {
      // At once: a script may take the address back as soon as the click has returned.
      const answer = await fetch(address);
      say({ save: name, file: await answer.blob() });
    } catch (error) {
      say({ failed: name + " could not be read" });
    }
  };

  addEventListener("message", ({ source, data, ports }) => {
    if (source !== page || !data || data.foldbook !== 1) return;
    if (data.theme) wear(data.theme);
    for (const { family, bytes } of data.fonts || []) {
      const face = new FontFace(family, bytes, { weight: "100 900" });
      document.fonts.add(face);
    }
    if (data.picture) picture(data.picture, data.of, ports[0]);
    if (drawn) return;
    if (typeof data.html === "string") {
      drawn = true;
      draw(data.html);
    } else if (typeof data.script === "string") {
      drawn = true;
      window.element = document.body.appendChild(document.createElement("div"));
      asScript(data.script, []);
    } else if (data.library) {
      drawn = true;
      drawChart(data.library, data.chart);
    }
  });
  addEventListener("error", (event) => {
    if (event.message) say({ failed: String(event.message) });
  });
  addEventListener("unhandledrejection", (event) => say({ failed: String(event.reason) }));
  document.addEventListener("securitypolicyviolation", (event) =>
    say({ blocked: String(event.blockedURI) }),
  );
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const href = link && (link.getAttribute("href") ?? link.getAttribute("xlink:href"));
    if (href === null || event.defaultPrevented) return;
    event.preventDefault();
    if (link.hasAttribute("download")) return void offer(link.download || "file", href);
    if (!href.startsWith("#")) return say({ open: href });
    const target = document.getElementById(decodeURIComponent(href.slice(1)));
    if (target) target.scrollIntoView({ block: "nearest" });
  });
  new ResizeObserver(measure).observe(document.body);
  say({ ready: true });
})();
`;

/** For the page's `script-src`; a test holds it to the script above. */
export const BOOTSTRAP_HASH = "sha256-QCHgY5s1eJ3S88VSYs7CwAJqeNFqKBd8fekUzKTkjsw=";

const STYLE = `html{background:transparent;color:var(--ink)}
body{margin:0;display:flow-root;font:400 13px/20px var(--ui);overflow-wrap:break-word;overflow-x:auto}
a{color:var(--accent)}pre,code,kbd,samp{font:400 13px/20px var(--mono)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--ink3);border-bottom:1px solid var(--edge)}
th,td{padding:3px 16px;text-align:right;border-bottom-width:1px;border-bottom-color:var(--line)}
td{border-bottom-style:solid}img,svg,video,canvas{max-width:100%}
hr{border:0;border-top:1px solid var(--line)}`;

const CLOSED = {
  "default-src": "'none'",
  "script-src": `'${BOOTSTRAP_HASH}' blob:`,
  "style-src": "'unsafe-inline'",
  "img-src": "data: blob:",
  "font-src": "data: blob:",
  "media-src": "data: blob:",
  "connect-src": "data: blob:",
  "worker-src": "blob:",
  "base-uri": "'none'",
  "form-action": "'none'",
};

const OPENED = ["img-src", "font-src", "media-src", "connect-src", "style-src"];

/**
 * The frame's document; it differs only in whether its policy has a network.
 * @param {boolean} hasNetwork
 */
export function frameDocument(hasNetwork) {
  const policy = Object.entries(CLOSED)
    .map(([name, value]) => `${name} ${value}${hasNetwork && OPENED.includes(name) ? " https:" : ""}`)
    .join("; ");
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Output</title>` +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<meta name="referrer" content="no-referrer"><style>${STYLE}</style></head>` +
    `<body><script>${BOOTSTRAP}</script></body></html>`
  );
}
