// How many decisions are waited for, over all runs. Rule: the stream over all runs says that the number may be another one,
// the inbox is asked for it, seldom; a page that is just opening has other things to do first.

import { concernsInbox, seldom } from "./lists.js";

/** @import { Surroundings } from "./stream.js" */

/** @typedef {{run: string, gate: string}} Gate */

const FIRST_MS = 1_000;
const EVERY_MS = 2_000;

export class OpenGates {
  #listeners = new Set();
  /** @type {Gate[]} */
  #gates = [];
  #isMore = false;
  #soon;

  /**
   * @param {() => Promise<{gates: Gate[], next?: unknown}>} ask the inbox
   * @param {Pick<Surroundings, "after"> & {now: () => number}} around
   */
  constructor(ask, around) {
    this.#soon = seldom(async () => {
      const told = await ask();
      this.#gates = told.gates;
      this.#isMore = Boolean(told.next);
      for (const listener of [...this.#listeners]) listener();
    }, EVERY_MS, around);
    this.subscribe = this.subscribe.bind(this);
    this.get = this.get.bind(this);
    around.after(FIRST_MS, this.#soon);
  }

  /** @returns {string} the number in a few letters; "" where nothing is asked */
  get() {
    return this.#gates.length === 0 ? "" : this.#gates.length > 99 || this.#isMore ? "99+" : String(this.#gates.length);
  }

  /**
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {any} event as the stream over all runs tells it */
  hear(event) {
    if (concernsInbox(event, this.#gates)) this.#soon();
  }

  /** Something may have been missed. */
  again() {
    this.#soon();
  }
}
