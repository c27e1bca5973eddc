// The world outside the store: a clock that is turned, a server that compares and swaps, a shelf, a line that loses what it
// carries. Rule: what they do is what the real ones may do, in an order that a seed decides.

import { createHash } from "node:crypto";

/** A clock that goes on only when it is told to. */
export class TurnedClock {
  constructor() {
    this.time = 1_700_000_000_000;
    this.timers = /** @type {{ at: number, n: number, act: () => void }[]} */ ([]);
    this.n = 0;
  }

  now = () => this.time;

  after = (/** @type {number} */ ms, /** @type {() => void} */ act) => {
    const timer = { at: this.time + ms, n: (this.n += 1), act };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  wait = (/** @type {number} */ ms) => new Promise((resolve) => void this.after(ms, () => resolve(undefined)));

  /** Let so much time pass, timer by timer. */
  async turn(/** @type {number} */ ms) {
    const end = this.time + ms;
    for (;;) {
      await settled();
      const next = this.timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at || one.n - other.n)[0];
      if (!next) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.act();
    }
    this.time = end;
  }
}

/** Everything that waits for nothing but its turn has had it. */
export async function settled() {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}

/** A server with one directory of graphs, which swaps only what it compares. */
export class CasServer {
  constructor(/** @type {any} */ graphs = {}) {
    this.texts = new Map(Object.entries(graphs).map(([name, graph]) => [name, JSON.stringify(graph)]));
    this.listeners = new Set(/** @type {((name: string, etag: string | null) => void)[]} */ ([]));
    this.puts = 0;
    this.checks = 0;
    this.labels = /** @type {string[]} */ ([]);
    /** Documents that it refuses as no graph. */
    this.refuses = (/** @type {any} */ _document) => false;
    this.findings = (/** @type {any} */ _document) => /** @type {any[]} */ ([]);
  }

  etag(/** @type {string} */ name) {
    const text = this.texts.get(name);
    return text === undefined ? null : createHash("sha256").update(text).digest("hex");
  }

  document(/** @type {string} */ name) {
    const text = this.texts.get(name);
    return text === undefined ? null : JSON.parse(text);
  }

  /** What somebody else writes beside the server. */
  write(/** @type {string} */ name, /** @type {any} */ document) {
    if (document === null) this.texts.delete(name);
    else this.texts.set(name, JSON.stringify(document));
    for (const listener of this.listeners) listener(name, this.etag(name));
  }

  answer(/** @type {string} */ method, /** @type {string} */ path, /** @type {string | undefined} */ body, /** @type {any} */ headers = {}) {
    const [, name = "", rest] = /^api\/graphs\/([a-z0-9-]+)(?:\/(.*))?$/.exec(path) ?? [];
    const etag = this.etag(name);
    const told = (/** @type {number} */ status, /** @type {any} */ value, /** @type {string | null} */ tag = null) => ({ status, etag: tag, text: JSON.stringify(value) });
    if (rest === "validate") {
      this.checks += 1;
      return told(200, { findings: this.findings(JSON.parse(body ?? "")) });
    }
    if (rest?.startsWith("versions/")) {
      this.labels.push(`${rest} ${body}`);
      return { status: 204, etag: null, text: "" };
    }
    if (method === "GET") return etag === null ? told(404, { code: "graph.unknown", detail: "there is no such graph" }) : { status: 200, etag, text: this.texts.get(name) ?? "" };
    const document = JSON.parse(body ?? "");
    if (this.refuses(document)) return told(422, { code: "graph.invalid", detail: "it is no graph", findings: [] });
    const expected = headers["if-none-match"] === "*" ? null : String(headers["if-match"]).replaceAll('"', "");
    if (expected !== etag) return told(412, { code: "graph.changed", detail: "it was changed", current: etag === null ? null : { etag, document: this.document(name) } }, etag);
    this.puts += 1;
    // As the real one: another order of keys than was sent.
    this.write(name, Object.fromEntries(Object.entries(document).sort(([one], [other]) => (one < other ? -1 : 1))));
    const saved = this.etag(name);
    return told(200, { name, etag: saved, hash: saved, findings: this.findings(document) }, saved);
  }
}

/** A line to the server: how long each way takes, and what gets lost on it. */
export function line(/** @type {CasServer} */ server, /** @type {TurnedClock} */ clock, { delay = () => 0, loses = () => /** @type {"" | "request" | "answer"} */ ("") } = {}) {
  return async (/** @type {string} */ method, /** @type {string} */ path, /** @type {string} */ body, /** @type {any} */ headers) => {
    const lost = loses();
    await clock.wait(delay());
    if (lost === "request") throw new TypeError("failed to fetch");
    const reply = server.answer(method, path, body, headers);
    await clock.wait(delay());
    if (lost === "answer") throw new TypeError("failed to fetch");
    return reply;
  };
}

/** A shelf that outlives the pages that write on it. */
export class MemoryShelf {
  constructor() {
    this.kept = { heads: new Map(), rolls: new Map(), entries: new Map() };
    this.isFull = false;
  }

  #copy(/** @type {any} */ value) {
    if (this.isFull) throw new DOMException("no room", "QuotaExceededError");
    return structuredClone(value);
  }

  async heads(/** @type {string} */ name) {
    return structuredClone([...this.kept.heads.values()].filter((head) => head.name === name));
  }

  async rest(/** @type {string} */ name, /** @type {string} */ session) {
    const isOwn = (/** @type {any} */ it) => it.name === name && it.session === session;
    return structuredClone({ roll: this.kept.rolls.get(`${name} ${session}`) ?? null, entries: [...this.kept.entries.values()].filter(isOwn).sort((one, other) => one.n - other.n) });
  }

  async append(/** @type {any[]} */ entries) {
    for (const entry of entries) this.kept.entries.set(`${entry.name} ${entry.session} ${entry.n}`, this.#copy(entry));
  }

  async keep(/** @type {any} */ head, /** @type {any} */ roll) {
    this.kept.heads.set(`${head.name} ${head.session}`, this.#copy(head));
    if (!roll) return;
    this.kept.rolls.set(`${roll.name} ${roll.session}`, this.#copy(roll));
    for (const [key, entry] of this.kept.entries) {
      if (entry.name === head.name && entry.session === head.session && entry.n <= roll.n) this.kept.entries.delete(key);
    }
  }

  async drop(/** @type {string} */ name, /** @type {string} */ session) {
    this.kept.heads.delete(`${name} ${session}`);
    this.kept.rolls.delete(`${name} ${session}`);
    for (const [key, entry] of this.kept.entries) if (entry.name === name && entry.session === session) this.kept.entries.delete(key);
  }

  close() {}
}
