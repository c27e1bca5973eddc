// Two pages on one graph, ten thousand random schedules: nothing that somebody did is gone unless somebody who saw it said
// so. Every edit leaves a mark of its own; in the end each mark is in the file, or was taken back, or was given up in sight.
// A plain script: the test runner would watch every promise, and here there are millions.

import assert from "node:assert/strict";
import { compare, merged } from "../../../editor_static/js/document/merge.js";
import { openDocument } from "../../../editor_static/js/store/document.js";
import { chance } from "./support/random.mjs";
import { CasServer, line, MemoryShelf, settled, TurnedClock } from "./support/world.mjs";

const FIRST = Number(process.env.WEFT_JS_SEED ?? 0);
const SCHEDULES = Number(process.env.WEFT_JS_SCHEDULES ?? 10_000);
const STEPS = 14;
const START = { format: "weft/1", name: "g", nodes: {} };

const marksIn = (/** @type {any} */ document) => new Set(Object.keys(document?.nodes ?? {}));
const less = (/** @type {Set<string>} */ all, /** @type {Set<string>} */ other) => [...all].filter((mark) => !other.has(mark));

class Schedule {
  constructor(/** @type {number} */ seed) {
    this.random = chance(seed);
    this.clock = new TurnedClock();
    this.server = new CasServer({ g: START });
    this.shelf = new MemoryShelf();
    /** Marks that must be in the file in the end, and those that somebody gave up who saw them. */
    this.wanted = new Set();
    /** Mark -> sessions of those who took it back. */
    this.takenBack = /** @type {Map<string, Set<string>>} */ (new Map());
    this.isDown = false;
    this.isCalm = false;
    this.alive = new Set();
    this.pages = /** @type {any[]} */ ([]);
    this.number = 0;
    this.sessions = 0;
  }

  async open(/** @type {string} */ session) {
    const { random, clock, server, shelf } = this;
    const page = { session, isGone: false, store: /** @type {any} */ (null) };
    const ask = line(server, clock, {
      delay: () => (this.isCalm ? 5 : random.below(random.is(0.1) ? 4000 : 200)),
      loses: () => (this.isCalm ? "" : this.isDown ? "request" : random.is(0.08) ? (random.is() ? "request" : "answer") : ""),
    });
    const alive = (/** @type {any} */ act) => (/** @type {any[]} */ ...given) => (page.isGone ? new Promise(() => {}) : act(...given));
    const world = {
      ask: alive(ask), indexedDB: null, shelf: alive ? { ...wrapped(shelf, page) } : shelf,
      clock: { now: clock.now, after: (/** @type {number} */ ms, /** @type {() => void} */ act) => clock.after(ms, () => { if (!page.isGone) act(); }) },
      tabs: { session, isAlive: async (/** @type {string} */ other) => this.alive.has(other) },
    };
    this.alive.add(session);
    page.store = await openDocument({ name: "g", graph: server.document("g") ?? START, etag: server.etag("g") ?? "", world: /** @type {any} */ (world) });
    server.listeners.add((_, etag) => {
      if (!page.isGone && (this.isCalm || random.is(0.9))) clock.after(random.below(500), () => { if (!page.isGone) page.store.changedOnServer(etag); });
    });
    this.pages.push(page);
    return page;
  }

  async step() {
    const { random } = this;
    const page = random.one(this.pages);
    const { store } = page;
    const { graph, conflict, leftover } = store.get();
    const what = random.below(20);
    if (leftover && what < 3) this.leftover(page, random.is(0.7));
    else if (conflict && what < 8) this.resolve(page, random.one(["mine", "theirs", "merged", "merged"]));
    else if (what < 10) this.mark(store);
    else if (what < 11) {
      const before = marksIn(graph);
      store.undo();
      this.changed(page, before, marksIn(store.get().graph));
    } else if (what < 12) {
      const before = marksIn(graph);
      store.redo();
      this.changed(page, before, marksIn(store.get().graph));
    } else if (what < 13) this.isDown = !this.isDown;
    else if (what < 14) void store.flush().catch(() => {});
    else if (what < 15) await this.crash(page);
    else if (what < 16) this.server.write("g", { ...this.server.document("g"), title: `by hand ${(this.number += 1)}` });
    await this.clock.turn(random.one([0, 0, 50, 300, 700, 2000]));
  }

  mark(/** @type {any} */ store) {
    const mark = `m${(this.number += 1)}`;
    store.do({ title: ["edit.add", "end"], changes: [{ op: "put", path: ["nodes", mark], value: { kind: "end" } }] });
    this.wanted.add(mark);
  }

  /** Somebody saw what went and what came. What one takes back and another brings back may go either way: both wanted it so. */
  changed(/** @type {any} */ { session }, /** @type {Set<string>} */ before, /** @type {Set<string>} */ after) {
    this.giveUp({ session }, less(before, after));
    for (const mark of less(after, before)) {
      const others = less(this.takenBack.get(mark) ?? new Set(), new Set([session]));
      this.takenBack.set(mark, new Set(others));
      if (others.length === 0) this.wanted.add(mark);
    }
  }

  /** Somebody who saw these marks does without them; should another bring one back meanwhile, it may go either way. */
  giveUp(/** @type {{ session: string }} */ { session }, /** @type {string[]} */ marks) {
    for (const mark of marks) {
      this.wanted.delete(mark);
      this.takenBack.set(mark, new Set([...(this.takenBack.get(mark) ?? []), session]));
    }
  }

  resolve(/** @type {any} */ page, /** @type {string} */ how) {
    const { graph, conflict } = page.store.get();
    const [mine, theirs] = [marksIn(graph), marksIn(conflict.document)];
    if (how === "mine" || conflict.document === null) {
      this.giveUp(page, less(theirs, mine));
      page.store.resolveConflict("mine");
    } else if (how === "theirs") {
      this.giveUp(page, less(mine, theirs));
      page.store.resolveConflict("theirs");
    } else {
      const comparison = compare(conflict.base, graph, conflict.document);
      const both = merged(comparison, Object.fromEntries(comparison.pieces.map(({ key }) => [key, this.random.one(["mine", "theirs"])]))).graph;
      // What one side took out and the other left as it was is out, and both see that.
      this.changed(page, new Set([...mine, ...theirs]), marksIn(both));
      for (const mark of less(new Set([...mine, ...theirs]), marksIn(both))) assert.ok(marksIn(conflict.base).has(mark), `${mark} was lost in a merge`);
      page.store.resolveConflict(both);
    }
  }

  leftover(/** @type {any} */ page, /** @type {boolean} */ isTaken) {
    const { graph, leftover } = page.store.get();
    const [here, left] = [marksIn(graph), marksIn(leftover.document)];
    if (isTaken) {
      this.changed(page, here, left);
      page.store.takeLeftover();
    } else {
      this.giveUp(page, less(left, here).filter((mark) => !this.isElsewhere(mark, page)));
      page.store.dropLeftover();
    }
  }

  /** Whether another page has a mark too, so that giving it up here does not end it. */
  isElsewhere(/** @type {string} */ mark, /** @type {any} */ page) {
    return this.pages.some((other) => other !== page && marksIn(other.store.get().graph).has(mark)) || marksIn(this.server.document("g")).has(mark);
  }

  async crash(/** @type {any} */ page) {
    await settled();
    page.isGone = true;
    this.alive.delete(page.session);
    this.pages.splice(this.pages.indexOf(page), 1);
    await this.open(this.random.is(0.7) ? page.session : `s${(this.sessions += 1)}`);
  }

  /** The line is good again, and whoever is asked says: both. */
  async calm() {
    this.isCalm = true;
    this.isDown = false;
    for (let round = 0; round < 40; round += 1) {
      for (const page of this.pages) {
        const { conflict, leftover } = page.store.get();
        if (conflict) this.resolve(page, "merged");
        else if (leftover) {
          const { graph } = page.store.get();
          const both = { ...graph, nodes: { ...graph.nodes, ...leftover.document.nodes } };
          this.changed(page, marksIn(graph), marksIn(both));
          page.store.do({ title: ["edit.merged"], changes: [{ op: "put", path: [], value: both }] });
          page.store.dropLeftover();
        } else page.store.retry();
        await this.clock.turn(3000);
      }
      const states = this.pages.map((page) => page.store.get());
      const isDone = states.every(({ save, conflict, leftover, etag }) => save.state === "saved" && !conflict && !leftover && etag === this.server.etag("g"));
      if (isDone && !(await this.isLeft())) return;
      if (isDone) await this.crash(this.pages[0]);
    }
    assert.fail(`it does not come to rest: ${JSON.stringify(this.pages.map((page) => ({ ...page.store.get(), selection: 0, graph: 0, conflict: Boolean(page.store.get().conflict) })))}`);
  }

  /** Whether a journal of a page that is gone still holds what nobody saved; the next page that opens will offer it. */
  async isLeft() {
    const heads = await this.shelf.heads("g");
    const mine = this.pages.map((page) => page.session);
    const rests = await Promise.all(heads.filter((head) => !mine.includes(head.session.split("+")[0])).map(async (head) => ({ head, rest: await this.shelf.rest("g", head.session) })));
    return rests.some(({ head, rest }) => rest.entries.some((entry) => entry.n > head.n));
  }
}

/** What a page that is gone had begun to write is written or not, never half. */
function wrapped(/** @type {MemoryShelf} */ shelf, /** @type {any} */ page) {
  const when = (/** @type {(...given: any[]) => Promise<any>} */ act) => (/** @type {any[]} */ ...given) => (page.isGone ? new Promise(() => {}) : act.apply(shelf, given));
  return { heads: when(shelf.heads), rest: when(shelf.rest), append: when(shelf.append), keep: when(shelf.keep), drop: when(shelf.drop), close: () => {} };
}

let conflicts = 0;
for (let seed = FIRST; seed < FIRST + SCHEDULES; seed += 1) {
  const schedule = new Schedule(seed);
  await schedule.open("one");
  await schedule.open("two");
  try {
    for (let number = 0; number < STEPS; number += 1) {
      await schedule.step();
      conflicts += schedule.pages.filter((page) => page.store.get().conflict).length;
    }
    await schedule.calm();
    const there = marksIn(schedule.server.document("g"));
    assert.deepEqual([...schedule.wanted].filter((mark) => !there.has(mark)), [], "marks are gone");
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}
if (SCHEDULES >= 1000) assert.ok(conflicts > SCHEDULES / 5, `only ${conflicts} conflicts were met`);
console.log(`${SCHEDULES} schedules, ${conflicts} conflicts`);
