// The state of a run's graphs, step by step. Rule: writes are applied in the journal's order by the key's merge rule, as
// engine/model/state.py does; values are never changed in place, so what one step shows stays as it was.

import { partsOf, pathOf, scopeOf } from "./names.js";

/** @import { Json, JsonObject, RunEvent } from "./types.js" */
/** @import { Plan } from "./plan.js" */

/**
 * One write.
 * @typedef {object} Step
 * @property {number} n of the event that wrote
 * @property {string} at
 * @property {string} scope the execution of the sub-flow node around it, "" for the run itself
 * @property {string} execution
 * @property {string} path the node's
 * @property {string} key
 * @property {Json} value as it was written, before the merge rule
 */

/**
 * The writes of an event, in order.
 * @param {RunEvent} event
 * @returns {Step[]}
 */
export function stepsOf(event) {
  if (event.type !== "node.completed" || !event.execution || !event.node) return [];
  const { scope } = partsOf(event.execution);
  const written = { ...event.writes };
  for (const key of event.writes_output ?? []) written[key] = event.output;
  return Object.entries(written).map(([key, value]) => ({ n: event.n, at: event.at, scope, execution: /** @type {string} */ (event.execution), path: /** @type {string} */ (event.node), key, value }));
}

/**
 * The state of one scope after event `n`.
 * @param {Step[]} steps in order
 * @param {string} scope
 * @param {number} n
 * @param {Plan | null} plan
 * @returns {JsonObject}
 */
export function stateAt(steps, scope, n, plan) {
  const keys = /** @type {Record<string, any>} */ (declared(plan, pathOfScope(steps, scope)));
  /** @type {JsonObject} */
  const state = {};
  for (const [name, key] of Object.entries(keys)) {
    const first = initial(key);
    if (first !== undefined) state[name] = first;
  }
  /** @type {Set<string>} lists of our own, which may grow in place while nobody has seen them */
  const own = new Set();
  for (const step of steps) {
    if (step.n > n) break;
    if (step.scope !== scope) continue;
    const merge = keys[step.key]?.merge ?? "replace";
    const there = state[step.key];
    if ((merge === "append" || merge === "extend") && Array.isArray(there) && (merge === "append" || Array.isArray(step.value))) {
      const list = own.has(step.key) ? there : [...there];
      own.add(step.key);
      if (merge === "append") list.push(step.value);
      else for (const one of /** @type {Json[]} */ (step.value)) list.push(one);
      state[step.key] = list;
      continue;
    }
    state[step.key] = merged(merge, there, step.value);
  }
  return state;
}

/**
 * What a key holds after one write, lists apart.
 * @param {string} merge
 * @param {Json | undefined} there
 * @param {Json} value
 * @returns {Json}
 */
function merged(merge, there, value) {
  if (there === undefined) return value;
  if (merge === "merge" && isObject(there) && isObject(value)) return { ...there, ...value };
  if (typeof there === "number" && typeof value === "number") {
    if (merge === "sum") return there + value;
    if (merge === "min") return Math.min(there, value);
    if (merge === "max") return Math.max(there, value);
  }
  return value;
}

/**
 * The path of the graph that a scope runs; that of a graph which an agent calls stands in its nodes' paths alone.
 * @param {Step[]} steps
 * @param {string} scope
 */
function pathOfScope(steps, scope) {
  if (!scope) return "";
  const step = steps.find((one) => one.scope === scope);
  return step ? scopeOf(step.path) : pathOf(scope);
}

/**
 * @param {Plan | null} plan
 * @param {string} path
 * @returns {JsonObject}
 */
function declared(plan, path) {
  const state = plan?.scope(path)?.document["state"];
  return isObject(state) ? state : {};
}

/**
 * @param {any} key
 * @returns {Json | undefined} undefined: absent
 */
function initial(key) {
  if (key && "default" in key) return key.default;
  const first = { append: [], extend: [], merge: {}, sum: 0 };
  return /** @type {Record<string, Json>} */ (first)[key?.merge];
}

/**
 * @param {any} value
 * @returns {value is JsonObject}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What differs between two values, as lines of a list: the paths that came, went or changed.
 * @param {Json | undefined} before
 * @param {Json | undefined} after
 * @param {string} [path]
 * @returns {{path: string, before: Json | undefined, after: Json | undefined}[]}
 */
export function differences(before, after, path = "") {
  if (before === after) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], path ? `${path}.${key}` : key));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const most = Math.max(before.length, after.length);
    return Array.from({ length: most }, (_, place) => differences(before[place], after[place], `${path}[${place}]`)).flat();
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}
