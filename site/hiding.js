/** Hidden outputs are a fact of the cell, in Jupyter's own words: a new one and an old one. Pure. */

/** @typedef {Record<string, any>} Metadata a cell's */

/** @param {Metadata} metadata @returns {boolean} */
export function areOutputsHidden({ jupyter, collapsed }) {
  return Boolean(jupyter?.outputs_hidden || collapsed);
}

/** What is to be set to hide what is shown, or to show what is hidden. @param {Metadata} metadata @returns {Metadata} */
export function flipped(metadata) {
  const outputs_hidden = !areOutputsHidden(metadata);
  const jupyter = { ...metadata.jupyter, outputs_hidden };
  return metadata.collapsed ? { jupyter, collapsed: false } : { jupyter };
}
