// What the names of a graph held at a moment of a run: `input`, `state.KEY`, `nodes.ID.output`. Rule: all of it comes from
// the journal; outputs that it leaves out because they follow (join, fork, loop-back, each) are put together again.

import { edgeStates } from "./edges.js";
import { partsOf, scopeOf } from "./names.js";
import { stateAt } from "./state.js";

/** @import { Json, JsonObject, NodeView, RunEvent } from "./types.js" */
/** @import { Chronicle } from "./chronicle.js" */
/** @import { Overview } from "./overview.js" */
/** @import { Step } from "./state.js" */

/**
 * @param {Chronicle} chronicle
 * @param {Step[]} steps
 * @param {string} scope the execution of the sub-flow node around, "" for the run itself
 * @param {number} n the moment: after event `n`
 * @returns {JsonObject} `input` is absent where the journal does not hold it
 */
export function namesAt(chronicle, steps, scope, n) {
  const then = chronicle.at(n);
  /** @type {JsonObject} */
  const nodes = {};
  for (const view of then.nodes.values()) {
    const inside = partsOf(view.execution);
    if (inside.scope !== scope) continue;
    /** @type {JsonObject} */
    const told = {};
    const output = outputOf(chronicle, then, view, n);
    if (output !== undefined) told["output"] = output;
    if (view.port !== null) told["port"] = view.port;
    if (view.error !== null) told["error"] = /** @type {any} */ (view.error);
    nodes[inside.node] = told;
  }
  const around = scope ? chronicle.byExecution.get(scope)?.find((event) => event.type === "node.started") : chronicle.events[0];
  const input = around?.["input"];
  return { ...(input === undefined ? {} : { input }), state: stateAt(steps, scope, n, chronicle.plan), nodes };
}

/**
 * What an execution gave, also where the journal leaves it out; undefined where it gave nothing.
 * @param {Chronicle} chronicle
 * @param {Overview} then the fold after event `n`
 * @param {NodeView} view of the execution
 * @param {number} n
 * @returns {Json | undefined}
 */
export function outputOf(chronicle, then, view, n) {
  const done = completionOf(chronicle, view.execution, n);
  if (!done) return undefined;
  if ("output" in done) return done["output"];
  const node = chronicle.plan?.node(view.path);
  if (node?.each !== undefined) return chronicle.itemsOf(view.path, view.execution, n).map((item) => completionOf(chronicle, item, n)?.["output"] ?? null);
  if (node?.kind === "loop-back") return { iteration: view.turns[view.turns.length - 1] ?? 1, exhausted: done["exhausted"] === true };
  if (node?.kind !== "join" && node?.kind !== "parallel-fork") return undefined;
  const before = takenBefore(chronicle, then, view);
  if (node.kind === "join") return Object.fromEntries(before.map((one) => [partsOf(one.execution).node, outputOf(chronicle, then, one, n) ?? null]));
  return before[0] ? outputOf(chronicle, then, before[0], n) : undefined;
}

/**
 * The predecessors of a node from which an edge to it was taken, in the order of the file.
 * @param {Chronicle} chronicle
 * @param {Overview} then
 * @param {NodeView} view
 * @returns {NodeView[]}
 */
function takenBefore(chronicle, then, view) {
  const scope = scopeOf(view.path);
  if (!chronicle.plan) return [];
  const states = edgeStates(then, chronicle.plan, scope);
  const into = chronicle.plan.scope(scope)?.into.get(partsOf(view.execution).node) ?? [];
  const taken = into.filter((edge) => edge.port !== "repeat" && states.get(`${edge.source}-${edge.index}`) === "taken");
  return taken.map((edge) => then.view(scope ? `${scope}/${edge.source}` : edge.source));
}

/**
 * @param {Chronicle} chronicle
 * @param {string} execution
 * @param {number} n
 * @returns {RunEvent | undefined}
 */
function completionOf(chronicle, execution, n) {
  return chronicle.byExecution.get(execution)?.find((event) => event.type === "node.completed" && event.n <= n);
}

/**
 * What a name leads to: `state.notes[0]`, `nodes.write.output`, or a bare key of the state.
 * @param {string} path
 * @param {JsonObject} names
 * @returns {Json | undefined} undefined: nothing is there
 */
export function lookUp(path, names) {
  const steps = [...path.replace(/\?$/, "").matchAll(/[^.[\]]+/g)].map(([step]) => step);
  let value = /** @type {any} */ (ROOTS.has(steps[0] ?? "") ? names : names["state"]);
  for (const step of steps) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** The first words of names; any other is a key of the state. */
export const ROOTS = new Set(["input", "state", "nodes", "run", "iteration", "item", "index", "output", "error"]);

/**
 * The latest execution of the sub-flow node at a path, as the scope of what is in it; null where it never ran.
 * @param {Overview} then
 * @param {string} path "" for the run itself
 * @returns {string | null}
 */
export function scopeAt(then, path) {
  return path === "" ? "" : then.view(path).execution || null;
}

/**
 * A value in a few letters.
 * @param {Json} value
 * @param {number} [most]
 */
export function brief(value, most = 80) {
  const text = (typeof value === "string" && value.trim() ? value : JSON.stringify(value)).replace(/\s+/g, " ").trim();
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
