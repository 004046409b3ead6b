"""The page's own files: JavaScript and CSS through esbuild, the rest copied as it is."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from builder import files, licences, node, paths
from builder.errors import BuildError

_COPIED = ("*.html", "*.svg", "*.ico", "*.png", "*.webmanifest")
_OPTIONS = (
    "--bundle",
    "--format=esm",
    "--target=es2022",
    "--minify",
    "--legal-comments=none",  # licences.txt has them all, see licences.py
    "--sourcemap=external",
    "--loader:.svg=text",
    "--loader:.woff2=file",
    "--asset-names=fonts/[name]",
    "--entry-names=[name]",
    "--chunk-names=chunks/[name]-[hash]",
    "--log-level=warning",
    "--color=false",
    # Fonts and KaTeX's CSS are copied.
    "--external:./fonts/*",
    "--external:./katex/*",
)
# The workers that run it carry its scripts: the page checks one file, and an opaque frame could not
# load another.
_PYODIDE_APART = ("--external:*/pyodide.mjs", "--external:pyodide")
_PYODIDE_WITHIN = ("--external:node:*", "--external:ws")
_GLUE = "pyodide/pyodide.asm.mjs"
_PYTHON_WORKERS = ("notebook_worker.js", "runtime_worker.js")
_OTHER_WORKERS = ("ahead_worker.js", "find_worker.js")
_APART = (*_PYTHON_WORKERS, *_OTHER_WORKERS)
# In an opaque origin Chromium starts a classic worker from a blob, and no module.
_CLASSIC = (
    "--format=iife",
    "--banner:js=const scriptAddress = self.location.href;",
    "--define:import.meta.url=scriptAddress",
)
# A frame is handed one script with all in it; nobody steps through a library of megabytes.
_CHART = (*(option for option in _OPTIONS if "sourcemap" not in option), "--format=iife")
_FRAME_SCRIPTS = "'sha256-frames'"
_HASHES = """
import { createHash } from "node:crypto";
for (const module of process.argv.slice(1))
  for (const [name, text] of Object.entries(await import(module)))
    if (name.endsWith("BOOTSTRAP"))
      console.log(`'sha256-${createHash("sha256").update(text).digest("base64")}'`);
"""
AT_ONCE = ("main.js", "style.css")
"""What `index.html` asks for by its content, which it names behind a ?."""
_FIRST = ("main.js", "notebook.js")
_FONTS = {
    "ibm-plex-sans": ("wght", "wght-italic"),
    "source-serif-4": ("opsz", "opsz-italic"),
    "source-code-pro": ("wght", "wght-italic"),
}


def assemble(target: Path, stamp: str) -> list[str]:
    """Put the page into the folder `target`; gives the scripts that a notebook's page loads.

    `stamp` tells this build from all others.
    """
    if not (paths.SITE / "main.js").is_file() or not (paths.SITE / "index.html").is_file():
        raise BuildError(f"Expected index.html and main.js in {paths.SITE}; they are not there.")
    scripts = _run_esbuild(target)
    for pattern in _COPIED:
        for source in sorted(paths.SITE.glob(pattern)):
            shutil.copyfile(source, target / source.name)
    _finish_page(target / "index.html", stamp, scripts)
    assets = paths.SITE / "assets"
    if assets.is_dir():
        shutil.copytree(assets, target / "assets")
    _copy_fonts(target / "fonts")
    _copy_katex(target / "katex")
    _bundle_charts(target / "charts")
    licences.write(target)
    return scripts


def _run_esbuild(target: Path) -> list[str]:
    # The page may load parts of itself later; a worker and the service worker are each one file.
    alone = sorted(paths.SITE.glob("*_worker.js")) + sorted(paths.SITE.glob("sw.js"))
    styles = sorted(paths.SITE.glob("style.css"))
    out = f"--outdir={target}"
    metafile = paths.WORK / "page-bundle.json"
    options = (*_OPTIONS, *_PYODIDE_APART, out)
    node.run_tool_quietly(
        "bundle the page", "esbuild", "main.js", "--splitting", f"--metafile={metafile}", *options
    )
    names = [path.name for path in (*alone, *styles) if path.name not in _APART]
    if names:
        node.run_tool_quietly("bundle the workers", "esbuild", *names, *options)
    within = (*_OPTIONS, *_PYODIDE_WITHIN, f"--alias:{_GLUE}={_glue_read_once()}", out)
    module, classic = _PYTHON_WORKERS
    # Named by its content: a page gets its own or none, and the browser keeps it compiled.
    named = "--entry-names=chunks/[name]-[hash]"
    node.run_tool_quietly("bundle the notebook's Python", "esbuild", module, *within, named)
    node.run_tool_quietly("bundle other workers", "esbuild", *_OTHER_WORKERS, *_OPTIONS, out, named)
    node.run_tool_quietly("bundle the runtime's Python", "esbuild", classic, *within, *_CLASSIC)
    return page_scripts(json.loads(metafile.read_text(encoding="utf-8")), target)


def _bundle_charts(target: Path) -> None:
    """What draws charts in frames; the page fetches each when it is first needed."""
    names = [path.name for path in sorted(paths.SITE.glob("*_chart.js"))]
    node.run_tool_quietly(
        "bundle what draws charts", "esbuild", *names, *_CHART, f"--outdir={target}"
    )


def _glue_read_once() -> Path:
    """Pyodide's script, one function of a megabyte, as an expression in parentheses.

    A browser reads a function that stands so for good, and not once to see where it ends and
    again when it is called.
    """
    text = (paths.NODE_MODULES / _GLUE).read_text(encoding="utf-8")
    begin, end = "async function _createPyodideModule(", "}export default _createPyodideModule;"
    if not text.startswith(begin) or text.count(end) != 1:
        raise BuildError(f"Expected {_GLUE} to be one function; this Pyodide's is not.")
    once = "const _createPyodideModule=(" + text.replace(end, end.replace("}", "});", 1))
    # Among packages, where esbuild has no opinion of what it reads.
    target = paths.NODE_MODULES / ".foldbook" / "pyodide.asm.mjs"
    target.parent.mkdir(exist_ok=True)
    target.write_text(once, encoding="utf-8")
    return target


def page_scripts(metafile: dict[str, Any], target: Path) -> list[str]:
    """From esbuild's account of itself: main.js, notebook.js and all that these import at once.

    What they import later, when it is asked for, is left out.
    """
    outputs = metafile["outputs"]
    found: list[str] = []
    waiting = [name for name, output in outputs.items() if output.get("entryPoint") in _FIRST]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            imports = outputs[name]["imports"]
            waiting += [one["path"] for one in imports if one["kind"] == "import-statement"]
    return sorted((paths.SITE / name).resolve().relative_to(target).as_posix() for name in found)


def _finish_page(page: Path, stamp: str, scripts: list[str]) -> None:
    """Put in what only the build knows.

    The scripts of a notebook's page are asked for with the page itself, and not when the one that
    imports them is here: from the list of notebooks, too, the way leads there.

    The frames' own scripts are named in the page's policy, which frames inherit, by their hash.
    The stamp tells the page whether what it fetches later is of its own build. What it loads at
    once is asked for by its content: a cache that keeps an old script must not give it to a new
    page.
    """
    modules = [path.as_uri() for path in sorted(paths.SITE.glob("*_bootstrap.js"))]
    hashes = node.run_script(_HASHES, *modules).split()
    values = {_FRAME_SCRIPTS: " ".join(hashes), 'content="BUILD"': f'content="{stamp}"'}
    for name in AT_ONCE:
        digest = files.sha256(page.with_name(name))[:12]
        values[f'="{name}"'] = f'="{name}?{digest}"'
    chunks = [name for name in scripts if name not in AT_ONCE]
    links = [f'    <link rel="modulepreload" href="{name}" />\n' for name in chunks]
    values["  </head>"] = "".join(links) + "  </head>"
    text = page.read_text(encoding="utf-8")
    for place, value in values.items():
        if place not in text:
            raise BuildError(f"Expected {place} in index.html; it is not there.")
        text = text.replace(place, value)
    page.write_text(text, encoding="utf-8")


def _copy_fonts(target: Path) -> None:
    """All three families with every script, and one `fonts.css` that names them."""
    target.mkdir(exist_ok=True)
    rules = []
    for family, styles in _FONTS.items():
        package = paths.NODE_MODULES / "@fontsource-variable" / family
        for style in styles:
            css = (package / f"{style}.css").read_text(encoding="utf-8")
            rules.append(css.replace("./files/", "./"))
            for name in re.findall(r"\./files/([\w-]+\.woff2)", css):
                shutil.copyfile(package / "files" / name, target / name)
    (target / "fonts.css").write_text("\n".join(rules), encoding="utf-8")


def _copy_katex(target: Path) -> None:
    """KaTeX's CSS with its woff2 fonts; the older formats are left out."""
    package = paths.NODE_MODULES / "katex" / "dist"
    target.mkdir(exist_ok=True)
    shutil.copyfile(package / "katex.min.css", target / "katex.min.css")
    for font in sorted((package / "fonts").glob("*.woff2")):
        files.link(font, target / "fonts" / font.name)
