// The live side's pure modules: what is made of a run's events. No browser, no server, no clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Chronicle, STRIDE } from "../../../editor_static/js/live/chronicle.js";
import { edgeStates } from "../../../editor_static/js/live/edges.js";
import { chosenAfter, concernsInbox, modelsThatNeedKeys, seldom } from "../../../editor_static/js/live/lists.js";
import { partsOf, pathOf } from "../../../editor_static/js/live/names.js";
import { shownStatus } from "../../../editor_static/js/live/overview.js";
import { Plan, isOf } from "../../../editor_static/js/live/plan.js";
import { lookOf, recordOf } from "../../../editor_static/js/live/record.js";
import { RunStore } from "../../../editor_static/js/live/run.js";
import { differences, stateAt, stepsOf } from "../../../editor_static/js/live/state.js";
import { REST_AFTER_MS, Stream } from "../../../editor_static/js/live/stream.js";
import { axisOf, timelineOf } from "../../../editor_static/js/live/timeline.js";
import { brief, lookUp, namesAt, outputOf, scopeAt } from "../../../editor_static/js/live/values.js";
import { whyWaiting } from "../../../editor_static/js/live/waiting.js";

const START_MS = Date.parse("2026-01-31T12:00:00.000Z");

/** Events with numbers and moments, one every `step` ms. */
function journal(events, step = 1000) {
  return events.map((event, place) => ({ n: place + 1, at: new Date(START_MS + place * step).toISOString(), ...event }));
}

function chronicleOf(events, plan) {
  const chronicle = new Chronicle(plan);
  for (const event of events) assert.equal(chronicle.take(event), "taken");
  return chronicle;
}

const LOOP = new Plan({
  root: "loop",
  documents: {
    loop: {
      name: "loop",
      state: { notes: { merge: "append" }, best: { merge: "max" }, draft: {} },
      nodes: {
        write: { kind: "agent", label: "Writer", to: [{ node: "review" }] },
        review: { kind: "human-gate", options: ["ok", "again"], to: [{ on: "ok", node: "done" }, { on: "again", node: "back" }] },
        back: { kind: "loop-back", max_iterations: 3, to: [{ on: "repeat", node: "write" }] },
        done: { kind: "end" },
      },
    },
  },
});

const TWICE = journal([
  { type: "run.started", graph: "loop", graph_hash: "h", input: {} },
  { type: "node.started", node: "write", execution: "write", attempt: 1, input: { instructions: "Write." } },
  { type: "node.completed", node: "write", execution: "write", attempt: 1, output: "one", port: "ok", writes_output: ["draft"], usage: { tokens: 5, usd: 0.1, seconds: 1 } },
  { type: "node.started", node: "review", execution: "review", attempt: 1 },
  { type: "gate.opened", node: "review", execution: "review", gate: "review", purpose: "gate", prompt: "?", options: [{ name: "ok" }, { name: "again" }] },
  { type: "gate.answered", node: "review", execution: "review", gate: "review", option: "again", by: "ann" },
  { type: "node.completed", node: "review", execution: "review", attempt: 1, port: "again", writes: { notes: "shorter" } },
  { type: "node.completed", node: "back", execution: "back", attempt: 1, port: "repeat", repeat: true },
  { type: "loop.repeated", execution: "write@2", header: "write", iteration: 2 },
  { type: "node.started", node: "write", execution: "write@2", attempt: 1, input: { instructions: "Write." } },
  { type: "node.failed", node: "write", execution: "write@2", attempt: 1, error: { class: "transient", code: "busy", message: "busy" }, retry_at: new Date(START_MS + 99_000).toISOString() },
]);

test("a name of an execution is taken apart as the engine does", () => {
  assert.deepEqual(partsOf("team@2/write@1.3[7]"), { scope: "team@2", node: "write", turns: [1, 3], item: 7 });
  assert.deepEqual(partsOf("write"), { scope: "", node: "write", turns: [], item: null });
  assert.equal(pathOf("team@2/write@1.3[7]!4"), "team/write");
});

test("an event that is told twice is dropped, one that is missing is noticed", () => {
  const chronicle = chronicleOf(TWICE.slice(0, 3), LOOP);
  assert.equal(chronicle.take(TWICE[2]), "known");
  assert.equal(chronicle.take(TWICE[5]), "gap");
  assert.equal(chronicle.length, 3);
});

test("a repeat leaves what was, as of the iteration before, until it is reached again", () => {
  const { now } = chronicleOf(TWICE, LOOP);
  assert.equal(now.view("write").status, "retrying");
  assert.equal(now.view("write").isPast, false);
  assert.deepEqual([now.view("review").status, now.view("review").isPast], ["completed", true]);
  assert.equal(now.iterations.get("write"), 2);
  assert.equal(now.status, "waiting");
});

test("every past moment is what the fold was then, far from a snapshot and near", () => {
  const long = journal(Array.from({ length: 3 * STRIDE + 7 }, (_, place) => (place === 0 ? { type: "run.started", graph: "loop", graph_hash: "h", input: {} } : { type: place % 2 ? "node.started" : "node.completed", node: "write", execution: place < 3 ? "write" : `write@${Math.ceil(place / 2)}`, attempt: 1, port: "ok", usage: place % 2 ? undefined : { tokens: 1, usd: 0, seconds: 0 } })), 10);
  const chronicle = new Chronicle(LOOP);
  const seen = [];
  for (const event of long) {
    chronicle.take(event);
    seen.push(JSON.stringify([...chronicle.now.nodes.values()]));
  }
  for (const n of [1, 2, STRIDE - 1, STRIDE, STRIDE + 1, 2 * STRIDE + 100, long.length]) {
    const past = chronicle.at(n);
    assert.equal(past.n, n);
    assert.equal(JSON.stringify([...past.nodes.values()]), seen[n - 1]);
  }
  assert.equal(chronicle.at(0).n, 0);
});

test("10,000 events: a past moment costs less than a frame", () => {
  const many = journal(Array.from({ length: 10_000 }, (_, place) => ({ type: place % 2 ? "node.completed" : "node.started", node: `n${(place >> 1) % 1000}`, execution: `n${(place >> 1) % 1000}@${1 + Math.floor(place / 2000)}`, attempt: 1, port: "ok" })), 1);
  const chronicle = chronicleOf(many, null);
  chronicle.at(5000);
  const began = performance.now();
  for (let turn = 0; turn < 20; turn++) chronicle.at(500 * turn + 250);
  assert.ok((performance.now() - began) / 20 < 16, "16 ms");
});

test("the wires show which way was taken, also where the journal leaves it to the plan", () => {
  const states = edgeStates(chronicleOf(TWICE.slice(0, 8), LOOP).now, LOOP, "");
  assert.deepEqual(Object.fromEntries(states), { "write-0": "taken", "review-0": "skipped", "review-1": "taken", "back-0": "taken" });
});

test("a fork takes every edge, a failure goes on by all but its error edges", () => {
  const plan = new Plan({ root: "g", documents: { g: { nodes: { f: { kind: "parallel-fork", to: [{ node: "a" }, { node: "b" }] }, a: { kind: "tool", to: [{ node: "j" }, { on: "error", node: "x" }] }, b: { kind: "tool" }, j: { kind: "join" }, x: { kind: "end" } } } } });
  const events = journal([{ type: "node.completed", node: "f", execution: "f", port: "branch" }, { type: "node.started", node: "a", execution: "a" }, { type: "node.failed", node: "a", execution: "a", error: { class: "tool", code: "c", message: "m" }, taken: [] }]);
  assert.deepEqual(Object.fromEntries(edgeStates(chronicleOf(events, plan).now, plan, "")), { "f-0": "taken", "f-1": "taken", "a-0": "failed", "a-1": "skipped" });
});

test("state is what the writes made of it, by each key's rule", () => {
  const steps = TWICE.flatMap(stepsOf);
  assert.deepEqual(stateAt(steps, "", 2, LOOP), { notes: [] });
  assert.deepEqual(stateAt(steps, "", 3, LOOP), { notes: [], draft: "one" });
  const after = stateAt(steps, "", 7, LOOP);
  assert.deepEqual(after, { notes: ["shorter"], draft: "one" });
  assert.deepEqual(differences(stateAt(steps, "", 6, LOOP), after), [{ path: "notes[0]", before: undefined, after: "shorter" }]);
  const best = [3, 9, 4].map((value, place) => ({ n: place + 1, at: "", scope: "", execution: "x", path: "x", key: "best", value }));
  assert.equal(stateAt(best, "", 3, LOOP).best, 9);
  assert.equal(stateAt(best, "", 1, LOOP).best, 3);
});

test("one execution is told with its tries, and never more than the moment knows", () => {
  const chronicle = chronicleOf(TWICE, LOOP);
  const record = recordOf("write@2", chronicle.byExecution.get("write@2"), chronicle.length);
  assert.equal(record.status, "retrying");
  assert.deepEqual(record.attempts.map((one) => [one.number, one.status, one.error?.code]), [[1, "retrying", "busy"]]);
  assert.deepEqual(record.input, { instructions: "Write." });
  assert.equal(recordOf("write", chronicle.byExecution.get("write"), 2).output, undefined);
  assert.equal(recordOf("write", chronicle.byExecution.get("write"), 3).output, "one");
});

test("a call has the arguments that the model gave it, those inside an agent too", () => {
  const at = "2026-01-31T12:00:00.000Z";
  const events = [
    { type: "node.started", attempt: 1, input: {} },
    { type: "model.requested", step: 1, model: "m" },
    { type: "model.answered", step: 1, answer: { calls: [{ tool: "a", args: { x: 1 } }, { tool: "agent:b", args: { request: "r" } }] } },
    { type: "effect.claimed", key: "run/n!1", tool: "a", args_hash: "h1", effect: "read" },
    { type: "effect.settled", key: "run/n!1", result: 7 },
    { type: "effect.claimed", key: "run/n!2", tool: "agent:b", args_hash: "h2", effect: "read" },
    { type: "model.requested", step: 1, model: "m", agent: "b!2" },
    { type: "model.answered", step: 1, agent: "b!2", answer: { calls: [{ tool: "c", args: { y: 2 } }] } },
    { type: "effect.claimed", key: "run/n!2.1", tool: "c", args_hash: "h3", effect: "unsafe" },
    { type: "model.requested", step: 2, model: "m", agent: "b!2" },
  ].map((event, place) => ({ n: place + 1, at, node: "n", execution: "n", ...event }));
  const record = recordOf("n", events, 99, { text: new Map([["b!2/2", "so far"]]), progress: null });
  assert.deepEqual(record.calls.map((call) => [call.tool, call.args, call.result]), [["a", { x: 1 }, 7], ["agent:b", { request: "r" }, undefined], ["c", { y: 2 }, undefined]]);
  const streaming = record.steps.at(-1);
  assert.deepEqual([streaming.text, streaming.isStreaming], ["so far", true]);
});

test("why a node waits is said from what is known", () => {
  const plan = new Plan({ root: "g", documents: { g: { nodes: { a: { kind: "tool", to: [{ node: "j" }] }, b: { kind: "tool", label: "Bee", to: [{ node: "j" }] }, j: { kind: "join", to: [{ node: "k" }] }, k: { kind: "tool" } } } } });
  const events = journal([{ type: "run.started", graph: "g", graph_hash: "h", input: {} }, { type: "node.started", node: "a", execution: "a" }, { type: "node.completed", node: "a", execution: "a", port: "ok" }]);
  const { now } = chronicleOf(events, plan);
  assert.deepEqual(whyWaiting(now, plan, "j"), ["why.join", "Bee", "1", "2"]);
  assert.deepEqual(whyWaiting(now, plan, "k"), ["why.before", "j"]);
  assert.equal(whyWaiting(now, plan, "a"), null);
  const asking = chronicleOf(TWICE.slice(0, 5), LOOP).now;
  assert.deepEqual(whyWaiting(asking, LOOP, "review"), ["why.asking", "@2026-01-31T12:00:04.000Z"]);
  const retrying = chronicleOf(TWICE, LOOP).now;
  assert.deepEqual(whyWaiting(retrying, LOOP, "write"), ["why.retrying", "1", "busy", "@2026-01-31T12:01:39.000Z"]);
  assert.deepEqual(whyWaiting(retrying, LOOP, "review"), ["why.past", "1"]);
});

test("the chain that decided how long it took goes back from the last end", () => {
  const plan = new Plan({ root: "g", documents: { g: { nodes: { f: { kind: "parallel-fork", to: [{ node: "a" }, { node: "b" }] }, a: { kind: "tool", to: [{ node: "j" }] }, b: { kind: "tool", to: [{ node: "j" }] }, j: { kind: "join", to: [{ node: "z" }] }, z: { kind: "tool" } } } } });
  const events = journal([
    { type: "run.started", graph: "g", graph_hash: "h", input: {} },
    { type: "node.completed", node: "f", execution: "f", port: "branch" },
    { type: "node.started", node: "a", execution: "a" },
    { type: "node.started", node: "b", execution: "b" },
    { type: "node.completed", node: "a", execution: "a", port: "ok" },
    { type: "node.completed", node: "b", execution: "b", port: "ok" },
    { type: "node.completed", node: "j", execution: "j", port: "ok" },
    { type: "node.started", node: "z", execution: "z" },
    { type: "node.completed", node: "z", execution: "z", port: "ok" },
  ]);
  const timeline = timelineOf(events, plan);
  assert.deepEqual([...timeline.critical], ["z", "j", "b", "f"]);
  assert.deepEqual(timeline.rows.map((row) => row.path), ["f", "a", "b", "j", "z"]);
  assert.deepEqual(timeline.rows[1].bars.map((bar) => [bar.start - START_MS, bar.end - START_MS, bar.status]), [[2000, 4000, "completed"]]);
});

test("a night in which a person is asked does not make hairs of the work", () => {
  const night = [{ type: "run.started" }, { type: "node.started", node: "a", execution: "a" }, { type: "node.completed", node: "a", execution: "a" }, { type: "node.started", node: "g", execution: "g" }, { type: "gate.opened", node: "g", execution: "g", gate: "g" }].map((event, place) => ({ n: place + 1, at: new Date(START_MS + [0, 0, 10_000, 10_000, 10_000][place]).toISOString(), ...event }));
  const axis = axisOf(timelineOf(night, null), START_MS + 8 * 3_600_000);
  assert.ok(axis.share(START_MS + 10_000) > 0.9);
  assert.equal(axis.breaks.length, 1);
  assert.equal(axis.share(START_MS + 8 * 3_600_000), 1);
});

/** A browser whose time stands until it is moved. */
function surroundings() {
  let now = 0;
  const timers = [];
  const sources = [];
  const watchers = new Set();
  const made = {
    isHiddenNow: false,
    sources,
    now: () => now,
    isHidden: () => made.isHiddenNow,
    onVisibility: (act) => (watchers.add(act), () => watchers.delete(act)),
    after: (ms, act) => {
      const timer = { at: now + ms, act };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
    open: (url) => {
      const source = { url, readyState: 1, acts: {}, addEventListener: (type, act) => (source.acts[type] = act), close: () => (source.isClosed = true), send: (value, type = "message", id = "") => source.acts[type]?.({ data: JSON.stringify(value), lastEventId: id }) };
      sources.push(source);
      return source;
    },
    look: (isHidden) => {
      made.isHiddenNow = isHidden;
      for (const act of watchers) act();
    },
    pass: (ms) => {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        now = Math.max(now, due.at);
        timers.splice(timers.indexOf(due), 1);
        due.act();
      }
      now = end;
    },
  };
  return made;
}

test("a hidden tab rests its line after a while and comes back where it was", () => {
  const around = surroundings();
  let position = 0;
  const states = [];
  new Stream(() => `events?after=${position}`, { events: { message: (event) => (position = event.n) }, state: (state) => states.push(state) }, around);
  around.sources[0].send({ n: 7 });
  around.look(true);
  around.pass(REST_AFTER_MS - 1);
  assert.equal(around.sources[0].isClosed, undefined);
  around.pass(1);
  assert.equal(around.sources[0].isClosed, true);
  around.look(false);
  assert.deepEqual(around.sources.map((source) => source.url), ["events?after=0", "events?after=7"]);
  assert.deepEqual(states, ["connecting", "resting", "connecting"]);
});

test("a look away that is short keeps the line, and never are there two", () => {
  const around = surroundings();
  new Stream(() => "events", { events: {}, state: () => undefined }, around);
  for (let turn = 0; turn < 5; turn++) {
    around.look(true);
    around.pass(1000);
    around.look(false);
  }
  around.pass(10 * REST_AFTER_MS);
  assert.equal(around.sources.length, 1);
});

test("a flood of events is told at most ten times a second, and not one is lost", () => {
  const around = surroundings();
  const store = new RunStore("r", LOOP, around, "u");
  let told = 0;
  store.subscribe(() => told++);
  around.pass(1000);
  told = 0;
  for (let n = 1; n <= 5000; n++) {
    around.sources[0].send({ n, at: new Date(START_MS + n).toISOString(), type: "agent.state", node: `n${n % 100}`, execution: `n${n % 100}`, state: "executing" });
    around.pass(0.2);
  }
  around.pass(1000);
  assert.equal(store.get().length, 5000);
  assert.ok(told <= 12, `${told} times`);
});

test("who looks at a past moment stays there when more comes", () => {
  const around = surroundings();
  const store = new RunStore("r", LOOP, around, "u");
  for (const event of TWICE.slice(0, 8)) around.sources[0].send(event);
  around.pass(1000);
  store.hold(5);
  for (const event of TWICE.slice(8)) around.sources[0].send(event);
  around.pass(1000);
  assert.deepEqual([store.get().n, store.get().length, store.get().isLive], [5, 11, false]);
  assert.equal(store.get().overview.view("review").status, "asking");
  store.step(-1);
  assert.equal(store.get().n, 4);
  store.hold(null);
  assert.deepEqual([store.get().n, store.get().isLive], [11, true]);
});

test("a gap makes the line begin anew after what is known", () => {
  const around = surroundings();
  const store = new RunStore("r", LOOP, around, "u");
  around.sources[0].send(TWICE[0]);
  around.sources[0].send(TWICE[2]);
  assert.deepEqual(around.sources.map((source) => source.url), ["u?after=0", "u?after=1"]);
  for (const event of TWICE) around.sources[1].send(event);
  around.pass(1000);
  assert.equal(store.get().length, TWICE.length);
});

test("after the last event the line is closed for good", () => {
  const around = surroundings();
  new RunStore("r", LOOP, around, "u");
  around.sources[0].send({ n: 1, at: "2026-01-31T12:00:00.000Z", type: "run.completed", output: null });
  around.pass(5000);
  around.look(true);
  around.pass(2 * REST_AFTER_MS);
  around.look(false);
  assert.deepEqual([around.sources.length, around.sources[0].isClosed], [1, true]);
});

test("a failed run that was taken up elsewhere is noticed when somebody looks again", () => {
  const around = surroundings();
  const store = new RunStore("r", LOOP, around, "u");
  const at = "2026-01-31T12:00:00.000Z";
  around.sources[0].send({ n: 1, at, type: "run.failed", error: { class: "tool", code: "c", message: "m" } });
  around.sources[0].readyState = 2;
  around.sources[0].acts.error();
  assert.notEqual(store.get().line, "lost");
  around.pass(5000);
  assert.deepEqual([around.sources.length, store.get().line], [1, "over"]);
  around.look(false);
  assert.equal(around.sources[1].url, "u?after=1");
  around.pass(5000);
  assert.equal(around.sources[1].isClosed, true);
  around.look(false);
  around.sources[2].send({ n: 2, at, type: "run.resumed" });
  around.pass(5000);
  assert.deepEqual([around.sources[2].isClosed, store.get().overview.status, around.sources.length], [undefined, "running", 3]);
});

test("an end in the middle of a journal, from which the run was taken up again, is not the last", () => {
  const around = surroundings();
  const store = new RunStore("r", LOOP, around, "u");
  const at = "2026-01-31T12:00:00.000Z";
  around.sources[0].send({ n: 1, at, type: "run.failed", error: { class: "tool", code: "c", message: "m" } });
  around.sources[0].send({ n: 2, at, type: "run.resumed" });
  around.pass(5000);
  assert.equal(around.sources[0].isClosed, undefined);
  around.sources[0].send({ n: 3, at, type: "run.completed", output: 1 });
  around.pass(5000);
  assert.deepEqual([around.sources[0].isClosed, store.get().overview.status], [true, "completed"]);
});

test("a list is asked for seldom, never twice at a time, and once more after the last wish", async () => {
  const around = surroundings();
  let running = 0;
  let most = 0;
  let asked = 0;
  const act = async () => {
    asked++;
    most = Math.max(most, ++running);
    await null;
    running--;
  };
  const soon = seldom(act, 300, around);
  for (let turn = 0; turn < 50; turn++) {
    soon();
    around.pass(10);
    await new Promise(setImmediate);
  }
  around.pass(1000);
  await new Promise(setImmediate);
  assert.equal(most, 1);
  assert.ok(asked >= 2 && asked <= 4, `${asked} times`);
});

test("the inbox is asked anew only for what may have changed it", () => {
  const gates = [{ run: "r", gate: "g" }, { run: "r", gate: "p!2" }];
  assert.equal(concernsInbox({ type: "gate.opened", run: "x" }, []), true);
  assert.equal(concernsInbox({ type: "node.completed", run: "r", execution: "g" }, gates), false);
  assert.equal(concernsInbox({ type: "node.cancelled", run: "r", execution: "p" }, gates), true);
  assert.equal(concernsInbox({ type: "gate.answered", run: "other", gate: "g" }, gates), false);
  assert.equal(concernsInbox({ type: "run.cancelled", run: "r" }, gates), true);
});

test("after a decision the next question is looked at", () => {
  const [a, b, c] = ["a", "b", "c"].map((gate) => ({ run: "r", gate }));
  assert.equal(chosenAfter([a, b, c], [a, c], "r b"), "r c");
  assert.equal(chosenAfter([a, b, c], [a, b], "r c"), "r b");
  assert.equal(chosenAfter([a, b], [a, b, c], "r b"), "r b");
  assert.equal(chosenAfter([a], [], "r a"), null);
});

test("which models need a key is read from the document, sub-agents and inline sub-flows too", () => {
  const document = { nodes: { a: { kind: "agent", model: ["scripted:x", "openai:y"], agents: { b: { model: "other:z" } } }, s: { kind: "subgraph", inline: { nodes: { c: { kind: "agent", model: "third:w" } } } } } };
  assert.deepEqual(modelsThatNeedKeys(document, true), ["openai:y", "other:z", "third:w"]);
  assert.deepEqual(modelsThatNeedKeys({ nodes: { a: { kind: "agent", model: "scripted:x" } } }, false), ["scripted:x"]);
});

// --- values ---

const MANY = new Plan({
  root: "many",
  documents: {
    many: {
      name: "many",
      layout: { split: [0, 0] },
      nodes: {
        split: { kind: "parallel-fork", to: [{ node: "a" }, { node: "b" }] },
        a: { kind: "tool", tool: "t", to: [{ node: "both" }] },
        b: { kind: "tool", tool: "t", each: "input.list", to: [{ node: "both", when: "false" }, { node: "team" }] },
        both: { kind: "join", wait: "any", to: [{ node: "team" }] },
        team: { kind: "subgraph", inline: { name: "inner", state: { x: {} }, nodes: { say: { kind: "tool", output_key: "x" } } } },
      },
    },
  },
});

const FULL = journal([
  { type: "run.started", graph: "many", graph_hash: "h", input: { list: [1, 2] } },
  { type: "node.completed", node: "split", execution: "split", port: "branch" },
  { type: "node.started", node: "a", execution: "a", attempt: 1 },
  { type: "node.completed", node: "a", execution: "a", output: "A", port: "ok" },
  { type: "node.started", node: "b", execution: "b", attempt: 1, items: [1, 2] },
  { type: "node.completed", node: "b", execution: "b[0]", output: "one" },
  { type: "node.failed", node: "b", execution: "b[1]", error: { class: "tool", code: "no", message: "no" } },
  { type: "node.completed", node: "b", execution: "b", port: "ok", taken: [1] },
  { type: "node.completed", node: "both", execution: "both", port: "ok" },
  { type: "node.started", node: "team", execution: "team", attempt: 1, input: { topic: "rivers" } },
  { type: "node.started", node: "team/say", execution: "team/say", attempt: 1 },
  { type: "node.completed", node: "team/say", execution: "team/say", output: "hello", port: "ok", writes_output: ["x"] },
]);

test("the names of a run hold what stands in its journal, and what follows from it", () => {
  const chronicle = chronicleOf(FULL, MANY);
  const steps = FULL.flatMap(stepsOf);
  const names = namesAt(chronicle, steps, "", FULL.length);
  assert.equal(lookUp("input.list[1]", names), 2);
  assert.equal(lookUp("nodes.split.output", names), undefined);
  assert.equal(lookUp("nodes.a.output", names), "A");
  assert.deepEqual(lookUp("nodes.b.output", names), ["one", null]);
  assert.deepEqual(lookUp("nodes.both.output", names), { a: "A" });
  assert.equal(lookUp("nodes.both.port?", names), "ok");
  const inner = namesAt(chronicle, steps, /** @type {string} */ (scopeAt(chronicle.now, "team")), FULL.length);
  assert.deepEqual(inner.input, { topic: "rivers" });
  assert.equal(lookUp("x", inner), "hello");
  assert.equal(lookUp("nodes.say.output", inner), "hello");
  assert.equal(scopeAt(chronicle.now, "nowhere"), null);
});

test("a name holds what it held at the moment that is looked at", () => {
  const chronicle = chronicleOf(FULL, MANY);
  assert.equal(lookUp("nodes.a.output", namesAt(chronicle, FULL.flatMap(stepsOf), "", 3)), undefined);
  const loop = chronicleOf(TWICE, LOOP);
  assert.deepEqual(outputOf(loop, loop.at(8), loop.at(8).view("back"), 8), { iteration: 1, exhausted: false });
});

test("a long value is told in a few letters", () => {
  assert.equal(brief("a\n b"), "a b");
  assert.equal(brief({ a: 1 }), '{"a":1}');
  assert.equal(brief(""), '""');
  assert.equal(brief("x".repeat(200), 10), `${"x".repeat(9)}…`);
});

test("a document is the run's wherever its nodes stand and however its keys are ordered", () => {
  const own = MANY.documents.many;
  const { nodes, ...rest } = own;
  assert.equal(isOf(own, { nodes, ...rest, layout: { split: [8, 8] } }), true);
  assert.equal(isOf(own, { ...own, nodes: { ...nodes, a: { ...nodes.a, tool: "u" } } }), false);
});

test("what completed by a pinned output looks pinned and counts as completed", () => {
  const events = journal([
    { type: "run.started", graph: "loop", graph_hash: "h", input: {} },
    { type: "node.completed", node: "write", execution: "write", output: "one", port: "ok", pinned: true },
    { type: "loop.repeated", execution: "write@2", header: "write", iteration: 2 },
    { type: "node.started", node: "write", execution: "write@2", attempt: 1 },
  ]);
  const chronicle = chronicleOf(events, LOOP);
  const then = chronicle.at(2).view("write");
  assert.deepEqual([then.status, shownStatus(chronicle.at(2), then)], ["completed", "pinned"]);
  assert.equal(shownStatus(chronicle.now, chronicle.now.view("write")), "running");
  assert.equal(lookOf(recordOf("write", chronicle.byExecution.get("write") ?? [], 4)), "pinned");
  assert.equal(timelineOf(events, LOOP).rows[0]?.bars[0]?.status, "pinned");
});
