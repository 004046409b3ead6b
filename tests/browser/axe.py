"""WCAG 2.2 A and AA by axe-core, of what stands on a page now and in the frames that it made."""

import functools
from collections.abc import Sequence

from builder import node, paths
from playwright.sync_api import Frame, Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PRACTICE = "best-practice"
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that see another page in the dark."""
SIZES = ((1280, 860), (768, 1024), (360, 760))
SCHEMES = ("light", "dark")

# A rule of WCAG 2.2 is off in axe-core until it is asked for.
_RUN = """async ([within, tags, rules]) => {
  const all = { runOnly: tags, rules: { "target-size": { enabled: true } } };
  const { violations } = await axe.run(within || document, {
    ...(rules.length ? { runOnly: { type: "rule", values: rules } } : all),
    iframes: false,
    elementRef: true,
    resultTypes: ["violations"],
  });
  // Still code scrolls: its cell is the stop of the Tab key, and Enter goes into it.
  const isReached = ({ id }, { element }) =>
    id === "scrollable-region-focusable" && element.matches(".cell .source");
  return violations.flatMap((rule) => rule.nodes.filter((node) => !isReached(rule, node))
    .map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.any.concat(node.all, node.none)
      .map((check) => check.message).join("; ")}`));
}"""


@functools.cache
def _script() -> str:
    node.ensure()
    return (paths.NODE_MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(place: Page | Frame, within: str = "", rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds wrong, each with its rule and its element.

    within: only what stands in this element; of a whole page its practices are asked for too,
    such as landmarks and headings. rules: only these.
    """
    if place.evaluate("typeof axe === 'undefined'"):
        # Not as a script of the page, whose policy lets in none but its own.
        place.evaluate(_script())
    is_page = not within and isinstance(place, Page)
    tags = [*TAGS, PRACTICE] if is_page else list(TAGS)
    found: list[str] = place.evaluate(_RUN, [within, tags, list(rules)])
    return found
