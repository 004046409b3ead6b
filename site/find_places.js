/** Where one goes from one match to the next: through the cells in their order, and round the end. */

import { firstFrom } from "./finding.js";

/** @typedef {import("./finding.js").Match} Match */
/** @typedef {{id: string, isOutput: boolean, at: number}} Place at: where in the text, in UTF-16 units */
/** @typedef {{ids: string[], listIn: (id: string, isOutput: boolean) => Match[]}} Searched */

/** The first match at a place or after it, round the end of the notebook. @param {Searched} searched @param {Place} from @returns {Place | null} */
export function nextPlace(searched, from) {
  const { ids } = searched;
  const start = Math.max(0, ids.indexOf(from.id));
  for (let step = 0; step <= ids.length; step++) {
    const id = ids[(start + step) % ids.length] ?? "";
    for (const isOutput of [false, true]) {
      if (step === 0 && from.isOutput && !isOutput) continue;
      const list = searched.listIn(id, isOutput);
      const index = step === 0 && isOutput === from.isOutput ? firstFrom(list, from.at) : 0;
      const match = list[index];
      if (match) return { id, isOutput, at: match.from };
    }
  }
  return null;
}

/** The last match before a place, round the start of the notebook. @param {Searched} searched @param {Place} from @returns {Place | null} */
export function previousPlace(searched, from) {
  const { ids } = searched;
  const start = Math.max(0, ids.indexOf(from.id));
  for (let step = 0; step <= ids.length; step++) {
    const id = ids[(start - step + ids.length) % ids.length] ?? "";
    for (const isOutput of [true, false]) {
      if (step === 0 && isOutput && !from.isOutput) continue;
      const list = searched.listIn(id, isOutput);
      const isHere = step === 0 && isOutput === from.isOutput;
      const match = isHere ? list[firstFrom(list, from.at) - 1] : list.at(-1);
      if (match) return { id, isOutput, at: match.from };
    }
  }
  return null;
}
