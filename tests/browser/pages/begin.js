/** A page with no looks that knows the list of notebooks, and nothing of what is in them. */

import * as catalogue from "./catalogue.js";

Object.assign(window, { catalogue });
