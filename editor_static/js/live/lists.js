// Lists that are kept current by the stream over all runs. Rule: an event says that something changed, the list is asked
// anew; at most once in a while, never twice at a time, and once more after the last event, so that what was asked for
// first is never shown last.

/** @import { Surroundings } from "./stream.js" */

/**
 * @param {() => Promise<unknown>} act
 * @param {number} ms
 * @param {Pick<Surroundings, "after"> & {now: () => number}} around
 * @returns {() => void}
 */
export function seldom(act, ms, around) {
  let isBusy = false;
  let isWanted = false;
  let last = -Infinity;
  const turn = () => {
    if (!isWanted) return void (isBusy = false);
    around.after(Math.max(0, last + ms - around.now()), () => {
      isWanted = false;
      last = around.now();
      act().then(turn, turn);
    });
  };
  return () => {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    turn();
  };
}

/** Events after which no question of their execution is open any more. */
const CLOSES = new Set(["gate.answered", "gate.expired", "node.cancelled", "node.failed"]);
const ENDS = new Set(["run.completed", "run.failed", "run.cancelled"]);

/**
 * Whether the list of open questions may be another one after this event.
 * @param {{type: string, run: string, gate?: string, execution?: string}} event as the stream over all runs tells it
 * @param {{run: string, gate: string}[]} gates those that are known to be open
 */
export function concernsInbox(event, gates) {
  if (event.type === "gate.opened" || event.type === "gate.escalated") return true;
  if (ENDS.has(event.type)) return gates.some((gate) => gate.run === event.run);
  if (!CLOSES.has(event.type)) return false;
  return gates.some((gate) => gate.run === event.run && (gate.gate === event.gate || gate.gate.split("!")[0] === event.execution));
}

/**
 * Whether a list of runs may be another one after this event.
 * @param {{type: string}} event
 */
export function concernsRuns(event) {
  return event.type.startsWith("run.") || event.type.startsWith("gate.") || event.type.startsWith("timer.");
}

/**
 * The question to look at after the list has changed: the same if it is there, else the one that took its place.
 * @template {{run: string, gate: string}} G
 * @param {G[]} before
 * @param {G[]} after
 * @param {string | null} chosen `RUN GATE`
 * @returns {string | null}
 */
export function chosenAfter(before, after, chosen) {
  if (!after.length) return null;
  if (chosen !== null && after.some((gate) => keyOf(gate) === chosen)) return chosen;
  const place = before.findIndex((gate) => keyOf(gate) === chosen);
  return keyOf(/** @type {G} */ (after[Math.min(Math.max(place, 0), after.length - 1)]));
}

/** @param {{run: string, gate: string}} gate */
export function keyOf(gate) {
  return `${gate.run} ${gate.gate}`;
}

/**
 * Names of models in a document that only a provider with a key can answer for; "" where an agent names none.
 * @param {any} document
 * @param {boolean} hasAnswers scripted answers lie beside it
 * @returns {string[]}
 */
export function modelsThatNeedKeys(document, hasAnswers) {
  /** @type {Set<string>} */
  const names = new Set();
  /** @param {any} agent */
  const look = (agent) => {
    for (const model of [agent?.model].flat()) {
      if (typeof model === "string" && !(hasAnswers && model.startsWith("scripted:"))) names.add(model);
    }
    for (const inner of Object.values(agent?.agents ?? {})) look(inner);
  };
  /** @param {any} graph @param {number} depth */
  const walk = (graph, depth) => {
    for (const node of /** @type {any[]} */ (Object.values(graph?.nodes ?? {}))) {
      if (node?.kind === "agent") look(node);
      // Nothing stands in for a model that is not named.
      if (node?.kind === "agent" && node.model === undefined) names.add("");
      if (node?.kind === "subgraph" && node.inline && depth < 16) walk(node.inline, depth + 1);
    }
  };
  walk(document, 0);
  return [...names];
}
