import assert from "node:assert/strict";
import { test } from "node:test";

import { groundOf, themeOf } from "../../site/diagram_source.js";

test("a theme stands in a directive or in the front matter", () => {
  assert.equal(themeOf("%%{init: {'theme':'forest'}}%%\ngraph TD\n a --> b"), "forest");
  assert.equal(themeOf('%%{\n  init: {\n    "theme": "neo-dark"\n  }\n}%%\ngraph TD'), "neo-dark");
  assert.equal(themeOf("---\ntitle: T\nconfig:\n  theme: base\n---\ngraph TD"), "base");
  assert.equal(themeOf("graph TD\n a[the theme: dark] --> b"), null);
});

test("without colours of its own a diagram wears the page's", () => {
  assert.equal(groundOf("flowchart LR\n a[fill the form] --> b[colour]"), null);
  assert.equal(groundOf("---\ntitle: T\n---\nflowchart LR\n a --> b"), null);
  assert.equal(groundOf("sequenceDiagram\n participant rect\n rect->>b: x"), null);
});

test("colours are for a white page, but those of a dark theme", () => {
  assert.equal(groundOf("graph TD\n a\n style a fill:#f9f,stroke:#333"), "light");
  assert.equal(groundOf("graph TD\n classDef x color: white"), "light");
  assert.equal(groundOf("sequenceDiagram\n rect rgb(0, 255, 0)\n a->>b: x\n end"), "light");
  assert.equal(groundOf("C4Context\n Person(a, 'A')"), "light");
  assert.equal(groundOf('%%{init: {"themeVariables": {"primaryColor": "#fff"}}}%%\ngraph TD'), "light");
  assert.equal(groundOf("%%{init: {'theme':'forest'}}%%\ngraph TD"), "light");
  assert.equal(groundOf("%%{init: {'theme':'dark'}}%%\ngraph TD\n style a fill:#f9f"), "dark");
});
