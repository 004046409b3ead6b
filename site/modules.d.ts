// What esbuild gives for a file that is no JavaScript: its text (see .build/builder/bundle.py).
declare module "*.svg" {
  const text: string;
  export default text;
}
// Loaded at run time by address, never bundled; the types are those of the npm package.
declare module "*/pyodide/pyodide.mjs" {
  export * from "pyodide";
}
// Pyodide's core, which the runtime worker carries; only the loader calls it.
declare module "pyodide/pyodide.asm.mjs" {
  const createPyodideModule: any;
  export default createPyodideModule;
}
// Its own types are those of another of its packages.
declare module "plotly.js-strict-dist-min" {
  const Plotly: any;
  export default Plotly;
}
