/**
 * What a command is going to do to the view, drawn before the worker has answered. Pure; only of
 * commands that change the structure. The worker's answer takes its place.
 */

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").Mark} Mark */

/** @type {Record<string, (view: View, command: Command, mark: Mark) => View>} */
const FORESEEN = {
  create_cell: (view, command, mark) =>
    insertCells(view, [{ ...command, id: command.cell_id, type: command.cell_type }], command, mark),
  paste_cells: (view, command, mark) =>
    insertCells(
      view,
      command.cells.map((/** @type {any} */ cell) => ({
        ...cell,
        id: cell.cell_id,
        type: cell.cell_type,
      })),
      command,
      mark,
    ),
  delete_cells: (view, command) => ({
    ...view,
    order: view.order.filter((id) => !command.cell_ids.includes(id)),
  }),
  move_cells: moveCells,
  set_cell_type: (view, command) =>
    changeCells(view, command.cell_ids, (cell) => ({ ...cell, type: command.cell_type })),
  clear_outputs: (view, command) =>
    changeCells(view, command.cell_ids, (cell) => ({ ...cell, execution: null })),
  clear_all_outputs: (view) => changeCells(view, view.order, (cell) => ({ ...cell, execution: null })),
  set_cell_metadata: (view, command) =>
    changeCells(view, [command.cell_id], (cell) => ({ ...cell, metadata: { ...cell.metadata, ...command.values } })),
  rename_notebook: (view, command) => ({
    ...view,
    notebook: { ...view.notebook, name: command.name },
  }),
  run_cells: queueCells,
  add_file: (view, { path, size, mime, digest }) => ({
    ...view,
    files: [...view.files.filter((file) => file.path !== path), { path, size, mime, digest }],
  }),
  rename_file: (view, { path, to }) => ({
    ...view,
    files: view.files.map((file) => (file.path === path ? { ...file, path: to } : file)),
  }),
  remove_file: (view, { path }) => ({
    ...view,
    files: view.files.filter((file) => file.path !== path),
  }),
};

/** What else can be undone; it is drawn when the worker has done it. */
const UNSEEN = new Set(["merge_cells", "split_cell", "replace_text"]);
const NOT_UNDONE = new Set(["run_cells"]);

/** Whether this counts for what is drawn before it is confirmed. @param {Command} command */
export function canForetell(command) {
  return command.do in FORESEEN || UNSEEN.has(command.do) || ["undo", "restore_cells"].includes(command.do);
}

/** @param {Command} command */
export function canBeUndone(command) {
  return (command.do in FORESEEN || UNSEEN.has(command.do)) && !NOT_UNDONE.has(command.do);
}

/**
 * The commands without those that are taken back by later ones among them.
 * @template {{command: Command}} T
 * @param {T[]} waiting
 * @returns {T[]}
 */
export function standing(waiting) {
  /** @type {T[]} */
  const left = [];
  for (const sent of waiting) {
    const { command } = sent;
    const isTaken = (/** @type {T} */ { command: earlier }) =>
      command.do === "undo" ? canBeUndone(earlier)
      : earlier.do === "delete_cells" && String(earlier.cell_ids) === String(command.cell_ids);
    if (command.do === "undo" || command.do === "restore_cells") {
      const at = left.findLastIndex(isTaken);
      if (at >= 0) left.splice(at, 1);
    } else left.push(sent);
  }
  return left;
}

/**
 * @param {View} view
 * @param {Command} command
 * @param {Mark} mark who asks, when
 * @returns {View}
 */
export function foretell(view, command, mark) {
  return FORESEEN[command.do]?.(view, command, mark) ?? view;
}

/**
 * @param {View} view
 * @param {Array<{id: string, type: import("./types.js").CellType, source?: string, metadata?: any}>} cells
 * @param {Command} place after or before a cell; neither: at the end; after null: at the start
 * @param {Mark} mark
 * @returns {View}
 */
function insertCells(view, cells, place, mark) {
  const fresh = cells.filter(({ id }) => !view.cells[id]);
  if (fresh.length === 0) return view;
  const made = { ...view.cells };
  for (const { id, type, source = "", metadata = {} } of fresh) {
    made[id] = { id, type, source, metadata, created: mark, edited: mark, execution: null };
  }
  const order = view.order.slice();
  order.splice(placeIn(order, place), 0, ...fresh.map(({ id }) => id));
  return { ...view, cells: made, order };
}

/** @param {string[]} order @param {Command} place */
function placeIn(order, place) {
  if (place.after === null) return 0;
  if (place.after !== undefined && order.includes(place.after)) return order.indexOf(place.after) + 1;
  if (place.before && order.includes(place.before)) return order.indexOf(place.before);
  return order.length;
}

/** @param {View} view @param {Command} command @returns {View} */
function moveCells(view, command) {
  const moved = view.order.filter((id) => command.cell_ids.includes(id));
  const order = view.order.filter((id) => !command.cell_ids.includes(id));
  order.splice(placeIn(order, command), 0, ...moved);
  return { ...view, order };
}

/** @param {View} view @param {Command} command @param {Mark} mark @returns {View} */
function queueCells(view, command, mark) {
  return changeCells(view, command.cell_ids, (cell) => {
    if (cell.type !== "code" || ["queued", "assigned"].includes(cell.execution?.status ?? "")) return cell;
    // What it showed stays until the worker has taken the request.
    const { id = "", outputs = [] } = cell.execution ?? {};
    const times = { requested: mark, started: null, completed: null };
    return { ...cell, execution: { id, status: "queued", count: null, ...times, outputs, isAsked: true } };
  });
}

/**
 * @param {View} view
 * @param {string[]} ids
 * @param {(cell: Cell) => Cell} step
 * @returns {View}
 */
function changeCells(view, ids, step) {
  const cells = { ...view.cells };
  for (const id of ids) {
    const cell = cells[id];
    if (cell) cells[id] = step(cell);
  }
  return { ...view, cells };
}
