// What was done and can be undone, as a value. Rule: a step holds the way back that `apply` gave; nothing is computed
// anew, so undoing everything gives the very document that was there.

/** @import { Change, Edit, Graph, Step } from "../contract.d.ts" */

import { apply, isSame } from "./changes.js";

/** Typing in one field is one step as long as no pause is longer than this. */
export const TYPING_MS = 1000;
/** So many steps can be undone; older ones are forgotten. */
export const MOST_STEPS = 1000;

/** @typedef {{ done: readonly Step[], undone: readonly Step[] }} History  undone: the next to redo is the last */

/** @type {History} */
export const NO_HISTORY = Object.freeze({ done: Object.freeze([]), undone: Object.freeze([]) });

/**
 * Carry out an edit. What was undone cannot be redone afterwards.
 * @param {History} history
 * @param {Graph} graph
 * @param {Edit} edit
 * @param {{ now: number, selection?: readonly string[] }} when
 * @returns {{ history: History, graph: Graph, step: Step, isMerged: boolean }} isMerged: it went into the last step
 */
export function record(history, graph, edit, { now, selection = [] }) {
  const { graph: next, inverse } = apply(graph, edit.changes);
  const last = history.done.at(-1);
  /** @type {Step} */
  const step = {
    title: edit.title,
    changes: edit.changes,
    inverse,
    at: now,
    ...(edit.typing === undefined ? {} : { typing: edit.typing }),
    selectBefore: [...selection],
    selectAfter: [...(edit.select ?? selection)],
  };
  const isMerged = last !== undefined && step.typing !== undefined && last.typing === step.typing && now - last.at < TYPING_MS
    && history.undone.length === 0;
  if (isMerged) {
    const merged = joined(last, step);
    return { history: { done: [...history.done.slice(0, -1), merged], undone: [] }, graph: next, step: merged, isMerged };
  }
  return { history: { done: [...history.done, step].slice(-MOST_STEPS), undone: [] }, graph: next, step, isMerged };
}

/**
 * Two steps as one. Where both set the same thing only the first way back and the last way on are kept.
 * @param {Step} first
 * @param {Step} second
 * @returns {Step}
 */
function joined(first, second) {
  const [one, other] = [first.changes, second.changes];
  const isOverwritten = one.length === other.length && one.every((change, place) => {
    const later = other[place];
    const isSet = change.op === "put" && later?.op === "put" && isSame(change.path, later.path);
    // A second put of what the first one made anew says nothing of its place; the first one's is kept.
    return isSet && second.inverse[second.inverse.length - 1 - place]?.op === "put";
  });
  const changes = isOverwritten
    ? one.map((change, place) => ({ ...change, value: /** @type {Extract<Change, { op: "put" }>} */ (other[place]).value }))
    : [...one, ...other];
  return {
    ...second,
    changes: /** @type {Change[]} */ (changes),
    inverse: isOverwritten ? first.inverse : [...second.inverse, ...first.inverse],
    selectBefore: first.selectBefore,
  };
}

/**
 * Take the last step back.
 * @param {History} history
 * @param {Graph} graph
 * @returns {{ history: History, graph: Graph, step: Step } | null} null where there is none
 */
export function undo(history, graph) {
  const step = history.done.at(-1);
  if (!step) return null;
  return {
    history: { done: history.done.slice(0, -1), undone: [...history.undone, step] },
    graph: apply(graph, step.inverse).graph,
    step,
  };
}

/**
 * Do the step again that was taken back last.
 * @param {History} history
 * @param {Graph} graph
 * @returns {{ history: History, graph: Graph, step: Step } | null} null where there is none
 */
export function redo(history, graph) {
  const step = history.undone.at(-1);
  if (!step) return null;
  // Typing goes on in a step of its own: what was redone is over.
  const { typing: _typing, ...whole } = step;
  return {
    history: { done: [...history.done, whole], undone: history.undone.slice(0, -1) },
    graph: apply(graph, step.changes).graph,
    step: whole,
  };
}
