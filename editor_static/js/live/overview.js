// How a run stands, told by its events alone. Rule: a fold, as engine/scheduler/overview.py folds; O(1) per event, its
// size is that of the graph. A node's view is never changed but replaced, so a copy of the fold is a copy of its maps:
// that makes every past moment cheap (chronicle.js).

import { isInside, partsOf, scopeOf } from "./names.js";

/** @import { Failure, Look, NodeStatus, NodeView, OpenGate, OpenWait, RunEvent, RunStatus, Usage } from "./types.js" */
/** @import { Plan } from "./plan.js" */

/** @type {Usage} */
const NOTHING = Object.freeze({ tokens: 0, usd: 0, seconds: 0, toolCalls: 0 });

/** @type {NodeView} */
const UNTOUCHED = Object.freeze({
  path: "", status: "waiting", execution: "", turns: [], attempt: 0, retryAt: null, startedAt: null, endedAt: null, port: null, taken: null, target: null,
  error: null, why: null, executions: 0, items: null, itemsDone: 0, itemsFailed: 0, isPast: false, usage: NOTHING, isPinned: false,
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
    /** @type {Map<string, string>} key of a call of a graph that is not over -> the execution that called */
    this.calls = new Map();
    /** @type {Map<string, Usage>} execution that is not decided -> what its recorded steps used */
    this.spent = new Map();
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
    made.calls = new Map(this.calls);
    made.spent = new Map(this.spent);
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

/** Kinds that other graphs may run in. */
const OPENING = new Set(["subgraph", "agent"]);

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
  "model.answered": (o, e) => void (e.usage && o.spent.set(e.execution, added(o.spent.get(e.execution) ?? NOTHING, e.usage))),
  "effect.claimed": (o, e) => {
    o.spent.set(e.execution, added(o.spent.get(e.execution) ?? NOTHING, { tool_calls: 1 }));
    // An agent's call of a graph: the graph works, not the agent.
    if (!e.graph) return;
    o.calls.set(e.key, e.execution);
    o.working.delete(e.execution);
  },
  "effect.settled": (o, e) => void (o.calls.delete(e.key) && goOn(o, e.execution)),
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
  if (isNew && OPENING.has(plan?.node(e.node)?.kind)) pastBelow(o, new Set([e.node]));
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
  spend(o, e, decided(o, e));
  if (partsOf(e.execution).item !== null) {
    const view = o.view(e.node);
    o.nodes.set(e.node, { ...view, itemsDone: view.itemsDone + 1 });
    return;
  }
  enter(o, e, at, { status: e.reused_from ? "reused" : "completed", attempt: e.attempt ?? 1, endedAt: at, port: e.port ?? null, taken: e.taken ?? null, target: e.target ?? null, error: null, isPinned: e.pinned === true });
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {number} at
 */
function failed(o, e, at) {
  rest(o, e.execution);
  const retryAt = moment(e.retry_at);
  spend(o, e, retryAt === null ? decided(o, e) : e.usage);
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
  spend(o, e, decided(o, e));
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
  const paths = new Set([...(body ?? [])].map((id) => (scope ? `${scope}/${id}` : id)));
  for (const path of paths) {
    past(o, path);
    // Inner loops begin at 1 again.
    if (path !== e.header) o.iterations.delete(path);
  }
  pastBelow(o, paths);
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
 * Sub-flows begin anew: what is inside them is of the time before. O(nodes × how deep they stand), however many begin.
 * @param {Overview} o
 * @param {Set<string>} paths
 */
function pastBelow(o, paths) {
  for (const inner of o.nodes.keys()) if (isInsideOne(inner, paths)) past(o, inner);
  for (const header of [...o.iterations.keys()]) if (isInsideOne(header, paths)) o.iterations.delete(header);
}

/**
 * @param {string} path
 * @param {Set<string>} around
 */
function isInsideOne(path, around) {
  for (let cut = path.search(/[/!]/); cut >= 0 && cut < path.length; cut += 1) {
    if ((path[cut] === "/" || path[cut] === "!") && around.has(path.slice(0, cut))) return true;
  }
  return false;
}

/**
 * @param {Overview} o
 * @param {any} e
 */
function answered(o, e) {
  o.gates.delete(e.gate);
  goOn(o, e.execution);
  turnTo(o, e, "running");
}

/**
 * An execution has what it waited for: it works again, unless a graph or a question of it is left.
 * @param {Overview} o
 * @param {string} execution
 */
function goOn(o, execution) {
  const isAsking = [...o.gates.values()].some((gate) => gate.execution === execution);
  if (!isAsking && ![...o.calls.values()].includes(execution)) o.working.add(execution);
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
  for (const [key, caller] of o.calls) if (caller === execution) o.calls.delete(key);
  for (const [name, gate] of o.gates) if (gate.execution === execution) o.gates.delete(name);
}

/**
 * An execution is decided: what it used, by its fact, else by its recorded steps: a model that answered was paid.
 * @param {Overview} o
 * @param {any} e
 */
function decided(o, e) {
  const steps = o.spent.get(e.execution);
  o.spent.delete(e.execution);
  return e.usage ?? steps;
}

/**
 * @param {Overview} o
 * @param {any} e
 * @param {any} usage undefined: none
 */
function spend(o, e, usage) {
  if (!usage) return;
  o.usage = added(o.usage, usage);
  const view = o.view(e.node);
  o.nodes.set(e.node, { ...view, usage: added(view.usage, usage) });
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
 * What a node is shown as: a sub-flow in which somebody is asked is asking, what completed by a pinned output is pinned.
 * @param {Overview} overview
 * @param {NodeView} view
 * @returns {Look}
 */
export function shownStatus(overview, view) {
  if (view.isPinned && view.status === "completed") return "pinned";
  if (view.status !== "running" || view.isPast || !overview.gates.size) return view.status;
  return [...overview.gates.values()].some((gate) => isInside(gate.node, view.path)) ? "asking" : view.status;
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
