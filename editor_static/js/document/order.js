// The ways of a graph: what leads where, in which order, around which loops. Rule: works on any document, broken or
// half drawn; an edge to nothing is no way, and a cycle without a loop-back is told, not followed for ever.

/** @import { Graph } from "../contract.d.ts" */

import { allEdges, isRepeat, kindOf, nodesOf } from "./kinds.js";

/** @typedef {{ node: string, index: number, port: string, to: string, repeat: boolean }} Way */

/**
 * One loop: all loop-backs that repeat to one header. `body`: the header and all from which one of them is reached
 * without passing the header, repeats of other loops counted as ways.
 * @typedef {{ header: string, loopBacks: string[], body: Set<string> }} Loop
 */

/**
 * The ways of a document. O(nodes + edges).
 * @typedef {{
 *   ids: string[],
 *   out: Map<string, Way[]>,
 *   into: Map<string, Way[]>,
 *   repeats: Way[],
 * }} Ways  `out` and `into` without repeat edges; `into` holds every node.
 */

/**
 * @param {Graph} graph
 * @returns {Ways}
 */
export function waysOf(graph) {
  const nodes = nodesOf(graph);
  const ids = Object.keys(nodes);
  const out = new Map(ids.map((id) => [id, /** @type {Way[]} */ ([])]));
  const into = new Map(ids.map((id) => [id, /** @type {Way[]} */ ([])]));
  /** @type {Way[]} */
  const repeats = [];
  for (const { node, index, edge, port, to } of allEdges(graph)) {
    // Nothing follows an end, whatever its file says.
    if (to === undefined || !into.has(to) || kindOf(nodes[node]) === "end") continue;
    const way = { node, index, port, to, repeat: isRepeat(nodes[node], edge) };
    if (way.repeat) repeats.push(way);
    else {
      out.get(node)?.push(way);
      into.get(to)?.push(way);
    }
  }
  return { ids, out, into, repeats };
}

/**
 * The nodes in topological order; where several could be next, in the order of the edges that lead to them. Those of a
 * cycle come last.
 * @param {Ways} ways
 * @returns {string[]}
 */
export function topological({ ids, out, into }) {
  const open = new Map(ids.map((id) => [id, into.get(id)?.length ?? 0]));
  const found = new Set(/** @type {string[]} */ ([]));
  // What becomes ready follows the node that made it so: branches stay together, which is how a list is read.
  const ready = ids.filter((id) => open.get(id) === 0).reverse();
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    found.add(id);
    const next = new Set(/** @type {string[]} */ ([]));
    for (const way of out.get(id) ?? []) {
      const left = (open.get(way.to) ?? 0) - 1;
      open.set(way.to, left);
      if (left === 0) next.add(way.to);
    }
    ready.push(...[...next].reverse());
  }
  return [...found, ...ids.filter((id) => !found.has(id))];
}

/**
 * All nodes that are reached from some, these included, never through `without`.
 * @param {Ways} ways
 * @param {Iterable<string>} from
 * @param {{ backwards?: boolean, repeats?: boolean, without?: string }} [how]
 * @returns {Set<string>}
 */
export function reached(ways, from, { backwards = false, repeats = false, without } = {}) {
  const side = backwards ? ways.into : ways.out;
  const extra = new Map(/** @type {[string, string[]][]} */ ([]));
  for (const way of repeats ? ways.repeats : []) {
    const [here, there] = backwards ? [way.to, way.node] : [way.node, way.to];
    extra.set(here, [...(extra.get(here) ?? []), there]);
  }
  const found = new Set([...from].filter((id) => id !== without));
  const todo = [...found];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    const next = (side.get(id) ?? []).map((way) => (backwards ? way.node : way.to));
    for (const other of [...next, ...(extra.get(id) ?? [])]) {
      if (other === without || found.has(other)) continue;
      found.add(other);
      todo.push(other);
    }
  }
  return found;
}

/**
 * The node at which a run begins: the first that no edge leads to and that leads on. Undefined where none does.
 * @param {Ways} ways
 * @returns {string | undefined}
 */
export function startOf({ ids, out, into }) {
  const starts = ids.filter((id) => into.get(id)?.length === 0);
  return starts.find((id) => out.get(id)?.length) ?? starts[0];
}

/**
 * Every loop, by header in file order. O(loops * (nodes + edges)).
 * @param {Ways} ways
 * @returns {Loop[]}
 */
export function loopsOf(ways) {
  /** @type {Map<string, string[]>} */
  const backs = new Map();
  for (const way of ways.repeats) backs.set(way.to, [...(backs.get(way.to) ?? []), way.node]);
  const rank = new Map(ways.ids.map((id, place) => [id, place]));
  const headers = [...backs.keys()].sort((one, other) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0));
  return headers.flatMap((header) => {
    const loopBacks = (backs.get(header) ?? []).filter((id) => leadsTo(ways, header, id));
    if (loopBacks.length === 0) return [];
    return [{ header, loopBacks, body: bodyOf(ways, header, loopBacks) }];
  });
}

/**
 * @param {Ways} ways
 * @param {string} header
 * @param {Iterable<string>} loopBacks
 * @returns {Set<string>}
 */
export function bodyOf(ways, header, loopBacks) {
  const body = reached(ways, loopBacks, { backwards: true, repeats: true, without: header });
  return body.add(header);
}

/**
 * Whether a way leads from one node to another, repeats aside; a node leads to itself.
 * @param {Ways} ways
 * @param {string} from
 * @param {string} to
 */
export function leadsTo(ways, from, to) {
  return reached(ways, [from]).has(to);
}

/**
 * The loops whose body a node lies in, the innermost first.
 * @param {readonly Loop[]} loops
 * @param {string} id
 * @returns {Loop[]}
 */
export function loopsAround(loops, id) {
  return loops.filter((loop) => loop.body.has(id)).sort((one, other) => one.body.size - other.body.size);
}

/**
 * What may have run when a node starts: `before` in any case it has run or was skipped, `earlier` perhaps in an earlier
 * iteration of a loop around it.
 * @param {Graph} graph
 * @param {string} id
 * @returns {{ before: Set<string>, earlier: Set<string>, loops: Loop[] }}
 */
export function ranBefore(graph, id) {
  const ways = waysOf(graph);
  const before = reached(ways, [id], { backwards: true });
  before.delete(id);
  const loops = loopsAround(loopsOf(ways), id);
  const around = loops.flatMap((loop) => [...loop.body]);
  return { before, earlier: new Set(around.filter((other) => !before.has(other))), loops };
}

/**
 * The nodes in the order in which the outline lists them, with how many loops each lies in.
 * @param {Graph} graph
 * @returns {{ id: string, depth: number }[]}
 */
export function outlineOf(graph) {
  const ways = waysOf(graph);
  const loops = loopsOf(ways);
  return topological(ways).map((id) => ({ id, depth: loops.filter((loop) => loop.body.has(id)).length }));
}
