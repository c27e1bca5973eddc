// The names of executions: `team@2/write@1.3[7]`. Rule: as engine/scheduler/names.py takes them apart, and nowhere else.

/**
 * @typedef {object} Parts
 * @property {string} scope the execution of the sub-flow node around it, "" for the run itself
 * @property {string} node the node's id
 * @property {number[]} turns iterations of the loops around it, outermost first; [] when all are 1
 * @property {number | null} item index under `each`
 */

const LAST = /^([^@[/]+)(?:@([0-9.]+))?(?:\[([0-9]+)\])?$/;
const MARKS = /(?:@[0-9.]+)?(?:\[[0-9]+\])?(?=\/|$)/g;

/**
 * Take a name apart. What is none counts as a node of that name.
 * @param {string} execution
 * @returns {Parts}
 */
export function partsOf(execution) {
  const cut = execution.lastIndexOf("/");
  const last = execution.slice(cut + 1);
  const match = LAST.exec(last);
  return {
    scope: cut < 0 ? "" : execution.slice(0, cut),
    node: match?.[1] ?? last,
    turns: match?.[2] ? match[2].split(".").map(Number) : [],
    item: match?.[3] === undefined ? null : Number(match[3]),
  };
}

/**
 * The node's id with the path of its sub-flow, without iterations and items: `team/write`.
 * @param {string} execution
 */
export function pathOf(execution) {
  return (execution.split("!")[0] ?? "").replace(MARKS, "");
}

/**
 * The path of the sub-flow node around a node, "" for the run itself.
 * @param {string} path
 */
export function scopeOf(path) {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/**
 * Whether a path stands inside a node: in its sub-flow, or in a graph that it calls (`lead!research/write`).
 * @param {string} path
 * @param {string} around
 */
export function isInside(path, around) {
  return path.startsWith(around) && (path[around.length] === "/" || path[around.length] === "!");
}

/**
 * A node's id without the path of its sub-flow.
 * @param {string} path
 */
export function idOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}
