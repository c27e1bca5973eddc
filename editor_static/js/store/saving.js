// Saving by itself: the document goes to the server soon after each edit. Rule: one request at a time, each naming the
// version that was read; nothing is overwritten that its author did not see, and an answer that got lost is no conflict.

/** @import { Conflict, Finding, Graph, Reply, Save, SaveState, Told, World } from "../contract.d.ts" */

import { isObject, isSame, meansTheSame } from "../document/changes.js";

/** After the last edit. */
export const PAUSE_MS = 600;
/** While somebody edits without a pause. */
export const LONGEST_MS = 5000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/**
 * What saving asks of the document, and tells it.
 * @typedef {{
 *   graph: () => Graph,
 *   position: () => number,
 *   onChange: () => void,
 *   onSend: () => void,
 *   onAnswer: (findings: Finding[] | null) => void,
 *   onSaved: (saved: { etag: string, graph: Graph, n: number }) => void,
 *   onReload: (other: { etag: string, graph: Graph }) => void,
 * }} Sides  position: the number of the last entry of the journal; onAnswer: to what was sent, with what it says of findings
 */

export class Saving {
  /**
   * @param {{ name: string, etag: string, saved: Graph, isUnderway: boolean, world: World, sides: Sides }} begun
   *   isUnderway: a page that is gone may have sent what the server has not got yet
   */
  constructor({ name, etag, saved, isUnderway, world, sides }) {
    this.name = name;
    this.world = world;
    this.sides = sides;
    /** The version that the edits are made on; "": there is no file yet. */
    this.etag = etag;
    /** The document of that version. */
    this.saved = saved;
    /** @type {Save} */
    this.save = { state: "saved", at: world.clock.now() };
    /** @type {Conflict | undefined} */
    this.conflict = undefined;
    /** What was sent and not answered. @type {{ graph: Graph, n: number } | null} */
    this.unanswered = null;
    this.isUnderway = isUnderway;
    this.isSending = false;
    this.isClosed = false;
    /** Somebody told of another version, and nobody has looked yet. */
    this.isDoubtful = false;
    /** The version that was told of last. @type {string | null} */
    this.heardOf = null;
    this.failures = 0;
    this.firstEdit = 0;
    this.takeBack = () => {};
    /** @type {{ resolve: () => void, reject: (told: unknown) => void }[]} */
    this.waiting = [];
  }

  get isUnsaved() {
    // What was sent and not answered may stand on the server by now, whatever was saved before it.
    return this.unanswered !== null || this.isUnderway || this.isAnother;
  }

  /** Whether the document is another than that of the version that the edits are made on. */
  get isAnother() {
    return this.sides.graph() !== this.saved && !isSame(this.sides.graph(), this.saved);
  }

  /** The document has changed. */
  touched() {
    if (this.conflict) return;
    const now = this.world.clock.now();
    if (!this.isSending && this.save.state !== "unsaved") this.firstEdit = now;
    if (!this.isSending) this.#set("unsaved");
    this.#after(Math.max(0, Math.min(PAUSE_MS, this.firstEdit + LONGEST_MS - now)));
  }

  /**
   * Save what is unsaved now.
   * @returns {Promise<void>} rejects with what the server said (`Told`)
   */
  flush() {
    if (this.conflict) return Promise.reject(told(412, "graph.changed", "it was changed elsewhere"));
    if (!this.isSending && !this.isUnsaved) {
      this.#saved();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.failures = 0;
      if (!this.isSending) void this.#send();
    });
  }

  /** The line may be back, or was away for a while: do not wait for the next try, and look what was missed. */
  retry() {
    if (this.conflict || this.isClosed) return;
    if (this.isSending) {
      this.isDoubtful = true;
      this.heardOf = null;
    } else void (this.isUnsaved ? this.#send() : this.#look());
  }

  /**
   * Somebody told that the file has changed.
   * @param {string | null} etag of what is there now; null: it was removed
   */
  heard(etag) {
    if (etag === this.etag || this.conflict || this.isClosed) return;
    this.isDoubtful = true;
    this.heardOf = etag;
    if (!this.isSending) void this.#look();
  }

  /**
   * The edits go over the other version, which was shown.
   * @param {Conflict} conflict
   */
  overwrite(conflict) {
    this.#adopt(conflict);
    void this.#send();
  }

  /**
   * The document is the other version now.
   * @param {Conflict & { document: Graph, etag: string }} conflict
   */
  takeOver(conflict) {
    this.#adopt(conflict);
    this.saved = this.sides.graph();
    this.sides.onSaved({ etag: this.etag, graph: this.saved, n: this.sides.position() });
    this.#saved();
  }

  close() {
    this.isClosed = true;
    this.takeBack();
  }

  /** @param {Conflict} conflict */
  #adopt({ etag, document }) {
    this.etag = etag ?? "";
    this.saved = document ?? {};
    this.conflict = undefined;
    this.unanswered = null;
    this.isUnderway = false;
    this.failures = 0;
  }

  /**
   * @param {number} ms
   */
  #after(ms) {
    this.takeBack();
    if (this.isClosed) return;
    this.takeBack = this.world.clock.after(ms, () => {
      if (!this.isSending) void (this.isDoubtful ? this.#look() : this.#send());
    });
  }

  async #send() {
    this.takeBack();
    if (this.isClosed || this.conflict) return;
    if (!this.isUnsaved) return this.#saved();
    const graph = this.sides.graph();
    const n = this.sides.position();
    this.isSending = true;
    this.firstEdit = this.world.clock.now();
    this.sides.onSend();
    this.#set("saving");
    /** @type {Reply | null} */
    let reply = null;
    /** @type {Record<string, string>} */
    const version = this.etag === "" ? { "if-none-match": "*" } : { "if-match": `"${this.etag}"` };
    try {
      reply = await this.world.ask("PUT", `api/graphs/${this.name}`, JSON.stringify(graph), version);
    } catch {
      this.unanswered = { graph, n };
    }
    this.isSending = false;
    if (this.isClosed) return;
    const value = parsed(reply);
    this.sides.onAnswer(reply && reply.status < 300 ? findingsIn(value) : null);
    await this.#answered(reply, value, graph, n);
    // What was told of meanwhile was mostly this very save.
    if (this.heardOf === this.etag) this.isDoubtful = false;
    if (this.isDoubtful && !this.isSending && !this.conflict && this.failures === 0) await this.#look();
  }

  /**
   * @param {Reply | null} reply
   * @param {unknown} value of it
   * @param {Graph} graph
   * @param {number} n
   */
  async #answered(reply, value, graph, n) {
    const told = /** @type {any} */ (value);
    const etag = isObject(told) && typeof told.etag === "string" ? told.etag : null;
    if (reply && reply.status < 300 && etag !== null) return this.#accepted(etag, graph, n);
    if (reply?.status === 412) return this.#refusedAsOld(value, graph, n);
    if (!reply || reply.status < 300 || reply.status === 408 || reply.status === 429 || reply.status >= 500) {
      if (reply) this.unanswered = { graph, n };
      return this.#later(problemOf(reply, value));
    }
    this.unanswered = null;
    this.#set("refused", problemOf(reply, value));
    this.#settle(this.save.problem);
  }

  /**
   * @param {string} etag
   * @param {Graph} graph that was sent
   * @param {number} n
   */
  #accepted(etag, graph, n) {
    this.etag = etag;
    this.saved = graph;
    this.unanswered = null;
    this.isUnderway = false;
    this.failures = 0;
    this.sides.onSaved({ etag, graph, n });
    if (!this.isUnsaved) return this.#saved();
    this.#set("unsaved");
    if (this.waiting.length > 0) void this.#send();
    else this.#after(PAUSE_MS);
  }

  /**
   * The file is another one by now. It may be what was sent before, in a request whose answer got lost.
   * @param {unknown} value
   * @param {Graph} graph
   * @param {number} n
   */
  #refusedAsOld(value, graph, n) {
    const current = isObject(/** @type {any} */ (value)) ? /** @type {any} */ (value).current : undefined;
    if (current === undefined) return this.#look();
    const sent = [{ graph, n }, ...(this.unanswered ? [this.unanswered] : [])];
    const ours = sent.find((one) => current !== null && meansTheSame(one.graph, current.document));
    if (ours) return this.#accepted(current.etag, ours.graph, ours.n);
    return this.#other(current?.etag ?? null, current?.document ?? null);
  }

  /** Ask what is there now. */
  async #look() {
    this.takeBack();
    this.isDoubtful = false;
    /** @type {Reply} */
    let reply;
    try {
      reply = await this.world.ask("GET", `api/graphs/${this.name}`);
    } catch {
      this.isDoubtful = true;
      return this.#later(problemOf(null, null));
    }
    if (this.isClosed || this.conflict) return;
    if (this.isSending) {
      this.isDoubtful = true;
      return;
    }
    if (reply.status === 404) return this.#other(null, null);
    const value = parsed(reply);
    if (reply.status >= 300 || !isObject(value)) {
      this.isDoubtful = true;
      return this.#later(problemOf(reply, value));
    }
    this.failures = 0;
    const { unanswered } = this;
    if (unanswered && reply.etag !== null && reply.etag !== this.etag && meansTheSame(unanswered.graph, value)) return this.#accepted(reply.etag, unanswered.graph, unanswered.n);
    if (reply.etag === this.etag) return this.isUnsaved ? this.#after(PAUSE_MS) : this.#saved();
    return this.#other(reply.etag, value);
  }

  /**
   * Another version is there. With nothing unsaved it is simply loaded; else both are shown.
   * @param {string | null} etag
   * @param {Graph | null} document
   */
  #other(etag, document) {
    if (document !== null && etag !== null && !this.isUnsaved) {
      this.etag = etag;
      this.sides.onReload({ etag, graph: document });
      this.saved = this.sides.graph();
      this.sides.onSaved({ etag, graph: this.saved, n: this.sides.position() });
      return this.#saved();
    }
    this.takeBack();
    this.conflict = { etag, document, base: this.saved };
    this.#set("conflict");
    this.#settle(told(412, "graph.changed", "it was changed elsewhere"));
  }

  /** @param {Told} problem */
  #later(problem) {
    this.failures += 1;
    this.#set("offline", problem);
    this.#settle(problem);
    this.#after(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1)));
  }

  #saved() {
    this.takeBack();
    this.#set("saved");
    this.#settle(undefined);
  }

  /** @param {Told | undefined} problem undefined: all is saved */
  #settle(problem) {
    const waiting = this.waiting;
    this.waiting = [];
    for (const { resolve, reject } of waiting) if (problem === undefined) resolve(); else reject(problem);
  }

  /**
   * @param {SaveState} state
   * @param {Told} [problem]
   */
  #set(state, problem) {
    const isOld = state === this.save.state && problem === undefined && this.save.problem === undefined;
    if (isOld && state !== "conflict") return;
    this.save = { state, at: this.world.clock.now(), ...(problem ? { problem } : {}) };
    this.sides.onChange();
  }
}

/**
 * @param {Reply | null} reply
 * @returns {import("../contract.d.ts").Json | undefined} undefined: it is no JSON
 */
export function parsed(reply) {
  try {
    return reply ? JSON.parse(reply.text) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {unknown} value
 * @returns {Finding[] | null}
 */
export function findingsIn(value) {
  const found = isObject(/** @type {any} */ (value)) ? /** @type {any} */ (value).findings : undefined;
  return Array.isArray(found) ? found : null;
}

/**
 * @param {Reply | null} reply
 * @param {unknown} value
 * @returns {Told}
 */
export function problemOf(reply, value) {
  if (!reply) return told(0, "unreachable", "the server could not be reached");
  const said = isObject(/** @type {any} */ (value)) ? /** @type {any} */ (value) : {};
  return { ...said, status: reply.status, code: String(said.code ?? "unknown"), detail: String(said.detail ?? `the server answered ${reply.status}`) };
}

/**
 * @param {number} status
 * @param {string} code
 * @param {string} detail
 * @returns {Told}
 */
function told(status, code, detail) {
  return { status, code, detail };
}
