// Nodes that make a wire possible: a fork before a second one, a loop-back on the way back, a join between two that a
// join could not tell apart. Rule: a repair adds and leads; it never takes out what somebody drew.

/** @import { JsonObject, Kind, Position, Wire } from "../contract.d.ts" */

import { Draft } from "./draft.js";
import { placeBelow, placeBetween, sizeOf } from "./geometry.js";
import { defaultPort, edgesOf, freshId, isShared, isUnconditional, kindOf, newId, newNode, nodeAt, nodesOf, portOf, targetOf, writtenPort } from "./kinds.js";

/**
 * Put an edge on a port: one with a condition before the one that is always taken, since the first that holds is.
 * @param {Draft} draft
 * @param {Wire} wire
 * @param {JsonObject} [more] further members of the edge
 * @returns {number} its place in the list
 */
export function addWire(draft, { node, on, to, when }, more = {}) {
  const from = nodeAt(draft.graph, node);
  const port = on ?? defaultPort(from);
  // Whether a loop is repeated says its loop-back's `while`, never a condition of the edge.
  const condition = kindOf(from) === "loop-back" && port === "repeat" ? undefined : when;
  const edge = /** @type {JsonObject} */ (JSON.parse(JSON.stringify({ on: writtenPort(from, port), when: condition, node: to, ...more })));
  const always = condition === undefined || isShared(from, port) ? -1 : alwaysTaken(from, port);
  const index = always < 0 ? edgesOf(from).length : always;
  draft.addEdge(node, edge, index);
  return index;
}

/**
 * The place of the edge on a port that is taken whenever no earlier one is; -1 where there is none.
 * @param {JsonObject | undefined} node
 * @param {string} port
 */
export function alwaysTaken(node, port) {
  return edgesOf(node).findIndex((edge) => portOf(node, edge) === port && isUnconditional(edge));
}

/**
 * Put a new node into a draft.
 * @param {Draft} draft
 * @param {Kind} kind
 * @param {JsonObject} fields
 * @param {(draft: Draft, id: string) => Position} place
 * @param {string} [wanted] its id, if it is free
 * @returns {string} its id
 */
export function addNew(draft, kind, fields, place, wanted) {
  const taken = nodesOf(draft.graph);
  const id = wanted === undefined ? newId(taken, kind, fields) : freshId(taken, wanted);
  draft.addNode(id, { ...newNode(kind), ...fields });
  draft.place(id, place(draft, id));
  return id;
}

/**
 * A parallel-fork between a port and the node that it always leads to, with the new target as its second branch.
 * @param {Draft} draft
 * @param {Wire} wire
 * @returns {string} the fork's id
 */
export function insertFork(draft, { node, on, to }) {
  const from = nodeAt(draft.graph, node);
  const port = on ?? defaultPort(from);
  const index = alwaysTaken(from, port);
  const was = targetOf(edgesOf(from)[index]) ?? to;
  const fork = addNew(draft, "parallel-fork", {}, ({ graph }, id) => placeBetween(graph, node, was, sizeOf(graph, id)), `${node}_fork`);
  draft.addEdge(fork, { node: was });
  draft.addEdge(fork, { node: to });
  draft.set(["nodes", node, "to", index, "node"], fork);
  return fork;
}

/**
 * A loop-back that leads back where a plain wire cannot. Where the port leads on already, the loop-back takes that over:
 * it repeats a few times and then goes on.
 * @param {Draft} draft
 * @param {Wire} wire
 * @returns {string} the loop-back's id
 */
export function insertLoopBack(draft, { node, on, to, when }) {
  const from = nodeAt(draft.graph, node);
  const port = on ?? defaultPort(from);
  const always = when === undefined ? alwaysTaken(from, port) : -1;
  const onwards = always < 0 ? undefined : targetOf(edgesOf(from)[always]);
  const fields = onwards === undefined ? { on_limit: "fail" } : { on_limit: "exit" };
  const place = (/** @type {Draft} */ { graph }, /** @type {string} */ id) => placeBelow(graph, node, to, sizeOf(graph, id));
  const again = addNew(draft, "loop-back", fields, place, `${node}_again`);
  draft.addEdge(again, { on: "repeat", node: to });
  if (onwards === undefined) addWire(draft, { node, on: port, to: again, when });
  else {
    draft.addEdge(again, { node: onwards });
    draft.set(["nodes", node, "to", always, "node"], again);
  }
  return again;
}

/**
 * A join with one way in between a port and a join, which passes on at once.
 * @param {Draft} draft
 * @param {Wire} wire
 * @returns {string} its id
 */
export function insertStep(draft, { node, on, to, when }) {
  const step = addNew(draft, "join", {}, ({ graph }, id) => placeBetween(graph, node, to, sizeOf(graph, id)), `${node}_${to}`);
  draft.addEdge(step, { node: to });
  addWire(draft, { node, on, to: step, when });
  return step;
}

/**
 * A join before a loop's header, to which an outer loop can repeat.
 * @param {Draft} draft
 * @param {string} header
 * @param {readonly { node: string, index: number }[]} into the edges that lead to the header, repeat edges aside
 * @returns {string} its id
 */
export function insertHeader(draft, header, into) {
  const place = (/** @type {Draft} */ { graph }, /** @type {string} */ id) =>
    placeBetween(graph, into[0]?.node ?? header, header, sizeOf(graph, id));
  const outer = addNew(draft, "join", {}, place, `${header}_outer`);
  draft.addEdge(outer, { node: header });
  for (const { node, index } of into) draft.set(["nodes", node, "to", index, "node"], outer);
  return outer;
}
