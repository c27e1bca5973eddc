// The journal of one document in one tab: everything that was done to it, so that edits and the way back survive a reload
// and a crash. Rule: what is not saved on the server is never thrown away here unless its author says so.

/** @import { Change, Entry, Graph, Head, Roll, Shelf, Step, Tabs } from "../contract.d.ts" */

import { apply } from "../document/changes.js";
import { MOST_STEPS, NO_HISTORY } from "../document/history.js";

/** @typedef {import("../document/history.js").History} History */

/**
 * A journal as it was found.
 * @typedef {{
 *   head: Head,
 *   history: History,
 *   graph: Graph,
 *   last: number,
 *   unsaved: number,
 * }} Found  last: the number of its last entry; unsaved: how many entries the server lacks
 */

/** After so many entries, or so many characters, they are rolled up. */
const MOST_ENTRIES = 2000;
const MOST_CHARACTERS = 4_000_000;
/** A history that is written down is no longer than this; the oldest steps are left out. */
const MOST_ROLLED = 2_000_000;
/** A journal without anything unsaved is kept this long. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

/**
 * What earlier pages left of a graph: the journals of this tab and of tabs that are gone, the newest first.
 * @param {Shelf} shelf
 * @param {Tabs} tabs
 * @param {string} name
 * @param {number} now
 * @returns {Promise<Found[]>}
 */
export async function journalsOf(shelf, tabs, name, now) {
  /** @type {Found[]} */
  const found = [];
  for (const head of await shelf.heads(name)) {
    const tab = tabOf(head.session);
    if (tab !== tabs.session && (await tabs.isAlive(tab))) continue;
    const journal = read(head, await shelf.rest(name, head.session));
    if (journal.unsaved === 0 && now - head.at > KEPT_MS) await shelf.drop(name, head.session);
    else found.push(journal);
  }
  return found.sort((one, other) => other.head.at - one.head.at);
}

/**
 * The tab that writes a journal. It writes a second one while its first still holds what was left on an older version.
 * @param {string} session
 */
export function tabOf(session) {
  return String(session.split("+")[0]);
}

/**
 * @param {string} session
 * @param {number} number
 */
export function besides(session, number) {
  return `${tabOf(session)}+${number}`;
}

/**
 * A journal read: its history, and the document as it was last.
 * @param {Head} head
 * @param {{ roll: Roll | null, entries: Entry[] }} rest
 * @returns {Found}
 */
export function read(head, { roll, entries }) {
  /** @type {History} */
  let history = roll ? { done: roll.done, undone: roll.undone } : NO_HISTORY;
  let graph = head.graph;
  let last = roll?.n ?? 0;
  let unsaved = 0;
  for (const entry of [...entries].sort((one, other) => one.n - other.n)) {
    if (entry.n <= last) continue;
    last = entry.n;
    history = after(history, entry);
    if (entry.n > head.n) {
      graph = apply(graph, entry.changes).graph;
      unsaved += 1;
    }
  }
  return { head, history, graph, last: Math.max(last, head.n), unsaved };
}

/**
 * @param {History} history
 * @param {Entry} entry
 * @returns {History}
 */
function after(history, entry) {
  const { done, undone } = history;
  switch (entry.what) {
    case "do":
      return { done: [...(entry.isMerged ? done.slice(0, -1) : done), entry.step].slice(-MOST_STEPS), undone: [] };
    case "undo":
      return { done: done.slice(0, -1), undone: [...undone, .../** @type {Step[]} */ (done.slice(-1))] };
    case "taken":
      return history;
    case "redo": {
      const { typing: _typing, ...step } = /** @type {Step} */ (undone.at(-1));
      return { done: [...done, step], undone: undone.slice(0, -1) };
    }
  }
}

/** The journal that is written while a document is open. */
export class Journal {
  /**
   * @param {Shelf | null} shelf null: nothing is kept
   * @param {{ name: string, session: string, last: number, onTrouble: () => void }} own
   */
  constructor(shelf, { name, session, last, onTrouble }) {
    this.shelf = shelf;
    this.name = name;
    this.session = session;
    /** The number of the last entry. */
    this.last = last;
    this.isKept = shelf !== null;
    this.onTrouble = onTrouble;
    this.size = { entries: 0, characters: 0 };
    /** Entries that no write has taken along yet. @type {Entry[]} */
    this.pending = [];
    /** @type {Promise<void>} */
    this.written = Promise.resolve();
  }

  /**
   * @param {{ what: "do", step: Step, isMerged: boolean } | { what: "undo" | "redo" | "taken" }} done
   * @param {Change[]} changes
   * @param {number} at
   */
  append(done, changes, at) {
    this.last += 1;
    const entry = /** @type {Entry} */ ({ ...done, changes, at, name: this.name, session: this.session, n: this.last });
    this.size.entries += 1;
    this.size.characters += JSON.stringify(entry).length;
    this.pending.push(entry);
    // What is done while an earlier one is written goes along with the next.
    if (this.pending.length === 1) this.#write((shelf) => shelf.append(this.pending.splice(0)));
  }

  /**
   * Note what the server has.
   * @param {{ etag: string, graph: Graph, n: number, at: number, history: History }} saved `n`: the last entry that it holds
   */
  mark({ etag, graph, n, at, history }) {
    /** @type {Head} */
    const head = { name: this.name, session: this.session, etag, graph, n, at };
    // Only where everything is saved: an entry that the server lacks stands as it was done.
    const isFull = this.size.entries > MOST_ENTRIES || this.size.characters > MOST_CHARACTERS;
    const roll = isFull && n === this.last ? this.#roll(history) : null;
    if (roll) this.size = { entries: 0, characters: 0 };
    this.#write((shelf) => shelf.keep(head, roll));
  }

  /**
   * Begin a journal under this tab's name.
   * @param {{ etag: string, graph: Graph, n: number, at: number, history: History }} begun
   */
  begin({ etag, graph, n, at, history }) {
    const head = { name: this.name, session: this.session, etag, graph, n, at };
    const roll = { ...this.#roll(history), n };
    this.#write((shelf) => shelf.keep(head, roll));
  }

  /**
   * Take out a journal of which all that counts stands in this one; it stays where that could not be written.
   * @param {string} session
   */
  drop(session) {
    this.#write((shelf) => (this.isKept ? shelf.drop(this.name, session) : Promise.resolve()));
  }

  /**
   * @param {History} history
   * @returns {Roll}
   */
  #roll(history) {
    let room = MOST_ROLLED;
    const fits = (/** @type {Step} */ step) => (room -= JSON.stringify(step).length) > 0;
    const undone = lastOf(history.undone, fits);
    return { name: this.name, session: this.session, n: this.last, done: lastOf(history.done, fits), undone };
  }

  /** @param {(shelf: Shelf) => Promise<void>} act */
  #write(act) {
    const { shelf } = this;
    if (!shelf) return;
    // One after the other, and none after one that failed: an entry is never there without those before it.
    this.written = this.written.then(() => (this.isKept ? act(shelf) : undefined)).catch(() => {
      this.isKept = false;
      this.onTrouble();
    });
  }
}

/**
 * The last steps, as many as fit.
 * @param {readonly Step[]} steps
 * @param {(step: Step) => boolean} fits
 * @returns {Step[]}
 */
function lastOf(steps, fits) {
  const first = steps.findLastIndex((step) => !fits(step));
  return steps.slice(first + 1);
}
