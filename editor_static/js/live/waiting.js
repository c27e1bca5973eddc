// Why a node is waiting, in one sentence. Rule: the sentence names what it waits for and since or until when; it is said
// from the events and the plan, never from a guess. What is returned is a key of words-run.js with its arguments.

import { isInside, scopeOf, idOf } from "./names.js";

/** @import { Said } from "../contract.js" */
/** @import { Overview } from "./overview.js" */
/** @import { Plan } from "./plan.js" */
/** @import { NodeView } from "./types.js" */

/**
 * Moments are told as ISO text in arguments that begin with `@`, so that the view writes them as its reader does.
 * @param {Overview} overview
 * @param {Plan} plan
 * @param {string} path
 * @returns {Said | null} null: it is not waiting for anything
 */
export function whyWaiting(overview, plan, path) {
  const view = overview.view(path);
  switch (view.status) {
    case "asking":
      return whyAsking(overview, view);
    case "retrying":
      return ["why.retrying", String(view.attempt), view.error?.message ?? "", moment(view.retryAt)];
    case "running":
      return whyRunning(overview, plan, view);
    case "skipped":
      return [view.why === "upstream_failed" ? "why.skippedFailed" : "why.skipped"];
    case "cancelled":
      return [`why.cancelled.${view.why ?? "run"}`];
    case "waiting":
      return whyNotReached(overview, plan, path);
    default:
      return view.isPast ? ["why.past", String(view.turns[view.turns.length - 1] ?? 1)] : null;
  }
}

/**
 * @param {Overview} overview
 * @param {NodeView} view
 * @returns {Said}
 */
function whyAsking(overview, view) {
  const gate = [...overview.gates.values()].find((one) => one.execution === view.execution);
  const since = moment(gate?.since ?? view.startedAt);
  const who = gate?.assignees?.join(", ");
  if (gate?.deadline) return who ? ["why.askingWhoUntil", who, since, moment(gate.deadline)] : ["why.askingUntil", since, moment(gate.deadline)];
  return who ? ["why.askingWho", who, since] : ["why.asking", since];
}

/**
 * @param {Overview} overview
 * @param {Plan} plan
 * @param {NodeView} view
 * @returns {Said | null}
 */
function whyRunning(overview, plan, view) {
  const wait = overview.waits.get(view.execution);
  if (wait?.signal) return wait.deadline ? ["why.signalUntil", wait.signal, moment(wait.deadline)] : ["why.signal", wait.signal];
  if (wait?.due) return ["why.timer", moment(wait.due)];
  if (view.items !== null) return ["why.items", String(view.itemsDone + view.itemsFailed), String(view.items)];
  const inside = [...overview.nodes.values()].find((one) => isInside(one.path, view.path) && one.status === "asking" && !one.isPast);
  if (inside) return ["why.askingInside", plan.label(inside.path)];
  return null;
}

/**
 * @param {Overview} overview
 * @param {Plan} plan
 * @param {string} path
 * @returns {Said}
 */
function whyNotReached(overview, plan, path) {
  if (overview.outcome) return ["why.ended"];
  const scope = scopeOf(path);
  const into = plan.scope(scope)?.into.get(idOf(path)) ?? [];
  const before = into.filter((edge) => edge.port !== "repeat").map((edge) => (scope ? `${scope}/${edge.source}` : edge.source));
  if (!before.length) return scope && overview.view(scope).status === "waiting" ? ["why.scope", plan.label(scope)] : ["why.start"];
  const isOver = (/** @type {string} */ one) => ["completed", "reused", "skipped", "failed", "cancelled"].includes(overview.view(one).status) && !overview.view(one).isPast;
  const open = [...new Set(before.filter((one) => !isOver(one)))];
  if (!open.length) return ["why.ready"];
  const names = open.map((one) => plan.label(one));
  const shown = names.length > 4 ? [...names.slice(0, 4), "…"] : names;
  const isJoin = before.length > 1;
  const done = String(before.length - open.length);
  return isJoin ? ["why.join", shown.join(", "), done, String(before.length)] : ["why.before", shown.join(", ")];
}

/** @param {number | null | undefined} ms */
function moment(ms) {
  return ms ? `@${new Date(ms).toISOString()}` : "";
}
