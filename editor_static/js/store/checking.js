// Findings while one draws: the checker is asked soon after each edit. Rule: what is shown belongs to the newest document
// that was answered; an answer that comes late is thrown away.

/** @import { Finding, Graph, World } from "../contract.d.ts" */

import { findingsIn, parsed } from "./saving.js";

/** After the last edit. */
export const PAUSE_MS = 150;
/** After the checker could not be asked. */
const AGAIN_MS = 5000;

export class Checking {
  /**
   * @param {{ name: string, world: World, graph: () => Graph, onChange: () => void }} begun
   */
  constructor({ name, world, graph, onChange }) {
    this.name = name;
    this.world = world;
    this.graph = graph;
    this.onChange = onChange;
    /** @type {Finding[]} */
    this.findings = [];
    /** The document that the findings are of. @type {Graph | null} */
    this.of = null;
    this.isChecking = false;
    this.isAsking = false;
    this.isClosed = false;
    this.takeBack = () => {};
  }

  /** The document has changed, or something else that the checker looks at. */
  touched() {
    this.of = null;
    this.#set(true);
    this.#after(PAUSE_MS);
  }

  /** Ask at once. */
  now() {
    this.of = null;
    this.#set(true);
    this.#after(0);
  }

  /**
   * Findings came along with something else.
   * @param {Graph} graph that they are of
   * @param {Finding[]} findings
   */
  given(graph, findings) {
    if (graph !== this.graph()) return;
    this.takeBack();
    this.of = graph;
    this.findings = findings;
    this.isChecking = false;
    this.onChange();
  }

  close() {
    this.isClosed = true;
    this.takeBack();
  }

  /** @param {number} ms */
  #after(ms) {
    this.takeBack();
    if (this.isClosed) return;
    this.takeBack = this.world.clock.after(ms, () => void this.#ask());
  }

  async #ask() {
    // One at a time: the newest document is asked about as soon as the answer on an older one is there.
    if (this.isAsking || this.isClosed) return;
    const graph = this.graph();
    this.isAsking = true;
    let findings = null;
    try {
      const reply = await this.world.ask("POST", `api/graphs/${this.name}/validate`, JSON.stringify(graph));
      findings = reply.status < 300 ? findingsIn(parsed(reply)) : null;
    } catch {
      findings = null;
    }
    this.isAsking = false;
    if (this.isClosed || this.of === this.graph()) return;
    if (graph !== this.graph()) return void this.#ask();
    if (findings) return this.given(graph, findings);
    this.#set(false);
    this.#after(AGAIN_MS);
  }

  /** @param {boolean} isChecking */
  #set(isChecking) {
    if (isChecking === this.isChecking) return;
    this.isChecking = isChecking;
    this.onChange();
  }
}
