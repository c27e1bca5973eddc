// A run's events in their order, and every moment of it. Rule: event `n` stands at place `n - 1`, without a gap or a
// double, whatever the line did; a snapshot of the fold every so many events makes any past moment a matter of
// microseconds, also of a run of 10,000 events.

import { partsOf, pathOf } from "./names.js";
import { Overview } from "./overview.js";

/** @import { RunEvent } from "./types.js" */
/** @import { Plan } from "./plan.js" */

/** Events between two snapshots. */
export const STRIDE = 256;

export class Chronicle {
  /** @param {Plan | null} plan */
  constructor(plan) {
    this.plan = plan;
    /** @type {RunEvent[]} */
    this.events = [];
    this.now = new Overview();
    /** @type {Overview[]} after 0, STRIDE, 2 * STRIDE … events */
    this.snapshots = [this.now.copy()];
    /** @type {Map<string, RunEvent[]>} execution -> its events; those of items and inner nodes are theirs */
    this.byExecution = new Map();
    /** @type {Map<string, string[]>} node path -> its executions, in the order of their first event */
    this.byNode = new Map();
    /** @type {RunEvent[]} loop.repeated, in order */
    this.repeats = [];
  }

  /** How many events there are; the number of the last one. */
  get length() {
    return this.events.length;
  }

  /**
   * Take an event in.
   * @param {RunEvent} event
   * @returns {"taken" | "known" | "gap"} known: it was there before; gap: one before it is missing, ask again after `length`
   */
  take(event) {
    if (event.n <= this.events.length) return "known";
    if (event.n !== this.events.length + 1) return "gap";
    this.events.push(event);
    this.now.note(event, this.plan);
    if (event.n % STRIDE === 0) this.snapshots.push(this.now.copy());
    if (event.type === "loop.repeated") this.repeats.push(event);
    else if (event.execution) this.#index(event, event.execution);
    return "taken";
  }

  /**
   * @param {RunEvent} event
   * @param {string} execution
   */
  #index(event, execution) {
    const known = this.byExecution.get(execution);
    if (known) {
      known.push(event);
      return;
    }
    this.byExecution.set(execution, [event]);
    const path = event.node ?? pathOf(execution);
    const there = this.byNode.get(path);
    if (there) there.push(execution);
    else this.byNode.set(path, [execution]);
  }

  /**
   * How the run stood after event `n`. The last moment is the live fold itself: it goes on changing.
   * @param {number} n
   * @returns {Overview}
   */
  at(n) {
    if (n >= this.events.length) return this.now;
    const place = Math.floor(Math.max(0, n) / STRIDE);
    const fold = /** @type {Overview} */ (this.snapshots[place]).copy();
    for (let i = place * STRIDE; i < n; i++) fold.note(/** @type {RunEvent} */ (this.events[i]), this.plan);
    return fold;
  }

  /**
   * The number of the last event that happened at or before a moment; 0 before the first.
   * @param {number} at ms since 1970
   */
  lastBefore(at) {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Date.parse(/** @type {RunEvent} */ (this.events[middle]).at) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * A node's executions up to event `n`, in their order, items left out.
   * @param {string} path
   * @param {number} n
   */
  executionsOf(path, n) {
    return (this.byNode.get(path) ?? []).filter((name) => partsOf(name).item === null && this.firstOf(name) <= n);
  }

  /**
   * The items of one execution under `each` that were begun by event `n`.
   * @param {string} path
   * @param {string} execution
   * @param {number} n
   */
  itemsOf(path, execution, n) {
    const prefix = `${execution}[`;
    return (this.byNode.get(path) ?? []).filter((name) => name.startsWith(prefix) && this.firstOf(name) <= n);
  }

  /**
   * The number of an execution's first event; Infinity where there is none.
   * @param {string} execution
   */
  firstOf(execution) {
    return this.byExecution.get(execution)?.[0]?.n ?? Infinity;
  }

  /**
   * The iterations of a loop so far, as moments to look back at: `n` of the last event of each.
   * @param {string} header path of the loop's header
   * @returns {{iteration: number, n: number}[]}
   */
  iterationsOf(header) {
    const turns = this.repeats.filter((event) => event.header === header);
    const ends = turns.map((event) => ({ iteration: event.iteration - 1, n: event.n - 1 }));
    const last = turns[turns.length - 1];
    return last ? [...ends, { iteration: last.iteration, n: this.events.length }] : [];
  }
}
