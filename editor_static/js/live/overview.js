// How a run stands, told by its events alone. Rule: a fold, as engine/scheduler/overview.py folds; O(1) per event, its
// size is that of the graph. A node's view is never changed but replaced, so a copy of the fold is a copy of its maps:
// that makes every past moment cheap (chronicle.js).

import { partsOf, scopeOf } from "./names.js";

/** @import { Failure, NodeStatus, NodeView, OpenGate, OpenWait, RunEvent, RunStatus, Usage } from "./types.js" */
/** @import { Plan } from "./plan.js" */

/** @type {Usage} */
const NOTHING = Object.freeze({ tokens: 0, usd: 0, seconds: 0, toolCalls: 0 });

/** @type {NodeView} */
const UNTOUCHED = Object.freeze({
  path: "", status: "waiting", execution: "", turns: [], attempt: 0, retryAt: null, startedAt: null, endedAt: null, port: null, taken: null, target: null,
  error: null, why: null, executions: 0, items: null, itemsDone: 0, itemsFailed: 0, isPast: false, usage: NOTHING,
});

export class Overview {
  constructor() {
    this.graph = "";
    this.graphHash = "";
    /** @type {any} */
    this.input = null;
    /** @type {any} */
    this.output = null;
    /** @type {Failure | null} */
    this.failure = null;
    /** @type {any} */
    this.parent = null;
    /** @type {number | null} */
    this.startedAt = null;
    /** @type {number | null} */
    this.endedAt = null;
    /** @type {RunStatus | null} */
    this.outcome = null;
    /** The number of the last event. */
    this.n = 0;
    /** When the last event happened, ms since 1970. */
    this.at = 0;
    /** @type {Usage} */
    this.usage = NOTHING;
    this.isCancelRequested = false;
    /** @type {Map<string, NodeView>} path -> how it stands; what nothing happened to is absent */
    this.nodes = new Map();
    /** @type {Map<string, OpenGate>} */
    this.gates = new Map();
    /** @type {Map<string, OpenWait>} execution -> */
    this.waits = new Map();
    /** @type {Map<string, number>} execution -> when its next attempt is due */
    this.retries = new Map();
    /** @type {Map<string, number>} header's path -> the iteration it is in, from 2 */
    this.iterations = new Map();
    /** @type {Set<string>} executions being worked on */
    this.working = new Set();
  }

  /** The run's status: waiting when nothing is being executed and something is waited for. */
  get status() {
    if (this.outcome) return this.outcome;
    return !this.working.size && (this.gates.size || this.waits.size || this.retries.size) ? "waiting" : "running";
  }

  /** A copy that does not follow. O(nodes). */
  copy() {
    const made = Object.assign(new Overview(), this);
    made.nodes = new Map(this.nodes);
    made.gates = new Map(this.gates);
    made.waits = new Map(this.waits);
    made.retries = new Map(this.retries);
    made.iterations = new Map(this.iterations);
    made.working = new Set(this.working);
    return made;
  }

  /**
   * How a node stands, also one that nothing happened to.
   * @param {string} path
   * @returns {NodeView}
   */
  view(path) {
    return this.nodes.get(path) ?? { ...UNTOUCHED, path };
  }

  /**
   * Take one event in. What it does not know it passes over: a newer server may tell more.
   * @param {RunEvent} event
   * @param {Plan | null} plan for what a repeat sets back; without it nothing is told to be past
   */
  note(event, plan) {
    this.n = event.n;
    this.at = Date.parse(event.at);
    const act = ACTS[event.type];
    if (act) act(this, /** @type {any} */ (event), this.at, plan);
  }
}

/** @type {Record<string, (o: Overview, e: any, at: number, plan: Plan | null) => void>} */
const ACTS = {
  "run.started": (o, e, at) => Object.assign(o, { graph: e.graph, graphHash: e.graph_hash, input: e.input ?? null, parent: e.parent ?? null, startedAt: at }),
  "run.resumed": (o) => {
    o.working.clear();
    Object.assign(o, { outcome: null, endedAt: null, failure: null, isCancelRequested: false });
  },
  "run.cancel_requested": (o) => void (o.isCancelRequested = true),
  "run.completed": (o, e, at) => Object.assign(o, { outcome: "completed", output: e.output ?? null, endedAt: at }),
  "run.failed": (o, e, at) => Object.assign(o, { outcome: "failed", failure: e.error, endedAt: at }),
  "run.cancelled": (o, _, at) => Object.assign(o, { outcome: "cancelled", endedAt: at }),
  "node.started": started,
  "node.completed": completed,
  "node.failed": failed,
  "node.skipped": leftOut,
  "node.cancelled": leftOut,
  "loop.repeated": repeated,
  "gate.opened": (o, e, at) => {
    o.gates.set(e.gate, { gate: e.gate, node: e.node, execution: e.execution, since: at, assignees: e.assignees ?? null, deadline: moment(e.deadline), prompt: e.prompt });
    o.working.delete(e.execution);
    turnTo(o, e, "asking");
  },
  "gate.escalated": (o, e) => {
    const open = o.gates.get(e.gate);
    if (open) o.gates.set(e.gate, { ...open, assignees: e.assignees });
  },
  "gate.answered": answered,
  "gate.expired": answered,
  "timer.set": (o, e) => {
    o.waits.set(e.execution, { node: e.node, execution: e.execution, due: moment(e.due), signal: e.signal ?? null, deadline: moment(e.deadline) });
    o.working.delete(e.execution);
  },
  "timer.fired": (o, e) => {
    o.waits.delete(e.execution);
    o.working.add(e.execution);
  },
  "signal.received": (o, e) => {
    for (const wait of [...o.waits.values()]) {
      if (wait.signal !== e.name) continue;
      o.waits.delete(wait.execution);
      o.working.add(wait.execution);
    }
  },
};

/**
 * @param {Overview} o
 * @param {any} e
 * @param {number} at
 * @param {Plan | null} plan
 */
function started(o, e, at, plan) {
  const { scope, item } = partsOf(e.execution);
  o.retries.delete(e.execution);
  if (!e.items) o.working.add(e.execution);
  if (scope) o.working.delete(scope);
  if (item !== null) return;
  const attempt = e.attempt ?? 1;
  const isNew = o.nodes.get(e.node)?.execution !== e.execution;
  if (isNew && plan?.node(e.node)?.kind === "subgraph") pastBelow(o, e.node);
  enter(o, e, at, { attempt, status: "running", items: e.items ? e.items.length : (isNew ? null : o.view(e.node).items) });
}

/**
 * An execution of a node is heard of: what is known of the one before is forgotten, its usage apart.
 * @param {Overview} o
 * @param {any} e
 * @param {number} at
 * @param {Partial<NodeView>} change
 */
function enter(o, e, at, change) {
  const view = o.view(e.node);
  const isSame = view.execution === e.execution && view.executions > 0;
  const base = isSame
    ? { ...view, isPast: false, retryAt: null, endedAt: null }
    : { ...UNTOUCHED, path: e.node, execution: e.execution, turns: partsOf(e.execution).turns, executions: view.executions + 1, attempt: 1, startedAt: at, usage: view.usage };
  o.nodes.set(e.node, { ...base, ...change });
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {number} at
 */
function completed(o, e, at) {
  rest(o, e.execution);
  spend(o, e);
  if (partsOf(e.execution).item !== null) {
    const view = o.view(e.node);
    o.nodes.set(e.node, { ...view, itemsDone: view.itemsDone + 1 });
    return;
  }
  enter(o, e, at, { status: e.reused_from ? "reused" : "completed", attempt: e.attempt ?? 1, endedAt: at, port: e.port ?? null, taken: e.taken ?? null, target: e.target ?? null, error: null });
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {number} at
 */
function failed(o, e, at) {
  rest(o, e.execution);
  spend(o, e);
  const retryAt = moment(e.retry_at);
  if (retryAt !== null) o.retries.set(e.execution, retryAt);
  if (partsOf(e.execution).item !== null) {
    const view = o.view(e.node);
    if (retryAt === null) o.nodes.set(e.node, { ...view, itemsFailed: view.itemsFailed + 1 });
    return;
  }
  const attempt = e.attempt ?? 1;
  if (retryAt !== null) enter(o, e, at, { attempt, error: e.error, status: "retrying", retryAt });
  else enter(o, e, at, { attempt, error: e.error, status: "failed", endedAt: at, port: "error", taken: e.taken ?? [] });
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {number} at
 */
function leftOut(o, e, at) {
  rest(o, e.execution);
  if (partsOf(e.execution).item !== null) return;
  enter(o, e, at, { status: e.type === "node.skipped" ? "skipped" : "cancelled", why: e.why ?? null, endedAt: at });
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {number} _at
 * @param {Plan | null} plan
 */
function repeated(o, e, _at, plan) {
  o.iterations.set(e.header, e.iteration);
  const scope = scopeOf(e.header);
  const body = plan?.scope(scope)?.bodies.get(e.header.slice(scope ? scope.length + 1 : 0));
  for (const id of body ?? []) {
    const path = scope ? `${scope}/${id}` : id;
    past(o, path);
    pastBelow(o, path);
    // Inner loops begin at 1 again.
    if (path !== e.header) o.iterations.delete(path);
  }
}

/**
 * @param {Overview} o
 * @param {string} path
 */
function past(o, path) {
  const view = o.nodes.get(path);
  if (view && !view.isPast) o.nodes.set(path, { ...view, isPast: true });
}

/**
 * A sub-flow begins anew: what is inside it is of the time before.
 * @param {Overview} o
 * @param {string} path
 */
function pastBelow(o, path) {
  const prefix = `${path}/`;
  for (const inner of o.nodes.keys()) if (inner.startsWith(prefix)) past(o, inner);
  for (const header of [...o.iterations.keys()]) if (header.startsWith(prefix)) o.iterations.delete(header);
}

/**
 * @param {Overview} o
 * @param {any} e
 */
function answered(o, e) {
  o.gates.delete(e.gate);
  o.working.add(e.execution);
  turnTo(o, e, "running");
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {NodeStatus} status
 */
function turnTo(o, e, status) {
  const view = o.nodes.get(e.node);
  if (view && view.execution === e.execution) o.nodes.set(e.node, { ...view, status });
}

/**
 * An attempt is over: nothing of it works or waits any more.
 * @param {Overview} o
 * @param {string} execution
 */
function rest(o, execution) {
  o.working.delete(execution);
  o.waits.delete(execution);
  o.retries.delete(execution);
  for (const [name, gate] of o.gates) if (gate.execution === execution) o.gates.delete(name);
}

/**
 * @param {Overview} o
 * @param {any} e
 */
function spend(o, e) {
  if (!e.usage) return;
  o.usage = added(o.usage, e.usage);
  const view = o.view(e.node);
  o.nodes.set(e.node, { ...view, usage: added(view.usage, e.usage) });
}

/**
 * Two usages together; the price is unknown as soon as one is.
 * @param {Usage} total
 * @param {any} more as the journal writes it
 * @returns {Usage}
 */
export function added(total, more) {
  return {
    tokens: total.tokens + (more.tokens ?? 0),
    usd: total.usd === null || more.usd === null ? null : total.usd + (more.usd ?? 0),
    seconds: total.seconds + (more.seconds ?? 0),
    toolCalls: total.toolCalls + (more.tool_calls ?? more.toolCalls ?? 0),
  };
}

/**
 * The status that a node is shown with: a sub-flow in which somebody is asked is asking.
 * @param {Overview} overview
 * @param {NodeView} view
 * @returns {NodeStatus}
 */
export function shownStatus(overview, view) {
  if (view.status !== "running" || view.isPast || !overview.gates.size) return view.status;
  const below = `${view.path}/`;
  return [...overview.gates.values()].some((gate) => gate.node.startsWith(below)) ? "asking" : view.status;
}

/** @returns {Usage} */
export function noUsage() {
  return NOTHING;
}

/**
 * @param {string | null | undefined} iso
 * @returns {number | null} ms since 1970
 */
export function moment(iso) {
  return iso ? Date.parse(iso) : null;
}
