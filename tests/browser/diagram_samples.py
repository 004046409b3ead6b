"""Diagrams for stories, as people write them for Mermaid, and as nobody should."""

import json

from tests.browser.hostile.notebook import mark

MERMAID = "text/vnd.mermaid"

FLOW = """flowchart LR
  accTitle: How readings travel
  accDescr: From the gauge to the report
  A[Gauge] -->|every 10 min| B(Raw readings)
  B --> C{Valid?}
  C -->|yes| D[(Store)] --> E[Report]"""
STATES = """stateDiagram-v2
  [*] --> Still
  Still --> Moving
  Moving --> [*]"""
COLOURED = """flowchart TD
  A[Start] --> B[End]
  style A fill:#ff99ff"""
BROKEN = """flowchart LR
  A --> B
  B --> {C"""

KINDS = {
    "sequence": "sequenceDiagram\n  Alice->>Bob: Hello\n  Note over Alice,Bob: a note",
    "class": "classDiagram\n  Animal <|-- Duck\n  Animal : +int age",
    "entities": "erDiagram\n  CUSTOMER ||--o{ ORDER : places",
    "plan": "gantt\n  dateFormat YYYY-MM-DD\n  section One\n  A task :a1, 2024-01-01, 30d",
    "pie": 'pie title Pets\n  "Dogs" : 386\n  "Cats" : 85',
    "git": "gitGraph\n  commit\n  branch develop\n  commit",
    "mindmap": "mindmap\n  root((map))\n    One\n    Two",
    "formula": 'flowchart LR\n  A["$$x^2$$"] --> B["`**bold**`"]',
    "tree": 'treemap-beta\n"Root"\n  "A": 10\n  "B": 20',
    "parts": "architecture-beta\n  service a(server)[A]\n  service b(disk)[B]\n  a:R -- L:b",
}
"""One for each of Mermaid's parsers and layouts: any could need what a frame does not have."""


def fence(source: str) -> str:
    """A diagram as a code block of Markdown."""
    return f"```mermaid\n{source}\n```\n"


def hostile(http: str) -> dict[str, str]:
    """Sources that would like to run something, or to reach this address, each with its mark."""
    loose = {
        "securityLevel": "loose",
        "secure": [],
        "startOnLoad": True,
        "dompurifyConfig": {"ADD_TAGS": ["script", "iframe"], "ADD_ATTR": ["onerror", "onload"]},
        "flowchart": {"htmlLabels": True},
        "htmlLabels": True,
        "__proto__": {"securityLevel": "loose"},
        "themeCSS": f"@import url({http}/css); .node {{ background: url({http}/css.png) }}",
    }
    settings = f"%%{{init: {json.dumps(loose)}}}%%\n"
    front = f"---\nconfig: {json.dumps(loose)}\n---\n"
    label = (
        f"<img src='{http}/label.png' onerror='{_one('label')}'>"
        f"<script>{_one('label-script')}</script><svg onload='{_one('label-svg')}'></svg>"
        f"<iframe src='{http}/frame'></iframe><b>shown</b>"
    ).replace('"', "&quot;")
    links = (
        "  click A call alert(1)\n"
        f'  click A "javascript:{_one("link")}"\n'
        f'  click B href "{http}/click" _blank\n'
    )
    body = f'flowchart LR\n  A["{label}"] --> B[b]\n{links}'
    return {
        "plain": body,
        "directive": settings + body,
        "front": front + body,
        "sandboxed": '%%{init: {"securityLevel": "sandbox"}}%%\n' + body,
        "sequence": f"sequenceDiagram\n  A->>B: <img src='{http}/a.png' onerror='alert(1)'>\n"
        f"  link A: x @ {http}/link\n  link B: y @ javascript:alert(1)",
        "class": f'classDiagram\n  class A["{label}"]\n  callback A "alert" "tip"\n',
        "image": f'flowchart LR\n  A@{{ img: "{http}/image.png", label: "x", w: 60, h: 60 }}\n',
        "css": f"flowchart LR\n  A --> B\n  style A fill:url({http}/fill.png)\n",
        "state": f"stateDiagram-v2\n  state \"{label}\" as A\n  A --> [*]",
    }  # fmt: skip


def _one(name: str) -> str:
    return mark(name).replace("'", "`")
