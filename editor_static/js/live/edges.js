// What became of the wires of one graph of a run. Rule: a wire shows what its node's latest execution decided; what the
// journal leaves out follows from the plan alone, as engine/scheduler/tables.py draws it.

/** @import { EdgeState, NodeView } from "./types.js" */
/** @import { Overview } from "./overview.js" */
/** @import { Plan, PlanEdge } from "./plan.js" */

/**
 * @param {Overview} overview
 * @param {Plan} plan
 * @param {string} path of the sub-flow node whose graph it is, "" for the run's own
 * @returns {Map<string, EdgeState>} `SOURCE-INDEX` -> state; open ones are absent
 */
export function edgeStates(overview, plan, path) {
  /** @type {Map<string, EdgeState>} */
  const states = new Map();
  const scope = plan.scope(path);
  if (!scope) return states;
  /** @type {Map<string, PlanEdge[]>} */
  const out = new Map();
  for (const edge of scope.edges) {
    const there = out.get(edge.source);
    if (there) there.push(edge);
    else out.set(edge.source, [edge]);
  }
  for (const [id, edges] of out) {
    const view = overview.nodes.get(path ? `${path}/${id}` : id);
    if (!view) continue;
    for (const [edge, state] of decided(scope.nodes.get(id)?.kind, view, edges)) states.set(`${id}-${edge.index}`, state);
  }
  return states;
}

/**
 * What became of the wires of one node; open ones are absent.
 * @param {string} kind
 * @param {NodeView} view
 * @param {PlanEdge[]} edges
 * @returns {[PlanEdge, EdgeState][]}
 */
export function decided(kind, view, edges) {
  switch (view.status) {
    case "completed":
    case "reused":
      return view.port === null ? [] : ways(edges, takenBy(kind, view, edges), "skipped");
    case "failed":
      return view.taken?.length ? ways(edges, new Set(view.taken), "skipped") : broken(edges);
    case "skipped":
      return view.why === "upstream_failed" ? broken(edges) : ways(edges, new Set(), "skipped");
    case "cancelled":
      return ways(edges, new Set(), "skipped");
    default:
      return [];
  }
}

/**
 * The places of the edges that were taken: as the event says, else every edge of a fork, else the port's first edge
 * without a condition.
 * @param {string} kind
 * @param {NodeView} view
 * @param {PlanEdge[]} edges
 */
function takenBy(kind, view, edges) {
  if (view.taken) return new Set(view.taken);
  const own = edges.filter((edge) => edge.port === view.port);
  if (view.target !== null) return new Set(own.filter((edge) => edge.target === view.target).map((edge) => edge.index));
  if (kind === "parallel-fork") return new Set(own.map((edge) => edge.index));
  const first = own.find((edge) => edge.when === null);
  return new Set(first ? [first.index] : []);
}

/**
 * @param {PlanEdge[]} edges
 * @param {Set<number>} taken
 * @param {EdgeState} rest
 * @returns {[PlanEdge, EdgeState][]}
 */
function ways(edges, taken, rest) {
  return edges.map((edge) => [edge, taken.has(edge.index) ? "taken" : rest]);
}

/**
 * A failure that nothing caught goes on by every edge but those of `error` and `repeat`.
 * @param {PlanEdge[]} edges
 * @returns {[PlanEdge, EdgeState][]}
 */
function broken(edges) {
  return edges.map((edge) => [edge, edge.port === "error" || edge.port === "repeat" ? "skipped" : "failed"]);
}
