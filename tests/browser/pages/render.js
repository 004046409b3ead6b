/** The page's renderers, for tests to call by name. */

import { createEditor } from "../../../site/editor.js";
import { renderMarkdown } from "../../../site/markdown.js";
import { renderOutputs } from "../../../site/outputs.js";

Object.assign(window, { createEditor, renderMarkdown, renderOutputs, isReady: true });
