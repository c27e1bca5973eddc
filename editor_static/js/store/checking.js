// Findings while one draws: the checker is asked soon after each edit, unless a save asks it anyway. Rule: what is shown
// belongs to the newest document that was answered; an answer that comes late is thrown away.

/** @import { Change, Finding, Graph, World } from "../contract.d.ts" */

import { isSame } from "../document/changes.js";
import { findingsIn, parsed } from "./saving.js";

/** After the last edit. */
export const PAUSE_MS = 150;
/** After the checker could not be asked. */
const AGAIN_MS = 5000;

/**
 * Whether changes touch nothing but where things stand, of which the checker has nothing to say.
 * @param {readonly Change[]} changes
 */
export function isOnlyPlaces(changes) {
  return changes.every(({ path }) => {
    let depth = 0;
    while (path[depth] === "nodes" && path[depth + 2] === "inline") depth += 3;
    return path[depth] === "layout";
  });
}

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
    /** Counts the documents that could have other findings. */
    this.turn = 0;
    /** The one that the findings are of. */
    this.of = -1;
    /** The one that is being saved: its findings come along. */
    this.carried = -1;
    this.isChecking = false;
    this.isAsking = false;
    this.isClosed = false;
    this.takeBack = () => {};
  }

  /** The document has changed, or something else that the checker looks at. */
  touched() {
    this.turn += 1;
    this.#set(true);
    this.#after(PAUSE_MS);
  }

  /** Ask at once. */
  now() {
    this.turn += 1;
    this.#set(true);
    this.#after(0);
  }

  /** The document is being saved. Two requests for one edit would wait for each other. */
  carry() {
    this.carried = this.turn;
    this.takeBack();
  }

  /**
   * The save has been answered.
   * @param {Finding[] | null} findings null: it said nothing of them
   */
  carriedOut(findings) {
    const turn = this.carried;
    this.carried = -1;
    if (turn !== this.turn || this.isClosed) return;
    if (findings) this.#given(findings);
    else if (this.of !== turn) this.#after(0);
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
    if (this.isAsking || this.isClosed || this.carried === this.turn) return;
    const { turn } = this;
    this.isAsking = true;
    let findings = null;
    try {
      const reply = await this.world.ask("POST", `api/graphs/${this.name}/validate`, JSON.stringify(this.graph()));
      findings = reply.status < 300 ? findingsIn(parsed(reply)) : null;
    } catch {
      findings = null;
    }
    this.isAsking = false;
    if (this.isClosed || this.of === this.turn) return;
    if (turn !== this.turn) return void this.#ask();
    if (findings) return this.#given(findings);
    this.#set(false);
    this.#after(AGAIN_MS);
  }

  /** @param {Finding[]} findings of the document as it is */
  #given(findings) {
    this.takeBack();
    this.of = this.turn;
    this.isChecking = false;
    if (!isSame(findings, this.findings)) this.findings = findings;
    this.onChange();
  }

  /** @param {boolean} isChecking */
  #set(isChecking) {
    if (isChecking === this.isChecking) return;
    this.isChecking = isChecking;
    this.onChange();
  }
}
