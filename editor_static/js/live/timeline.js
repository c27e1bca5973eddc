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
 * @property {string} path
 * @property {number} first number of the first event
 * @property {number} last number of the event that ended it, or Infinity
 * @property {number} heard number of the last event of it
 * @property {boolean} isCut whether it was withdrawn: that let nothing go on
 */

/**
 * @param {RunEvent[]} events
 * @param {Plan | null} plan
 * @returns {Timeline}
 */
export function timelineOf(events, plan) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {Map<string, Bar>} execution -> the bar that goes on */
  const open = new Map();
  /** @type {Map<string, Span>} */
  const spans = new Map();
  const start = events[0] ? Date.parse(events[0].at) : 0;
  let end = start;
  for (const event of events) {
    const at = Date.parse(event.at);
    end = at;
    if (!event.execution || event.type === "loop.repeated") continue;
    const path = event.node ?? pathOf(event.execution);
    const span = spans.get(event.execution);
    if (!span) spans.set(event.execution, { path, first: event.n, last: ENDS.has(event.type) && !event.retry_at ? event.n : Infinity, heard: event.n, isCut: event.type === "node.cancelled" });
    else Object.assign(span, { heard: event.n, isCut: event.type === "node.cancelled", last: ENDS.has(event.type) && !event.retry_at ? event.n : span.last });
    note(rows, open, event, path, at);
  }
  return { rows: inOrder([...rows.values()]), start, end, critical: criticalChain(spans, plan) };
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
    below.set(around, [...(below.get(around) ?? []), row]);
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
 * @param {Map<string, Span>} spans
 * @param {Plan | null} plan
 * @returns {Set<string>}
 */
function criticalChain(spans, plan) {
  /** @type {Map<string, [string, Span][]>} executions of a node, in the order of their ends */
  const byPath = new Map();
  for (const entry of spans) byPath.set(entry[1].path, [...(byPath.get(entry[1].path) ?? []), entry]);
  /** @type {Set<string>} */
  const chain = new Set();
  let [name, span] = lastOf([...spans].filter(([one]) => !one.includes("/") && partsOf(one).item === null), Infinity) ?? [];
  while (name && span && !chain.has(name)) {
    chain.add(name);
    [name, span] = lastOf(candidates(byPath, plan, name, span), span.first) ?? [];
  }
  return chain;
}

/**
 * The executions that may have let this one start: of nodes that lead to it, in the same scope.
 * @param {Map<string, [string, Span][]>} byPath
 * @param {Plan | null} plan
 * @param {string} name
 * @param {Span} span
 */
function candidates(byPath, plan, name, span) {
  const scope = scopeOf(span.path);
  const into = plan?.scope(scope)?.into.get(idOf(span.path));
  const around = partsOf(name).scope;
  const paths = into?.length ? [...new Set(into.map((edge) => (scope ? `${scope}/${edge.source}` : edge.source)))] : [];
  return paths.flatMap((path) => byPath.get(path) ?? []).filter(([one]) => partsOf(one).scope === around && partsOf(one).item === null);
}

/**
 * Of some executions the one that ended last before event `n`, or that is still going on where `n` is Infinity.
 * @param {[string, Span][]} entries
 * @param {number} n
 * @returns {[string, Span] | undefined}
 */
function lastOf(entries, n) {
  const over = entries.filter(([, span]) => !span.isCut && (n === Infinity ? true : span.last < n));
  /** @param {Span} span */
  const key = (span) => (n === Infinity ? span.heard : span.last);
  return over.reduce((/** @type {[string, Span] | undefined} */ best, one) => (best && key(best[1]) >= key(one[1]) ? best : one), undefined);
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
