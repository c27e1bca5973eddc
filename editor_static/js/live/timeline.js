// A run in time: a row for each node, a bar for each execution, and the chain of executions that decided how long it all
// took. Rule: bars are what the journal says; the chain goes back from the last end, each time to the predecessor whose
// end let this one start, which is the one that ended last before it.

import { partsOf, pathOf, scopeOf, idOf } from "./names.js";

/** @import { Look, RunEvent } from "./types.js" */
/** @import { Plan } from "./plan.js" */

/**
 * One attempt, or a time of asking.
 * @typedef {object} Bar
 * @property {string} execution
 * @property {number} attempt
 * @property {number} start ms since 1970
 * @property {number | null} end null: it goes on
 * @property {Look} status
 */

/**
 * @typedef {object} Row
 * @property {string} path
 * @property {number} depth how many sub-flows it stands in
 * @property {Bar[]} bars
 */

/**
 * @typedef {object} Timeline
 * @property {Row[]} rows in the order in which the nodes were first heard of
 * @property {number} start
 * @property {number} end of the last event
 * @property {Set<string>} critical executions of the chain
 */

/**
 * @typedef {object} Span
 * @property {string} execution
 * @property {string} path
 * @property {string} lane its node within one execution of the sub-flow around it; "" for an item, which lets nothing start
 * @property {number} first number of the first event
 * @property {number} last number of the event that ended it, or Infinity
 * @property {number} heard number of the last event of it
 * @property {boolean} isCut whether it was withdrawn: that let nothing go on
 */

/** The timeline of a run while it goes on: each event is looked at once. */
export class TimelineFold {
  /** @param {Plan | null} plan */
  constructor(plan) {
    this.plan = plan;
    this.known = 0;
    this.start = 0;
    this.end = 0;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, Bar>} execution -> the bar that goes on */
    this.open = new Map();
    /** @type {Map<string, Span>} */
    this.spans = new Map();
    /** @type {Map<string, Span[]>} lane -> its executions one after the other */
    this.lanes = new Map();
    /** Of the run's own executions the one that was heard of last. @type {Span | undefined} */
    this.latest = undefined;
    /** @type {Row[]} */
    this.ordered = [];
  }

  /**
   * @param {RunEvent[]} events all of the run, from the first
   * @returns {Timeline} a new object; its rows are those of before, gone on with
   */
  after(events) {
    const count = this.rows.size;
    for (; this.known < events.length; this.known += 1) this.#take(/** @type {RunEvent} */ (events[this.known]));
    if (this.rows.size !== count) this.ordered = inOrder([...this.rows.values()]);
    return { rows: this.ordered, start: this.start, end: this.end, critical: criticalChain(this.latest, this.lanes, this.plan) };
  }

  /** @param {RunEvent} event */
  #take(event) {
    const at = Date.parse(event.at);
    if (this.known === 0) this.start = at;
    this.end = at;
    if (!event.execution || event.type === "loop.repeated") return;
    const path = event.node ?? pathOf(event.execution);
    const isCut = event.type === "node.cancelled";
    const last = ENDS.has(event.type) && !event.retry_at ? event.n : null;
    const span = this.spans.get(event.execution);
    if (span) Object.assign(span, { heard: event.n, isCut, last: last ?? span.last });
    else this.#begin({ execution: event.execution, path, lane: laneOf(event.execution, path), first: event.n, last: last ?? Infinity, heard: event.n, isCut });
    this.#heard(/** @type {Span} */ (span ?? this.spans.get(event.execution)));
    note(this.rows, this.open, event, path, at);
  }

  /** @param {Span} span */
  #heard(span) {
    if (!span.lane.startsWith("\n")) return;
    if (!span.isCut) this.latest = span;
    // Withdrawn: of those that were not, the one before.
    else if (this.latest === span) this.latest = lastHeard(this.spans);
  }

  /** @param {Span} span */
  #begin(span) {
    this.spans.set(span.execution, span);
    if (span.lane === "") return;
    const lane = this.lanes.get(span.lane);
    if (lane) lane.push(span);
    else this.lanes.set(span.lane, [span]);
  }
}

/**
 * @param {RunEvent[]} events
 * @param {Plan | null} plan
 * @returns {Timeline}
 */
export function timelineOf(events, plan) {
  return new TimelineFold(plan).after(events);
}

const ENDS = new Set(["node.completed", "node.failed", "node.cancelled"]);

/**
 * @param {Map<string, Row>} rows
 * @param {Map<string, Bar>} open
 * @param {RunEvent} event
 * @param {string} path
 * @param {number} at
 */
function note(rows, open, event, path, at) {
  const execution = /** @type {string} */ (event.execution);
  const bar = open.get(execution);
  /** @param {Look} status */
  const begin = (status) => {
    if (bar) bar.end = at;
    const made = { execution, attempt: event.attempt ?? bar?.attempt ?? 1, start: at, end: null, status };
    let row = rows.get(path);
    if (!row) rows.set(path, (row = { path, depth: path.split("/").length - 1, bars: [] }));
    row.bars.push(made);
    open.set(execution, made);
  };
  /** @param {Look} status */
  const close = (status) => {
    if (!bar) return;
    Object.assign(bar, { end: at, status });
    open.delete(execution);
  };
  switch (event.type) {
    case "node.started":
      return begin("running");
    case "gate.opened":
      return begin("asking");
    case "timer.set":
      return begin("waiting");
    case "gate.answered":
    case "gate.expired":
      if (bar) bar.end = at;
      return begin("running");
    case "node.completed":
      // What takes no time (fork, join, loop-back) is a mark, not a bar.
      if (!bar) begin(completedAs(event));
      closeAt(open.get(execution), at, completedAs(event));
      return void open.delete(execution);
    case "node.failed":
      return close(event.retry_at ? "retrying" : "failed");
    case "node.cancelled":
      return close("cancelled");
  }
}

/** @param {RunEvent} event @returns {Look} */
function completedAs(event) {
  return event["pinned"] ? "pinned" : event["reused_from"] ? "reused" : "completed";
}

/**
 * @param {Bar | undefined} bar
 * @param {number} at
 * @param {Look} status
 */
function closeAt(bar, at, status) {
  if (bar) Object.assign(bar, { end: at, status: bar.status === "asking" ? "asking" : status });
}

/**
 * Nodes of a sub-flow stand below it.
 * @param {Row[]} rows
 * @returns {Row[]}
 */
function inOrder(rows) {
  /** @type {Map<string, Row[]>} */
  const below = new Map();
  const known = new Set(rows.map((row) => row.path));
  for (const row of rows) {
    let around = scopeOf(row.path);
    while (around && !known.has(around)) around = idOf(around).includes("!") ? around.slice(0, around.lastIndexOf("!")) : scopeOf(around);
    const there = below.get(around);
    if (there) there.push(row);
    else below.set(around, [row]);
  }
  /** @type {Row[]} */
  const placed = [];
  /** @param {string} path */
  const place = (path) => {
    for (const row of below.get(path) ?? []) {
      placed.push(row);
      place(row.path);
    }
  };
  place("");
  return placed;
}

/**
 * A node within one execution of the sub-flow around it.
 * @param {string} execution
 * @param {string} path
 */
function laneOf(execution, path) {
  const { scope, item } = partsOf(execution);
  return item === null ? `${scope}\n${path}` : "";
}

/**
 * O(length of the chain × ways into a node × log of a node's executions).
 * @param {Span | undefined} latest
 * @param {Map<string, Span[]>} lanes
 * @param {Plan | null} plan
 * @returns {Set<string>}
 */
function criticalChain(latest, lanes, plan) {
  /** @type {Set<string>} */
  const chain = new Set();
  let span = latest;
  while (span && !chain.has(span.execution)) {
    chain.add(span.execution);
    span = letStart(span, lanes, plan);
  }
  return chain;
}

/**
 * Of the run's own executions the one that was heard of last.
 * @param {Map<string, Span>} spans
 */
function lastHeard(spans) {
  /** @type {Span | undefined} */
  let found;
  for (const span of spans.values()) if (span.lane.startsWith("\n") && !span.isCut && (!found || span.heard > found.heard)) found = span;
  return found;
}

/**
 * The execution that let this one start: of the nodes that lead to it, in the same scope, the one that ended last before.
 * @param {Span} span
 * @param {Map<string, Span[]>} lanes
 * @param {Plan | null} plan
 */
function letStart(span, lanes, plan) {
  const inside = scopeOf(span.path);
  const scope = span.lane.slice(0, span.lane.indexOf("\n"));
  /** @type {Span | undefined} */
  let found;
  for (const { source } of plan?.scope(inside)?.into.get(idOf(span.path)) ?? []) {
    const one = lastBefore(lanes.get(`${scope}\n${inside ? `${inside}/${source}` : source}`) ?? [], span.first);
    if (one && (!found || one.last > found.last)) found = one;
  }
  return found;
}

/**
 * The one of a lane that ended last before event `n`. They go one after the other, so that it is the last that is over.
 * @param {Span[]} lane
 * @param {number} n
 */
function lastBefore(lane, n) {
  let [low, high] = [0, lane.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Span} */ (lane[middle]).first < n) low = middle + 1;
    else high = middle;
  }
  for (let place = low - 1; place >= 0; place -= 1) {
    const span = /** @type {Span} */ (lane[place]);
    if (!span.isCut && span.last < n) return span;
  }
  return undefined;
}

/**
 * The axis of a timeline. Rule: work keeps its scale; a long wait in which nothing works (a person is asked overnight) is
 * drawn short and marked as a break, or every bar of work would be a hair.
 * @typedef {object} Axis
 * @property {(at: number) => number} share of the width, 0 to 1
 * @property {{at: number, share: number}[]} ticks
 * @property {{from: number, to: number, ms: number}[]} breaks in shares of the width
 */

const BREAK_FROM_MS = 2_000;
const BREAK_SHARE = 0.06;

/**
 * @param {Timeline} timeline
 * @param {number} end ms since 1970: of the run, or now
 * @returns {Axis}
 */
export function axisOf(timeline, end) {
  const start = timeline.start;
  const last = Math.max(end, timeline.end, start + 1);
  const busy = mergedWork(timeline, last);
  const work = Math.max(1, busy.reduce((sum, [from, to]) => sum + (to - from), 0));
  /** @type {{from: number, to: number, width: number, isBreak: boolean}[]} */
  const pieces = [];
  let at = start;
  for (const [from, to] of [...busy, /** @type {[number, number]} */ ([last, last])]) {
    const gap = from - at;
    const isBreak = gap > BREAK_FROM_MS && gap > work * 0.4;
    if (gap > 0) pieces.push({ from: at, to: from, width: isBreak ? work * BREAK_SHARE : gap, isBreak });
    if (to > from) pieces.push({ from, to, width: to - from, isBreak: false });
    at = Math.max(at, to);
  }
  const whole = Math.max(1e-9, pieces.reduce((sum, piece) => sum + piece.width, 0));
  /** @param {number} moment */
  const share = (moment) => {
    let before = 0;
    for (const piece of pieces) {
      if (moment <= piece.from) break;
      before += moment >= piece.to ? piece.width : (piece.width * (moment - piece.from)) / (piece.to - piece.from);
    }
    return Math.min(1, before / whole);
  };
  const breaks = pieces.filter((piece) => piece.isBreak).map((piece) => ({ from: share(piece.from), to: share(piece.to), ms: piece.to - piece.from }));
  return { share, ticks: ticksOf(pieces, start, whole, share), breaks };
}

/**
 * @param {Timeline} timeline
 * @param {number} last
 * @returns {[number, number][]}
 */
function mergedWork(timeline, last) {
  // A sub-flow works where its nodes do.
  const inner = new Set(timeline.rows.map((row) => scopeOf(row.path)));
  const spans = timeline.rows
    .filter((row) => !inner.has(row.path))
    .flatMap((row) => row.bars)
    .filter((bar) => bar.status !== "asking" && bar.status !== "waiting")
    .map((bar) => /** @type {[number, number]} */ ([bar.start, bar.end ?? last]))
    .sort((a, b) => a[0] - b[0]);
  /** @type {[number, number][]} */
  const merged = [];
  for (const [from, to] of spans) {
    const before = merged[merged.length - 1];
    if (before && from <= before[1]) before[1] = Math.max(before[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/**
 * Round steps of time, none within a break.
 * @param {{from: number, to: number, width: number, isBreak: boolean}[]} pieces
 * @param {number} start
 * @param {number} whole
 * @param {(at: number) => number} share
 */
function ticksOf(pieces, start, whole, share) {
  const step = STEPS_MS.find((one) => whole / one <= 8) ?? Math.ceil(whole / 8 / 86_400_000) * 86_400_000;
  const ticks = [{ at: start, share: 0 }];
  for (const piece of pieces) {
    if (piece.isBreak) continue;
    for (let at = start + Math.ceil((piece.from - start) / step) * step; at <= piece.to; at += step) {
      const place = share(at);
      if (place - /** @type {{share: number}} */ (ticks[ticks.length - 1]).share > 0.07) ticks.push({ at, share: place });
    }
  }
  return ticks;
}

const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000];
