// A document in the store: saved by itself, never over what somebody else wrote, and back after a reload or a crash.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addNode, move, replaceDocument, setField } from "../../../editor_static/js/document/edits.js";
import { openDocument } from "../../../editor_static/js/store/document.js";
import { CasServer, line, MemoryShelf, settled, TurnedClock } from "./support/world.mjs";

const START = { format: "weft/1", name: "g", nodes: { a: { kind: "agent", to: [{ node: "b" }] }, b: { kind: "end" } }, layout: { a: [0, 0], b: [280, 0] } };

/** A server, a clock, a shelf, and pages that come and go. */
async function house({ graph = /** @type {any} */ (START), delay = () => 20, loses = () => /** @type {"" | "request" | "answer"} */ ("") } = {}) {
  const clock = new TurnedClock();
  const server = new CasServer(graph ? { g: graph } : {});
  const shelf = new MemoryShelf();
  const living = new Set();
  const open = async (session = "tab") => {
    living.add(session);
    const world = { ask: line(server, clock, { delay, loses }), indexedDB: null, clock, shelf, tabs: { session, isAlive: async (/** @type {string} */ other) => living.has(other) } };
    return openDocument({ name: "g", graph: server.document("g") ?? START, etag: server.etag("g") ?? "", world });
  };
  const die = (/** @type {any} */ store, session = "tab") => {
    living.delete(session);
    clock.timers = [];
    store.subscribe = () => assert.fail("a page that is gone is looked at");
  };
  return { clock, server, shelf, open, die };
}

const prompt = (/** @type {any} */ store, /** @type {string} */ text, typing = false) => store.do(setField(store.get().graph, ["nodes", "a", "prompt"], text, { typing }));

test("an edit is saved by itself a little later, once, and the findings come along", async () => {
  const { clock, server, open } = await house();
  server.findings = (document) => [{ code: "x", severity: "warning", message: document.nodes.a.prompt ?? "none", place: "" }];
  const store = await open();
  await clock.turn(100);
  assert.equal(store.get().findings[0]?.message, "none");
  const states = /** @type {string[]} */ ([]);
  store.subscribe(() => states.push(store.get().save.state));
  prompt(store, "one", true);
  await clock.turn(300);
  prompt(store, "two", true);
  await clock.turn(590);
  assert.equal(server.puts, 0);
  await clock.turn(200);
  assert.equal(server.puts, 1);
  assert.equal(server.document("g").nodes.a.prompt, "two");
  assert.deepEqual([...new Set(states)], ["unsaved", "saving", "saved"]);
  assert.equal(store.get().findings[0]?.message, "two");
  assert.equal(store.get().etag, server.etag("g"));
});

test("who edits without a pause is saved in between", async () => {
  const { clock, server, open } = await house();
  const store = await open();
  for (let number = 0; number < 40; number += 1) {
    prompt(store, `text ${number}`, true);
    await clock.turn(300);
  }
  assert.ok(server.puts >= 2, `${server.puts} saves in 12 s`);
});

test("what is undone before it was saved is not sent", async () => {
  const { clock, server, open } = await house();
  const store = await open();
  prompt(store, "one");
  store.undo();
  await clock.turn(2000);
  assert.equal(server.puts, 0);
  assert.equal(store.get().save.state, "saved");
});

test("snapshots stay what they were, and are the same object while nothing changes", async () => {
  const { open } = await house();
  const store = await open();
  const first = store.get();
  assert.equal(store.get(), first);
  const text = JSON.stringify(first.graph);
  prompt(store, "one");
  assert.notEqual(store.get(), first);
  assert.equal(JSON.stringify(first.graph), text);
  assert.equal(first.canUndo, false);
});

test("selection follows edits and leaves with the nodes", async () => {
  const { open } = await house();
  const store = await open();
  const { edit, id } = addNode(store.get().graph, "tool", [0, 0], { from: { node: "a", on: "error" } });
  store.do(edit);
  assert.deepEqual([...store.get().selection], [id]);
  store.undo();
  assert.deepEqual([...store.get().selection], []);
  store.select(["a", "nothing"]);
  assert.deepEqual([...store.get().selection], ["a"]);
  store.redo();
  assert.deepEqual([...store.get().selection], [id]);
});

test("without a line the document waits, says so, and goes as soon as it can", async () => {
  let isDown = true;
  const { clock, server, open } = await house({ loses: () => (isDown ? "request" : "") });
  const store = await open();
  prompt(store, "one");
  await clock.turn(1000);
  assert.equal(store.get().save.state, "offline");
  assert.equal(store.get().save.problem?.code, "unreachable");
  prompt(store, "two");
  assert.equal(store.get().save.state, "unsaved");
  await clock.turn(20_000);
  assert.equal(store.get().save.state, "offline");
  isDown = false;
  store.retry();
  await clock.turn(100);
  assert.equal(store.get().save.state, "saved");
  assert.equal(server.document("g").nodes.a.prompt, "two");
});

test("an answer that got lost is no conflict, even if the document went on", async () => {
  const lost = /** @type {any[]} */ (["answer"]);
  const { clock, server, open } = await house({ loses: () => lost.shift() ?? "" });
  const store = await open();
  await clock.turn(0);
  lost.splice(0, lost.length, "", "answer");
  prompt(store, "one");
  await clock.turn(700);
  assert.equal(server.document("g").nodes.a.prompt, "one");
  prompt(store, "two");
  await clock.turn(10_000);
  assert.equal(store.get().conflict, undefined);
  assert.equal(store.get().save.state, "saved");
  assert.equal(server.document("g").nodes.a.prompt, "two");
});

test("what was undone in a save whose answer got lost, and redone, is not taken for saved", async () => {
  let loses = /** @type {"" | "answer"} */ ("");
  const { clock, server, open } = await house({ loses: () => loses });
  const store = await open();
  prompt(store, "one");
  await clock.turn(2000);
  loses = "answer";
  store.undo();
  await clock.turn(700);
  assert.equal(server.document("g").nodes.a.prompt, undefined);
  store.redo();
  assert.notEqual(store.get().save.state, "saved");
  loses = "";
  store.changedOnServer(server.etag("g"));
  await clock.turn(10_000);
  assert.deepEqual([store.get().save.state, store.get().conflict, store.get().graph.nodes.a.prompt], ["saved", undefined, "one"]);
  assert.equal(server.document("g").nodes.a.prompt, "one");
});

test("what a page that is gone had sent may still come, and then it is a conflict and no loss", async () => {
  const { clock, server, open, die } = await house();
  const store = await open();
  prompt(store, "one");
  await clock.turn(2000);
  store.undo();
  await settled();
  die(store);
  const again = await open();
  assert.equal(again.get().graph.nodes.a.prompt, undefined);
  again.redo();
  // The save of the page before comes only now.
  server.write("g", START);
  await clock.turn(3000);
  assert.deepEqual([again.get().save.state, again.get().graph.nodes.a.prompt], ["conflict", "one"]);
  again.resolveConflict("mine");
  await clock.turn(3000);
  assert.deepEqual([again.get().save.state, server.document("g").nodes.a.prompt], ["saved", "one"]);
});

test("a document that is refused stays here with the reason, and goes once it is mended", async () => {
  const { clock, server, open } = await house();
  server.refuses = (document) => document.nodes.a.prompt === "bad";
  const store = await open();
  prompt(store, "bad");
  await clock.turn(1000);
  assert.equal(store.get().save.state, "refused");
  assert.equal(store.get().save.problem?.code, "graph.invalid");
  const flushed = assert.rejects(store.flush(), (/** @type {any} */ told) => told.code === "graph.invalid");
  await clock.turn(100);
  await flushed;
  prompt(store, "good");
  await clock.turn(1000);
  assert.equal(store.get().save.state, "saved");
  assert.equal(server.document("g").nodes.a.prompt, "good");
});

test("flush saves at once and tells when it is there; a version is named after that", async () => {
  const { clock, server, open } = await house();
  const store = await open();
  prompt(store, "one");
  const flushed = store.flush();
  await clock.turn(100);
  await flushed;
  assert.equal(server.document("g").nodes.a.prompt, "one");
  prompt(store, "two");
  const named = store.nameVersion("second");
  await clock.turn(200);
  await named;
  assert.deepEqual(server.labels, [`versions/${server.etag("g")}/label {"label":"second"}`]);
});

test("what somebody else saved is loaded while nothing is unsaved, and can be undone", async () => {
  const { clock, server, open } = await house();
  const store = await open();
  prompt(store, "mine");
  await clock.turn(1000);
  server.write("g", { ...server.document("g"), title: "Theirs" });
  store.changedOnServer(server.etag("g"));
  await clock.turn(200);
  assert.equal(store.get().graph.title, "Theirs");
  assert.equal(store.get().save.state, "saved");
  assert.equal(store.get().conflict, undefined);
  assert.deepEqual(store.get().undoTitle, ["edit.reloaded"]);
  store.undo();
  store.undo();
  assert.deepEqual(store.get().graph, START);
});

test("what somebody else saved over unsaved edits is a conflict that holds both", async () => {
  for (const [how, wanted] of /** @type {any[]} */ ([["mine", { title: undefined, prompt: "mine" }], ["theirs", { title: "Theirs", prompt: undefined }], ["merged", { title: "Theirs", prompt: "mine" }]])) {
    const { clock, server, open } = await house();
    const store = await open();
    prompt(store, "mine");
    server.write("g", { ...START, title: "Theirs" });
    const etag = server.etag("g");
    await clock.turn(1000);
    const { conflict, save } = store.get();
    assert.equal(save.state, "conflict");
    assert.equal(conflict?.etag, etag);
    assert.equal(conflict?.document?.title, "Theirs");
    assert.equal(conflict?.base.title, undefined);
    assert.equal(server.document("g").title, "Theirs");
    await clock.turn(60_000);
    assert.equal(server.etag("g"), etag, "nothing is saved while a conflict is open");
    store.resolveConflict(how === "merged" ? { ...store.get().graph, title: "Theirs" } : how);
    await clock.turn(1000);
    assert.equal(store.get().save.state, "saved");
    assert.equal(store.get().conflict, undefined);
    assert.equal(server.document("g").title, wanted.title);
    assert.equal(server.document("g").nodes.a.prompt, wanted.prompt);
    if (how === "theirs") {
      store.undo();
      assert.equal(/** @type {any} */ (store.get().graph).nodes.a.prompt, "mine", "mine is in the history");
    }
  }
});

test("a file that was removed is told, and can be made again", async () => {
  const { clock, server, open } = await house();
  const store = await open();
  server.write("g", null);
  store.changedOnServer(null);
  await clock.turn(100);
  assert.deepEqual([store.get().save.state, store.get().conflict?.document], ["conflict", null]);
  store.resolveConflict("mine");
  await clock.turn(1000);
  assert.deepEqual(server.document("g"), START);
});

test("a graph that was never saved is made, and not over another one", async () => {
  const { clock, server, open } = await house({ graph: null });
  const store = await open();
  prompt(store, "mine");
  server.write("g", { ...START, title: "Other" });
  await clock.turn(1000);
  assert.equal(store.get().save.state, "conflict");
  assert.equal(server.document("g").title, "Other");
});

test("edits and both ways of the history are back after a crash", async () => {
  const { clock, server, open, die } = await house();
  const store = await open();
  prompt(store, "one");
  await clock.turn(2000);
  store.do(setField(store.get().graph, ["title"], "Title"));
  store.do(setField(store.get().graph, ["description"], "Text"));
  store.undo();
  await settled();
  const before = store.get();
  die(store);
  assert.equal(server.document("g").title, undefined);
  const again = await open();
  assert.equal(JSON.stringify(again.get().graph), JSON.stringify(before.graph));
  assert.deepEqual([again.get().undoTitle, again.get().redoTitle], [before.undoTitle, before.redoTitle]);
  await clock.turn(2000);
  assert.equal(server.document("g").title, "Title");
  again.redo();
  assert.equal(again.get().graph.description, "Text");
  again.undo();
  again.undo();
  again.undo();
  assert.equal(again.get().canUndo, false);
  assert.equal(JSON.stringify(again.get().graph), JSON.stringify(START));
});

test("a crash after the server saved and before the page knew is no conflict", async () => {
  let loses = /** @type {"" | "answer"} */ ("");
  const { clock, server, open, die } = await house({ loses: () => loses });
  const store = await open();
  await clock.turn(500);
  loses = "answer";
  prompt(store, "one");
  await clock.turn(650);
  die(store);
  loses = "";
  assert.equal(server.document("g").nodes.a.prompt, "one");
  const again = await open();
  await clock.turn(2000);
  assert.deepEqual([again.get().save.state, again.get().leftover, again.get().conflict], ["saved", undefined, undefined]);
  again.undo();
  assert.equal(JSON.stringify(again.get().graph), JSON.stringify(START));
});

test("what was left on an older version is offered and stays until somebody decides", async () => {
  const { clock, server, open, die } = await house();
  const store = await open();
  prompt(store, "left");
  await settled();
  die(store);
  server.write("g", { ...START, title: "Theirs" });
  const again = await open();
  await clock.turn(2000);
  assert.equal(again.get().graph.title, "Theirs");
  assert.equal(again.get().leftover?.edits, 1);
  again.do(setField(again.get().graph, ["description"], "new"));
  await clock.turn(2000);
  die(again);
  const third = await open();
  await clock.turn(2000);
  assert.equal(third.get().graph.description, "new");
  assert.deepEqual(third.get().undoTitle, ["edit.field", "description"]);
  assert.equal(/** @type {any} */ (third.get().leftover?.document).nodes.a.prompt, "left");
  third.takeLeftover();
  await clock.turn(2000);
  assert.equal(server.document("g").nodes.a.prompt, "left");
  assert.equal(third.get().leftover, undefined);
  third.undo();
  assert.equal(third.get().graph.description, "new");
  await clock.turn(2000);
  die(third);
  assert.equal((await open()).get().leftover, undefined);
});

test("a second tab does not take what a living one writes, and takes over what a dead one left", async () => {
  const { clock, server, open, die } = await house();
  const one = await open("one");
  prompt(one, "one");
  await settled();
  const two = await open("two");
  assert.equal(/** @type {any} */ (two.get().graph).nodes.a.prompt, undefined);
  assert.equal(two.get().leftover, undefined);
  await two.close();
  die(two, "two");
  die(one, "one");
  const three = await open("three");
  assert.equal(/** @type {any} */ (three.get().graph).nodes.a.prompt, "one");
  await clock.turn(2000);
  assert.equal(server.document("g").nodes.a.prompt, "one");
  die(three, "three");
  assert.equal((await open("four")).get().canUndo, true);
});

test("a full shelf is told and keeps nobody from saving", async () => {
  const { clock, server, shelf, open } = await house();
  const store = await open();
  await settled();
  assert.equal(store.get().isKept, true);
  shelf.isFull = true;
  prompt(store, "one");
  await settled();
  assert.equal(store.get().isKept, false);
  await clock.turn(2000);
  assert.equal(server.document("g").nodes.a.prompt, "one");
});

test("a journal stays small, and rolling it up loses no step", async () => {
  const { clock, shelf, open, die } = await house();
  const store = await open();
  for (let number = 0; number < 2300; number += 1) {
    store.do(setField(store.get().graph, ["title"], `Title ${number}`));
    if (number % 100 === 0) await clock.turn(1000);
  }
  await clock.turn(5000);
  assert.ok(shelf.kept.entries.size < 1000, `${shelf.kept.entries.size} entries`);
  die(store);
  const again = await open();
  let steps = 0;
  while (again.get().canUndo) {
    again.undo();
    steps += 1;
  }
  assert.equal(steps, 1000);
  assert.equal(again.get().graph.title, "Title 1299");
});

test("of several checks only that of the newest document counts", async () => {
  const delays = [20, 3000, 20, 10, 10];
  const { clock, server, open } = await house({ delay: () => delays.shift() ?? 10 });
  server.findings = (document) => [{ code: "x", severity: "error", message: document.title ?? "none", place: "" }];
  const store = await open();
  store.do(replaceDocument(store.get().graph, { ...START, title: "first" }));
  await clock.turn(200);
  store.do(setField(store.get().graph, ["title"], "second"));
  for (let number = 0; number < 50; number += 1) {
    await clock.turn(200);
    const { findings, isChecking } = store.get();
    if (!isChecking && findings.length > 0) assert.equal(findings[0]?.message, store.get().graph.title);
  }
  assert.equal(store.get().findings[0]?.message, "second");
});

test("where things stand is nothing to check, and a save brings its findings along", async () => {
  const { clock, server, open } = await house();
  server.findings = (document) => [{ code: "x", severity: "error", message: document.nodes.a.prompt ?? "none", place: "" }];
  const store = await open();
  await clock.turn(1000);
  const before = server.checks;
  store.do(move(store.get().graph, { a: [80, 80] }));
  await clock.turn(2000);
  assert.deepEqual([server.checks - before, server.puts], [0, 1]);
  prompt(store, "at once");
  void store.flush();
  await clock.turn(2000);
  assert.deepEqual([server.checks - before, server.puts], [0, 2]);
  assert.deepEqual([store.get().findings[0]?.message, store.get().isChecking], ["at once", false]);
});

test("what the server refuses to save is checked all the same", async () => {
  const { clock, server, open } = await house();
  server.findings = (document) => [{ code: "x", severity: "error", message: document.title ?? "none", place: "" }];
  server.refuses = (document) => document.title === "no graph";
  const store = await open();
  await clock.turn(1000);
  store.do(setField(store.get().graph, ["title"], "no graph"));
  void store.flush().catch(() => undefined);
  await clock.turn(2000);
  assert.deepEqual([store.get().findings[0]?.message, store.get().save.state], ["no graph", "refused"]);
});
