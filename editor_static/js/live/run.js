// One run as it is looked at: its events so far, the line over which more come, and the moment that is shown. Rule: what
// comes is taken in at once and told at most ten times a second (four, when more than 300 nodes changed at once), so
// that a flood of events costs paint, never order. Who shows a past moment is not moved when more comes.

import { Chronicle } from "./chronicle.js";
import { stepsOf } from "./state.js";
import { Stream } from "./stream.js";

/** @import { RunEvent, Volatile } from "./types.js" */
/** @import { Overview } from "./overview.js" */
/** @import { Plan } from "./plan.js" */
/** @import { Step } from "./state.js" */
/** @import { LineState, Surroundings } from "./stream.js" */

/** Ten pictures a second. */
export const PAINT_MS = 100;
/** Four, while more nodes than `MANY` change between two. */
export const SLOW_PAINT_MS = 250;
export const MANY = 300;

/** An end after which nothing came for so long is the last. */
const CLOSE_AFTER_MS = 1_000;
const ENDS = new Set(["run.completed", "run.failed", "run.cancelled"]);
/** Ends from which a run can be taken up again, here or elsewhere. */
const OPEN_ENDS = new Set(["failed", "cancelled"]);

/**
 * What is shown. A new object for each change.
 * @typedef {object} Shown
 * @property {Overview} overview at the moment that is looked at
 * @property {number} n number of the event that is looked at; 0 before the first
 * @property {boolean} isLive whether the last moment is looked at and followed
 * @property {number} length how many events there are
 * @property {LineState} line
 * @property {number} version counts what was told; for memos
 */

/**
 * @typedef {object} Words text as it comes, by `AGENT/STEP`, and the last progress
 * @property {Map<string, string>} text
 * @property {{text: string, fraction: number | null} | null} progress
 */

export class RunStore {
  #listeners = new Set();
  #around;
  #told = -Infinity;
  #isDue = false;
  /** @type {Set<string>} nodes that changed since the last telling */
  #changed = new Set();
  /** @type {LineState} */
  #line = "connecting";
  /** @type {number | null} the moment that is held; null: the last one */
  #held = null;
  #version = 0;
  /** @type {Stream | null} */
  #stream = null;
  #url;
  #stopWatching = () => {};

  /**
   * @param {string} id the run's
   * @param {Plan | null} plan
   * @param {Surroundings & {now: () => number}} around
   * @param {string} url of its events
   */
  constructor(id, plan, around, url) {
    this.id = id;
    this.plan = plan;
    this.chronicle = new Chronicle(plan);
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Map<string, Words>} execution -> */
    this.words = new Map();
    this.#around = around;
    this.subscribe = this.subscribe.bind(this);
    this.get = this.get.bind(this);
    this.#url = url;
    /** @type {Shown} */
    this.shown = this.#look();
    this.#listen();
  }

  #listen() {
    this.#stopWatching();
    this.#stream?.close();
    this.#stream = new Stream(
      () => `${this.#url}?after=${this.chronicle.length}`,
      { events: { message: (event) => this.take(event), volatile: (word) => this.#hear(word) }, state: (line) => this.#lineIs(line) },
      this.#around,
    );
  }

  /** @returns {Shown} */
  get() {
    return this.shown;
  }

  /**
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {RunEvent} event */
  take(event) {
    const taken = this.chronicle.take(event);
    if (taken === "gap") return this.#stream?.again();
    if (taken === "known") return;
    this.steps.push(...stepsOf(event));
    if (event.node) this.#changed.add(event.node);
    if (event.type === "model.answered") this.words.get(event.execution ?? "")?.text.delete(`${event.agent ?? ""}/${event.step}`);
    if (event.type === "node.completed" || event.type === "node.failed") this.words.delete(event.execution ?? "");
    if (ENDS.has(event.type)) this.#closeSoon();
    this.#tellSoon();
  }

  /**
   * After the last event the server ends the line; asking again would only be answered with nothing. A run that was taken
   * up again has an end in the middle of its journal, so a while is given to what follows.
   */
  #closeSoon() {
    const stream = this.#stream;
    this.#around.after(CLOSE_AFTER_MS, () => {
      if (this.chronicle.now.outcome === null || stream !== this.#stream) return;
      stream?.close();
      if (OPEN_ENDS.has(String(this.chronicle.now.outcome))) this.#stopWatching = this.#around.onVisibility(() => this.#looked());
    });
  }

  /** Somebody looks again: it may have been taken up elsewhere meanwhile. */
  #looked() {
    if (this.#around.isHidden()) return;
    this.#listen();
    this.#closeSoon();
  }

  /** @param {Volatile} word */
  #hear(word) {
    const there = this.words.get(word.execution) ?? { text: new Map(), progress: null };
    this.words.set(word.execution, there);
    if (word.kind === "text" && typeof word.value?.text === "string") {
      const key = `${word.value.agent ?? ""}/${word.value.step}`;
      there.text.set(key, (there.text.get(key) ?? "") + word.value.text);
    }
    if (word.kind === "progress") there.progress = { text: String(word.value?.text ?? ""), fraction: typeof word.value?.fraction === "number" ? word.value.fraction : null };
    this.#changed.add(word.node);
    this.#tellSoon();
  }

  /** @param {LineState} line */
  #lineIs(line) {
    // The server ends the line after the last event: nothing was lost.
    if (line === "lost" && this.chronicle.now.outcome !== null) return;
    this.#line = line;
    this.#tellSoon();
  }

  #tellSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    const every = this.#changed.size > MANY ? SLOW_PAINT_MS : PAINT_MS;
    this.#around.after(Math.max(0, this.#told + every - this.#around.now()), () => this.#tell());
  }

  #tell() {
    this.#isDue = false;
    this.#told = this.#around.now();
    this.#changed.clear();
    this.shown = this.#look();
    for (const listener of [...this.#listeners]) listener();
  }

  /** @returns {Shown} */
  #look() {
    const n = this.#held ?? this.chronicle.length;
    return { overview: this.chronicle.at(n), n, isLive: this.#held === null, length: this.chronicle.length, line: this.#line, version: ++this.#version };
  }

  /**
   * Look at the moment after event `n`; null: follow the last one.
   * @param {number | null} n
   */
  hold(n) {
    const held = n === null || n >= this.chronicle.length ? null : Math.max(0, n);
    if (held === this.#held) return;
    this.#held = held;
    this.#tell();
  }

  /**
   * Go so many events on or back.
   * @param {number} by
   */
  step(by) {
    this.hold(this.shown.n + by);
  }

  /** It was taken up again: follow what comes. */
  reopen() {
    this.#held = null;
    this.#listen();
  }

  /** The view is gone. */
  close() {
    this.#stopWatching();
    this.#stream?.close();
    this.#stream = null;
    this.#listeners.clear();
  }
}
